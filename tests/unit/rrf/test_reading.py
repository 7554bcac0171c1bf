import gzip
import threading

import numpy as np
import pytest

from bali import concept_ids
from bali.errors import InputError
from bali.rrf.layouts import MRCONSO, Layout
from bali.rrf.locate import locate
from bali.rrf.reading import map_blocks, read_columns
from bali.rrf.source import Piece, RrfFile
from tests.unit.rrf.rrf_fixtures import NAMES, encode, mrconso, release, write_release, write_zip

LAYOUT = Layout("MRX.RRF", ("A", "B", "C"))
AWKWARD = [
    "NA",
    "null",
    "None",
    '"',
    'a "b',
    "'",
    "",
    "β\u2028x\u0085",
    " pad ",
    "1e5",
    "\\",
    "\ttab",
    "#N/A",
    "\0",
    "a\0",
    "\x0b\x1c\x1e\x7f",
    "\U0001d49c𝒷",
    "x" * 40,
]


def file(path):
    return RrfFile("MRX.RRF", (Piece(path),))


def read(path, wanted=LAYOUT.columns, block_bytes=16, threads=1):
    """The rows, and the number of the first line of each block."""

    def work(block):
        columns = [block.texts(name).to_arrow().to_pylist() for name in wanted]
        return block.first_line, list(zip(*columns, strict=True))

    blocks = list(map_blocks(file(path), LAYOUT, work, threads, block_bytes))
    return [row for _, rows in blocks for row in rows], [first_line for first_line, _ in blocks]


@pytest.mark.parametrize("threads", [1, 3])
def test_awkward_strings_survive_and_blocks_join(tmp_path, threads):
    path = tmp_path / "MRX.RRF"
    path.write_bytes("".join(f"{v}|{v}|k|\n" for v in AWKWARD).encode())
    rows, first_lines = read(path, threads=threads)
    assert rows == [(value, value, "k") for value in AWKWARD]
    assert len(first_lines) > 3
    assert first_lines[0] == 1
    assert first_lines == sorted(first_lines)
    assert read(path, block_bytes=1 << 20)[0] == rows


def test_only_wanted_columns_in_the_order_asked(tmp_path):
    path = tmp_path / "MRX.RRF"
    path.write_bytes(b"a|b|c|\n")
    assert read(path, ("C", "A"))[0] == [("c", "a")]
    assert read_columns(file(path), LAYOUT, ("B",)).to_dicts() == [{"B": "b"}]


@pytest.mark.parametrize("block_bytes", [1, 3, 7, 1 << 20])
def test_windows_newlines_and_byte_order_mark(tmp_path, block_bytes):
    path = tmp_path / "MRX.RRF"
    path.write_bytes(b"\xef\xbb\xbfa|b|c|\r\nd|e|f|\r\n")
    assert read(path, block_bytes=block_bytes)[0] == [("a", "b", "c"), ("d", "e", "f")]


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_has_no_rows(tmp_path, data):
    path = tmp_path / "MRX.RRF"
    path.write_bytes(data)
    assert read(path) == ([], [])
    assert read_columns(file(path), LAYOUT, ("A", "C")).columns == ["A", "C"]


@pytest.mark.parametrize("data", [b"\n", b"|\n", b"\r\n"])
def test_a_file_shorter_than_a_byte_order_mark(tmp_path, data):
    (tmp_path / "MRX.RRF").write_bytes(data)
    with pytest.raises(InputError, match=rf"MRX.RRF line 1: expected 3 columns, got {data.count(b'|')}"):
        read(tmp_path / "MRX.RRF")


BAD_LINES = [
    (b"a|b|c|\na|b|\na|b|c|\n", "MRX.RRF line 2: expected 3 columns, got 2. The file may be truncated; compare its"),
    (b"a|b|c|d|\n", "line 1: expected 3 columns, got 4"),
    (b"a|b|c|d\n", "line 1: expected 3 columns, got 4"),
    (b"a|b|c\n", "line 1: expected 3 columns, got 2"),
    (b"a|b|c|\n\na|b|c|\n", "line 2: expected 3 columns, got 0"),
    (b"a|b|c|\na|b|c|", "line 2: expected a newline"),
    (b"a|b|c|\na|b|", "line 2: expected 3 columns, got 2"),
    (b"a|b|c|\na|\xffb|c|\n", "line 2: expected UTF-8, got the byte 0xff at byte 2 of the line"),
    ("a|b|c|\na|β|c|\nβ|".encode() + b"\xed\xa0\x80|c|\n", "line 3: expected UTF-8, got the byte 0xed at byte 3"),
    (b"a|b|c|\na|\xc0\x80|c|\n", "line 2: expected UTF-8, got the byte 0xc0 at byte 2"),
    (b"a|b\rx|c|\n", "line 1: expected no carriage return"),
    (b"a|b|c|\r\r\n", "line 1: expected no carriage return"),
    (b"\xef\xbb\xbfa|b|c|\na|\r|c|\r\n", "line 2: expected no carriage return"),
]


@pytest.mark.parametrize(("data", "message"), BAD_LINES)
@pytest.mark.parametrize("block_bytes", [3, 1 << 20])
@pytest.mark.parametrize("threads", [1, 3])
def test_a_bad_line_is_named(tmp_path, data, message, block_bytes, threads):
    path = tmp_path / "MRX.RRF"
    path.write_bytes(data)
    with pytest.raises(InputError) as error:
        read(path, block_bytes=block_bytes, threads=threads)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("threads", [1, 3])
