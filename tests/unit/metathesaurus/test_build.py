import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bali.cli import EXIT_BAD_INPUT, main
from bali.io.census import Census
from bali.rrf import layouts
from tests.unit.metathesaurus.sources import FILES, sssom, write_sources

FILE_LAYOUTS = (
    layouts.MRCONSO,
    layouts.MRDEF,
    layouts.MRDOC,
    layouts.MRFILES,
    layouts.MRREL,
    layouts.MRSAB,
    layouts.MRSTY,
)
RESTRICTED = (b"SNOMED", b"FDBNAME", b"39000009", b"10002476", b"154608001", b"30021000", b"4017424", b"237961006")


def build(folder: Path, output: Path, *options: str) -> int:
    return main(["open-metathesaurus", "--from", str(folder), "--output-dir", str(output), *options])


def read(folder: Path, layout: layouts.Layout) -> list[dict[str, str]]:
    lines = gzip.decompress((folder / f"{layout.name}.gz").read_bytes()).decode().splitlines()
    rows = [line.split("|") for line in lines]
    assert rows
    assert all(len(row) == len(layout.columns) + 1 and row[-1] == "" for row in rows), layout.name
    return [dict(zip(layout.columns, row[:-1], strict=True)) for row in rows]


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("open")
    assert build(write_sources(folder / "sources"), folder / "out") == 0
    return folder / "out"


@pytest.fixture(scope="module")
def names(built):
    return read(built, layouts.MRCONSO)


@pytest.fixture(scope="module")
def relations(built):
    return {(r["CUI2"], r["RELA"], r["CUI1"], r["REL"], r["SAB"]): r for r in read(built, layouts.MRREL)}


def test_the_files_of_a_metathesaurus_are_there(built):
    assert {name.removesuffix(".gz") for name in files_of(built)} == {
        *(layout.name for layout in FILE_LAYOUTS),
        "id2cui.tsv",
        "census.json",
    }
    for row in read(built, layouts.MRFILES):
        data = gzip.decompress((built / f"{row['FIL']}.gz").read_bytes())
        assert (row["RWS"], row["BTS"]) == (str(data.count(b"\n")), str(len(data)))


def test_nothing_of_a_restricted_vocabulary_enters(built):
    source = "".join(FILES.values()).encode()
    assert all(word in source for word in RESTRICTED)
    for name, data in files_of(built).items():
        if name != "census.json":
            text = gzip.decompress(data)
            assert [word for word in RESTRICTED if word in text] == [], name
    census = Census.read(built / "census.json")
    assert census.table("DOID: synonyms").dropped["from a restricted vocabulary"] == 2
    assert census.table("DOID: cross-references").dropped["restricted vocabulary"] == 6
    assert census.table("DOID: definitions").dropped["from a restricted vocabulary"] == 1
    assert census.table("PHARMGKB: synonyms without provenance").dropped == {"origin not known": 1}


def test_every_concept_has_one_preferred_name(names):
    concepts = {row["CUI"] for row in names}
    preferred = [row for row in names if (row["TS"], row["STT"], row["ISPREF"]) == ("P", "PF", "Y")]
    assert len(concepts) > 10
    assert sorted(row["CUI"] for row in preferred) == sorted(concepts)
    assert len({row["AUI"] for row in names}) == len(names)
    assert len({(row["SUI"], row["STR"]) for row in names}) == len({row["STR"] for row in names})
    assert {row["CUI"]: row["SAB"] for row in preferred}["C0018923"] == "MONDO"


def test_names_survive_and_are_suppressed_by_kind(names):
    found = {(row["CUI"], row["STR"]): row for row in names}
    assert found["C0405580", "NA"]["SUPPRESS"] == "O"
    assert found["C0030193", 'a "quoted" pain/syndrome']["SUPPRESS"] == "N"
    assert found["C0018923", "vessel tumor"]["SUPPRESS"] == "Y"
    assert found["C0000002", "old disease"]["SUPPRESS"] == "O"
    assert found["C0854893", "angiosarcoma"]["SUPPRESS"] == "E"
    assert found["C0018923", "Hemangiosarcoma"]["SDUI"] == "D006394"
    assert found["C0018923", "hemangiosarcoma"]["SCUI"] == "0001816"
    assert ("C0018923", "Angiosarcoma") in found


def test_a_relation_stands_in_both_directions(relations):
    assert ("C0018923", "isa", "C0027651", "CHD", "DOID") in relations  # over DOID:1115, which has no CUI
    assert ("C0027651", "inverse_isa", "C0018923", "PAR", "DOID") in relations
    assert relations["C0018923", "isa", "C0027651", "CHD", "MONDO"]["DIR"] == "Y"
    assert ("C0018923", "disease_has_location", "C0230444", "RO", "MONDO") in relations
    assert ("C0230444", "part_of", "C0242821", "RO", "UBERON") in relations
    assert ("C0242821", "has_part", "C0230444", "RO", "UBERON") in relations
    assert ("C0018923", "disease_has_primary_anatomic_site", "C0230444", "RO", "NCIT") in relations
    assert ("C1529145", "may_treat", "C0018923", "RO", "DRUGTARGET") in relations
    assert ("C0031441", "may_treat", "C0018923", "RO", "PHARMACOTHERAPYDB") in relations
    assert ("C0018923", "co_occurs_with", "C0027651", "RO", "MEDLINE_COOC") in relations
    assert ("C0018923", "possibly_equivalent_to", "C0854893", "RQ", "DOID") in relations
    assert not [key for key in relations if "C9999999" in key or key[0] == key[2]]


