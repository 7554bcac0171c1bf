"""The real ontologies: built twice, the same bytes; the numbers of the documentation."""

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bali.cli import main
from bali.io.census import Census
from bali.metathesaurus.download import blob_id
from bali.metathesaurus.registry import locate_files, read_files

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif("BALI_DEVELOPMENT_DATA" not in os.environ, reason="BALI_DEVELOPMENT_DATA names no folder"),
]
# The development copies of these lack the lines of restricted vocabularies, or are unpacked from a zip.
CHANGED_FILES = {
    "CL_2019.obo",
    "UBERON_2015.obo",
    "allXREFinDO_2026.tsv",
    "doid_2016-03-04.obo",
    "drug_indication.tsv",
    "identifiers.tsv",
    "pharmgkb.disease.obo",
    "pharmgkb.drug.obo",
}


def content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def test_two_builds_are_equal_and_as_large_as_documented(tmp_path):
    data = os.environ["BALI_DEVELOPMENT_DATA"]
    assert main(["open-metathesaurus", "--from", data, "--output-dir", str(tmp_path / "a")]) == 0
    command = [sys.executable, "-m", "bali", "open-metathesaurus", "--from", data, "--output-dir", str(tmp_path / "b")]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": "7"}, capture_output=True)
    names = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert len(names) == 9
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in names)
    notes = Census.read(tmp_path / "a" / "census.json").notes
    assert (notes["concepts"], notes["relations in one direction"]) == (31572, 123955)
    cuis = {line.split(b"|")[0].decode() for line in content(tmp_path / "a" / "MRCONSO.RRF.gz").splitlines()}
    paths = locate_files(Path(data), read_files()).values()
    in_sources = {cui for path in paths for cui in re.findall(r"\bC\d{7}\b", content(path).decode())}
    assert len(cuis) == 31572
    assert cuis <= in_sources


def test_blob_ids_of_the_registry_are_those_of_the_files():
    files = {file.name: file for file in read_files() if file.name not in CHANGED_FILES}
    paths = locate_files(Path(os.environ["BALI_DEVELOPMENT_DATA"]), files.values())
    assert len(files) == 23
    for name, path in paths.items():
        is_packed_there = files[name].path.endswith(".gz")
        assert blob_id(path.read_bytes() if is_packed_there else content(path)) == files[name].blob, name
