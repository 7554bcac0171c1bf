"""A graph equals the one that plain Python makes, does not depend on the order or the grouping of its rows, and
renaming concepts in order changes no node id."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.unit.graph.graph_fixtures import build, edges_of
from tests.unit.graph.graph_oracle import expected_edges, inverse_pairs

CUIS = [f"C{number:07d}" for number in range(4)]
UNKNOWN = "C0000099"
RELAS = ["", "isa", "inverse_isa", "treats", "inverse:treats"]
RELATIONS = st.lists(
    st.tuples(
        st.sampled_from([*CUIS, UNKNOWN]),
        st.sampled_from(["CHD", "PAR", "RO", "SIB"]),
        st.sampled_from(RELAS),
        st.sampled_from(CUIS),
        st.sampled_from(["MSH", "NCIT", "X"]),
    ),
    min_size=1,
    max_size=40,
    unique=True,
)
TABLES = st.fixed_dictionaries(
    {
        "rel": st.dictionaries(st.sampled_from(["CHD", "PAR", "RO"]), st.sampled_from(["CHD", "PAR", "RO"])),
        "rela": st.dictionaries(st.sampled_from(RELAS[1:]), st.sampled_from([*RELAS[1:], "treated_by"])),
    }
)
A, B = CUIS[:2]


def built(cuis, relations, inverses=None, group_rows=1 << 18, **options):
    with tempfile.TemporaryDirectory() as folder:
        return build(Path(folder), cuis, relations, inverses, group_rows, **options)


@settings(max_examples=250, deadline=None)
@given(RELATIONS, TABLES | st.just({}), st.booleans(), st.booleans())
@example([(A, "RO", "isa", B, "MSH"), (B, "RO", "", A, "NCIT")], {}, False, False)  # mirrors from two sources
@example([(A, "RO", "a", B, "X"), (A, "RO", "b", B, "X")], {"rela": {"a": "c", "b": "c"}}, True, False)  # one inverse
@example([(A, "RO", "a", B, "X"), (B, "RO", "b", A, "X")], {"rela": {"a": "b", "b": "c"}}, False, False)  # not mutual
def test_the_graph_is_the_one_of_plain_python(relations, inverses, inverse_edges, self_loops):
    graph, census = built(CUIS, relations, inverses, inverse_edges=inverse_edges, self_loops=self_loops)
    expected = expected_edges(CUIS, relations, inverses, inverse_edges, self_loops)
    assert edges_of(graph) == expected
    assert graph.edges.pairs == sorted({edge[1:3] for edge in expected})
    assert graph.in_edges().indptr[-1] == len(expected)
    tally = census.tables["relations"]
    assert tally.rows_in == len(relations)
    assert tally.dropped["CUI not among the concepts"] == sum(row[0] == UNKNOWN for row in relations)
    assert tally.dropped["self loop"] == (0 if self_loops else sum(row[0] == row[3] for row in relations))
    if inverse_edges:
        assert census.notes["inverse edges added"] == len(expected) - tally.rows_out


@settings(max_examples=60, deadline=None)
@given(RELATIONS, st.booleans())
def test_learnt_inverses_are_those_of_plain_python(relations, self_loops):
    """By the edges that are added: each says what the inverse of its original is."""
    graph, _ = built(CUIS, relations, inverse_edges=True, self_loops=self_loops)
    stated = {row[:4] for row in relations if row[0] != UNKNOWN and (self_loops or row[0] != row[3])}
    back = inverse_pairs(list(stated), {})
    found = {edge[:4] for edge in edges_of(graph)}
    assert stated <= found
    assert found - stated == {(t, *back[rel, rela], h) for h, rel, rela, t in stated if h != t} - stated


@settings(max_examples=60, deadline=None)
@given(RELATIONS)
def test_with_inverse_edges_every_edge_has_a_way_back(relations):
    edges = edges_of(built(CUIS, relations, inverse_edges=True)[0])
    ways = {(source, target) for source, *_, target, _ in edges}
    assert len(ways) > 0 or all(row[0] in (row[3], UNKNOWN) for row in relations)
    assert ways == {(target, source) for source, target in ways}


@settings(max_examples=60, deadline=None)
@given(RELATIONS)
def test_without_inverse_edges_only_mirrors_go(relations):
    edges = edges_of(built(CUIS, relations, inverse_edges=False)[0])
    proper = [row for row in relations if row[0] not in (row[3], UNKNOWN)]
    assert {edge[:4] for edge in edges} <= {row[:4] for row in proper}
    assert {frozenset((s, t)) for s, *_, t, _ in edges} == {frozenset((h, t)) for h, _, _, t, _ in proper}


@settings(max_examples=60, deadline=None)
@given(RELATIONS, TABLES, st.booleans(), st.integers(1, 7), st.randoms(use_true_random=False))
def test_order_and_row_groups_change_nothing(relations, inverses, inverse_edges, group_rows, chance):
    one, census = built(CUIS, relations, inverses, inverse_edges=inverse_edges)
    other, again = built(chance.sample(CUIS, 4), relations[::-1], inverses, group_rows, inverse_edges=inverse_edges)
    assert edges_of(one) == edges_of(other)
    assert census == again
    for column in ("source", "target", "relation", "source_set"):
        np.testing.assert_array_equal(getattr(one.edges, column), getattr(other.edges, column))


@settings(max_examples=60, deadline=None)
@given(RELATIONS, st.booleans(), st.integers(1, 1000))
def test_renaming_in_order_changes_no_node_id(relations, inverse_edges, step):
    new = {cui: f"C{(number + 1) * step:07d}" for number, cui in enumerate(CUIS)} | {UNKNOWN: "C9999999"}
    renamed = [(new[h], rel, rela, new[t], sab) for h, rel, rela, t, sab in relations]
    one, _ = built(CUIS, relations, inverse_edges=inverse_edges)
    other, _ = built([new[cui] for cui in CUIS][::-1], renamed[::-1], inverse_edges=inverse_edges)
    assert one.concepts["cui"].to_pylist() == CUIS
    assert other.concepts["cui"].to_pylist() == sorted(new[cui] for cui in CUIS)
    assert len(one.edges.source) > 0 or all(row[0] in (row[3], UNKNOWN) for row in relations)
    for column in ("source", "target", "relation"):
        np.testing.assert_array_equal(getattr(one.edges, column), getattr(other.edges, column))
    assert one.edges.pairs == other.edges.pairs
