"""Releases made to fill memory, to run for ever or to crash what reads them."""

import gzip
import io
import time
import tracemalloc
import zipfile

import numpy as np
import pytest

from bali.errors import InputError
from bali.io import unpacking
from bali.io.census import Census
from bali.ontologies.formats import transcribe
from bali.rrf import locate as locating
from bali.rrf.layouts import MRDEF, Layout
from bali.rrf.locate import locate
from bali.rrf.reading import read_columns
from bali.rrf.source import Piece, RrfFile
from bali.rrf.texts import Texts, join
from bali.umls.manifest import Manifest, read_manifest
from bali.umls.retired import read_retired_cuis
from tests.unit.rrf.rrf_fixtures import encode, line, mrfiles, release, write_release, write_zip


def zip_of(members, kind=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return stream.getvalue()


def refused(inputs, message):
    with pytest.raises(InputError, match=message) as caught:
        locate(inputs)
    return str(caught.value)


def test_zips_in_zips_have_an_end(tmp_path, monkeypatch):
    path = write_zip(tmp_path / "0.zip", release())
    for depth in range(1, 4):
        path = tmp_path / f"{depth}.zip"
        path.write_bytes(zip_of({"in.zip": (tmp_path / f"{depth - 1}.zip").read_bytes()}))
    assert set(locate([tmp_path / "2.zip"])) == set(release())
    refused([path], "expected at most 100 zips, 2 deep")
    monkeypatch.setattr(locating, "_MOST_ARCHIVES", 5)
    path.write_bytes(zip_of({f"{number}.zip": zip_of({"x": b""}) for number in range(6)}))
    refused([path], "expected at most 5 zips")


def test_a_zip_bomb_is_refused_by_what_it_says_it_holds(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "FREE_BYTES", 1 << 20)
    path = tmp_path / "release.zip"
    path.write_bytes(zip_of({"META/MRCONSO.RRF": bytes(1 << 22)}))
    file = RrfFile("MRCONSO.RRF", (Piece(path, ("META/MRCONSO.RRF",)),))
    with pytest.raises(InputError, match=r"expected at most 200 bytes for each packed one"), file.open() as stream:
        stream.read()
    path.write_bytes(zip_of({"META.zip": zip_of({"x": bytes(1 << 22)}, zipfile.ZIP_STORED)}))
    refused([path], "expected at most 200 bytes for each packed one")


@pytest.mark.parametrize("folder", ["", "../../", "/etc/", "C:\\"])
def test_names_in_a_zip_are_never_paths_on_disk(tmp_path, folder):
    path = tmp_path / "release.zip"
    path.write_bytes(zip_of({f"{folder}/{name}": encode(rows) for name, rows in release().items()}))
    before = sorted(tmp_path.iterdir())
    files = locate([path])
    with files["MRCONSO.RRF"].open() as stream:
        assert stream.read() == encode(release()["MRCONSO.RRF"])
    assert sorted(tmp_path.iterdir()) == before


def test_a_gzip_bomb_ends_early(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "FREE_BYTES", 1 << 20)
    path = tmp_path / "MRDEF.RRF.gz"
    path.write_bytes(gzip.compress(encode([line("CASDF000")]) * 1_000_000))
    file = RrfFile("MRDEF.RRF", (Piece(path),))
    tracemalloc.start()
    with pytest.raises(InputError, match=r"MRDEF\.RRF\.gz: expected at most 200 bytes"), file.open() as stream:
        while stream.read(1 << 16):
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 6 << 20


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data.replace(b"PK\x01\x02\x14\x03", b"PK\x01\x02\xff\x03").replace(b"\x14\0", b"\xff\0"),
        lambda data: data[: data.index(b"PK\x01\x02") + 30] + b"\xff" * 20 + data[data.index(b"PK\x01\x02") + 50 :],
        lambda data: data[: data.index(b"PK\x01\x02")] + data[data.rindex(b"PK\x05\x06") :],
    ],
)
def test_a_damaged_directory_of_a_zip_is_one_line(tmp_path, spoil):
    data = write_zip(tmp_path / "whole.zip", release()).read_bytes()
    path = tmp_path / "release.zip"
    path.write_bytes(spoil(data))
    for read in (locate, transcribe):
        with pytest.raises(InputError, match=r"release\.zip"):
            read([path]) or locate([path])


def test_columns_of_mrfiles_ask_for_no_more_memory_than_the_file(tmp_path):
    files = write_release(tmp_path, {"MRDEF.RRF": [""] * 100_000})
    layout = Layout(MRDEF.name, tuple(f"C{number}" for number in range(100_000)))
    with pytest.raises(InputError, match="line 1: expected 100000 columns, got 0"):
        read_columns(files["MRDEF.RRF"], layout, ["C1"])


@pytest.mark.parametrize("number", ["9" * 5000, "²", "٣", "-1", "9" * 19])
def test_a_number_of_rows_is_one(tmp_path, number):
    files = write_release(tmp_path, {"MRFILES.RRF": [mrfiles("MRDEF.RRF", number)]})
    with pytest.raises(InputError, match=r"MRFILES\.RRF line 1: expected RWS to be a number of rows"):
        read_manifest(files)


def test_chains_of_replacements_have_an_end(tmp_path):
    rows = [line([f"C{n:07}", "2020AA", "SY", "", "", f"C{n + 1:07}", "Y"]) for n in range(4000)]
    files = write_release(tmp_path, {"MRCUI.RRF": rows[:100]})
    found = read_retired_cuis(files, Manifest(), Census("test"))
    assert found.height == 100
    assert set(found["replacement_cui"]) == {"C0000100"}
    files = write_release(tmp_path, {"MRCUI.RRF": rows})
    with pytest.raises(InputError, match="expected chains of about 100 replacements at most"):
        read_retired_cuis(files, Manifest(), Census("test"))


def test_one_long_text_does_not_make_sorting_slow():
    texts = [b"b", b"a" * 3_000_000, b"a", b"", b"a" * 3_000_000 + b"b", b"a"]
    made = join([Texts(np.frombuffer(t, np.uint8), np.array([0, len(t)])) for t in texts])
    start = time.perf_counter()
    order = made.argsort(np.arange(len(texts)))
    assert time.perf_counter() - start < 1
    assert order.tolist() == [3, 2, 5, 1, 4, 0]
