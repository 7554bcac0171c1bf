"""MRDEF, MRSAB and MRSTY: what they say of the kept concepts."""

from dataclasses import replace

import pytest

from bali.errors import InputError
from tests.unit.rrf.rrf_fixtures import mrconso, mrdef, mrsab, mrsty, release
from tests.unit.umls.conftest import DEFAULT

LICENSED = [*release()["MRSAB.RRF"], mrsab("MTH", "1")]


def test_definitions_pass_the_filters_and_are_sorted(ingested):
    rows = [
        mrdef("C9000002", "b"),
        mrdef("C9000002", "a"),
        mrdef("C9000001", "z", "NDFRT"),
        mrdef("C9000002", "a"),
        mrdef("C9000001", "suppressed", suppress="O"),
        mrdef("C9000001", "licensed", "SNOMEDCT_US"),
        mrdef("C9000001", "excluded", "BAD"),
        mrdef("C9999999", "of a concept that is not there"),
        mrdef("C9000005", "of a concept without a kept name"),
    ]
    filters = replace(DEFAULT, exclude_sources=frozenset({"BAD"}))
    census, tables = ingested(filters, threads=3, **{"MRDEF.RRF": rows})
    assert tables["definitions"].rows() == [
        ("C9000001", "NDFRT", "z"),
        ("C9000002", "MSH", "a"),
        ("C9000002", "MSH", "b"),
    ]
    assert dict(census.tables["MRDEF.RRF"].dropped) == {
        "suppress": 1,
        "source": 1,
        "restriction level": 1,
        "CUI without a kept name": 2,
        "duplicate row": 1,
    }
    assert census.tables["MRDEF.RRF"].rows_out == 3


@pytest.mark.parametrize("rows", [None, []])
def test_a_release_without_definitions(ingested, rows):
    census, tables = ingested(**{"MRDEF.RRF": rows})
    assert tables["definitions"].is_empty()
    assert ("MRDEF.RRF" in census.tables) is (rows is not None)


def test_sources_come_with_version_licence_and_citation(ingested):
    rows = [
        mrsab("MSH", "0", version="2026", licence="NLM; contact@example.org", citation="Medical Subject Headings."),
        mrsab("MSH", "4", "N", "2027", licence="an old one"),
        mrsab("NDFRT", "0", "N", "1"),
        mrsab("NDFRT", "0", "N", "2"),
        mrsab("SNOMEDCT_US", "9"),
        mrsab("UNUSED", "3"),
    ]
    census, tables = ingested(**{"MRSAB.RRF": rows})
    assert tables["sources"].rows() == [
        ("MSH", "MSH name", "2026", 0, "NLM; contact@example.org", "Medical Subject Headings.", 5, 6),
        ("NDFRT", "NDFRT name", "2", 0, "", "", 0, 1),
    ]
    assert census.tables["MRSAB.RRF"].rows_out == 4
    assert dict(census.tables["MRSAB.RRF"].dropped) == {"not the current version": 2}


@pytest.mark.parametrize("level", ["", "x", "12", "\u0663"])
def test_a_level_of_mrsab_that_is_none_is_named(ingested, level):
    with pytest.raises(InputError, match=r"MRSAB.RRF line 2: expected SRL to be a restriction level 0-9, got"):
        ingested(**{"MRSAB.RRF": [mrsab("MSH", "0"), mrsab("NDFRT", level)]})


def test_nlms_types_have_nlms_level(ingested):
    census, tables = ingested(**{"MRSAB.RRF": LICENSED})
    assert tables["semantic_types"].is_empty()
    assert set(map(tuple, tables["concepts"]["tuis"].to_list())) == {()}
    assert dict(census.tables["MRSTY.RRF"].dropped) == {"restriction level": len(release()["MRSTY.RRF"])}
    census, tables = ingested(replace(DEFAULT, max_srl=1), **{"MRSAB.RRF": LICENSED})
    assert tables["semantic_types"].height == 4


def test_one_row_a_concept_and_type(ingested):
    rows = [
        mrsty("C9000002", "T047", "Disease or Syndrome"),
        mrsty("C9000002", "T047", "Disease or Syndrome"),
        mrsty("C9000002", "T047", "An older name"),
        mrsty("C9000002", "T033", "Finding"),
        mrsty("C9000001", "T121", "Pharmacologic Substance"),
        mrsty("C9999999", "T121", "Pharmacologic Substance"),
    ]
    census, tables = ingested(**{"MRSTY.RRF": rows})
    assert tables["semantic_types"].rows() == [
        ("C9000001", "T121", "Pharmacologic Substance"),
        ("C9000002", "T033", "Finding"),
        ("C9000002", "T047", "An older name"),
    ]
    assert tables["concepts"]["tuis"].to_list() == [["T121"], ["T033", "T047"], [], []]
    assert dict(census.tables["MRSTY.RRF"].dropped) == {"CUI without a kept name": 1, "duplicate row": 2}


@pytest.mark.parametrize("num_concepts", [1, 3000])
def test_thousands_of_concepts_with_and_without_types(ingested, num_concepts):
    names = [mrconso(f"C{number:07d}", f"A{number}", f"n{number}") for number in range(num_concepts)]
    types = [mrsty(f"C{number:07d}", f"T{number % 7:03d}", f"t{number % 7}") for number in range(0, num_concepts, 2)]
    _, tables = ingested(threads=3, **{"MRCONSO.RRF": names, "MRSTY.RRF": types, "MRREL.RRF": []})
    assert tables["concepts"]["tuis"].to_list() == [
        [] if number % 2 else [f"T{number % 7:03d}"] for number in range(num_concepts)
    ]
