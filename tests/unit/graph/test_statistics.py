from collections import Counter

import networkx as nx
import numpy as np
import pytest

from bali.errors import ArtefactError
from bali.graph.csr import InEdges
from bali.graph.folder import open_in_edges, read_relation_pairs
from bali.graph.statistics import count_edges, find_components, graph_statistics
from tests.unit.graph.folder_fixtures import PAIRS, source_of, write_graph


def undirected(num_nodes, edges):
    graph = nx.Graph()
    graph.add_nodes_from(range(num_nodes))
    graph.add_edges_from((source, target) for source, target, _ in edges)
    return graph


@pytest.mark.parametrize(("seed", "num_edges"), [(0, 20), (1, 50), (2, 90), (3, 400)])
def test_statistics_equal_networkx(tmp_path, seed, num_edges):
    edges = write_graph(tmp_path, seed, 100, num_edges)
    statistics = graph_statistics(open_in_edges(tmp_path))
    graph = undirected(100, edges)
    components = list(nx.connected_components(graph))
    assert statistics.component_sizes.tolist() == sorted(map(len, components), reverse=True)
    assert statistics.num_isolated == nx.number_of_isolates(graph)
    assert (statistics.num_nodes, statistics.num_edges) == (100, len(edges))
    expected = Counter(target for _, target, _ in edges)
    assert statistics.in_degree.tolist() == [expected[node] for node in range(100)]
    assert len(edges) > 15


def test_a_component_has_the_number_of_its_lowest_node(tmp_path):
    edges = write_graph(tmp_path, 5, 80, 60)
    in_edges = open_in_edges(tmp_path)
    found = find_components(np.asarray(in_edges.indptr), np.asarray(in_edges.source))
    components = list(nx.connected_components(undirected(80, edges)))
    assert 2 < len(components) < 80
    for component in components:
        assert {int(found[node]) for node in component} == {min(component)}


@pytest.mark.parametrize("reverse", [False, True])
def test_a_long_chain_is_one_component(reverse):
    num_nodes = 200_000
    source = np.arange(1, num_nodes)
    target = source - 1
    if reverse:
        source, target = target, source
    statistics = graph_statistics(InEdges.from_edges(source, target, np.zeros(num_nodes - 1), num_nodes))
    assert statistics.component_sizes.tolist() == [num_nodes]
    assert statistics.num_isolated == 0


def test_a_node_with_a_loop_is_not_isolated():
    statistics = graph_statistics(InEdges.from_edges(np.array([1]), np.array([1]), np.array([0]), 3))
    assert statistics.num_isolated == 2
    assert statistics.component_sizes.tolist() == [1, 1, 1]


def test_edges_are_counted_by_relation_and_by_each_source(tmp_path):
    edges = write_graph(tmp_path, 1, 60, 150)
    counts = count_edges(tmp_path)
    assert counts.by_relation == Counter(PAIRS[relation] for _, _, relation in edges)
    assert counts.by_source == Counter(sab for row in range(len(edges)) for sab in source_of(row).split("|"))
    assert counts.by_relation.total() == len(edges) > 100


def test_a_graph_without_edges(tmp_path):
    write_graph(tmp_path, 1, 5, 0)
    statistics = graph_statistics(open_in_edges(tmp_path))
    assert (statistics.num_edges, statistics.num_isolated) == (0, 5)
    assert statistics.component_sizes.tolist() == [1] * 5
    assert count_edges(tmp_path).by_relation.total() == 0


def test_relations_are_those_of_the_artefact(tmp_path):
    write_graph(tmp_path, 1, 60, 150)
    assert read_relation_pairs(tmp_path / "relation_labels.parquet") == PAIRS


def test_edges_of_another_graph_are_refused(tmp_path):
    write_graph(tmp_path, 1, 60, 150)
    InEdges.from_edges(*np.zeros((3, 1), np.int64), 7).save(tmp_path / "in_edges")
    with pytest.raises(ArtefactError, match=r"edges of the 60 nodes of nodes\.parquet, found those of 7"):
        open_in_edges(tmp_path)
