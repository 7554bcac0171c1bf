import math

import pytest
import torch
from torch.nn import functional

from bali.objectives.infonce import symmetric_infonce
from tests.unit.objectives.cases import assert_zero_with_zero_gradients, random_case, requiring_gradients


def independent_infonce(anchors, positives, is_positive, temperature, is_ignored=None):
    """Pair by pair in plain Python floats, from the formula in the docstring."""
    cosine = [[float(functional.cosine_similarity(a, p, dim=0)) / temperature for p in positives] for a in anchors]
    flags = is_positive.int()  # 1 positive, 0 negative, -1 neither
    if is_ignored is not None:
        flags = flags.masked_fill(is_ignored, -1)
    flags = flags.tolist()

    def direction(rows, flags):
        losses = []
        for row, flag in zip(rows, flags, strict=True):
            negatives = sum(math.exp(s) for s, f in zip(row, flag, strict=True) if f == 0)
            pairs = [math.log((math.exp(s) + negatives) / math.exp(s)) for s, f in zip(row, flag, strict=True) if f > 0]
            if pairs:
                losses.append(sum(pairs) / len(pairs))
        return sum(losses) / len(losses)

    return (direction(cosine, flags) + direction(list(zip(*cosine, strict=True)), list(zip(*flags, strict=True)))) / 2


def ignoring(*pairs):
    is_ignored = torch.zeros(7, 4, dtype=torch.bool)
    for row, column in pairs:
        is_ignored[row, column] = True
    return is_ignored


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
    assert found.item() == pytest.approx(independent_infonce(anchors, positives, is_positive, 0.3), rel=1e-12)


def test_unique_positives_agree_with_cross_entropy():
    torch.manual_seed(1)
    anchors, positives = torch.randn(8, 5), torch.randn(8, 5)
    order = torch.randperm(8)
    is_positive = order[:, None] == torch.arange(8)[None]
    logits = functional.normalize(anchors, dim=1) @ functional.normalize(positives, dim=1).T / 0.07
    expected = (functional.cross_entropy(logits, order) + functional.cross_entropy(logits.T, order.argsort())) / 2
    assert symmetric_infonce(anchors, positives, is_positive, 0.07).item() == pytest.approx(expected.item(), rel=1e-5)


def test_unique_positives_agree_with_pytorch_metric_learning():
    from pytorch_metric_learning.losses import NTXentLoss  # noqa: PLC0415, takes seconds to import

    anchors, positives = random_case(2)[0], random_case(3)[0]
    ids, same_ids = torch.arange(7), torch.arange(7)  # two tensors: the library takes one for a set against itself
    loss = NTXentLoss(temperature=0.07)
    expected = (loss(anchors, ids, None, positives, same_ids) + loss(positives, ids, None, anchors, same_ids)) / 2
    assert expected > 0
    found = symmetric_infonce(anchors, positives, torch.eye(7, dtype=torch.bool), 0.07)
    assert found.item() == pytest.approx(expected.item(), rel=1e-9)


def test_ignored_pairs_agree_with_the_formula_pair_by_pair():
    anchors, positives, is_positive = random_case()
    is_ignored = ignoring((0, 1), (3, 3), (1, 1), (6, 0))  # (1, 1) is a positive
    assert (is_ignored & is_positive).any()
    assert (is_ignored & ~is_positive).any()
    found = symmetric_infonce(anchors, positives, is_positive, 0.3, is_ignored).item()
    assert found == pytest.approx(independent_infonce(anchors, positives, is_positive, 0.3, is_ignored), rel=1e-12)
    assert found != pytest.approx(symmetric_infonce(anchors, positives, is_positive, 0.3).item(), rel=1e-3)


