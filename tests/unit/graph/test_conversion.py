import pytest

from bali.errors import ArtefactError, InputError
from bali.graph.conversion import to_networkx
from tests.unit.graph.folder_fixtures import PAIRS, write_graph


def test_the_whole_graph_with_its_attributes(tmp_path):
    edges = write_graph(tmp_path, 3, 50, 120)
    graph = to_networkx(tmp_path)
    assert list(graph.nodes) == list(range(50))
    assert graph.nodes[7] == {"cui": "C0000007", "preferred_name": "name of C0000007"}
    found = [
        (source, target, key, data["rel"], data["rela"])
        for source, target, key, data in graph.edges(keys=True, data=True)
    ]
    assert sorted(found) == sorted((*edge, *PAIRS[edge[2]]) for edge in edges)
    assert len(found) > 100
    assert any(source == target for source, target, *_ in found), "a self loop stays"


def test_attributes_of_one_edge_are_its_own(tmp_path):
    write_graph(tmp_path, 3, 50, 120)
    graph = to_networkx(tmp_path)
    first, second, *_ = (data for *_, data in graph.edges(data=True) if data["rel"] == "CHD")
    first["rel"] = "changed"
    assert second["rel"] == "CHD"


def test_blocks_of_nodes_join_without_a_seam(tmp_path, monkeypatch):
    edges = write_graph(tmp_path, 3, 50, 120)
    monkeypatch.setattr("bali.graph.conversion._BLOCK_NODES", 7)
    assert sorted(to_networkx(tmp_path).edges(keys=True)) == sorted(edges)


def test_a_large_graph_needs_to_be_asked_for(tmp_path):
    edges = write_graph(tmp_path, 3, 50, 120)
    with pytest.raises(InputError, match=f"at most 100 edges to convert to networkx, found {len(edges)}"):
        to_networkx(tmp_path, limit=100)
    assert to_networkx(tmp_path, limit=None).number_of_edges() == len(edges)
    assert to_networkx(tmp_path, limit=len(edges)).number_of_edges() == len(edges)


def test_a_graph_without_edges_keeps_its_nodes(tmp_path):
    write_graph(tmp_path, 3, 4, 0)
    graph = to_networkx(tmp_path)
    assert (graph.number_of_nodes(), graph.number_of_edges()) == (4, 0)


def test_a_folder_without_a_graph_is_said(tmp_path):
    with pytest.raises(ArtefactError, match=r"nodes\.parquet: no such file"):
        to_networkx(tmp_path)
