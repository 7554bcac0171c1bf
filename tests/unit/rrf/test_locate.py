import gzip
import io
import zipfile

import pytest

from bali.errors import InputError
from bali.rrf.layouts import MRREL
from bali.rrf.locate import input_paths, locate, release_files
from bali.rrf.reading import read_columns
from tests.unit.rrf.rrf_fixtures import encode, mrrel, release, write_release, write_zip

NUM_RELATIONS = 300


@pytest.fixture
def tables():
    relations = [mrrel(f"C{number:07d}", "RO", f"C{number + 1:07d}", f"r{number}") for number in range(NUM_RELATIONS)]
    return {**release(), "MRREL.RRF": relations}


def relas(files):
    return read_columns(files["MRREL.RRF"], MRREL, ["RELA"])["RELA"].to_list()


EXPECTED = [f"r{number}" for number in range(NUM_RELATIONS)]


def write_pieces(folder, tables, pieces):
    """The release with MRREL.RRF in pieces: suffix -> bytes."""
    write_release(folder, {name: rows for name, rows in tables.items() if name != "MRREL.RRF"}, ".gz")
    for suffix, data in pieces.items():
        (folder / f"MRREL.RRF.{suffix}").write_bytes(data)
    return folder


def cut(data, num_pieces):
    size = -(-len(data) // num_pieces)
    return [data[start : start + size] for start in range(0, len(data), size)]


SPLITS = {
    "each piece its own gzip": lambda data: {
        f"a{letter}.gz": gzip.compress(piece) for letter, piece in zip("abc", cut(data, 3), strict=True)
    },
    "one gzip cut": lambda data: {
        f"a{letter}.gz": piece for letter, piece in zip("abc", cut(gzip.compress(data), 3), strict=True)
    },
    "plain": lambda data: {f"a{letter}": piece for letter, piece in zip("abc", cut(data, 3), strict=True)},
    "one piece": lambda data: {"aa.gz": gzip.compress(data)},
    "past az": lambda data: {
        f"{first}{second}": piece
        for (first, second), piece in zip(
            [(x, y) for x in "ab" for y in "abcdefghijklmnopqrstuvwxyz"][:30], cut(data, 30), strict=True
        )
    },
}


@pytest.mark.parametrize("split", SPLITS)
def test_pieces_read_as_one_file(tmp_path, tables, split):
    pieces = SPLITS[split](encode(tables["MRREL.RRF"]))
    files = locate([write_pieces(tmp_path / "META", tables, pieces)])
    assert relas(files) == EXPECTED
    assert len(files["MRREL.RRF"].paths()) == len(pieces)
    assert set(input_paths(files)) == set((tmp_path / "META").iterdir())
    listed = sorted((tmp_path / "META").iterdir(), reverse=True)
    assert relas(locate(listed)) == EXPECTED


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("aa.gz", r"MRREL.RRF: expected the piece MRREL.RRF.aa before .*MRREL.RRF.ab.gz, found none"),
        ("ab.gz", r"MRREL.RRF: expected the piece MRREL.RRF.ab before .*MRREL.RRF.ac.gz, found none"),
    ],
)
def test_a_lost_piece_is_named(tmp_path, tables, lost, message):
    folder = write_pieces(tmp_path / "META", tables, SPLITS["one gzip cut"](encode(tables["MRREL.RRF"])))
    (folder / f"MRREL.RRF.{lost}").unlink()
    with pytest.raises(InputError, match=message):
        locate([folder])


def test_a_lost_last_piece_of_one_gzip_is_noticed_when_read(tmp_path, tables):
    folder = write_pieces(tmp_path / "META", tables, SPLITS["one gzip cut"](encode(tables["MRREL.RRF"])))
    (folder / "MRREL.RRF.ac.gz").unlink()
    files = locate([folder])
    with pytest.raises(InputError, match=r"MRREL.RRF.aa.gz and 1 more pieces: the gzip stream ends early"):
        relas(files)


def test_a_file_and_its_pieces_are_not_both_given(tmp_path, tables):
    folder = write_pieces(tmp_path / "META", tables, SPLITS["plain"](encode(tables["MRREL.RRF"])))
    (folder / "MRREL.RRF").write_bytes(encode(tables["MRREL.RRF"]))
    with pytest.raises(InputError, match=r"MRREL.RRF: expected once, found as .*MRREL.RRF and as .*MRREL.RRF.aa"):
        locate([folder])
    (folder / "MRREL.RRF").unlink()
    (folder / "MRREL.RRF.aa.gz").write_bytes(gzip.compress(b""))
    with pytest.raises(InputError, match=r"MRREL.RRF: expected once, found as .*aa and as .*aa.gz"):
        locate([folder])


