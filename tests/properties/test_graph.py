"""A graph does not depend on the order of its input; renaming concepts in order changes no node id."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.graph.graph_fixtures import build, edges_of

CUIS = [f"C{number:07d}" for number in range(7)]
RELATIONS = st.lists(
    st.tuples(
        st.sampled_from(CUIS),
        st.sampled_from(["CHD", "PAR", "RO", "SIB"]),
        st.sampled_from(["", "isa", "inverse_isa", "treats"]),
        st.sampled_from(CUIS),
        st.sampled_from(["MSH", "NCIT", "X"]),
    ),
    min_size=1,
    max_size=40,
    unique=True,
)


def built(cuis, relations, **options):
    with tempfile.TemporaryDirectory() as folder:
        return build(Path(folder), cuis, relations, **options)[0]


@settings(max_examples=60, deadline=None)
@given(RELATIONS)
def test_with_inverse_edges_every_edge_has_a_way_back(relations):
    graph = built(CUIS, relations, inverse_edges=True)
    edges = edges_of(graph)
    assert {(h, rel, rela, t) for h, rel, rela, t, _ in relations if h != t} <= {edge[:4] for edge in edges}
    ways = {(source, target) for source, *_, target, _ in edges}
    assert ways == {(target, source) for source, target in ways}


@settings(max_examples=60, deadline=None)
@given(RELATIONS)
def test_without_inverse_edges_only_mirrors_go(relations):
    edges = edges_of(built(CUIS, relations, inverse_edges=False))
    assert {edge[:4] for edge in edges} <= {row[:4] for row in relations}
    assert {frozenset((s, t)) for s, *_, t, _ in edges} == {frozenset((h, t)) for h, _, _, t, _ in relations if h != t}


@settings(max_examples=40, deadline=None)
@given(RELATIONS, st.booleans(), st.integers(1, 1000))
def test_renaming_in_order_changes_no_node_id(relations, inverse_edges, step):
    new = {cui: f"C{(number + 1) * step:07d}" for number, cui in enumerate(CUIS)}
    renamed = [(new[h], rel, rela, new[t], sab) for h, rel, rela, t, sab in relations]
    one = built(CUIS, relations, inverse_edges=inverse_edges)
    other = built([*new.values()][::-1], renamed[::-1], inverse_edges=inverse_edges)
    assert len(one.keys) > 0 or all(h == t for h, *_, t, _ in relations)
    assert one.keys.tolist() == other.keys.tolist()
    assert one.pairs == other.pairs
