import math

import pytest
import torch

from bali.objectives.mlm import masked_language_modelling
from tests.unit.objectives.cases import assert_zero_with_zero_gradients, requiring_gradients


def test_known_logits_have_the_closed_form():
    logits = torch.tensor([[0.0, math.log(3.0)], [0.0, 0.0]])
    loss = masked_language_modelling(logits, torch.tensor([1, 0]))
    assert loss.item() == pytest.approx((math.log(4 / 3) + math.log(2)) / 2)


def test_agrees_with_the_definition_and_the_order_does_not_matter():
    logits = torch.randn(6, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([3, 0, 8, 3, 1, 7])
    expected = -sum(float(row.softmax(0)[target].log()) for row, target in zip(logits, targets, strict=True)) / 6
    order = torch.tensor([5, 2, 0, 1, 4, 3])
    assert masked_language_modelling(logits, targets).item() == pytest.approx(expected, rel=1e-12)
    assert masked_language_modelling(logits[order], targets[order]).item() == pytest.approx(expected, rel=1e-12)


def test_gradient_agrees_with_differences():
    (logits,) = requiring_gradients(torch.randn(4, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(1)))
    targets = torch.tensor([3, 0, 4, 3])
    masked_language_modelling(logits, targets).backward()
    assert logits.grad.abs().min() > 0
    assert torch.autograd.gradcheck(lambda values: masked_language_modelling(values, targets), (logits,))


def test_no_target_is_zero_with_zero_gradients_up_to_the_weights_behind_the_logits():
    weights = torch.ones(3, 5, dtype=torch.bfloat16, requires_grad=True)
    logits = torch.ones(4, 3, dtype=torch.bfloat16)[:0] @ weights
    loss = masked_language_modelling(logits, torch.empty(0, dtype=torch.int64))
    assert loss.dtype == torch.float32
    assert_zero_with_zero_gradients(loss, weights)


def test_half_precision_logits_are_summed_in_float32():
    logits = torch.randn(3, 1000, generator=torch.Generator().manual_seed(2)).bfloat16()
    targets = torch.tensor([1, 2, 3])
    loss = masked_language_modelling(logits, targets)
    assert loss.item() == masked_language_modelling(logits.float(), targets).item()
