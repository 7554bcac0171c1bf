import pytest
import torch

from bali.errors import ConfigError
from bali.models.graph_encoders import GraphEncoderOptions, make_graph_encoder, reads_edges
from bali.models.pooling import pool_spans

OPTIONS = GraphEncoderOptions(hidden_size=8, num_relations=3, num_layers=2, num_heads=2, dropout=0.1)
EDGES = torch.tensor([[1, 2, 4, 5], [0, 0, 3, 3]])
RELATIONS = torch.tensor([0, 1, 2, 0])
ROOTS = torch.tensor([0, 3])
NO_EDGES = torch.empty(2, 0, dtype=torch.int64)


@pytest.fixture
def nodes():
    return torch.randn(6, 8, generator=torch.Generator().manual_seed(0))


def gat(seed=0):
    torch.manual_seed(seed)
    encoder = make_graph_encoder("gat", OPTIONS)
    return encoder.eval()


def test_two_layers_are_not_constant(nodes):
    vectors = gat()(nodes, EDGES, RELATIONS, ROOTS)
    assert vectors.shape == (2, 8)
    assert (vectors[0] - vectors[1]).abs().max() > 0.1
    update = vectors - nodes[ROOTS]
    assert (update[0] - update[1]).abs().max() > 1e-3


def test_relations_change_the_output(nodes):
    encoder = gat()
    vectors, others = (encoder(nodes, EDGES, r, ROOTS) for r in (RELATIONS, (RELATIONS + 1) % 3))
    assert (vectors - others).abs().max() > 1e-5


def test_neighbours_change_the_output(nodes):
    encoder = gat()
    moved = nodes.clone()
    moved[2, 0] += 1
    difference = (encoder(nodes, EDGES, RELATIONS, ROOTS) - encoder(moved, EDGES, RELATIONS, ROOTS)).abs()
    assert difference[0].max() > 1e-3
    assert difference[1].max() == 0, "another subgraph of the batch is not touched"


def test_a_subgraph_without_edges_has_a_vector(nodes):
    vectors = gat()(nodes, NO_EDGES, NO_EDGES[0], ROOTS)
    assert torch.isfinite(vectors).all()
    assert (vectors - nodes[ROOTS]).abs().max() > 1e-3, "the self loop still adds"


def test_order_of_nodes_and_edges_does_not_matter(nodes):
    encoder = gat()
    order = torch.tensor([4, 0, 5, 2, 1, 3])
    place = order.argsort()
    edge_order = torch.tensor([2, 0, 3, 1])
    permuted = encoder(nodes[order], place[EDGES][:, edge_order], RELATIONS[edge_order], place[ROOTS])
    torch.testing.assert_close(permuted, encoder(nodes, EDGES, RELATIONS, ROOTS))


def test_every_parameter_and_every_node_gets_a_gradient(nodes):
    encoder = gat().train()
    nodes.requires_grad_()
    encoder(nodes, EDGES, RELATIONS, ROOTS).pow(2).sum().backward()
    without = [name for name, p in encoder.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0]
    assert len(list(encoder.parameters())) > 10
    assert without == []
    assert nodes.grad.abs().sum(dim=1).min() > 0


def test_names_only_is_the_name(nodes):
    encoder = make_graph_encoder("names_only", OPTIONS)
    assert torch.equal(encoder(nodes, EDGES, RELATIONS, ROOTS), nodes[ROOTS])
    assert make_graph_encoder("none", OPTIONS) is None
    assert [reads_edges(name) for name in ("gat", "names_only", "none")] == [True, False, False]


def test_heads_that_do_not_divide_are_refused():
    with pytest.raises(ConfigError, match="num_graph_heads: must divide"):
        make_graph_encoder("gat", GraphEncoderOptions(8, 3, 2, 3, 0.1))


def test_pooling_is_the_mean_and_leaves_the_states_alone():
    states = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4).requires_grad_()
    before = states.detach().clone()
    pooled = pool_spans(states, torch.tensor([1, 2, 2, 5]), torch.tensor([0, 0, 1, 2]), 3)
    torch.testing.assert_close(pooled, torch.stack([(before[0, 1] + before[0, 2]) / 2, before[0, 2], before[1, 2]]))
    pooled.sum().backward()
    assert torch.equal(states.detach(), before)
    torch.testing.assert_close(states.grad[:, :, 0], torch.tensor([[0, 0.5, 1.5], [0, 0, 1]]))