def test_wholly_ignored_rows_and_columns_are_as_if_absent():
    anchors, positives, is_positive = random_case()
    is_ignored = torch.zeros_like(is_positive)
    is_ignored[5], is_ignored[:, 3] = True, True  # the only mention of concept 3, and concept 3
    present = symmetric_infonce(anchors, positives, is_positive, 0.3, is_ignored)
    rows = [0, 1, 2, 3, 4, 6]
    absent = symmetric_infonce(anchors[rows], positives[:3], is_positive[rows][:, :3], 0.3)
    torch.testing.assert_close(present, absent)


def test_an_ignored_pair_has_no_gradient():
    anchors, positives = requiring_gradients(torch.randn(2, 3), torch.randn(2, 3))
    is_ignored = torch.tensor([[False, False], [True, True]])
    symmetric_infonce(anchors, positives, torch.eye(2, dtype=torch.bool), 0.5, is_ignored).backward()
    assert anchors.grad[0].abs().sum() > 0
    assert (anchors.grad[1] == 0).all()


def test_order_of_anchors_and_positives_does_not_matter():
    anchors, positives, is_positive = random_case()
    is_ignored = ignoring((0, 1), (1, 1))
    rows, columns = torch.tensor([3, 0, 6, 1, 5, 2, 4]), torch.tensor([2, 0, 3, 1])
    permuted = symmetric_infonce(
        anchors[rows], positives[columns], is_positive[rows][:, columns], 0.1, is_ignored[rows][:, columns]
    )
    torch.testing.assert_close(permuted, symmetric_infonce(anchors, positives, is_positive, 0.1, is_ignored))


def test_gradient_reaches_both_sides_and_the_temperature_and_agrees_with_differences():
    anchors, positives, is_positive = random_case()
    inputs = requiring_gradients(anchors, positives, torch.tensor(0.5, dtype=torch.float64))
    symmetric_infonce(inputs[0], inputs[1], is_positive, inputs[2]).backward()
    assert inputs[0].grad.abs().sum(dim=1).min() > 0
    assert inputs[1].grad.abs().sum(dim=1).min() > 0
    assert inputs[2].grad.abs() > 0
    is_ignored = ignoring((0, 1), (1, 1))
    assert torch.autograd.gradcheck(lambda a, p, t: symmetric_infonce(a, p, is_positive, t, is_ignored), inputs)


def test_positives_are_never_negatives_of_each_other():
    """Two mentions of one concept alone in a batch: nothing to tell apart, no loss, and no NaN gradient."""
    anchors, positives = requiring_gradients(torch.randn(2, 3), torch.randn(1, 3))
    loss = symmetric_infonce(anchors, positives, torch.ones(2, 1, dtype=torch.bool), 0.07)
    assert_zero_with_zero_gradients(loss, anchors, positives)


@pytest.mark.parametrize("sizes", [(3, 4), (0, 4), (3, 0), (0, 0)])
def test_no_positive_is_zero_with_zero_gradients(sizes):
    inputs = requiring_gradients(torch.randn(sizes[0], 5), torch.randn(sizes[1], 5), torch.tensor(0.07))
    loss = symmetric_infonce(inputs[0], inputs[1], torch.zeros(*sizes, dtype=torch.bool), inputs[2])
    assert_zero_with_zero_gradients(loss, *inputs)


def test_everything_ignored_is_zero_with_zero_gradients():
    anchors, positives, is_positive = random_case()
    inputs = requiring_gradients(anchors, positives)
    loss = symmetric_infonce(*inputs, is_positive, 0.07, torch.ones_like(is_positive))
    assert_zero_with_zero_gradients(loss, *inputs)


def test_autocast_does_not_lower_the_precision():
    anchors, positives, is_positive = random_case()
    anchors, positives = anchors.float(), positives.float()
    expected = symmetric_infonce(anchors, positives, is_positive, 0.07)
    with torch.autocast("cpu", torch.bfloat16):
        assert (anchors @ positives.T).dtype == torch.bfloat16
        found = symmetric_infonce(anchors, positives, is_positive, 0.07)
    assert found.dtype == torch.float32
    assert found.item() == expected.item()
