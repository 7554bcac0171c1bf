from dataclasses import replace

import polars as pl
import pytest

from bali.errors import ConfigError, InputError
from bali.io.parquet import read_provenance
from bali.umls.filters import UmlsFilters, choice, choose_tuis
from bali.umls.semantic_groups import SEMANTIC_GROUPS, expand_semantic_types
from tests.unit.rrf.rrf_fixtures import NAMES, mrconso, mrdef, mrrel, mrsty, release
from tests.unit.umls.conftest import DEFAULT


@pytest.mark.parametrize("threads", [1, 3])
def test_names_survive_and_every_row_has_one_reason(ingested, threads):
    census, tables = ingested(threads=threads)
    assert set(NAMES.items()) <= set(tables["names"].select("cui", "name").iter_rows())
    assert tables["names"].height == 5
    assert {name: dict(tally.dropped) for name, tally in census.tables.items()} == {
        "MRCONSO.RRF": {"language": 1, "suppress": 2, "restriction level": 1},
        "MRREL.RRF": {"suppress": 1, "restriction level": 1, "CUI without a kept name": 1, "duplicate row": 1},
        "MRSTY.RRF": {"CUI without a kept name": 1},
        "MRSAB.RRF": {"not the current version": 1},
        "MRCUI.RRF": {"deleted without replacement": 1},
        "MRDEF.RRF": {"CUI without a kept name": 1},
        "MRDOC.RRF": {"no inverse of a relation": 1},
    }
    assert census.notes["concepts"] == 4
    assert census.notes["relations of a concept with itself"] == 1


def test_artefacts(ingested, tmp_path):
    _, tables = ingested()
    assert tables["concepts"].rows() == [
        ("C9000001", "NA", 2, ["T121", "T197"]),
        ("C9000002", "null", 1, ["T047"]),
        ("C9000003", NAMES["C9000003"], 1, ["T074"]),
        ("C9000004", NAMES["C9000004"], 1, []),
    ]
    assert tables["names"].rows()[:2] == [
        ("C9000001", "A1", "NA", "MSH", "MH", True, 0, "N"),
        ("C9000001", "A5", "sodium", "MSH", "ET", False, 0, "N"),
    ]
    assert tables["relations"].filter(pl.col("rela") == "may_treat").rows() == [
        ("C9000004", "RO", "may_treat", "C9000003", "MSH", 0),
        ("C9000004", "RO", "may_treat", "C9000003", "NDFRT", 0),
    ]
    assert ("C9000001", "RO", "same_as", "C9000001", "MSH", 0) in tables["relations"].rows()
    assert tables["semantic_types"].rows()[0] == ("C9000001", "T121", "Pharmacologic Substance")
    assert tables["sources"].rows() == [
        ("MSH", "MSH name", "2026", 0, "", "", 5, 6),
        ("NDFRT", "NDFRT name", "2026", 0, "", "", 0, 1),
    ]
    assert tables["codes"].rows()[0] == ("MSH", "D1", "C9000001")
    assert tables["retired_cuis"].rows() == [("C9100001", "C9000001")]
    assert tables["definitions"].rows() == [("C9000002", "MSH", 'A "quoted" null.')]
    assert ("rela", "isa", "inverse_isa") in tables["inverses"].rows()
    provenance = read_provenance(tmp_path / "out" / "names.parquet")
    assert (provenance["umls_release"], provenance["restriction_levels"]) == ("tiny", [0])


def test_relations_are_sorted_by_head_tail_and_label(ingested):
    _, tables = ingested()
    rows = tables["relations"].select("head_cui", "tail_cui", "rel", "rela", "sab").rows()
    assert len(rows) > 5
    assert rows == sorted(set(rows))


def test_restriction_levels_are_those_present(ingested, tmp_path):
    _, tables = ingested(replace(DEFAULT, max_srl=9))
    assert "SNOMEDCT_US" in tables["names"]["sab"]
    assert "finding_site_of" in tables["relations"]["rela"]
    assert read_provenance(tmp_path / "out" / "relations.parquet")["restriction_levels"] == [0, 9]


@pytest.mark.parametrize("mrsab", [[], None])
def test_without_mrsab_a_relation_has_the_level_of_its_sources_names(ingested, mrsab):
    census, tables = ingested(**{"MRSAB.RRF": mrsab})
    assert "finding_site_of" not in tables["relations"]["rela"]
    assert census.tables["MRREL.RRF"].dropped["restriction level"] == 1
    assert tables["sources"].select("sab", "name", "srl").rows() == [("MSH", "", 0), ("NDFRT", "", 0)]


