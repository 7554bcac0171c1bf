import gzip

import pytest

from bali.errors import InputError
from bali.umls.locate import RrfFile, locate
from bali.umls.rrf import read_mrconso, read_rrf
from tests.unit.umls.rrf_fixtures import NAMES, mrconso, release, write_release, write_zip

COLUMNS = ("A", "B", "C")


def read(path, wanted=COLUMNS, block_bytes=16):
    tables = list(read_rrf(RrfFile("MRX.RRF", path), COLUMNS, wanted, block_bytes))
    return [row for table in tables for row in table.rows.to_pylist()], [table.first_line for table in tables]


def test_awkward_strings_survive_and_blocks_join(tmp_path):
    values = [
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
        "x" * 40,
    ]
    path = tmp_path / "MRX.RRF"
    path.write_bytes("".join(f"{v}|{v}|k|\n" for v in values).encode())
    rows, first_lines = read(path)
    assert [row["A"] for row in rows] == values
    assert [row["B"] for row in rows] == values
    assert len(first_lines) > 3
    assert first_lines[0] == 1
    assert read(path, block_bytes=1 << 20)[0] == rows


def test_only_wanted_columns_in_the_order_asked(tmp_path):
    path = tmp_path / "MRX.RRF"
    path.write_bytes(b"a|b|c|\n")
    assert read(path, ("C", "A"))[0] == [{"C": "c", "A": "a"}]


def test_windows_newlines_and_byte_order_mark(tmp_path):
    path = tmp_path / "MRX.RRF"
    path.write_bytes(b"\xef\xbb\xbfa|b|c|\r\nd|e|f|\r\n")
    assert [row["A"] + row["C"] for row in read(path)[0]] == ["ac", "df"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            b"a|b|c|\na|b|\na|b|c|\n",
            "MRX.RRF line 2: expected 3 columns, got 2. The file may be truncated; compare its",
        ),
        (b"a|b|c|d|\n", "line 1: expected 3 columns, got 4"),
        (b"a|b|c|d\n", "line 1: expected 3 columns, got 4"),
        (b"a|b|c\n", "line 1: expected 3 columns, got 2"),
        (b"a|b|c|\n\na|b|c|\n", "line 2: expected 3 columns, got 0"),
        (b"a|b|c|\na|b|c|", "line 2: expected a newline"),
        (b"a|b|c|\na|b|", "line 2: expected 3 columns, got 2"),
        (b"a|b|c|\na|\xffb|c|\n", "line 2: expected UTF-8, got the byte 0xff at byte 2 of the line"),
        (b"a|b\rx|c|\n", "line 1: expected no carriage return"),
    ],
)
@pytest.mark.parametrize("block_bytes", [3, 1 << 20])
def test_a_bad_line_is_named(tmp_path, data, message, block_bytes):
    path = tmp_path / "MRX.RRF"
    path.write_bytes(data)
    with pytest.raises(InputError) as error:
        read(path, block_bytes=block_bytes)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("cut", [5, 20, -1, -9])
def test_a_truncated_gzip_is_refused(tmp_path, cut):
    path = tmp_path / "MRX.RRF.gz"
    path.write_bytes(gzip.compress(b"a|b|c|\n" * 5000)[:cut])
    with pytest.raises(InputError, match=r"the gzip stream (ends early|is corrupt).*Download it again"):
        read(path)


def test_a_corrupt_gzip_and_zip_are_refused(tmp_path):
    tables = {name: [f"{n}{row}" for n, row in enumerate(rows * 300)] for name, rows in release().items()}
    for name in ("a.gz", "b.zip"):
        path = tmp_path / name
        if name == "a.gz":
            path.write_bytes(gzip.compress("".join(f"{row}\n" for row in tables["MRCONSO.RRF"]).encode()))
            file = RrfFile("MRCONSO.RRF", path)
        else:
            file = locate([write_zip(path, tables)])["MRCONSO.RRF"]
        data = bytearray(path.read_bytes())
        data[600:640] = bytes(40)
        path.write_bytes(data)
        with pytest.raises(InputError, match=r"the (gzip|zip) stream is corrupt|expected"):
            list(read_mrconso(file, ["CUI"]))


def test_an_empty_mrconso_is_refused(tmp_path):
    (tmp_path / "MRCONSO.RRF").touch()
    with pytest.raises(InputError, match="found an empty file"):
        list(read_mrconso(RrfFile("MRCONSO.RRF", tmp_path / "MRCONSO.RRF"), ["CUI"]))


def test_all_forms_of_a_release_read_alike(tmp_path):
    tables = release()
    write_release(tmp_path / "plain", tables)
    write_release(tmp_path / "installed" / "META", tables)
    write_release(tmp_path / "gzipped", tables, ".gz")
    write_zip(tmp_path / "release.zip", tables)
    listed = sorted((tmp_path / "plain").iterdir())
    (tmp_path / "plain" / "MRDEF.RRF").touch()
    inputs = [[tmp_path / form] for form in ("plain", "installed", "gzipped", "release.zip")]
    for paths in [*inputs, listed, [*listed, tmp_path / "plain" / "MRDEF.RRF"]]:
        files = locate(paths)
        assert set(files) == set(tables)
        names = [
            name for table in read_mrconso(files["MRCONSO.RRF"], ["STR"]) for name in table.rows["STR"].to_pylist()
        ]
        assert names[: len(NAMES)] == list(NAMES.values())


def test_what_is_missing_or_double_is_named(tmp_path):
    tables = release()
    folder = tmp_path / "meta"
    write_release(folder, {name: rows for name, rows in tables.items() if name != "MRSTY.RRF"})
    with pytest.raises(InputError, match=rf"MRSTY.RRF: not found \(nor as .gz\) in {folder}"):
        locate([folder])
    with pytest.raises(InputError, match="no such file or directory"):
        locate([tmp_path / "nowhere"])
    (tmp_path / "other.txt").write_text("x")
    with pytest.raises(InputError, match="expected a META directory, a zip"):
        locate([tmp_path / "other.txt"])
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(InputError, match="expected a zip file"):
        locate([tmp_path / "broken.zip"])
    write_release(folder, {"MRSTY.RRF": tables["MRSTY.RRF"]})
    write_release(folder, {"MRREL.RRF": tables["MRREL.RRF"]}, ".gz")
    with pytest.raises(InputError, match=r"MRREL.RRF: expected once, found as"):
        locate([folder])


def test_the_message_of_the_style_guide(tmp_path):
    rows = [mrconso("C9000001", f"A{n}", "x") for n in range(1, 1204)] + [mrconso("C9000001", "A1204", "x")[:-1]]
    files = write_release(tmp_path, {"MRCONSO.RRF": rows})
    with pytest.raises(InputError) as error:
        list(read_mrconso(files["MRCONSO.RRF"], ["CUI"]))
    assert str(error.value) == (
        "MRCONSO.RRF line 1204: expected 18 columns, got 17. The file may be truncated;"
        " compare its size with MRFILES.RRF."
    )
