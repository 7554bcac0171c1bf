"""The convolutions of the graph encoders against equations and against torch_geometric."""

import pytest
import torch
from torch.nn import functional
from torch_geometric.nn import RGCNConv

from bali.models.graph_encoders import GraphEncoderOptions, make_graph_encoder
from bali.models.message_passing import ResidualLayer
from bali.models.rgcn import RelationalConvolution, edge_shares

SIZE, RELATIONS, BASES = 6, 7, 3


def random_graph(num_nodes=12, num_edges=60):
    generator = torch.Generator().manual_seed(3)
    nodes = torch.randn(num_nodes, SIZE, generator=generator, dtype=torch.float64)
    source = torch.randint(num_nodes, (num_edges,), generator=generator)
    target = torch.randint(num_nodes - 4, (num_edges,), generator=generator)  # the last four have no in-edges
    relation = torch.randint(RELATIONS - 1, (num_edges,), generator=generator)  # the last does not occur
    return nodes, torch.stack([source, target]), relation


def convolution_of(name, **changes):
    torch.manual_seed(0)
    options = {"num_layers": 1, "num_heads": 2, "dropout": 0.0, "num_bases": BASES, **changes}
    encoder = make_graph_encoder(name, GraphEncoderOptions(hidden_size=SIZE, num_relations=RELATIONS, **options))
    return encoder, encoder.double().eval().layers[0].convolution


def pair_of_relational_convolutions():
    torch.manual_seed(0)
    ours = RelationalConvolution(SIZE, RELATIONS, BASES)
    theirs = RGCNConv(SIZE, SIZE, RELATIONS, num_bases=BASES, aggr="mean")
    with torch.no_grad():
        theirs.weight.copy_(ours.bases)
        theirs.comp.copy_(ours.coefficients)
        theirs.root.copy_(ours.self_connection.weight.T)
        theirs.bias.copy_(ours.self_connection.bias)
    return ours, theirs


@pytest.mark.parametrize("num_edges", [0, 1, 60])
def test_rgcn_is_that_of_torch_geometric(num_edges):
    ours, theirs = pair_of_relational_convolutions()
    nodes, edges, relation = random_graph(num_edges=num_edges)
    inputs = [nodes.float().requires_grad_() for _ in range(2)]
    vectors = ours(inputs[0], edges, relation, edge_shares(edges[1], relation, len(nodes), RELATIONS))
    expected = theirs(inputs[1], edges, relation)
    torch.testing.assert_close(vectors, expected)
    weight = torch.randn(vectors.shape, generator=torch.Generator().manual_seed(1))
    (vectors * weight).sum().backward()
    (expected * weight).sum().backward()
    torch.testing.assert_close(inputs[0].grad, inputs[1].grad)
    for found, wanted in [
        (ours.bases, theirs.weight),
        (ours.coefficients, theirs.comp),
        (ours.self_connection.bias, theirs.bias),
    ]:
        torch.testing.assert_close(found.grad, wanted.grad if wanted.grad is not None else torch.zeros_like(wanted))
    torch.testing.assert_close(ours.self_connection.weight.grad, theirs.root.grad.T)
    assert (ours.coefficients.grad.abs().sum() > 0) == (num_edges > 0)


def test_rgcn_is_equations_2_and_3():
    ours = pair_of_relational_convolutions()[0].double()
    nodes, edges, relation = random_graph()
    vectors = ours(nodes, edges, relation, edge_shares(edges[1], relation, len(nodes), RELATIONS))
    matrices = torch.einsum("rb,bij->rij", ours.coefficients, ours.bases)
    for i in range(len(nodes)):
        expected = ours.self_connection(nodes[i])
        for r in range(RELATIONS):
            neighbours = edges[0, (edges[1] == i) & (relation == r)]
            for j in neighbours.tolist():
                expected = expected + nodes[j] @ matrices[r] / len(neighbours)
        torch.testing.assert_close(vectors[i], expected, atol=1e-6, rtol=1e-6)


def test_rgcn_mixes_matrices_as_large_as_the_self_connection():
    torch.manual_seed(0)
    convolution = RelationalConvolution(64, 400, 8)
    matrices = torch.einsum("rb,bij->rij", convolution.coefficients, convolution.bases)
    assert matrices.std().item() == pytest.approx(convolution.self_connection.weight.std().item(), rel=0.05)


def test_edge_shares_count_edges_of_one_relation_into_one_node():
    target, relation = torch.tensor([0, 0, 0, 2, 2, 1]), torch.tensor([1, 1, 0, 1, 1, 1])
    shares = edge_shares(target, relation, 3, 2)
    assert shares.dtype == torch.float32
    assert shares.tolist() == [0.5, 0.5, 1, 0.5, 0.5, 1]


def test_sage_is_the_mean_of_neighbours():
    _, convolution = convolution_of("sage")
    nodes, edges, _ = random_graph()
    vectors = convolution(nodes, edges)
    num_without = 0
    for i in range(len(nodes)):
        neighbours = nodes[edges[0, edges[1] == i]]
        num_without += len(neighbours) == 0
        mean = neighbours.mean(dim=0) if len(neighbours) else torch.zeros_like(nodes[0])
        expected = convolution.lin_r.weight @ nodes[i] + convolution.lin_l.weight @ mean + convolution.lin_l.bias
        torch.testing.assert_close(vectors[i], expected)
    assert 4 <= num_without < len(nodes)


def test_gat_is_equations_7_and_8_on_two_nodes():
    """Node 0 weighs itself, by the self loop, against node 1."""
    encoder, convolution = convolution_of("gat")
    layer = encoder.layers[0]
    nodes = random_graph()[0][:2]
    vectors = encoder(nodes, torch.tensor([[1], [0]]), torch.tensor([4]))
    normalised = layer.norm(nodes)
    of_sources = convolution.lin_l(normalised).reshape(2, 2, SIZE // 2)  # nodes, heads, size of a head
    of_target = convolution.lin_r(normalised[0]).reshape(2, SIZE // 2)
    relations = encoder.relations.weight[[encoder.self_loop, 4]] @ convolution.lin_edge.weight.T
    hidden = functional.leaky_relu(of_sources + of_target + relations.reshape(2, 2, SIZE // 2), 0.2)
    attention = (hidden * convolution.att).sum(dim=2).softmax(dim=0)  # nodes, heads
    assert (attention - 0.5).abs().min() > 1e-3
    update = (attention.unsqueeze(2) * of_sources).sum(dim=0).flatten() + convolution.bias
    torch.testing.assert_close(vectors[0], nodes[0] + 0.1 * update)
    alone = convolution.lin_l(normalised[1]) + convolution.bias
    torch.testing.assert_close(vectors[1], nodes[1] + 0.1 * alone, msg="a node without in-edges attends to itself")


def test_the_residual_layer_is_its_equation():
    torch.manual_seed(0)
    layer = ResidualLayer(torch.nn.Bilinear(SIZE, SIZE, SIZE), SIZE, 0.0).double()
    nodes, others = random_graph()[0].unflatten(0, (2, 6))
    with torch.no_grad():
        layer.scale.copy_(torch.arange(SIZE))
    normalised = (nodes - nodes.mean(1, keepdim=True)) / (nodes.var(1, correction=0, keepdim=True) + 1e-5).sqrt()
    expected = nodes + torch.arange(SIZE) * layer.convolution(normalised, others)
    torch.testing.assert_close(layer(nodes, others), expected)
