from dataclasses import replace

import polars as pl
import pytest

from bali.errors import ConfigError, InputError
from bali.io.parquet import read_provenance
from bali.umls.filters import UmlsFilters, choose_tuis
from bali.umls.ingest import ARTEFACTS, ingest
from bali.umls.semantic_groups import SEMANTIC_GROUPS, expand_semantic_types
from tests.unit.umls.rrf_fixtures import NAMES, PROVENANCE, line, mrconso, mrrel, release, write_release

DEFAULT = UmlsFilters(languages=frozenset({"ENG"}), suppress=frozenset({"N"}), max_srl=0)


@pytest.fixture
def ingested(tmp_path):
    def run(filters=DEFAULT, **changes):
        files = write_release(tmp_path / "meta", {**release(), **changes})
        census = ingest(files, filters, tmp_path / "out", PROVENANCE)
        for name, tally in census.tables.items():
            tally.check(name)
        return census, {name: pl.read_parquet(tmp_path / "out" / f"{name}.parquet") for name in ARTEFACTS}

    return run


def test_names_survive_and_every_row_has_one_reason(ingested):
    census, tables = ingested()
    assert set(NAMES.items()) <= set(tables["names"].select("cui", "name").iter_rows())
    assert tables["names"].height == 5
    assert dict(census.tables["MRCONSO.RRF"].dropped) == {"language": 1, "suppress": 2, "restriction level": 1}
    assert dict(census.tables["MRREL.RRF"].dropped) == {
        "suppress": 1,
        "restriction level": 1,
        "CUI without a kept name": 1,
        "duplicate row": 1,
    }
    assert dict(census.tables["MRSTY.RRF"].dropped) == {"CUI without a kept name": 1}
    assert dict(census.tables["MRSAB.RRF"].dropped) == {"not the current version": 1}
    assert dict(census.tables["MRCUI.RRF"].dropped) == {"deleted without replacement": 1}


def test_artefacts(ingested, tmp_path):
    _, tables = ingested()
    assert tables["concepts"].rows() == [
        ("C9000001", "NA", 2, ["T121", "T197"]),
        ("C9000002", "null", 1, ["T047"]),
        ("C9000003", NAMES["C9000003"], 1, ["T074"]),
        ("C9000004", NAMES["C9000004"], 1, []),
    ]
    assert tables["relations"].filter(pl.col("rela") == "may_treat").rows() == [
        ("C9000004", "RO", "may_treat", "C9000003", "MSH", 0),
        ("C9000004", "RO", "may_treat", "C9000003", "NDFRT", 0),
    ]
    assert ("C9000001", "RO", "same_as", "C9000001", "MSH", 0) in tables["relations"].rows()
    assert tables["sources"].rows() == [("MSH", "MSH name", "2026", 0, 5, 6), ("NDFRT", "NDFRT name", "2026", 0, 0, 1)]
    assert tables["codes"].rows()[0] == ("MSH", "D1", "C9000001")
    assert tables["retired_cuis"].rows() == [("C9100001", "C9000001")]
    provenance = read_provenance(tmp_path / "out" / "names.parquet")
    assert (provenance["umls_release"], provenance["restriction_levels"]) == ("tiny", [0])


def test_restriction_levels_are_those_present(ingested, tmp_path):
    _, tables = ingested(replace(DEFAULT, max_srl=9))
    assert "SNOMEDCT_US" in tables["names"]["sab"]
    assert "finding_site_of" in tables["relations"]["rela"]
    assert read_provenance(tmp_path / "out" / "relations.parquet")["restriction_levels"] == [0, 9]


def test_without_mrsab_a_relation_has_the_level_of_its_sources_names(ingested):
    census, tables = ingested(**{"MRSAB.RRF": []})
    assert "finding_site_of" not in tables["relations"]["rela"]
    assert census.tables["MRREL.RRF"].dropped["restriction level"] == 1


@pytest.mark.parametrize(
    ("change", "reason", "cuis"),
    [
        ({"sources": frozenset({"MSHGER"}), "languages": None}, "source", ["C9000001"]),
        ({"exclude_sources": frozenset({"MSHGER"}), "languages": None}, "source", [*NAMES]),
        ({"term_types": frozenset({"ET"})}, "term type", ["C9000001"]),
        ({"tuis": frozenset({"T197"})}, "semantic type", ["C9000001"]),
        ({"tuis": choose_tuis(["DISO", "T074"])}, "semantic type", ["C9000002", "C9000003"]),
    ],
)
def test_each_filter_of_names(ingested, change, reason, cuis):
    census, tables = ingested(replace(DEFAULT, **change))
    assert tables["concepts"]["cui"].to_list() == cuis
    assert census.tables["MRCONSO.RRF"].dropped[reason] > 0


def test_relation_filter_reads_rela_or_rel(ingested):
    rows = [*release()["MRREL.RRF"], mrrel("C9000001", "SIB", "C9000002")]
    _, tables = ingested(replace(DEFAULT, relations=frozenset({"isa", "SIB", "RO"})), **{"MRREL.RRF": rows})
    assert set(tables["relations"].select("rel", "rela").rows()) == {("CHD", "isa"), ("SIB", "")}


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
    "level": ({"MRCONSO.RRF": [mrconso("C9000001", "A1", "x", SRL="N")]}, "line 1: expected SRL to be a restriction"),
    "no names": ({"MRCONSO.RRF": []}, "found an empty file"),
    "all dropped": ({"MRCONSO.RRF": [mrconso("C9", "A1", "x", LAT="GER")] * 2}, "none of 2 did: dropped by language 2"),
    "row count": ({"MRFILES.RRF": [line(["MRREL.RRF", "", "", "16", "12", "1"])]}, "expected 12 rows as MRFILES"),
    "no count": ({"MRFILES.RRF": [line(["MRREL.RRF", "", "", "16", "x", "1"])]}, "expected RWS to be a number"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_leaves_no_output(ingested, tmp_path, case):
    changes, message = BAD[case]
    with pytest.raises(InputError, match=message):
        ingested(**changes)
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_right_row_counts_pass(ingested):
    counts = [line([name, "", "", "", str(len(rows)), ""]) for name, rows in release().items()]
    census, _ = ingested(**{"MRFILES.RRF": counts})
    assert census.tables["MRREL.RRF"].rows_in == 11


def test_semantic_groups():
    assert len(SEMANTIC_GROUPS) == 15
    tuis = [tui for group in SEMANTIC_GROUPS.values() for tui in group]
    assert len(tuis) == len(set(tuis)) == 127
    assert expand_semantic_types(["GEOG", "T999"]) == {"T083", "T999"}
    with pytest.raises(ConfigError, match=r"got 'DISOS'. Did you mean DISO\?"):
        expand_semantic_types(["DISOS"])
