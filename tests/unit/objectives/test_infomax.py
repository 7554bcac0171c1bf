import math

import pytest
import torch
from torch.nn import functional
from torch_geometric.nn.models import DeepGraphInfomax as LibraryInfomax

from bali.objectives.infomax import DeepGraphInfomax
from tests.unit.objectives.cases import assert_zero_with_zero_gradients, requiring_gradients

SUBGRAPH = torch.tensor([0, 2, 0, 2, 2, 0, 3])  # 1 is empty


def nodes_and_corrupted(num_nodes=7):
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(num_nodes, 4, dtype=torch.float64, generator=generator) for _ in range(2)]


def objective():
    torch.manual_seed(0)
    return DeepGraphInfomax(4).double()


def library_loss(module, nodes, corrupted):
    """torch_geometric's sum of two means, halved to the one mean over real and corrupted nodes of equation 1."""
    library = LibraryInfomax(4, None, None, None).double()
    with torch.no_grad():
        library.weight.copy_(module.weight)
    return library.loss(nodes, corrupted, torch.sigmoid(nodes.mean(dim=0))) / 2


def test_a_zero_discriminator_costs_the_logarithm_of_two():
    module = objective()
    torch.nn.init.zeros_(module.weight)
    assert module(*nodes_and_corrupted(), SUBGRAPH, 4).item() == pytest.approx(math.log(2))


def test_one_node_has_the_closed_form():
    module = objective()
    torch.nn.init.eye_(module.weight)
    nodes, corrupted = torch.tensor([[1.0, 0, 0, 0]]).double(), torch.tensor([[0, 2.0, 0, 0]]).double()
    sigmoid = 1 / (1 + math.exp(-1))
    expected = (math.log(1 + math.exp(-sigmoid)) + math.log(1 + math.exp(2 * 0.5))) / 2
    assert module(nodes, corrupted, torch.tensor([0]), 1).item() == pytest.approx(expected)


def test_one_subgraph_agrees_with_torch_geometric():
    module, (nodes, corrupted) = objective(), nodes_and_corrupted()
    found = module(nodes, corrupted, torch.zeros(7, dtype=torch.int64), 1)
    assert found.item() == pytest.approx(library_loss(module, nodes, corrupted).item(), rel=1e-9)


def test_several_subgraphs_are_the_mean_of_each_alone():
    module, (nodes, corrupted) = objective(), nodes_and_corrupted()
    members = [torch.tensor(rows) for rows in ([0, 2, 5], [1, 3, 4], [6])]
    parts = [library_loss(module, nodes[rows], corrupted[rows]).item() for rows in members]
    assert module(nodes, corrupted, SUBGRAPH, 4).item() == pytest.approx(sum(parts) / 3, rel=1e-9)


def test_the_discriminator_is_not_transposed():
    module, (nodes, corrupted) = objective(), nodes_and_corrupted()
    summary = torch.sigmoid(nodes.mean(dim=0))
    logits = torch.cat([nodes, corrupted]) @ module.weight @ summary
    labels = torch.cat([torch.ones(7), torch.zeros(7)]).double()
    expected = functional.binary_cross_entropy_with_logits(logits, labels)
    found = module(nodes, corrupted, torch.zeros(7, dtype=torch.int64), 1)
    assert found.item() == pytest.approx(expected.item(), rel=1e-12)


def test_order_of_nodes_and_numbers_of_subgraphs_do_not_matter():
    module, (nodes, corrupted) = objective(), nodes_and_corrupted()
    order, renumbered = torch.tensor([6, 2, 0, 4, 1, 5, 3]), torch.tensor([3, 2, 0, 1])
    permuted = module(nodes[order], corrupted[order], renumbered[SUBGRAPH][order], 4)
    torch.testing.assert_close(permuted, module(nodes, corrupted, SUBGRAPH, 4))


def test_gradient_reaches_both_sides_and_the_discriminator_and_agrees_with_differences():
    module = objective()
    nodes, corrupted = requiring_gradients(*nodes_and_corrupted())
    module(nodes, corrupted, SUBGRAPH, 4).backward()
    for tensor in (nodes, corrupted, module.weight):
        assert tensor.grad.abs().sum(dim=1).min() > 0
    assert torch.autograd.gradcheck(lambda n, c: module(n, c, SUBGRAPH, 4), (nodes, corrupted))


@pytest.mark.parametrize("num_subgraphs", [0, 2])
def test_no_nodes_is_zero_with_zero_gradients(num_subgraphs):
    module = objective()
    nodes, corrupted = requiring_gradients(*nodes_and_corrupted(0))
    loss = module(nodes, corrupted, torch.empty(0, dtype=torch.int64), num_subgraphs)
    assert_zero_with_zero_gradients(loss, nodes, corrupted, module.weight)


def test_autocast_does_not_lower_the_precision():
    module, (nodes, corrupted) = objective().float(), (side.float() for side in nodes_and_corrupted())
    expected = module(nodes, corrupted, SUBGRAPH, 4)
    with torch.autocast("cpu", torch.bfloat16):
        assert module(nodes, corrupted, SUBGRAPH, 4).item() == expected.item()
