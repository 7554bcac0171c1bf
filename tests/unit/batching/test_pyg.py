from torch_geometric.utils import k_hop_subgraph, to_networkx

from bali.batching.pyg import to_pyg
from bali.graph.subgraphs import to_networkx as row_to_networkx
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