@pytest.mark.parametrize(
    ("change", "reason", "cuis"),
    [
        ({"sources": frozenset({"MSHGER"}), "languages": None}, "source", ["C9000001"]),
        ({"exclude_sources": frozenset({"MSHGER"}), "languages": None}, "source", [*NAMES]),
        ({"term_types": frozenset({"ET"})}, "term type", ["C9000001"]),
        ({"tuis": frozenset({"T197"})}, "semantic type", ["C9000001"]),
        ({"tuis": choose_tuis(["DISO", "T074"])}, "semantic type", ["C9000002", "C9000003"]),
        ({"min_names": 2}, "few names", ["C9000001"]),
    ],
)
def test_each_filter_of_names(ingested, change, reason, cuis):
    census, tables = ingested(replace(DEFAULT, **change))
    assert tables["concepts"]["cui"].to_list() == cuis
    assert census.tables["MRCONSO.RRF"].dropped[reason] > 0
    assert set(tables["relations"]["head_cui"]) | set(tables["relations"]["tail_cui"]) <= set(cuis)
    assert set(tables["semantic_types"]["cui"]) <= set(cuis)


def test_names_are_counted_after_the_other_filters(ingested):
    rows = [
        mrconso("C9000001", "A1", "one"),
        mrconso("C9000001", "A2", "suppressed", SUPPRESS="O"),
        mrconso("C9000002", "A3", "one"),
        mrconso("C9000002", "A3", "the same atom"),
        mrconso("C9000003", "A4", "one"),
        mrconso("C9000003", "A5", "one"),
    ]
    census, tables = ingested(replace(DEFAULT, min_names=2), **{"MRCONSO.RRF": rows})
    assert tables["concepts"]["cui"].to_list() == ["C9000003"]
    assert dict(census.tables["MRCONSO.RRF"].dropped) == {"suppress": 1, "duplicate row": 1, "few names": 2}


def test_no_filter_keeps_all(ingested):
    census, tables = ingested(UmlsFilters())
    assert tables["names"].height == len(release()["MRCONSO.RRF"])
    assert not census.tables["MRCONSO.RRF"].dropped
    assert choice("all") is None
    assert choice(["MSH"]) == frozenset({"MSH"})


def test_preferred_name_order(ingested):
    rows = [
        mrconso("C9000001", "A1", "late source", SAB="Z"),
        mrconso("C9000001", "A2", "late type", TTY="Z"),
        mrconso("C9000001", "A3", "unpreferred atom", ISPREF="N", SAB="A"),
        mrconso("C9000001", "A5", "second atom"),
        mrconso("C9000001", "A4", "first atom"),
        mrconso("C9000002", "A6", "variant", STT="VO"),
        mrconso("C9000002", "A7", "suppressed preferred", SUPPRESS="O"),
        mrconso("C9000002", "A8", "other term", TS="S"),
    ]
    _, tables = ingested(**{"MRCONSO.RRF": rows})
    assert tables["concepts"]["preferred_name"].to_list() == ["first atom", "variant"]
    assert tables["names"]["is_preferred"].to_list() == [True, True, False, True, True, False, False]


def test_duplicate_atoms_are_counted(ingested):
    rows = [mrconso("C9000001", "A1", "b"), mrconso("C9000001", "A1", "a"), mrconso("C9000002", "A1", "c")]
    census, tables = ingested(**{"MRCONSO.RRF": rows})
    assert tables["names"]["name"].to_list() == ["a", "c"]
    assert census.tables["MRCONSO.RRF"].dropped["duplicate row"] == 1


def test_codes_are_distinct_and_only_real_ones(ingested):
    rows = [
        mrconso("C9000002", "A1", "a", CODE="D1"),
        mrconso("C9000001", "A2", "b", CODE="D1"),
        mrconso("C9000001", "A3", "c", CODE="D1"),
        mrconso("C9000001", "A4", "d", CODE="NOCODE"),
        mrconso("C9000001", "A5", "e", CODE=""),
        mrconso("C9000001", "A6", "f", CODE="D1", SAB="A"),
        mrconso("C9000001", "A7", "g", CODE="D01"),
        mrconso("C9000001", "A8", "h", CODE="D2", SUPPRESS="Y"),
    ]
    _, tables = ingested(**{"MRCONSO.RRF": rows})
    assert tables["codes"].rows() == [
        ("A", "D1", "C9000001"),
        ("MSH", "D01", "C9000001"),
        ("MSH", "D1", "C9000001"),
        ("MSH", "D1", "C9000002"),
    ]


