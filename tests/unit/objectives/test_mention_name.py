import math

import pytest
import torch

from bali.objectives.mention_name import mention_name_contrast
from tests.unit.objectives.cases import assert_zero_with_zero_gradients, random_case, requiring_gradients


def supervised_contrast(rows, columns, is_positive, is_ignored, temperature):
    """One direction from softmax probabilities over one positive and the negatives; independent of InfoNCE's code."""
    losses = []
    for row, flags, ignored in zip(rows, is_positive, is_ignored, strict=True):
        logits = torch.nn.functional.cosine_similarity(row[None], columns) / temperature
        usable = flags & ~ignored
        negatives = logits[~flags & ~ignored]
        pairs = [-torch.cat([logit[None], negatives]).softmax(0)[0].log() for logit in logits[usable]]
        if pairs:
            losses.append(torch.stack(pairs).mean())
    return torch.stack(losses).mean()


def test_orthogonal_names_have_the_closed_form():
    vectors = torch.eye(4)
    loss = mention_name_contrast(vectors, vectors, torch.eye(4, dtype=torch.bool), 0.25)
    assert loss.item() == pytest.approx(math.log(1 + 3 * math.exp(-4)), rel=1e-6)


def test_agrees_with_an_independent_implementation():
    mentions, names, is_positive = random_case()
    is_ignored = torch.zeros_like(is_positive)
    is_ignored[0, 1] = is_ignored[2, 1] = True
    forth = supervised_contrast(mentions, names, is_positive, is_ignored, 0.2)
    back = supervised_contrast(names, mentions, is_positive.T, is_ignored.T, 0.2)
    found = mention_name_contrast(mentions, names, is_positive, 0.2, is_ignored)
    assert found.item() == pytest.approx(((forth + back) / 2).item(), rel=1e-9)


def test_order_does_not_matter():
    mentions, names, is_positive = random_case()
    rows, columns = torch.tensor([3, 0, 6, 1, 5, 2, 4]), torch.tensor([2, 0, 3, 1])
    permuted = mention_name_contrast(mentions[rows], names[columns], is_positive[rows][:, columns], 0.1)
    torch.testing.assert_close(permuted, mention_name_contrast(mentions, names, is_positive, 0.1))


def test_gradient_reaches_mentions_names_and_temperature():
    mentions, names, is_positive = random_case()
    inputs = requiring_gradients(mentions, names, torch.tensor(0.5, dtype=torch.float64))
    mention_name_contrast(inputs[0], inputs[1], is_positive, inputs[2]).backward()
    assert all(tensor.grad.abs().min() > 0 for tensor in inputs)
    assert torch.autograd.gradcheck(lambda m, n, t: mention_name_contrast(m, n, is_positive, t), inputs)


def test_no_positive_is_zero_with_zero_gradients():
    inputs = requiring_gradients(torch.randn(3, 5), torch.randn(2, 5))
    assert_zero_with_zero_gradients(mention_name_contrast(*inputs, torch.zeros(3, 2, dtype=torch.bool), 0.1), *inputs)
