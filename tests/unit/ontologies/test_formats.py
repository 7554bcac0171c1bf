import zipfile

import pytest

from bali.errors import InputError
from bali.ontologies.formats import input_files, transcribe
from tests.unit.ontologies.transcripts import write

FILES = {
    "rxnorm": ["rrf/RXNCONSO.RRF", "rrf/RXNREL.RRF.gz", "rrf/RXNSAB.RRF", "rrf/RXNATOMARCHIVE.RRF", "Readme.txt"],
    "medgen": ["MGCONSO.RRF.gz", "MGREL.RRF.gz", "MGSTY.RRF.gz", "MGSAT.RRF.gz", "MERGED.RRF.gz", "NAMES.RRF.gz"],
    "obo": ["doid.obo", "symp.obo.gz", "doid.owl"],
    "kgx": ["merged-kg_nodes.tsv", "merged-kg_edges.tsv.gz", "nodes.tsv.md5"],
}
READ = {
    "rxnorm": ["rrf/RXNCONSO.RRF", "rrf/RXNREL.RRF.gz", "rrf/RXNSAB.RRF"],
    "medgen": ["MERGED.RRF.gz", "MGCONSO.RRF.gz", "MGREL.RRF.gz", "MGSTY.RRF.gz"],
    "obo": ["doid.obo", "symp.obo.gz"],
    "kgx": ["merged-kg_edges.tsv.gz", "merged-kg_nodes.tsv"],
}


def make(folder, names):
    for name in names:
        write(folder / name, [])
    return folder


@pytest.mark.parametrize("name", FILES)
def test_a_folder_is_recognised_and_its_files_listed(tmp_path, name):
    folder = make(tmp_path / name, FILES[name])
    assert input_files(folder) == [folder / one for one in READ[name]]
    files = transcribe([folder])
    assert {"MRCONSO.RRF", "MRREL.RRF", "MRSTY.RRF"} <= files.keys()
    assert {path for file in files.values() for path in file.paths()} == {folder / one for one in READ[name]}
    assert transcribe([folder / one for one in READ[name]]).keys() == files.keys()


@pytest.mark.parametrize(
    "names",
    [[], ["MRCONSO.RRF", "RXNCONSO.RRF", "RXNREL.RRF"], ["META/MRCONSO.RRF.gz", "x.obo"], ["edges.tsv"], ["MRREL.RRF"]],
)
def test_other_folders_are_none(tmp_path, names):
    folder = make(tmp_path, names)
    assert transcribe([folder]) is None
    assert input_files(folder) is None


def test_a_missing_path_is_left_to_the_reader_of_umls(tmp_path):
    assert transcribe([tmp_path / "absent"]) is None
    assert input_files(tmp_path / "absent") is None


def test_a_zip_is_one_input(tmp_path):
    path = tmp_path / "RxNorm_full.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("rrf/RXNCONSO.RRF", "")
        archive.writestr("rrf/RXNREL.RRF", "")
    assert input_files(path) == [path]
    assert transcribe([path]) is not None
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("META/MRCONSO.RRF", "")
    assert input_files(path) is None


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["RXNCONSO.RRF", "MGCONSO.RRF"], r"expected a release of one format, found .*\(RxNorm\) and .*\(MedGen\)"),
        (["RXNCONSO.RRF"], "RXNREL.RRF: not found in .*RxNorm needs RXNCONSO.RRF, RXNREL.RRF"),
        (["MGCONSO.RRF"], "MGREL, MGSTY: not found"),
        (["nodes.tsv"], "edges: not found"),
        (["RXNCONSO.RRF", "RXNCONSO.RRF.gz", "RXNREL.RRF"], "RXNCONSO.RRF: expected once, found as"),
        (["MGCONSO.RRF", "csv/MGCONSO.csv", "MGREL.RRF", "MGSTY.RRF"], "MGCONSO: expected once"),
    ],
)
def test_what_does_not_fit_is_one_line(tmp_path, names, message):
    with pytest.raises(InputError, match=message) as caught:
        transcribe([make(tmp_path, names)])
    assert "\n" not in str(caught.value)
