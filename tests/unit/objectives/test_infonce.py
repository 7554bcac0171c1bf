import math

import pytest
import torch
from torch.nn import functional

from bali.objectives.infonce import symmetric_infonce
from bali.objectives.mlm import masked_language_modelling


def independent_infonce(anchors, positives, is_positive, temperature):
    """Pair by pair in plain Python floats, from the formula in the docstring."""
    cosine = [[float(functional.cosine_similarity(a, p, dim=0)) / temperature for p in positives] for a in anchors]

    def direction(rows, flags):
        losses = []
        for row, flag in zip(rows, flags, strict=True):
            negatives = sum(math.exp(s) for s, f in zip(row, flag, strict=True) if not f)
            pairs = [-math.log(math.exp(s) / (math.exp(s) + negatives)) for s, f in zip(row, flag, strict=True) if f]
            if pairs:
                losses.append(sum(pairs) / len(pairs))
        return sum(losses) / len(losses)

    flags = is_positive.tolist()
    return (direction(cosine, flags) + direction(list(zip(*cosine, strict=True)), list(zip(*flags, strict=True)))) / 2


def random_case(seed=0):
    torch.manual_seed(seed)
    anchors, positives = torch.randn(7, 5, dtype=torch.float64), torch.randn(4, 5, dtype=torch.float64)
    ids = torch.tensor([0, 1, 1, 2, 0, 3, 1])
    return anchors, positives, ids[:, None] == torch.arange(4)[None]


def test_orthogonal_vectors_have_the_closed_form():
    vectors = torch.eye(3)
    loss = symmetric_infonce(vectors, vectors, torch.eye(3, dtype=torch.bool), temperature=0.5)
    assert loss.item() == pytest.approx(math.log(1 + 2 * math.exp(-1 / 0.5)), rel=1e-6)


def test_equal_vectors_cost_the_logarithm_of_the_batch():
    vectors = torch.ones(6, 4)
    loss = symmetric_infonce(vectors, vectors, torch.eye(6, dtype=torch.bool), temperature=0.07)
    assert loss.item() == pytest.approx(math.log(6), rel=1e-5)


def test_several_positives_agree_with_the_formula_pair_by_pair():
    anchors, positives, is_positive = random_case()
    assert is_positive.sum(dim=0).max() > 1
    found = symmetric_infonce(anchors, positives, is_positive, temperature=0.3)
    assert found.item() == pytest.approx(independent_infonce(anchors, positives, is_positive, 0.3), rel=1e-5)


def test_unique_positives_agree_with_cross_entropy():
    torch.manual_seed(1)
    anchors, positives = torch.randn(8, 5), torch.randn(8, 5)
    order = torch.randperm(8)
    is_positive = order[:, None] == torch.arange(8)[None]
    logits = functional.normalize(anchors, dim=1) @ functional.normalize(positives, dim=1).T / 0.07
    expected = (functional.cross_entropy(logits, order) + functional.cross_entropy(logits.T, order.argsort())) / 2
    assert symmetric_infonce(anchors, positives, is_positive, 0.07).item() == pytest.approx(expected.item(), rel=1e-5)


def test_order_of_anchors_and_positives_does_not_matter():
    anchors, positives, is_positive = random_case()
    rows, columns = torch.tensor([3, 0, 6, 1, 5, 2, 4]), torch.tensor([2, 0, 3, 1])
    permuted = symmetric_infonce(anchors[rows], positives[columns], is_positive[rows][:, columns], 0.1)
    torch.testing.assert_close(permuted, symmetric_infonce(anchors, positives, is_positive, 0.1))


def test_gradient_reaches_both_sides_and_agrees_with_differences():
    anchors, positives, is_positive = random_case()
    anchors.requires_grad_()
    positives.requires_grad_()
    symmetric_infonce(anchors, positives, is_positive, 0.5).backward()
    assert anchors.grad.abs().sum(dim=1).min() > 0
    assert positives.grad.abs().sum(dim=1).min() > 0
    step = torch.zeros_like(positives)
    step[1, 2] = 1e-2
    with torch.no_grad():
        high, low = (symmetric_infonce(anchors, positives + sign * step, is_positive, 0.5) for sign in (1, -1))
    assert ((high - low) / 2e-2).item() == pytest.approx(positives.grad[1, 2].item(), rel=1e-2)


def test_positives_are_never_negatives_of_each_other():
    """Two mentions of one concept alone in a batch: nothing to tell apart, no loss, and no NaN gradient."""
    anchors, positives = torch.randn(2, 3, requires_grad=True), torch.randn(1, 3, requires_grad=True)
    loss = symmetric_infonce(anchors, positives, torch.ones(2, 1, dtype=torch.bool), 0.07)
    loss.backward()
    assert loss.item() == 0
    assert torch.isfinite(anchors.grad).all()


def test_mlm_is_cross_entropy_and_zero_without_targets():
    logits = torch.tensor([[0.0, math.log(3.0)], [0.0, 0.0]], requires_grad=True)
    loss = masked_language_modelling(logits, torch.tensor([1, 0]))
    assert loss.item() == pytest.approx((math.log(4 / 3) + math.log(2)) / 2)
    empty = masked_language_modelling(logits[:0], torch.empty(0, dtype=torch.int64))
    empty.backward()
    assert empty.item() == 0
