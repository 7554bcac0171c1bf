import numpy as np
import pytest

from bali import schemas
from bali.errors import ArtefactError, InputError
from bali.graph import edges as edges_module
from bali.graph.build import GraphOptions, build_graph
from bali.graph.csr import InEdges
from bali.io.census import Census
from tests.unit.graph.graph_fixtures import build, edges_of, write_rows, write_umls

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
    assert graph.edges.pairs == [("RO", "inverse:treats"), ("RO", "treats")]
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


def test_nlms_table_has_the_last_word(tmp_path):
    relations = [
        (A, "RO", "treats", B, "X"),
        (B, "RO", "related_to", A, "X"),  # mirrors `treats` everywhere, but the table knows better
        (A, "CHD", "", C, "X"),
        (C, "RO", "odd", D, "X"),
    ]
    inverses = {"rel": {"CHD": "PAR", "RO": "RO"}, "rela": {"treats": "treated_by", "related_to": "related_to"}}
    graph, _ = build(tmp_path / "with", [A, B, C, D], relations, inverses)
    added = set(edges_of(graph)) - set(relations)
    assert added == {
        (B, "RO", "treated_by", A, "X"),
        (A, "RO", "related_to", B, "X"),
        (C, "PAR", "", A, "X"),
        (D, "RO", "inverse:odd", C, "X"),
    }
    learnt, _ = build(tmp_path / "without", [A, B, C, D], relations)
    assert set(edges_of(learnt)) - set(relations) == {(C, "PAR", "", A, "X"), (D, "RO", "inverse:odd", C, "X")}


def test_a_mirror_from_another_source_is_a_mirror(tmp_path):
    relations = [(A, "CHD", "isa", B, "X"), (B, "PAR", "inverse_isa", A, "Y")]
    graph, census = build(tmp_path / "one", [A, B], relations, inverse_edges=False)
    assert edges_of(graph) == [relations[0]]
    assert dict(census.tables["relations"].dropped) == {"mirror of a kept edge": 1}
    both, census = build(tmp_path / "both", [A, B], relations)
    assert set(edges_of(both)) == set(relations)
    assert census.notes["inverse edges added"] == 0


def test_two_relations_with_one_inverse_give_one_edge_back(tmp_path):
    relations = [(A, "RO", "a", B, "X"), (A, "RO", "b", B, "X"), (A, "RO", "b", B, "Y")]
    graph, _ = build(tmp_path, [A, B], relations, {"rela": {"a": "c", "b": "c"}})
    assert [edge for edge in edges_of(graph) if edge[0] == B] == [(B, "RO", "c", A, "X|Y")]


def test_many_sources_of_one_edge_are_joined_in_order(tmp_path):
    sabs = ["Z", "MSH", "A", "SNOMEDCT_US", "B", "NCI"]
    relations = [(A, "RO", "treats", B, sab) for sab in sabs] + [(A, "RO", "treats", C, sab) for sab in sabs[:3]]
    graph, census = build(tmp_path, [A, B, C], relations, group_rows=2, inverse_edges=False)
    assert edges_of(graph) == [
        (A, "RO", "treats", B, "A|B|MSH|NCI|SNOMEDCT_US|Z"),
        (A, "RO", "treats", C, "A|MSH|Z"),
    ]
    assert census.tables["relations"].dropped["same edge from another source"] == 7


def test_labels_that_come_late_keep_their_edges(tmp_path):
    """A label of each source and RELA, first met in any row group, in another order than the sorted one."""
    cuis = [f"C{number:07d}" for number in range(50)]
    relations = [(cuis[n], "RO", f"r{(7 * n) % 50:02d}", cuis[(n + 1) % 50], f"S{n % 3}") for n in range(50)]
    graph, _ = build(tmp_path, cuis, relations, group_rows=3, inverse_edges=False)
    assert sorted(edges_of(graph)) == sorted(relations)
    assert graph.edges.pairs == sorted({row[1:3] for row in relations})


def test_too_many_relations_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(edges_module, "MAX_RELATIONS", 3)
    with pytest.raises(InputError, match="expected at most 3 pairs of REL and RELA, got 4"):
        build(tmp_path, [A, B], [(A, "RO", f"r{number}", B, "X") for number in range(4)])


@pytest.mark.parametrize("cuis", [[B, A], [A, A], ["C1"], ["X0000001"]])
def test_concepts_that_are_none_or_in_no_order_are_refused(tmp_path, cuis):
    write_umls(tmp_path, [A, B], [])
    rows = [{"cui": cui, "preferred_name": "x", "num_names": 1, "tuis": []} for cui in cuis]
    write_rows(tmp_path / "concepts.parquet", rows)
    with pytest.raises(ArtefactError, match=r"concepts.parquet: expected distinct concept identifiers in order"):
        build_graph(tmp_path, GraphOptions(), Census("build_graph"))


@pytest.mark.parametrize("name", ["concepts", "relations", "inverses"])
def test_each_input_is_needed_and_checked(tmp_path, name):
    write_umls(tmp_path, [A, B], [(A, "RO", "treats", B, "X")])
    (tmp_path / f"{name}.parquet").write_bytes(b"garbage")
    with pytest.raises(ArtefactError, match=rf"{name}\.parquet: expected a Parquet file"):
        build_graph(tmp_path, GraphOptions(), Census("build_graph"))
    (tmp_path / f"{name}.parquet").unlink()
    with pytest.raises(ArtefactError, match=rf"{name}\.parquet: no such file"):
        build_graph(tmp_path, GraphOptions(), Census("build_graph"))


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
