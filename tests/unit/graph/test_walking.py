import numpy as np
import pyarrow as pa
import pytest

from bali import concept_ids
from bali.graph import walk as walk_module
from bali.graph.csr import InEdges
from bali.graph.hashing import combine, hash_strings
from bali.graph.subgraphs import SubgraphOptions, sample_subgraphs, to_networkx
from bali.io.census import Census
from bali.io.stable_hash import stable_hash
from tests.unit.graph.graph_fixtures import breadth_first, cui_array, random_edges, sample

NUM_NODES = 200


@pytest.fixture(scope="module")
def graph():
    return random_edges(3, NUM_NODES, 1500)


def test_no_hops_are_the_roots(graph):
    rows = sample(*graph, range(5), [])
    assert [(row["root_id"], row["node_ids"], row["node_hops"], row["edge_source"]) for row in rows] == [
        (node, [node], [0], []) for node in range(5)
    ]
    assert not any(row["truncated"] for row in rows)


def test_rows_describe_edges_of_the_graph(graph):
    in_edges, cuis = graph
    stated = {
        (source, target, relation)
        for target in range(NUM_NODES)
        for source, relation in zip(
            in_edges.source[in_edges.indptr[target] : in_edges.indptr[target + 1]].tolist(),
            in_edges.relation[in_edges.indptr[target] : in_edges.indptr[target + 1]].tolist(),
            strict=True,
        )
    }
    rows = sample(in_edges, cuis, range(NUM_NODES), [4, 2])
    assert any(row["truncated"] for row in rows)
    for row in rows:
        nodes = row["node_ids"]
        assert row["root_cui"] == cuis[row["root_id"]].as_py()
        assert nodes[0] == row["root_id"]
        assert len(set(nodes)) == len(nodes) <= 1 + 4 + 8
        assert row["node_hops"] == sorted(row["node_hops"])
        ends = list(zip(row["edge_source"], row["edge_target"], row["edge_relation"], strict=True))
        assert len(set(ends)) == len(ends)
        assert {(nodes[s], nodes[t], relation) for s, t, relation in ends} <= stated
        assert all(row["node_hops"][s] <= row["node_hops"][t] + 1 for s, t, _ in ends)
        neighbours = {target: {s for s, t, _ in ends if t == target and s != t} for target in range(len(nodes))}
        assert all(len(found) <= (4 if row["node_hops"][t] == 0 else 2) for t, found in neighbours.items())


def test_all_relations_of_a_taken_neighbour_and_loops_come_along():
    in_edges = InEdges.from_edges(np.array([0, 1, 1, 2]), np.zeros(4, np.int64), np.array([0, 1, 2, 0]), 3)
    everything = sample(in_edges, cui_array(3), [0], [2])[0]
    assert not everything["truncated"]
    assert (everything["edge_source"], everything["edge_relation"]) == ([0, 1, 1, 2], [0, 1, 2, 0])
    one = sample(in_edges, cui_array(3), [0], [1])[0]
    assert one["truncated"]
    assert len(one["node_ids"]) == 2
    assert one["edge_source"][0] == 0


def test_every_neighbour_is_equally_likely():
    num = 6
    in_edges = InEdges.from_edges(np.arange(1, num + 1), np.zeros(num, np.int64), np.zeros(num, np.int64), num + 1)
    draws = [sample(in_edges, cui_array(num + 1), [0], [2], seed)[0]["node_ids"][1:] for seed in range(600)]
    counts = np.bincount(np.concatenate(draws), minlength=num + 1)[1:]
    assert counts.sum() == 1200
    assert (abs(counts - 200) < 5 * np.sqrt(1200 * (1 / 6) * (5 / 6))).all()  # five standard deviations


def hub(num_neighbours: int, copies: int, loops: int = 0):
    """Node 0 with edges from all others, each of `copies` relations, and loops."""
    source = np.concatenate([np.zeros(loops, np.int64), np.repeat(np.arange(1, num_neighbours + 1), copies)])
    relation = np.concatenate([np.arange(loops), np.tile(np.arange(copies), num_neighbours)])
    return InEdges.from_edges(source, np.zeros(len(source), np.int64), relation, num_neighbours + 1)


@pytest.mark.parametrize(("num_neighbours", "copies"), [(40, 3), (400, 1), (100, 7), (3, 60)])
def test_neighbours_of_a_hub_are_equally_likely_whatever_their_edges(num_neighbours, copies):
    in_edges, fanout, num_seeds = hub(num_neighbours, copies, loops=2), 2, 800
    cuis = cui_array(num_neighbours + 1)
    rows = [sample(in_edges, cuis, [0], [fanout], seed)[0] for seed in range(num_seeds)]
    assert in_edges.indptr[1] > 64  # drawn from, not read
    assert all(row["truncated"] and len(set(row["node_ids"])) == 1 + fanout for row in rows)
    assert all(len(row["edge_source"]) == 2 + fanout * copies for row in rows)  # loops and parallel edges come along
    counts = np.bincount([node for row in rows for node in row["node_ids"][1:]], minlength=num_neighbours + 1)[1:]
    share = fanout / num_neighbours
    assert counts.sum() == num_seeds * fanout
    assert (abs(counts - num_seeds * share) < 5.5 * np.sqrt(num_seeds * share * (1 - share)) + 1).all()


