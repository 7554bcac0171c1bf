import math

import pytest
import torch
from torch.nn import functional

from bali.objectives.corrupted_edges import corrupted_edge_contrast
from tests.unit.objectives.cases import assert_zero_with_zero_gradients, requiring_gradients

HAS_EDGES = torch.tensor([True, False, True, True, False, True])


def vectors():
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(6, 5, dtype=torch.float64, generator=generator) for _ in range(3)]


def test_known_cosines_have_the_closed_form():
    mentions = torch.tensor([[2.0, 0.0], [1.0, 0.0]])
    concepts, corrupted = torch.tensor([[3.0, 0.0], [0.6, 0.8]]), torch.tensor([[0.0, 1.0], [0.8, 0.6]])
    found = corrupted_edge_contrast(mentions, concepts, corrupted, torch.tensor([True, True]), 0.5)
    expected = (math.log(1 + math.exp(-1 / 0.5)) + math.log(1 + math.exp(0.2 / 0.5))) / 2
    assert found.item() == pytest.approx(expected, rel=1e-6)


def test_equal_vectors_cost_the_logarithm_of_two():
    mentions, concepts, _ = vectors()
    assert corrupted_edge_contrast(mentions, concepts, concepts, HAS_EDGES, 0.07).item() == pytest.approx(math.log(2))


def test_agrees_with_cross_entropy_over_two_candidates():
    mentions, concepts, corrupted = vectors()
    candidates = torch.stack([concepts, corrupted], dim=1)
    logits = functional.cosine_similarity(mentions[:, None], candidates, dim=2) / 0.3
    kept = logits[HAS_EDGES]
    assert len(kept) == 4
    expected = functional.cross_entropy(kept, torch.zeros(4, dtype=torch.int64))
    found = corrupted_edge_contrast(mentions, concepts, corrupted, HAS_EDGES, 0.3)
    assert found.item() == pytest.approx(expected.item(), rel=1e-9)


def test_order_of_the_mentions_does_not_matter():
    order = torch.tensor([3, 0, 5, 1, 2, 4])
    permuted = corrupted_edge_contrast(*(side[order] for side in vectors()), HAS_EDGES[order], 0.3)
    torch.testing.assert_close(permuted, corrupted_edge_contrast(*vectors(), HAS_EDGES, 0.3))


def test_gradient_reaches_every_side_only_where_there_are_edges():
    inputs = requiring_gradients(*vectors(), torch.tensor(0.3, dtype=torch.float64))
    corrupted_edge_contrast(*inputs[:3], HAS_EDGES, inputs[3]).backward()
    for side in inputs[:3]:
        assert ((side.grad.abs().sum(dim=1) > 0) == HAS_EDGES).all()
    assert inputs[3].grad.abs() > 0
    assert torch.autograd.gradcheck(lambda m, c, d, t: corrupted_edge_contrast(m, c, d, HAS_EDGES, t), inputs)


@pytest.mark.parametrize("size", [6, 0])
def test_no_edges_is_zero_with_zero_gradients(size):
    inputs = requiring_gradients(*(side[:size] for side in vectors()))
    loss = corrupted_edge_contrast(*inputs, torch.zeros(size, dtype=torch.bool), 0.07)
    assert_zero_with_zero_gradients(loss, *inputs)