def test_each_inverse_is_documented(built, relations):
    inverses = {
        (row["DOCKEY"], row["VALUE"]): row["EXPL"] for row in read(built, layouts.MRDOC) if "inverse" in row["TYPE"]
    }
    assert len(relations) == 2 * int(Census.read(built / "census.json").notes["relations in one direction"])
    for head, rela, tail, rel, sab in relations:
        assert (tail, inverses["RELA", rela], head, inverses["REL", rel], sab) in relations


def test_semantic_types_follow_the_branch(built, names):
    types = {row["CUI"]: row for row in read(built, layouts.MRSTY)}
    assert types.keys() == {row["CUI"] for row in names}
    expected = {"C0018923": "T191", "C0230444": "T023", "C0031441": "T121", "C0000729": "T184", "C0043094": "T047"}
    assert {cui: types[cui]["TUI"] for cui in expected} == expected
    assert types["C0018923"]["STY"] == "Neoplastic Process"


def test_licences_stand_in_mrsab(built):
    sources = {row["RSAB"]: row for row in read(built, layouts.MRSAB)}
    assert "CC-BY-SA-4.0" in sources["PHARMGKB"]["SLC"]
    assert "share-alike" in sources["PHARMGKB"]["SLC"]
    assert all(row["SLC"] and row["SCIT"] and row["SVER"] and row["SRL"] == "0" for row in sources.values())


def test_every_source_id_maps_to_its_cui(built):
    lines = gzip.decompress((built / "id2cui.tsv.gz").read_bytes()).decode().splitlines()
    rows = {tuple(line.split("\t")) for line in lines}
    assert {
        ("DOID:0001816", "C0018923", "best"),
        ("DOID:0001816", "C0854893", "secondary"),
        ("DOID:267", "C0018923", "best"),
        ("MESH:D006394", "C0018923", "best"),
        ("NCIT:C32974", "C0230444", "best"),
        ("OMIM:600000", "C0030193", "best"),
        ("DRUGBANK:DB00914", "C0031441", "best"),
        ("MESH:D001829", "C0242821", "best"),
    } <= rows


def test_order_of_files_and_hash_seed_change_no_byte(tmp_path, built):
    folder = tmp_path / "reversed"
    write_sources(folder, dict(reversed(FILES.items())), flat=True)
    command = [sys.executable, "-m", "bali", "open-metathesaurus", "--from", str(folder), "--output-dir"]
    environment = {**os.environ, "PYTHONHASHSEED": "4711"}
    subprocess.run([*command, str(tmp_path / "out")], check=True, env=environment, capture_output=True)
    assert files_of(tmp_path / "out") == files_of(built)


def test_plain_files_hold_the_same(tmp_path, built):
    assert build(write_sources(tmp_path / "sources"), tmp_path / "out", "--no-compress") == 0
    plain = files_of(tmp_path / "out")
    assert len(plain) == len(files_of(built))
    for name, data in files_of(built).items():
        assert plain[name.removesuffix(".gz")] == (gzip.decompress(data) if name.endswith(".gz") else data)


def test_an_excluded_source_is_absent(tmp_path):
    assert build(write_sources(tmp_path / "sources"), tmp_path / "out", "--exclude", "PHARMGKB", "MONDO") == 0
    sabs = {row["SAB"] for row in read(tmp_path / "out", layouts.MRCONSO)}
    assert {"DOID", "ORDO"} <= sabs
    assert not {"PHARMGKB", "MONDO"} & (sabs | {row["RSAB"] for row in read(tmp_path / "out", layouts.MRSAB)})


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("symp.obo", None, "symp.obo: not found"),
        ("terms.tsv", "id\tname\nD1\tx\n", "found no mesh_id"),
        ("tree-numbers.tsv", "mesh_id\tmesh_name\tmesh_tree_number\nD1\tx\n", "line 2: expected 3 columns, got 2"),
        ("ordo-2_6-2018-07-12.json", "{", "expected JSON"),
        ("meshdesc_wiki.json", "[]", "expected a JSON object"),
        ("mondo_exactmatch_umls.sssom.tsv", sssom([], "CC BY-NC 4.0"), "expected one of the licences"),
        ("disease-disease-cooccurrence.tsv", FILES["disease-disease-cooccurrence.tsv"].replace("0.5", "?"), "numbers"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(tmp_path, capsys, name, text, message):
    folder = write_sources(tmp_path / "sources", FILES | {name: text or ""}, flat=True)
    if text is None:
        next(folder.glob(f"{name}*")).unlink()
    capsys.readouterr()
    assert build(folder, tmp_path / "out") == EXIT_BAD_INPUT
    error = [line for line in capsys.readouterr().err.splitlines() if line.startswith("bali ")]
    assert len(error) == 1
    assert message in error[0]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sources"]


def test_a_damaged_gzip_keeps_the_earlier_build(tmp_path, capsys):
    folder = write_sources(tmp_path / "sources")
    assert build(folder, tmp_path / "out") == 0
    before = files_of(tmp_path / "out")
    path = next(folder.rglob("symp.obo.gz"))
    path.write_bytes(path.read_bytes()[:-12])
    assert build(folder, tmp_path / "out") == EXIT_BAD_INPUT
    assert "ends early" in capsys.readouterr().err
    assert files_of(tmp_path / "out") == before


def test_a_folder_with_other_files_is_not_replaced(tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    assert build(write_sources(tmp_path / "sources"), tmp_path / "out") == EXIT_BAD_INPUT
    assert "thesis.txt" in capsys.readouterr().err
    assert (tmp_path / "out" / "thesis.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("options", "message"), [(["--exclude", "SNOMEDCT_US"], "is no source"), ([], "no such folder")]
)
def test_wrong_options_are_one_line(tmp_path, capsys, options, message):
    assert build(tmp_path / "absent", tmp_path / "out", *options) == EXIT_BAD_INPUT
    assert message in capsys.readouterr().err
