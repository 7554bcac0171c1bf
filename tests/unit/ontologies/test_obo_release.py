import os
import subprocess
import sys
from pathlib import Path

import pytest

from bali.errors import InputError
from bali.ontologies.formats import transcribe
from bali.ontologies.obo_release import relation_name
from tests.unit.ontologies.transcripts import rows_of, tallied, write

DISEASES = r"""format-version: 1.2
data-version: releases/2026-01-01
ontology: doid
property_value: terms:license https://creativecommons.org/publicdomain/zero/1.0/

[Term]
id: DOID:1
name: diabetes mellitus, "NA"
def: "Blood sugar is high." [url:x]
synonym: "DM" EXACT ABBREVIATION []
synonym: "sugar" RELATED []
synonym: "diabetes mellitus (disorder)" EXACT [SNOMEDCT_US_2016_03_01:73211009]
synonym: "diabetes NOS" EXACT [MDR20:1]
synonym: "DM" EXACT []
xref: UMLS_CUI:C0011849
xref: UMLS_CUI:C9999999
is_a: DOID:0 ! disease

[Term]
id: DOID:2
name: an unmapped kind of diabetes
is_a: DOID:1

[Term]
id: DOID:3
name: type 2 diabetes
def: "From another." [SNOMEDCT:1]
xref: UMLS:C0011860 {source="MONDO:equivalentTo"}
is_a: DOID:2
is_a: DOID:1
relationship: disease_has_location UBERON:0001264 ! pancreas
relationship: lacks_part UBERON:0001264
relationship: RO:0002200 DOID:2

[Term]
id: DOID:4
name: same concept
xref: http://linkedlifedata.com/resource/umls/id/C0011849
is_a: DOID:1

[Term]
id: DOID:5
name: old diabetes
is_obsolete: true
xref: umls:C0000005

[Term]
id: DOID:14566
name: disease of cellular proliferation

[Term]
id: DOID:162
name: cancer
is_a: DOID:14566
xref: https://identifiers.org/umls:C0006826
"""
ANATOMY = """format-version: 1.2
ontology: uberon

[Term]
id: UBERON:0001264
name: pancreas
xref: UMLS:C0030274

[Term]
id: DOID:1
name: imported
"""


@pytest.fixture
def files(tmp_path):
    return transcribe([write(tmp_path / "doid.obo", [DISEASES]), write(tmp_path / "uberon.obo.gz", [ANATOMY])])


def test_names_of_terms_with_a_concept(files):
    names = rows_of(files["MRCONSO.RRF"], "CUI", "TS", "SAB", "TTY", "CODE", "STR", "SUPPRESS", "SRL")
    assert names == [
        ("C0011849", "P", "DOID", "PT", "DOID:1", 'diabetes mellitus, "NA"', "N", "0"),
        ("C0011849", "S", "DOID", "SY", "DOID:1", "DM", "N", "0"),
        ("C0011849", "S", "DOID", "SY", "DOID:1", "sugar", "Y", "0"),
        ("C0006826", "P", "DOID", "PT", "DOID:162", "cancer", "N", "0"),
        ("C0011860", "P", "DOID", "PT", "DOID:3", "type 2 diabetes", "N", "0"),
        ("C0011849", "P", "DOID", "PT", "DOID:4", "same concept", "N", "0"),
        ("C0000005", "P", "DOID", "PT", "DOID:5", "old diabetes", "E", "0"),
        ("C0030274", "P", "UBERON", "PT", "UBERON:0001264", "pancreas", "N", "0"),
    ]
    assert tallied(files["MRCONSO.RRF"]) == (
        13,
        8,
        {
            "term without a UMLS cross-reference": 2,
            "provenance under a licence (SNOMED CT, MedDRA, ...)": 2,
            "duplicate row": 1,
        },
    )
    assert files["MRCONSO.RRF"].tally.notes == {
        "terms with several UMLS cross-references, lowest taken": 1,
        "terms that several files have, one taken": 1,
    }


def test_no_licensed_text_enters(files):
    texts = " ".join(" ".join(row) for name in ("MRCONSO.RRF", "MRDEF.RRF") for row in rows_of(files[name]))
    assert "diabetes" in texts
    for licensed in ("(disorder)", "NOS", "From another", "SNOMED", "MDR"):
        assert licensed not in texts


def test_is_a_is_bridged_and_files_share_concepts(files):
    assert sorted(rows_of(files["MRREL.RRF"], "CUI2", "REL", "RELA", "CUI1", "SAB")) == [
        ("C0011860", "CHD", "isa", "C0011849", "DOID"),
        ("C0011860", "RO", "disease_has_location", "C0030274", "DOID"),
    ]
    assert tallied(files["MRREL.RRF"]) == (
        9,
        2,
        {
            "no ancestor with a UMLS cross-reference": 2,
            "term without a UMLS cross-reference": 2,
            "both ends are one concept": 1,
            "negative relation": 1,
            "duplicate row": 1,
        },
    )
    assert files["MRREL.RRF"].tally.notes == {"is_a bridged over terms without a UMLS cross-reference": 1}


