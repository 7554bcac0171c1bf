import random
from dataclasses import replace

import pytest

from bali.errors import InputError
from bali.pair_keys import PairKeys
from tests.unit.rrf.rrf_fixtures import mrconso, mrdoc, mrrel, mrsab
from tests.unit.umls.conftest import DEFAULT

A, B, C = "C9000001", "C9000002", "C9000003"
ROWS = [
    mrrel(A, "CHD", B, "isa"),
    mrrel(B, "PAR", A, "inverse_isa"),
    mrrel(A, "RO", C, "may_treat"),
    mrrel(C, "RO", A, "may_be_treated_by"),
    mrrel(A, "SIB", C),
    mrrel(A, "RN", C),
    mrrel(A, "RO", B),
]
NLM = [
    mrdoc("isa", "inverse_isa"),
    mrdoc("inverse_isa", "isa"),
    mrdoc("may_treat", "may_be_treated_by"),
    mrdoc("may_be_treated_by", "may_treat"),
    mrdoc("RN", "RB", "REL"),
    mrdoc("RB", "RN", "REL"),
    mrdoc("PAR", "CHD", "REL"),
    mrdoc("CHD", "PAR", "REL"),
    mrdoc("RO", "RO", "REL"),
]


@pytest.mark.parametrize(
    ("wanted", "mrdoc_rows", "kept"),
    [
        ({"isa"}, [], {("CHD", "isa")}),
        ({"isa"}, NLM, {("CHD", "isa"), ("PAR", "inverse_isa")}),
        ({"may_be_treated_by"}, NLM, {("RO", "may_treat"), ("RO", "may_be_treated_by")}),
        ({"RB"}, NLM, {("RN", "")}),
        ({"RB"}, [], {("RN", "")}),
        ({"CHD"}, NLM, {("CHD", "isa"), ("PAR", "inverse_isa")}),
        ({"SIB"}, [], {("SIB", "")}),
        ({"RO"}, [], {("RO", "may_treat"), ("RO", "may_be_treated_by"), ("RO", "")}),
        ({"isa", "SIB"}, [], {("CHD", "isa"), ("SIB", "")}),
        ({"", "nothing"}, NLM, set()),
        (None, [], {("CHD", "isa"), ("PAR", "inverse_isa"), ("RO", "may_treat"), ("RO", "may_be_treated_by"),
                    ("SIB", ""), ("RN", ""), ("RO", "")}),
    ],
)  # fmt: skip
def test_the_filter_reads_rel_or_rela_or_the_inverse_of_either(ingested, wanted, mrdoc_rows, kept):
    filters = replace(DEFAULT, relations=wanted if wanted is None else frozenset(wanted))
    census, tables = ingested(filters, **{"MRREL.RRF": ROWS, "MRDOC.RRF": mrdoc_rows})
    assert set(tables["relations"].select("rel", "rela").rows()) == kept
    assert census.tables["MRREL.RRF"].dropped["relation"] == len(ROWS) - len(kept)


def test_labels_are_counted_for_each_source(ingested):
    rows = [
        mrrel(A, "RO", B, "x", SAB="S2"),
        mrrel(A, "RO", B, "x", SAB="S1"),
        mrrel(A, "RO", C, "x", SAB="S2"),
        mrrel(A, "RO", C, "y", SAB="S2"),
        mrrel(A, "RO", C, "", SAB="S3"),
        mrrel(A, "RO", C, "", SAB="S3", RUI="R9"),
    ]
    levels = [mrsab("S2", "2"), mrsab("S1", "1"), mrsab("MSH", "0")]
    census, tables = ingested(replace(DEFAULT, max_srl=2), **{"MRREL.RRF": rows, "MRSAB.RRF": levels})
    assert tables["relations"].rows() == [
        (B, "RO", "x", A, "S1", 1),
        (B, "RO", "x", A, "S2", 2),
        (C, "RO", "", A, "S3", 0),
        (C, "RO", "x", A, "S2", 2),
        (C, "RO", "y", A, "S2", 2),
    ]
    counts = {row["sab"]: row["num_relations"] for row in tables["sources"].iter_rows(named=True)}
    assert counts == {"MSH": 0, "S1": 1, "S2": 3, "S3": 1}
    assert dict(census.tables["MRREL.RRF"].dropped) == {"duplicate row": 1}


@pytest.mark.parametrize("num_labels", [1, 300, 2500])
@pytest.mark.parametrize("threads", [1, 3])
def test_thousands_of_labels(ingested, monkeypatch, num_labels, threads):
    monkeypatch.setattr("bali.rrf.reading.map_blocks.__defaults__", (1, 1 << 12))
    rows = [mrrel(A, "RO", B, f"r{number * 7919 % num_labels}", SAB=f"S{number % 5}") for number in range(3000)]
    _, tables = ingested(threads=threads, **{"MRREL.RRF": rows})
    expected = sorted({(f"r{number * 7919 % num_labels}", f"S{number % 5}") for number in range(3000)})
    assert len(expected) >= num_labels
    assert tables["relations"].select("rela", "sab").rows() == expected


@pytest.mark.parametrize("block_bytes", [1 << 9, 1 << 20])
def test_a_file_in_order_of_its_first_concept_or_in_none(ingested, monkeypatch, block_bytes):
    """Rows of one first concept come in NLM's order, which is not that of the artefact."""
    monkeypatch.setattr("bali.rrf.reading.map_blocks.__defaults__", (1, block_bytes))
    cuis = [f"C9{number:06d}" for number in range(40)]
    names = [mrconso(cui, f"A{cui}", "x") for cui in cuis]
    drawn = random.Random(29)
    kinds = [(tail, drawn.choice(cuis), drawn.choice("zyx"), drawn.choice(["S2", "S1"])) for tail in cuis * 30]
    in_order = [
        mrrel(tail, "RO", head, rela, SAB=sab) for tail, head, rela, sab in sorted(kinds, key=lambda kind: kind[0])
    ]
    expected = sorted({(head, "RO", rela, tail, sab, 0) for tail, head, rela, sab in kinds}, key=artefact_order)
    assert len(expected) > 1000
    for rows in (in_order, in_order[::-1], drawn.sample(in_order, len(in_order))):
        census, tables = ingested(**{"MRREL.RRF": rows, "MRCONSO.RRF": names})
        assert tables["relations"].rows() == expected
        assert census.tables["MRREL.RRF"].dropped["duplicate row"] == len(kinds) - len(expected)


def artefact_order(row):
    head, rel, rela, tail, sab, _ = row
    return head, tail, rel, rela, sab


def test_more_labels_than_a_key_holds_are_refused(ingested, monkeypatch):
    monkeypatch.setattr(PairKeys, "over", classmethod(lambda cls, _: cls(31, 1)))
    with pytest.raises(
        InputError, match=r"MRREL.RRF: expected at most 2 labels \(REL, RELA, SAB\) beside 3 concepts, got 3"
    ):
        names = [mrconso(cui, f"A{cui}", "x") for cui in (A, B, C)]
        ingested(**{"MRREL.RRF": [mrrel(A, "RO", B, rela) for rela in "xyz"], "MRCONSO.RRF": names})