def test_the_three_forms_of_identifiers_in_order(ingested):
    cuis = ["R0000007", "CN000001", "C9999999", "C0000000"]
    names = [mrconso(cui, f"A{number}", cui) for number, cui in enumerate(cuis)]
    relations = [mrrel(cuis[number], "RO", cuis[number - 1], "x") for number in range(4)]
    types = [mrsty(cui, "T047", "Disease or Syndrome") for cui in cuis]
    _, tables = ingested(**{"MRCONSO.RRF": names, "MRREL.RRF": relations, "MRSTY.RRF": types})
    for artefact, column in (
        ("concepts", "cui"),
        ("names", "name"),
        ("relations", "head_cui"),
        ("semantic_types", "cui"),
    ):
        assert tables[artefact][column].to_list() == sorted(cuis)


def test_sources_that_the_release_lacks_are_noted(ingested):
    census, _ = ingested(replace(DEFAULT, exclude_sources=frozenset({"CTD_CHEMDISGEN", "NDFRT"})))
    assert census.notes["sources in the filters, not in the release"] == "CTD_CHEMDISGEN"


def test_a_release_without_relations(ingested):
    census, tables = ingested(**{"MRREL.RRF": []})
    assert tables["relations"].is_empty()
    assert census.tables["MRREL.RRF"].rows_in == 0


BAD = {
    "17 columns": ({"MRCONSO.RRF": [mrconso("C9000001", "A1", "x")[:-1]]}, "MRCONSO.RRF line 1: expected 18 columns"),
    "relations cut": ({"MRREL.RRF": [*release()["MRREL.RRF"], "C9000001|A1|"]}, "MRREL.RRF line 12: expected 16"),
    "types cut": ({"MRSTY.RRF": ["C9000001|T047"]}, "MRSTY.RRF line 1: expected 6 columns, got 1"),
    "level": (
        {"MRCONSO.RRF": [mrconso("C9000001", "A1", "x"), mrconso("C9000001", "A2", "x", SRL="N")]},
        "MRCONSO.RRF line 2: expected SRL to be a restriction level 0-9, got 'N'",
    ),
    "no level": ({"MRCONSO.RRF": [mrconso("C9000001", "A1", "x", SRL="")]}, "line 1: expected SRL .*, got ''"),
    "long level": ({"MRCONSO.RRF": [mrconso("C9000001", "A1", "x", SRL="10")]}, "line 1: expected SRL .*, got '10'"),
    "no names": ({"MRCONSO.RRF": []}, "found an empty file"),
    "all dropped": (
        {"MRCONSO.RRF": [mrconso("C9000001", "A1", "x", LAT="GER")] * 2},
        "none of 2 did: dropped by language 2",
    ),
    "name of nothing": (
        {"MRCONSO.RRF": [mrconso("C9000001", "A1", "x"), mrconso("D003924", "A2", "x")]},
        "MRCONSO.RRF line 2: expected CUI to be a concept identifier, .* got 'D003924'",
    ),
    "head of nothing": (
        {"MRREL.RRF": [mrrel("C9000001", "RO", "", "x")]},
        "MRREL.RRF line 1: expected CUI2 to be a concept identifier, .* got ''",
    ),
    "tail of nothing": (
        {"MRREL.RRF": [mrrel("A1", "RO", "C9000001", "x", SUPPRESS="Y")]},
        "MRREL.RRF line 1: expected CUI1 to be a concept identifier, .* got 'A1'",
    ),
    "type of nothing": (
        {"MRSTY.RRF": [mrsty("C9000001", "T047", "Disease or Syndrome"), mrsty("C000001", "T047", "x")]},
        "MRSTY.RRF line 2: expected CUI to be a concept identifier",
    ),
    "definition of nothing": ({"MRDEF.RRF": [mrdef("C", "x")]}, "MRDEF.RRF line 1: expected CUI to be"),
}  # fmt: skip


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("case", BAD)
def test_bad_input_leaves_no_output(ingested, tmp_path, case, threads):
    changes, message = BAD[case]
    with pytest.raises(InputError, match=message) as error:
        ingested(threads=threads, **changes)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_semantic_groups():
    assert len(SEMANTIC_GROUPS) == 15
    tuis = [tui for group in SEMANTIC_GROUPS.values() for tui in group]
    assert len(tuis) == len(set(tuis)) == 127
    assert expand_semantic_types(["GEOG", "T999"]) == {"T083", "T999"}
    with pytest.raises(ConfigError, match=r"got 'DISOS'. Did you mean DISO\?"):
        expand_semantic_types(["DISOS"])