def test_bridging_goes_to_the_nearest_ancestors_and_survives_a_cycle(tmp_path):
    terms = {"a": ("C0000001", "b c"), "b": ("", "d e"), "c": ("", "b x"), "d": ("C0000002", "f"), "e": ("", "f b")}
    terms |= {"f": ("C0000003", ""), "x": ("", "x")}
    text = ["format-version: 1.2"]
    for name, (cui, parents) in terms.items():
        text += ["[Term]", f"id: X:{name}", f"name: {name}", *(f"is_a: X:{parent}" for parent in parents.split())]
        text += [f"xref: UMLS:{cui}"] if cui else []
    files = transcribe([write(tmp_path / "x.obo", text)])
    assert rows_of(files["MRREL.RRF"], "CUI2", "CUI1") == [
        ("C0000001", "C0000002"),
        ("C0000001", "C0000003"),
        ("C0000002", "C0000003"),
    ]


def test_other_files(files):
    assert sorted(rows_of(files["MRSTY.RRF"], "CUI", "TUI", "STY")) == [
        ("C0000005", "T047", "Disease or Syndrome"),
        ("C0006826", "T191", "Neoplastic Process"),
        ("C0011849", "T047", "Disease or Syndrome"),
        ("C0011860", "T047", "Disease or Syndrome"),
        ("C0030274", "T023", "Body Part, Organ, or Organ Component"),
    ]
    assert rows_of(files["MRDEF.RRF"], "CUI", "SAB", "DEF") == [("C0011849", "DOID", "Blood sugar is high.")]
    assert rows_of(files["MRSAB.RRF"], "RSAB", "SON", "SVER", "SLC", "SRL") == [
        ("DOID", "doid", "releases/2026-01-01", "https://creativecommons.org/publicdomain/zero/1.0/", "0"),
        ("UBERON", "uberon", "", "", "0"),
    ]
    assert ("RELA", "isa", "rela_inverse", "inverse_isa") in rows_of(files["MRDOC.RRF"])


def test_the_order_of_files_and_terms_does_not_matter(tmp_path, files):
    header, *stanzas = DISEASES.split("\n[Term]\n")
    turned = "\n[Term]\n".join([header, *reversed(stanzas)])
    other = tmp_path / "other"
    again = transcribe([write(other / "uberon.obo", [ANATOMY]), write(other / "doid.obo", [turned])])
    for name, file in files.items():
        assert rows_of(again[name]) == rows_of(file) != []


def test_the_bytes_do_not_depend_on_the_hash_seed(tmp_path):
    write(tmp_path / "doid.obo", [DISEASES])
    code = (
        "import sys; from pathlib import Path; from bali.ontologies.formats import transcribe\n"
        "for file in transcribe([Path(sys.argv[1])]).values():\n"
        "    with file.open() as stream: sys.stdout.buffer.write(stream.read())\n"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", code, str(tmp_path)],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    ]
    assert b"diabetes" in outputs[0]
    assert outputs[0] == outputs[1]


def test_restricted_sources_keep_their_level(tmp_path):
    files = transcribe(
        [write(tmp_path / "x.obo", ["format-version: 1.2", "[Term]", "id: SCTID:1", "name: a", "xref: UMLS:C0000001"])]
    )
    assert rows_of(files["MRCONSO.RRF"], "SAB", "SRL") == [("SCTID", "9")]
    assert rows_of(files["MRSAB.RRF"], "RSAB", "SRL") == [("SCTID", "9")]


def test_an_ontology_without_umls_is_one_line(tmp_path):
    path = write(tmp_path / "x.obo", ["format-version: 1.2", "[Term]", "id: X:1", "name: a"])
    with pytest.raises(InputError, match=r"x.obo: expected terms with a UMLS cross-reference .* among 1\. Give"):
        rows_of(transcribe([path])["MRREL.RRF"])


@pytest.mark.parametrize(
    ("relation", "name"),
    [
        ("part_of", "part_of"),
        ("RO:0002202", "develops_from"),
        ("http://purl.obolibrary.org/obo/BFO_0000050", "part_of"),
        ("http://x.org/y#Has-Part", "has_part"),
        ("ex:a|b", "ex_a_b"),
    ],
)
def test_relation_names(relation, name):
    assert relation_name(relation) == name


@pytest.mark.real_data
@pytest.mark.skipif("BALI_DEVELOPMENT_DATA" not in os.environ, reason="BALI_DEVELOPMENT_DATA names no folder")
@pytest.mark.parametrize(
    ("folder", "num_names", "num_relations"),
    [("kg_doid", 12493, 7037), ("kg_symp", 238, 151), ("kg_uberon_cl", 17131, 6122), ("kg_pharmgkb", 17708, 0)],
)
def test_real_ontologies_are_accounted_for(folder, num_names, num_relations):
    paths = sorted((Path(os.environ["BALI_DEVELOPMENT_DATA"]) / folder).glob("*.obo.gz"))
    assert paths
    files = transcribe(paths)
    assert tallied(files["MRCONSO.RRF"])[1] == num_names
    assert tallied(files["MRREL.RRF"])[1] == num_relations
