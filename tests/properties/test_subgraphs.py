"""k-hop subgraphs against a plain breadth-first search."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.graph.graph_fixtures import breadth_first, cui_array, random_edges, sample

GRAPHS = st.builds(random_edges, st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 120))


@settings(max_examples=60, deadline=None)
@given(GRAPHS, st.integers(0, 4))
def test_all_neighbours_are_a_breadth_first_search(graph, num_hops):
    in_edges, cuis = graph
    rows = sample(in_edges, cuis, range(in_edges.num_nodes), [-1] * num_hops)
    assert len(rows) == in_edges.num_nodes
    for row in rows:
        hops = breadth_first(in_edges, row["root_id"], num_hops)
        assert dict(zip(row["node_ids"], row["node_hops"], strict=True)) == hops
        expanded = [node for node, hop in hops.items() if hop < num_hops]
        assert len(row["edge_source"]) == sum(in_edges.indptr[n + 1] - in_edges.indptr[n] for n in expanded)
        assert not row["truncated"]


@settings(max_examples=40, deadline=None)
@given(GRAPHS)
def test_more_hops_and_a_wider_fan_out_only_add(graph):
    in_edges, cuis = graph
    roots = range(in_edges.num_nodes)
    for narrow, wide in ([], [-1]), ([-1], [-1, -1]), ([2], [3]), ([3], [-1]), ([2], [2, 2]):
        for less, more in zip(sample(in_edges, cuis, roots, narrow), sample(in_edges, cuis, roots, wide), strict=True):
            assert set(less["node_ids"]) <= set(more["node_ids"])


@settings(max_examples=40, deadline=None)
@given(GRAPHS, st.integers(1, 5), st.integers(0, 99))
def test_a_fan_out_is_a_sample_and_truncation_is_told(graph, fanout, seed):
    in_edges, cuis = graph
    for row in sample(in_edges, cuis, range(in_edges.num_nodes), [fanout], seed):
        neighbours = set(breadth_first(in_edges, row["root_id"], 1)) - {row["root_id"]}
        taken = set(row["node_ids"][1:])
        assert taken <= neighbours
        assert len(taken) == min(fanout, len(neighbours))
        assert row["truncated"] == (len(neighbours) > fanout)


@settings(max_examples=20, deadline=None)
@given(GRAPHS, st.integers(2, 9))
def test_renaming_in_order_changes_no_subgraph_of_all_neighbours(graph, step):
    in_edges, cuis = graph
    roots = range(in_edges.num_nodes)
    names = ("node_ids", "node_hops", "edge_source", "edge_target", "edge_relation")
    one = sample(in_edges, cuis, roots, [-1, -1])
    other = sample(in_edges, cui_array(in_edges.num_nodes, step), roots, [-1, -1])
    assert [[row[name] for name in names] for row in one] == [[row[name] for name in names] for row in other]