@pytest.mark.parametrize("change", ["CHANGE", "META/CHANGE", "META"])
def test_the_folders_of_an_unpacked_release(tmp_path, tables, change):
    write_release(tmp_path / "META", tables)
    write_release(tmp_path / change, {"MERGEDCUI.RRF": ["C9100009|C9000001|"]})
    write_release(tmp_path / "META", {"MRSAT.RRF": ["never read"], "DELETEDCUI.RRF": ["never read"]})
    files = locate([tmp_path])
    assert set(files) == {*tables, "MERGEDCUI.RRF"}
    assert relas(files) == EXPECTED
    assert release_files(tmp_path) == sorted(path for file in files.values() for path in file.paths())
    assert release_files(tmp_path / "x.zip") == [tmp_path / "x.zip"]


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("gzipped", [False, True])
def test_a_zip_in_a_zip(tmp_path, tables, compression, gzipped):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", compression) as archive:
        for name, rows in tables.items():
            data = encode(rows)
            path = f"2026AA/META/{name}"
            archive.writestr(f"{path}.gz" if gzipped else path, gzip.compress(data) if gzipped else data)
        archive.writestr("2026AA/META/MRSAT.RRF", b"never read")
    with zipfile.ZipFile(tmp_path / "full.zip", "w", compression) as archive:
        archive.writestr("2026AA-full/mmsys.zip", b"")
        archive.writestr("2026AA-full/2026AA-1-meta.zip", inner.getvalue())
        archive.writestr("2026AA-full/README.txt", b"x")
    (tmp_path / "inner.zip").write_bytes(inner.getvalue())
    with zipfile.ZipFile(tmp_path / "good.zip", "w", compression) as archive:
        archive.writestr("2026AA-full/2026AA-1-meta.zip", inner.getvalue())
    for name in ("inner.zip", "good.zip"):
        files = locate([tmp_path / name])
        assert set(files) == set(tables)
        assert relas(files) == EXPECTED
        assert input_paths(files) == [tmp_path / name]
    with pytest.raises(
        InputError, match=r"full.zip: 2026AA-full/mmsys.zip: expected a zip, got: File is not a zip file"
    ):
        locate([tmp_path / "full.zip"])


def test_pieces_in_a_zip(tmp_path, tables):
    pieces = SPLITS["one gzip cut"](encode(tables["MRREL.RRF"]))
    write_zip(tmp_path / "a.zip", {name: rows for name, rows in tables.items() if name != "MRREL.RRF"})
    with zipfile.ZipFile(tmp_path / "a.zip", "a") as archive:
        for suffix, data in pieces.items():
            archive.writestr(f"2026AA/META/MRREL.RRF.{suffix}", data)
    files = locate([tmp_path / "a.zip"])
    assert relas(files) == EXPECTED
    assert input_paths(files) == [tmp_path / "a.zip"]


def test_a_zip_without_a_release_is_refused(tmp_path):
    write_zip(tmp_path / "a.zip", {"README.txt": ["x"]})
    with pytest.raises(InputError, match=r"MRCONSO.RRF, MRREL.RRF, MRSTY.RRF: not found \(nor as .gz\) in .*a.zip"):
        locate([tmp_path / "a.zip"])


@pytest.mark.parametrize("place", ["directory", "zip", "file"])
def test_nlm_archives_have_to_be_extracted(tmp_path, place):
    name = "2026aa-1-meta.nlm"
    if place == "zip":
        path = write_zip(tmp_path / "umls-2026AA-full.zip", {name: ["x"]})
    else:
        path = write_zip(tmp_path / name, {"MRCONSO.RRF": ["x"]})
        path = path if place == "file" else tmp_path
    with pytest.raises(InputError, match=r"\.nlm archives in it have to be extracted first: run MetamorphoSys"):
        locate([path])


def test_what_is_missing_or_double_is_named(tmp_path, tables):
    folder = tmp_path / "meta"
    write_release(folder, {name: rows for name, rows in tables.items() if name != "MRSTY.RRF"})
    with pytest.raises(InputError, match=rf"MRSTY.RRF: not found \(nor as .gz\) in {folder}"):
        locate([folder])
    with pytest.raises(InputError, match=r"not found .* in nothing"):
        locate([])
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
    (folder / "MRREL.RRF.gz").unlink()
    with pytest.raises(InputError, match=r"MR[A-Z]+.RRF: expected once, found as .* and as .*elsewhere"):
        locate([folder, *write_release(tmp_path / "elsewhere", tables)["MRREL.RRF"].paths()])


def test_a_file_without_reading_rights_is_one_line(tmp_path, tables):
    """A folder where a file should be: what the system says is passed on."""
    files = write_release(tmp_path, tables)
    (tmp_path / "MRREL.RRF").unlink()
    (tmp_path / "MRREL.RRF").mkdir()
    with pytest.raises(InputError, match=r"MRREL.RRF: cannot be read: .*directory") as error:
        relas(files)
    assert "\n" not in str(error.value)
