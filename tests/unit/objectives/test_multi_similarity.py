import math

import pytest
import torch
from pytorch_metric_learning.losses import MultiSimilarityLoss
from pytorch_metric_learning.miners import MultiSimilarityMiner

from bali.objectives.multi_similarity import MultiSimilarityOptions, multi_similarity
from tests.unit.objectives.cases import assert_zero_with_zero_gradients, random_case, requiring_gradients

IDS, REFERENCE_IDS = torch.tensor([0, 1, 1, 2, 0, 3, 1]), torch.arange(4)


def library_direction(embeddings, labels, references, reference_labels):
    """One direction of pytorch-metric-learning, and how many pairs its miner kept."""
    pairs = MultiSimilarityMiner(epsilon=0.1)(embeddings, labels, references, reference_labels)
    loss = MultiSimilarityLoss(alpha=2, beta=50, base=0.5)
    return loss(embeddings, labels, pairs, references, reference_labels), len(pairs[0]) + len(pairs[2])


def on_circle(*cosines):
    """Unit vectors whose cosines with (1, 0) are given."""
    return torch.tensor([[c, math.sqrt(1 - c * c)] for c in cosines], dtype=torch.float64)


@pytest.mark.parametrize("seed", range(5))
def test_agrees_with_pytorch_metric_learning_on_mined_pairs(seed):
    anchors, positives, is_positive = random_case(seed)
    forth, num_forth = library_direction(anchors, IDS, positives, REFERENCE_IDS)
    back, num_back = library_direction(positives, REFERENCE_IDS, anchors, IDS)
    assert 0 < num_forth < is_positive.numel()  # the miner dropped some and kept some
    assert 0 < num_back < is_positive.numel()
    found = multi_similarity(anchors, positives, is_positive)
    assert found.item() == pytest.approx(((forth + back) / 2).item(), rel=1e-9)


def test_rows_without_a_positive_do_not_dilute_the_mean_as_in_pytorch_metric_learning():
    anchors, positives, _ = random_case()
    extra = torch.randn(3, 5, dtype=torch.float64, generator=torch.Generator().manual_seed(5))
    all_anchors, labels = torch.cat([anchors, extra]), torch.cat([IDS, torch.tensor([7, 8, 9])])
    all_positive = labels[:, None] == REFERENCE_IDS[None]
    forth, _ = library_direction(all_anchors, labels, positives, REFERENCE_IDS)
    back, _ = library_direction(positives, REFERENCE_IDS, all_anchors, labels)
    found = multi_similarity(all_anchors, positives, all_positive)
    assert found.item() == pytest.approx(((forth * 10 / 7 + back) / 2).item(), rel=1e-9)


def test_closed_form_with_one_easy_pair():
    anchors = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    positives = on_circle(0.6, 0.8, -0.9)  # the positive, a hard negative, a negative that mining drops
    found = multi_similarity(anchors, positives, torch.tensor([[True, False, False]]))
    forth = math.log(1 + math.exp(-2 * (0.6 - 0.5))) / 2 + math.log(1 + math.exp(50 * (0.8 - 0.5))) / 50
    assert found.item() == pytest.approx(forth / 2, rel=1e-12)  # back: a column has no negative, or no positive


def test_the_options_act():
    anchors, positives, is_positive = random_case()
    options = [
        MultiSimilarityOptions(),
        MultiSimilarityOptions(alpha=1),
        MultiSimilarityOptions(beta=60),
        MultiSimilarityOptions(lambda_=1),
        MultiSimilarityOptions(epsilon=-0.3),
    ]
    losses = [multi_similarity(anchors, positives, is_positive, None, option).item() for option in options]
    assert len(set(losses)) == len(options)


def test_ignored_rows_and_columns_are_as_if_absent():
    anchors, positives, is_positive = random_case()
    is_ignored = torch.zeros_like(is_positive)
    is_ignored[5], is_ignored[:, 3] = True, True
    rows = [0, 1, 2, 3, 4, 6]
    absent = multi_similarity(anchors[rows], positives[:3], is_positive[rows][:, :3])
    assert absent > 0
    torch.testing.assert_close(multi_similarity(anchors, positives, is_positive, is_ignored), absent)


def test_an_ignored_negative_is_not_mined_and_an_ignored_positive_is_none():
    anchors = torch.tensor([[1.0, 0.0]], dtype=torch.float64)
    positives = on_circle(0.6, 0.8, 0.7)
    is_positive = torch.tensor([[True, False, False]])
    found = multi_similarity(anchors, positives, is_positive, torch.tensor([[False, True, False]]))
    torch.testing.assert_close(found, multi_similarity(anchors, positives[[0, 2]], is_positive[:, [0, 2]]))
    assert multi_similarity(anchors, positives, is_positive, torch.tensor([[True, False, False]])) == 0


def test_order_of_anchors_and_positives_does_not_matter():
    anchors, positives, is_positive = random_case()
    rows, columns = torch.tensor([3, 0, 6, 1, 5, 2, 4]), torch.tensor([2, 0, 3, 1])
    permuted = multi_similarity(anchors[rows], positives[columns], is_positive[rows][:, columns])
    torch.testing.assert_close(permuted, multi_similarity(anchors, positives, is_positive))


def test_gradient_reaches_both_sides_and_agrees_with_differences():
    anchors, positives, is_positive = random_case()
    inputs = requiring_gradients(anchors, positives)
    multi_similarity(*inputs, is_positive).backward()
    assert inputs[0].grad.abs().sum(dim=1).min() > 0
    assert inputs[1].grad.abs().sum(dim=1).min() > 0
    assert torch.autograd.gradcheck(lambda a, p: multi_similarity(a, p, is_positive), inputs)


@pytest.mark.parametrize("sizes", [(3, 4), (0, 4), (3, 0), (0, 0)])
@pytest.mark.parametrize("value", [True, False])
def test_no_pair_to_keep_is_zero_with_zero_gradients(sizes, value):
    inputs = requiring_gradients(torch.randn(sizes[0], 5), torch.randn(sizes[1], 5))
    assert_zero_with_zero_gradients(multi_similarity(*inputs, torch.full(sizes, value)), *inputs)


def test_learnt_pairs_cost_nothing():
    vectors = torch.eye(3).requires_grad_()
    assert_zero_with_zero_gradients(multi_similarity(vectors, vectors, torch.eye(3, dtype=torch.bool)), vectors)


def test_autocast_does_not_lower_the_precision():
    anchors, positives, is_positive = random_case()
    anchors, positives = anchors.float(), positives.float()
    expected = multi_similarity(anchors, positives, is_positive)
    with torch.autocast("cpu", torch.bfloat16):
        assert multi_similarity(anchors, positives, is_positive).item() == expected.item()
