import numpy as np
import pyarrow as pa
import pytest

from bali.graph import held_out as module
from bali.graph.edges import Edges
from bali.graph.held_out import count_pairs, hold_out
from tests.unit.graph.graph_fixtures import build, cui_array, edges_of

COLUMNS = ("source", "target", "relation", "source_set")


def random_graph(num_nodes: int, num_edges: int) -> Edges:
    """Edges between few nodes: parallel ones, mirrors and loops are among them."""
    generator = np.random.default_rng(4)
    ends = generator.integers(0, num_nodes, (num_edges, 2))
    rows = np.unique(np.column_stack([ends, generator.integers(0, 3, num_edges)]), axis=0)  # target, source, relation
    target, source = rows[:, 0].astype(np.int32), rows[:, 1].astype(np.int32)
    relation, source_set = rows[:, 2].astype(np.int16), generator.integers(0, 2, len(rows)).astype(np.int32)
    return Edges(source, target, relation, source_set, [("RO", "a"), ("RO", "b"), ("RO", "c")], ["X", "Y"])


def rows_of(edges: Edges) -> list[tuple[int, ...]]:
    return list(zip(*(getattr(edges, column).tolist() for column in COLUMNS), strict=True))


def pairs_of(edges: Edges) -> set[frozenset[int]]:
    return {frozenset(row[:2]) for row in rows_of(edges)}


def test_all_edges_of_a_pair_go_together_and_loops_stay(monkeypatch):
    monkeypatch.setattr(module, "_SLICE_EDGES", 7)
    edges = random_graph(20, 400)
    kept, held_out = hold_out(edges, cui_array(20), 0.3, 1)
    assert len(rows_of(held_out)) > count_pairs(held_out) > 20
    assert not pairs_of(kept) & pairs_of(held_out)
    assert sorted([*rows_of(kept), *rows_of(held_out)]) == sorted(rows_of(edges))
    assert [row for row in rows_of(edges) if row in set(rows_of(kept))] == rows_of(kept)  # in order
    assert count_pairs(held_out) == len(pairs_of(held_out))
    loops = {pair for pair in pairs_of(edges) if len(pair) == 1}
    assert loops
    assert loops <= pairs_of(kept)


def test_the_share_of_pairs_is_the_fraction():
    nodes = np.arange(2000, dtype=np.int32)
    source, target = np.repeat(nodes[:200], 200), np.tile(nodes[1000:1200], 200)
    zeros = np.zeros(len(source), np.int32)
    edges = Edges(source, target, zeros.astype(np.int16), zeros, [("RO", "")], ["X"])
    shares = [count_pairs(hold_out(edges, cui_array(2000), fraction, 3)[1]) / 40_000 for fraction in (0.01, 0.1, 0.4)]
    np.testing.assert_allclose(shares, [0.01, 0.1, 0.4], atol=4 * np.sqrt(0.25 / 40_000))


def test_a_larger_fraction_holds_out_the_same_pairs_and_more():
    edges = random_graph(30, 600)
    found = [pairs_of(hold_out(edges, cui_array(30), fraction, 5)[1]) for fraction in (0.05, 0.2, 0.45)]
    assert 0 < len(found[0]) < len(found[1]) < len(found[2])
    assert found[0] < found[1] < found[2]
    other = pairs_of(hold_out(edges, cui_array(30), 0.2, 6)[1])
    assert other
    assert other != found[1]


def test_the_choice_hangs_on_the_cuis_only():
    """A concept put before the others moves all node ids; the pairs stay the same concepts."""
    edges = random_graph(30, 600)
    _, held_out = hold_out(edges, cui_array(31)[1:], 0.2, 5)
    moved = Edges(edges.source + 1, edges.target + 1, edges.relation, edges.source_set, edges.pairs, edges.source_names)
    _, again = hold_out(moved, cui_array(31), 0.2, 5)
    assert len(held_out.source) > 0
    assert {frozenset(node + 1 for node in pair) for pair in pairs_of(held_out)} == pairs_of(again)


@pytest.mark.parametrize("max_degree", [None, 5])
def test_the_graph_is_the_one_without_hold_out_less_the_held_out_edges(tmp_path, max_degree):
    cuis = [f"C{number:07d}" for number in range(40)]
    relations = [(cuis[n % 40], "RO", f"r{n % 3}", cuis[(7 * n + n // 40) % 40], f"S{n % 2}") for n in range(400)]
    relations.append((cuis[0], "RO", "rare", cuis[1], "S0"))
    whole, _ = build(tmp_path / "a", cuis, relations, max_degree=max_degree)
    graph, census = build(tmp_path / "b", cuis, relations, max_degree=max_degree, held_out_fraction=0.3, seed=0)
    table = pa.concat_tables(graph.held_out_slices())
    held_out = {(cuis[r["source"]], r["rel"], r["rela"], cuis[r["target"]], r["sab"]) for r in table.to_pylist()}
    assert held_out
    assert edges_of(graph) == [edge for edge in edges_of(whole) if edge not in held_out]
    assert len(held_out) + len(edges_of(graph)) == len(edges_of(whole))
    assert census.tables["edges"].dropped["held out"] == len(held_out)
    assert graph.edges.pairs == whole.edges.pairs
    assert graph.relation_labels()["num_edges"].to_pylist() == [
        sum(edge[1:3] == pair for edge in edges_of(graph)) for pair in whole.edges.pairs
    ]


def test_nothing_is_held_out_by_default(tmp_path):
    graph, census = build(tmp_path, ["C0000001", "C0000002"], [("C0000001", "RO", "a", "C0000002", "X")])
    assert len(edges_of(graph)) == 2
    assert list(graph.held_out_slices()) == []
    assert census.notes["held-out pairs of concepts"] == 0
    assert "held out" not in census.tables["edges"].dropped