def test_a_hub_with_few_neighbours_and_many_edges_is_taken_whole():
    row = sample(hub(2, 90), cui_array(3), [0], [2])[0]
    assert sorted(row["node_ids"]) == [0, 1, 2]
    assert (len(row["edge_source"]), row["truncated"]) == (180, False)


def test_only_walked_relations_are_followed(graph):
    in_edges, cuis = graph
    options = SubgraphOptions([-1, -1], walked=np.array([False, True, False]))
    tables = sample_subgraphs(
        in_edges, concept_ids.parse(cuis), np.arange(50, dtype=np.int32), options, Census("sample_subgraphs")
    )
    rows = [row for table in tables for row in table.to_pylist()]
    assert {relation for row in rows for relation in row["edge_relation"]} == {1}
    only = in_edges.relation == 1
    target = np.repeat(np.arange(NUM_NODES), np.diff(in_edges.indptr))[only]
    alone = InEdges.from_edges(in_edges.source[only], target, in_edges.relation[only], NUM_NODES)
    assert [row["node_ids"] for row in rows] == [row["node_ids"] for row in sample(alone, cuis, range(50), [-1, -1])]
    narrow = SubgraphOptions([2], walked=np.array([False, True, False]))
    tables = sample_subgraphs(
        in_edges, concept_ids.parse(cuis), np.arange(50, dtype=np.int32), narrow, Census("sample_subgraphs")
    )
    for row, whole in zip((row for table in tables for row in table.to_pylist()), rows, strict=True):
        assert set(row["node_ids"]) <= set(whole["node_ids"])
        assert set(row["edge_relation"]) <= {1}


def test_hubs_are_reached_but_not_walked_through(graph):
    in_edges, cuis = graph
    degree = np.diff(in_edges.indptr)
    census = Census("sample_subgraphs")
    options = SubgraphOptions([-1, -1], hub_degree=8)
    rows = next(
        sample_subgraphs(in_edges, concept_ids.parse(cuis), np.arange(50, dtype=np.int32), options, census)
    ).to_pylist()
    assert census.notes["hubs not walked through"] > 0
    for row in rows:
        expanded = {row["node_ids"][target] for target in row["edge_target"]}
        stopped = [n for n, hop in zip(row["node_ids"], row["node_hops"], strict=True) if hop == 1 and degree[n] > 8]
        assert expanded <= {row["root_id"]} | {node for node in row["node_ids"] if degree[node] <= 8}
        assert row["truncated"] == bool(stopped)


def test_a_root_is_sampled_alike_alone_and_among_others(graph, monkeypatch):
    rows = sample(*graph, range(NUM_NODES), [3, 2])
    assert sample(*graph, [17], [3, 2]) == [rows[17]]
    assert sample(*graph, range(NUM_NODES)[::-1], [3, 2]) == rows[::-1]
    monkeypatch.setattr("bali.graph.subgraphs.BATCH_ROOTS", 7)
    assert sample(*graph, range(NUM_NODES), [3, 2]) == rows


def test_a_batch_ends_at_its_edge_limit(graph, monkeypatch):
    in_edges, cuis = graph
    hashes = hash_strings(cuis)
    walked = np.ones(3, np.bool_)
    adjacency = walk_module.Adjacency(
        in_edges.indptr, in_edges.source, in_edges.relation, hashes, walked, NUM_NODES**2, in_edges.has_loops()
    )
    monkeypatch.setattr(walk_module, "MAX_BATCH_EDGES", 30)  # compiled code has it built in: run the Python function
    done, walks = walk_module.walk.py_func(adjacency, np.arange(50, dtype=np.int32), hashes[:50], np.array([-1]))
    assert 1 < done < 50
    assert walks.edge_ends[done - 2] < 30 <= walks.edge_ends[done - 1]


def test_other_concepts_do_not_change_a_sample(graph):
    in_edges, _ = graph
    cuis = cui_array(NUM_NODES + 1)
    rows = sample(in_edges, cuis[1:], range(NUM_NODES), [3, 2])
    indptr = np.concatenate([np.zeros(1, np.int64), in_edges.indptr])
    moved = sample(
        InEdges(indptr, in_edges.source + np.int32(1), in_edges.relation), cuis, range(1, NUM_NODES + 1), [3, 2]
    )
    assert [[node - 1 for node in row["node_ids"]] for row in moved] == [row["node_ids"] for row in rows]
    assert [row["edge_source"] for row in moved] == [row["edge_source"] for row in rows]


def test_hashes_are_those_of_bali_io():
    assert int(combine(np.uint64(5), np.uint64(1 << 63))) == int(
        stable_hash(5, np.array([1 << 63], np.uint64).view(np.int64))[0]
    )
    strings = pa.array(["", "C0000001", "β", "C0000002"])
    hashes = hash_strings(strings)
    assert len(set(hashes.tolist())) == 4
    assert hash_strings(strings[1:]).tolist() == hashes[1:].tolist()
    assert hash_strings(pa.array([], pa.string())).tolist() == []


def test_to_networkx(graph):
    in_edges, cuis = graph
    row = sample(in_edges, cuis, [5], [-1, -1])[0]
    nodes = pa.table({"cui": cuis, "preferred_name": cuis})
    found = to_networkx(row, nodes)
    assert found.graph["root"] == 5
    assert {node: data["hop"] for node, data in found.nodes(data=True)} == breadth_first(in_edges, 5, 2)
    assert found.nodes[5]["cui"] == "C0000005"
    assert found.number_of_edges() == len(row["edge_source"]) > 0