def test_the_first_of_many_bad_lines_is_named(tmp_path, threads):
    lines = [b"a|b|c|\n"] * 500
    lines[321] = lines[400] = b"a|b|\n"
    (tmp_path / "MRX.RRF").write_bytes(b"".join(lines))
    with pytest.raises(InputError, match="line 322: expected 3 columns, got 2"):
        read(tmp_path / "MRX.RRF", threads=threads)


def test_a_line_longer_than_a_block_is_read(tmp_path):
    path = tmp_path / "MRX.RRF"
    path.write_bytes(b"a|" + b"x" * 5000 + b"|c|\nd|e|f|\n")
    assert read(path, block_bytes=64)[0] == [("a", "x" * 5000, "c"), ("d", "e", "f")]


def test_a_file_that_is_no_text_is_refused_before_it_is_read_whole(tmp_path, monkeypatch):
    monkeypatch.setattr("bali.rrf.reading.BLOCK_BYTES", 1 << 10)
    (tmp_path / "MRX.RRF").write_bytes(b"x" * 5000)
    with pytest.raises(InputError, match=r"line 1: expected a line of columns, got \d{4} bytes without end"):
        read(tmp_path / "MRX.RRF", block_bytes=1 << 10)


def test_results_come_in_order_and_threads_share_the_work(tmp_path):
    """Three workers wait for one another: with fewer the barrier would break."""
    path = tmp_path / "MRX.RRF"
    path.write_bytes(b"".join(b"%d|b|c|\n" % number for number in range(900)))
    barrier = threading.Barrier(3, timeout=20)
    seen = []

    def work(block):
        if len(seen) < 3:
            seen.append(block.first_line)
            barrier.wait()
        return block.texts("A").to_arrow().to_pylist()

    pieces = list(map_blocks(file(path), LAYOUT, work, 3, 256))
    assert len(pieces) > 9
    assert [int(value) for piece in pieces for value in piece] == list(range(900))


def test_an_error_of_the_work_is_passed_on(tmp_path):
    path = tmp_path / "MRX.RRF"
    path.write_bytes(b"a|b|c|\n" * 100)

    def work(block):
        raise InputError(f"line {block.first_line}")

    with pytest.raises(InputError, match="line 1"):
        list(map_blocks(file(path), LAYOUT, work, 3, 32))


def test_concept_numbers_and_what_is_none(tmp_path):
    path = tmp_path / "MRX.RRF"
    path.write_bytes(b"C0000001|CN000002|R0000003|\n" * 3 + b"C0000001|C00000002|R0000003|\n")
    numbers = list(map_blocks(file(path), LAYOUT, lambda block: block.concept_numbers("C"), 1, 64))
    assert concept_ids.write(np.concatenate(numbers)).to_pylist() == ["R0000003"] * 4
    with pytest.raises(InputError) as error:
        list(map_blocks(file(path), LAYOUT, lambda block: block.concept_numbers("B"), 1, 64))
    assert str(error.value).startswith("MRX.RRF line 4: expected B to be a concept identifier, C and 7 digits")
    assert "got 'C00000002'" in str(error.value)


def test_an_empty_mrconso_gives_no_block(tmp_path):
    (tmp_path / "MRCONSO.RRF").touch()
    assert read_columns(RrfFile("MRCONSO.RRF", (Piece(tmp_path / "MRCONSO.RRF"),)), MRCONSO, ("CUI",)).is_empty()


def test_all_forms_of_a_release_read_alike(tmp_path):
    tables = release()
    write_release(tmp_path / "plain", tables)
    write_release(tmp_path / "installed" / "META", tables)
    write_release(tmp_path / "gzipped", tables, ".gz")
    write_zip(tmp_path / "release.zip", tables)
    listed = sorted((tmp_path / "plain").iterdir())
    (tmp_path / "plain" / "MRSAT.RRF").touch()
    inputs = [[tmp_path / form] for form in ("plain", "installed", "gzipped", "release.zip")]
    for paths in [*inputs, listed, [*listed, tmp_path / "plain" / "MRSAT.RRF"]]:
        files = locate(paths)
        assert set(files) == set(tables)
        names = read_columns(files["MRCONSO.RRF"], MRCONSO, ["STR"])["STR"].to_list()
        assert names[: len(NAMES)] == list(NAMES.values())
        assert len(names) == len(tables["MRCONSO.RRF"])


def test_the_message_of_the_style_guide(tmp_path):
    rows = [mrconso("C9000001", f"A{n}", "x") for n in range(1, 1204)] + [mrconso("C9000001", "A1204", "x")[:-1]]
    files = write_release(tmp_path, {"MRCONSO.RRF": rows})
    with pytest.raises(InputError) as error:
        read_columns(files["MRCONSO.RRF"], MRCONSO, ["CUI"])
    assert str(error.value) == (
        "MRCONSO.RRF line 1204: expected 18 columns, got 17. The file may be truncated;"
        " compare its size with MRFILES.RRF."
    )


def test_a_gzip_of_several_streams_is_read_whole(tmp_path):
    rows = [f"{number}|b|c|" for number in range(100)]
    (tmp_path / "MRX.RRF.gz").write_bytes(gzip.compress(encode(rows[:40])) + gzip.compress(encode(rows[40:])))
    assert [int(row[0]) for row in read(tmp_path / "MRX.RRF.gz", block_bytes=100)[0]] == list(range(100))
