from dataclasses import replace

import pytest
import torch

from bali.errors import ConfigError
from bali.models.graph_encoders import GraphEncoderOptions, make_graph_encoder, passes_messages, reads_edges

OPTIONS = GraphEncoderOptions(hidden_size=8, num_relations=3, num_layers=2, num_heads=2, dropout=0.1, num_bases=2)
EDGES = torch.tensor([[1, 2, 4, 5, 3], [0, 0, 3, 3, 4]])
RELATIONS = torch.tensor([0, 1, 2, 0, 2])
ROOTS = torch.tensor([0, 3])
NO_EDGES = torch.empty(2, 0, dtype=torch.int64)
NETWORKS = ["gat", "sage", "rgcn"]

networks = pytest.mark.parametrize("name", NETWORKS)


@pytest.fixture
def nodes():
    return torch.randn(6, 8, generator=torch.Generator().manual_seed(0))


def network(name, options=OPTIONS):
    torch.manual_seed(0)
    return make_graph_encoder(name, options).eval()


@networks
def test_two_layers_are_not_constant_and_stay_near_the_names(name, nodes):
    vectors = network(name)(nodes, EDGES, RELATIONS)
    assert vectors.shape == (6, 8)
    assert torch.cdist(vectors, vectors)[~torch.eye(6, dtype=torch.bool)].min() > 0.1
    update = vectors - nodes
    assert torch.cdist(update, update)[~torch.eye(6, dtype=torch.bool)].min() > 1e-3
    assert update.abs().max() < nodes.abs().max()


@networks
def test_relations_change_the_output_of_those_that_read_them(name, nodes):
    encoder = network(name)
    vectors, others = (encoder(nodes, EDGES, relations) for relations in (RELATIONS, (RELATIONS + 1) % 3))
    if name == "sage":
        assert torch.equal(vectors, others)
    else:
        assert (vectors - others)[ROOTS].abs().amax(dim=1).min() > 1e-5


@networks
def test_neighbours_change_the_output(name, nodes):
    encoder = network(name)
    moved = nodes.clone()
    moved[2, 0] += 1
    difference = (encoder(nodes, EDGES, RELATIONS) - encoder(moved, EDGES, RELATIONS)).abs().amax(dim=1)
    assert difference[0] > 1e-3
    assert difference[[1, 3, 4, 5]].max() == 0, "edges have a direction, and another subgraph is not touched"


@networks
def test_two_layers_reach_two_hops_and_one_layer_one(name, nodes):
    chain, relations = torch.tensor([[2, 1], [1, 0]]), torch.tensor([0, 1])
    moved = nodes.clone()
    moved[2, 0] += 1
    for num_layers in (1, 2):
        encoder = network(name, replace(OPTIONS, num_layers=num_layers))
        difference = (encoder(nodes, chain, relations) - encoder(moved, chain, relations)).abs().amax(dim=1)
        assert difference[1] > 1e-3
        assert (difference[0] > 0) == (num_layers == 2)


@networks
def test_a_graph_without_edges_has_vectors(name, nodes):
    vectors = network(name)(nodes, NO_EDGES, NO_EDGES[0])
    assert torch.isfinite(vectors).all()
    assert (vectors - nodes).abs().amax(dim=1).min() > 1e-3, "the self connection still adds"


@networks
def test_order_of_nodes_and_edges_does_not_matter(name, nodes):
    encoder = network(name)
    order = torch.tensor([4, 0, 5, 2, 1, 3])
    place = order.argsort()
    edge_order = torch.tensor([2, 0, 4, 3, 1])
    permuted = encoder(nodes[order], place[EDGES][:, edge_order], RELATIONS[edge_order])
    torch.testing.assert_close(permuted[place], encoder(nodes, EDGES, RELATIONS))


@networks
def test_the_union_of_subgraphs_is_the_subgraphs_one_by_one(name, nodes):
    encoder = network(name)
    first = encoder(nodes[:3], EDGES[:, :2], RELATIONS[:2])
    second = encoder(nodes[3:], EDGES[:, 2:] - 3, RELATIONS[2:])
    torch.testing.assert_close(torch.cat([first, second]), encoder(nodes, EDGES, RELATIONS))


@networks
@pytest.mark.parametrize("targets", [ROOTS, torch.arange(6)], ids=["roots", "all"])
@pytest.mark.parametrize("num_layers", [2, 3])
def test_every_parameter_and_every_node_gets_a_gradient(name, targets, num_layers, nodes):
    encoder = network(name, replace(OPTIONS, num_layers=num_layers)).train()
    before = nodes.clone()
    nodes.requires_grad_()
    encoder(nodes, EDGES, RELATIONS)[targets].pow(2).sum().backward()
    without = [name for name, p in encoder.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert len(list(encoder.parameters())) >= 6 * num_layers
    assert without == []
    assert nodes.grad.abs().sum(dim=1).min() > 0
    assert torch.equal(nodes, before)


@pytest.mark.parametrize(("name", "rows"), [("gat", "relations.weight"), ("rgcn", "layers.1.convolution.coefficients")])
def test_every_relation_that_occurs_gets_a_gradient(name, rows, nodes):
    encoder = network(name, replace(OPTIONS, num_relations=5))
    encoder(nodes, EDGES, RELATIONS).pow(2).sum().backward()
    gradient = encoder.get_parameter(rows).grad.abs().sum(dim=1)
    assert gradient[:3].min() > 0
    assert gradient[3:5].max() == 0


@networks
def test_bfloat16_autocast_comes_close(name, nodes):
    encoder = network(name)
    vectors = encoder(nodes, EDGES, RELATIONS)
    with torch.autocast("cpu", torch.bfloat16):
        rough = encoder(nodes, EDGES, RELATIONS)
    assert rough.dtype == torch.float32
    torch.testing.assert_close(rough, vectors, atol=0.01, rtol=0)


@networks
def test_dropout_acts_in_training_only(name, nodes):
    encoder = network(name, replace(OPTIONS, dropout=0.5))
    assert torch.equal(encoder(nodes, EDGES, RELATIONS), encoder(nodes, EDGES, RELATIONS))
    encoder.train()
    assert not torch.equal(encoder(nodes, EDGES, RELATIONS), encoder(nodes, EDGES, RELATIONS))


@pytest.mark.parametrize("name", ["names_only", "linearised"])
def test_without_a_network_nodes_stay_as_they_are(name, nodes):
    encoder = make_graph_encoder(name, OPTIONS)
    assert torch.equal(encoder(nodes, EDGES, RELATIONS), nodes)
    assert list(encoder.parameters()) == []


def test_what_the_encoders_read():
    names = [*NETWORKS, "linearised", "names_only", "none"]
    assert [name for name in names if reads_edges(name)] == [*NETWORKS, "linearised"]
    assert [name for name in names if passes_messages(name)] == NETWORKS
    assert make_graph_encoder("none", OPTIONS) is None


def test_heads_that_do_not_divide_are_refused():
    options = replace(OPTIONS, num_heads=3)
    with pytest.raises(ConfigError, match="num_graph_heads: must divide"):
        make_graph_encoder("gat", options)
    assert make_graph_encoder("rgcn", options) is not None, "only attention has heads"
