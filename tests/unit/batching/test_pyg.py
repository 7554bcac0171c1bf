import torch
from torch_geometric.utils import k_hop_subgraph, to_networkx

from bali.batching.pyg import graph_to_pyg, to_pyg
from bali.graph.subgraphs import to_networkx as row_to_networkx
from tests.unit.graph.folder_fixtures import write_graph
from tests.unit.graph.graph_fixtures import random_edges, sample


def test_to_pyg_agrees_with_networkx_and_with_its_own_search():
    in_edges, cuis = random_edges(3, 30, 90)
    row = sample(in_edges, cuis, [4], [-1, -1])[0]
    data = to_pyg(row)
    data.validate()
    assert data.num_edges == len(row["edge_source"]) > 0
    assert data.node_id[data.root_index].tolist() == [4]
    ids = data.node_id.tolist()
    expected = sorted((source, target) for source, target, _ in row_to_networkx(row).edges)
    assert sorted((ids[s], ids[t]) for s, t, _ in to_networkx(data, to_multi=True).edges) == expected
    nodes = k_hop_subgraph(0, 2, data.edge_index, num_nodes=data.num_nodes)[0]
    assert nodes.tolist() == list(range(data.num_nodes))


def test_a_root_alone():
    in_edges, cuis = random_edges(3, 30, 90)
    data = to_pyg(sample(in_edges, cuis, [4], [])[0])
    assert (data.num_nodes, data.edge_index.shape) == (1, (2, 0))


def test_the_whole_graph(tmp_path):
    edges = write_graph(tmp_path, 3, 50, 120)
    data = graph_to_pyg(tmp_path)
    data.validate()
    assert (data.num_nodes, data.edge_index.dtype, data.edge_type.dtype) == (50, torch.int64, torch.int16)
    assert list(zip(*data.edge_index.tolist(), data.edge_type.tolist(), strict=True)) == edges
    assert len(edges) > 100


def test_what_is_written_to_the_relations_does_not_reach_the_file(tmp_path):
    write_graph(tmp_path, 3, 50, 120)
    before = (tmp_path / "in_edges/relation.npy").read_bytes()
    data = graph_to_pyg(tmp_path)
    data.edge_type += 1
    assert int(data.edge_type.min()) == 1
    assert (tmp_path / "in_edges/relation.npy").read_bytes() == before
    assert int(graph_to_pyg(tmp_path).edge_type.min()) == 0


def test_a_whole_graph_without_edges(tmp_path):
    write_graph(tmp_path, 3, 4, 0)
    data = graph_to_pyg(tmp_path)
    assert (data.num_nodes, data.edge_index.shape, len(data.edge_type)) == (4, (2, 0), 0)
