import numpy as np
import pytest

from bali import schemas
from bali.errors import ArtefactError
from bali.graph.csr import InEdges
from bali.graph.keys import contains, pack, unpack
from tests.unit.graph.graph_fixtures import build, edges_of

A, B, C, D = "C0000001", "C0000002", "C0000003", "C0000004"


def test_nodes_edges_and_their_order(tmp_path):
    relations = [(B, "RO", "treats", A, "X"), (C, "RO", "treats", A, "Y"), (C, "RO", "treats", A, "X")]
    graph, census = build(tmp_path, [C, A, B, D], relations)
    assert graph.nodes().cast(schemas.NODES)["degree"].to_pylist() == [2, 1, 1, 0]
    assert edges_of(graph) == [
        (B, "RO", "treats", A, "X"),
        (C, "RO", "treats", A, "X|Y"),
        (A, "RO", "inverse:treats", B, "X"),
        (A, "RO", "inverse:treats", C, "X|Y"),
    ]
    assert graph.pairs == [("RO", "inverse:treats"), ("RO", "treats")]
    assert dict(census.tables["relations"].dropped) == {"same edge from another source": 1}
    assert census.notes["inverse edges added"] == 2


def test_a_stated_mirror_is_not_added_again(tmp_path):
    relations = [(A, "CHD", "isa", B, "X"), (B, "PAR", "inverse_isa", A, "X"), (C, "CHD", "isa", B, "X")]
    graph, _ = build(tmp_path, [A, B, C], relations)
    assert set(edges_of(graph)) == {*relations, (B, "PAR", "inverse_isa", C, "X")}


def test_the_mirrors_of_coinciding_relations_are_told_apart(tmp_path):
    relations = [
        *((tail, rel, rela, head, "X") for head, tail in [(A, B), (C, D)] for rel, rela in [("RO", "treated_by")]),
        *((head, "RO", "treats", tail, "X") for head, tail in [(A, B), (C, D)]),
        (B, "RO", "related_to", A, "X"),  # runs against `treats` once
        *((head, "RO", "related_to", D, "X") for head in (A, B)),
    ]
    graph, _ = build(tmp_path, [A, B, C, D], relations)
    added = set(edges_of(graph)) - set(relations)
    assert added == {(tail, "RO", "inverse:related_to", head, "X") for tail, head in [(A, B), (D, A), (D, B)]}


def test_without_inverse_edges_one_of_two_mirrors_is_kept(tmp_path):
    relations = [
        (A, "CHD", "isa", B, "X"),
        (B, "PAR", "inverse_isa", A, "X"),
        (B, "SIB", "", C, "X"),
        (C, "SIB", "", B, "X"),
        (D, "RO", "treats", C, "X"),
    ]
    graph, census = build(tmp_path, [A, B, C, D], relations, inverse_edges=False)
    assert set(edges_of(graph)) == {relations[0], relations[2], relations[4]}
    assert dict(census.tables["relations"].dropped) == {"mirror of a kept edge": 2}


@pytest.mark.parametrize("self_loops", [True, False])
def test_self_loops(tmp_path, self_loops):
    relations = [(A, "RO", "part_of", A, "X"), (A, "RO", "part_of", B, "X")]
    graph, census = build(tmp_path, [A, B], relations, self_loops=self_loops)
    assert ((A, "RO", "part_of", A, "X") in edges_of(graph)) is self_loops
    assert len(edges_of(graph)) == 2 + self_loops
    assert census.tables["relations"].dropped.get("self loop", 0) == 1 - self_loops


def test_hubs_are_capped_by_a_sample_that_other_concepts_do_not_change(tmp_path):
    cuis = [f"C{number:07d}" for number in range(100, 160)]
    relations = [(cui, "RO", "treats", cuis[0], "X") for cui in cuis[1:]]
    options = {"inverse_edges": False, "max_degree": 10}
    graph, census = build(tmp_path / "a", cuis, relations, **options)
    kept = edges_of(graph)
    assert len(kept) == 10
    assert census.tables["edges"].dropped["over max_degree"] == 49
    more, _ = build(tmp_path / "b", [A, *cuis], [*relations, (A, "RO", "affects", cuis[1], "X")], **options)
    assert edges_of(more) == [*kept, (A, "RO", "affects", cuis[1], "X")]
    other, _ = build(tmp_path / "c", cuis, relations, **options, seed=1)
    assert set(edges_of(other)) != set(kept)


def test_unknown_cuis_are_counted(tmp_path):
    graph, census = build(tmp_path, [A, B], [(A, "RO", "treats", C, "X"), (A, "RO", "treats", B, "X")])
    assert len(edges_of(graph)) == 2
    assert dict(census.tables["relations"].dropped) == {"CUI not among the concepts": 1}


def test_a_graph_without_relations(tmp_path):
    graph, _ = build(tmp_path, [A, B], [], max_degree=3)
    assert edges_of(graph) == []
    assert graph.in_edges().indptr.tolist() == [0, 0, 0]


def test_keys_order_as_target_source_relation():
    rows = np.array([[0, 0, 1], [0, 5, 0], [3, 1, 9], [3, 1, 10], [4_000_000, 0, 0], [4_000_000, 3_999_999, 32_767]])
    target, source, relation = rows.T
    keys = pack(source, target, relation)
    assert (np.diff(keys) > 0).all()
    ends = unpack(keys)
    np.testing.assert_array_equal(np.column_stack([ends.target, ends.source, ends.relation]), rows)
    assert contains(keys, keys[[4, 0]]).all()
    assert not contains(keys, keys + 2).any()
    assert not contains(keys[:0], keys).any()


def test_in_edges_are_mapped_and_checked(tmp_path):
    edges = InEdges.from_edges(np.array([1, 2, 0]), np.array([0, 0, 2]), np.array([5, 6, 7]), 3)
    edges.save(tmp_path / "in_edges")
    opened = InEdges.open(tmp_path / "in_edges")
    assert isinstance(opened.source, np.memmap)
    assert opened.indptr.tolist() == [0, 2, 2, 3]
    assert (opened.source.tolist(), opened.relation.tolist(), opened.num_nodes) == ([1, 2, 0], [5, 6, 7], 3)
    np.save(tmp_path / "in_edges" / "relation.npy", np.zeros(2, np.int16))
    with pytest.raises(ArtefactError, match=r"expected 3 edges as indptr.npy says, found 3 in source.npy and 2"):
        InEdges.open(tmp_path / "in_edges")
    np.save(tmp_path / "in_edges" / "relation.npy", np.zeros(3, np.int64))
    with pytest.raises(ArtefactError, match="expected one dimension of int16, found 1 of int64"):
        InEdges.open(tmp_path / "in_edges")
    (tmp_path / "in_edges" / "relation.npy").write_bytes(b"garbage")
    with pytest.raises(ArtefactError, match="expected a NumPy array"):
        InEdges.open(tmp_path / "in_edges")
    (tmp_path / "in_edges" / "relation.npy").unlink()
    with pytest.raises(ArtefactError, match="no such file"):
        InEdges.open(tmp_path / "in_edges")
