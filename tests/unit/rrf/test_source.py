import gzip
import zipfile

import pytest

from bali.errors import InputError
from bali.rrf.layouts import Layout
from bali.rrf.locate import locate
from bali.rrf.reading import read_columns
from bali.rrf.source import Piece, RrfFile
from tests.unit.rrf.rrf_fixtures import encode, release, write_release, write_zip

LAYOUT = Layout("MRX.RRF", ("A", "B", "C"))
ROWS = [f"{number}|{number * number}|c|" for number in range(20_000)]


def read(*pieces):
    return read_columns(RrfFile("MRX.RRF", pieces), LAYOUT, ("A",))["A"].to_list()


def test_pieces_are_joined_in_the_order_given(tmp_path):
    for suffix, rows in (("aa", ROWS[:7]), ("ab", []), ("ac", ROWS[7:])):
        (tmp_path / f"MRX.RRF.{suffix}").write_bytes(encode(rows))
    pieces = [Piece(tmp_path / f"MRX.RRF.{suffix}") for suffix in ("aa", "ab", "ac")]
    assert read(*pieces) == [str(number) for number in range(len(ROWS))]
    assert str(RrfFile("MRX.RRF", tuple(pieces))) == f"{tmp_path}/MRX.RRF.aa and 2 more pieces"
    assert read(pieces[2])[0] == "7"


@pytest.mark.parametrize("cut", [0, 5, 9, 20, -1, -9])
def test_a_truncated_gzip_is_refused(tmp_path, cut):
    path = tmp_path / "MRX.RRF.gz"
    path.write_bytes(gzip.compress(encode(ROWS))[:cut])
    if cut == 0:  # an empty file is a gzip of no streams
        assert read(Piece(path)) == []
        return
    with pytest.raises(
        InputError, match=r"MRX.RRF.gz: the gzip stream (ends early|is corrupt).*Download it again"
    ) as e:
        read(Piece(path))
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("place", [0, 5000, -6])
def test_a_corrupt_gzip_is_refused(tmp_path, place):
    path = tmp_path / "MRX.RRF.gz"
    data = bytearray(gzip.compress(encode(ROWS)))
    for offset in range(4):
        data[place + offset] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(InputError, match=r"the gzip stream is corrupt|expected UTF-8|expected 3 columns") as error:
        read(Piece(path))
    assert "\n" not in str(error.value)


def spoil_member(path, name):
    """Change bytes in the middle of a member's packed data, which the directory of contents does not show."""
    with zipfile.ZipFile(path) as archive:
        info = archive.getinfo(name)
    data = bytearray(path.read_bytes())
    start = info.header_offset + 30 + len(name) + info.compress_size // 2
    data[start : start + 20] = bytes(20)
    path.write_bytes(data)


def test_a_corrupt_zip_member_is_refused(tmp_path):
    tables = {**release(), "MRREL.RRF": ROWS}
    path = write_zip(tmp_path / "a.zip", tables)
    spoil_member(path, "2026AA/META/MRREL.RRF")
    file = locate([path])["MRREL.RRF"]
    with pytest.raises(
        InputError, match=r"a.zip: 2026AA/META/MRREL.RRF: the zip stream is corrupt.*again|expected"
    ) as error:
        read_columns(file, LAYOUT, ("A",))
    assert "\n" not in str(error.value)


def test_a_truncated_zip_is_refused(tmp_path):
    path = write_zip(tmp_path / "a.zip", release())
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(
        InputError, match=r"a.zip: expected a zip file, but its directory of contents is missing or damaged"
    ):
        locate([path])


def test_a_cut_gzip_in_a_zip_names_both(tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, rows in {**release(), "MRREL.RRF": ROWS}.items():
            data = gzip.compress(encode(rows))
            archive.writestr(f"META/{name}.gz", data[: len(data) // 2] if name == "MRREL.RRF" else data)
    with pytest.raises(InputError, match=r"a.zip: META/MRREL.RRF.gz: the gzip stream ends early"):
        read_columns(locate([path])["MRREL.RRF"], LAYOUT, ("A",))


def test_a_file_that_went_away_is_one_line(tmp_path):
    files = write_release(tmp_path, release())
    (tmp_path / "MRSTY.RRF").unlink()
    with pytest.raises(InputError, match=r"MRSTY.RRF: cannot be read: .*No such file"):
        read_columns(files["MRSTY.RRF"], LAYOUT, ("A",))
