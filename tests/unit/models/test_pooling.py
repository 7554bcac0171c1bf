import pytest
import torch

from bali.models.pooling import AttentionPooling, group_softmax, pool_spans

POSITION = torch.tensor([1, 2, 5, 2, 9, 8, 0])
GROUP = torch.tensor([0, 0, 2, 1, 0, 2, 2])  # in no order; the token at 2 is in two spans


@pytest.fixture
def states():
    return torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(0)).requires_grad_()


def attention(scale=2.0):
    pooling = AttentionPooling(5)
    with torch.no_grad():
        pooling.query.copy_(scale * torch.randn(5, generator=torch.Generator().manual_seed(1)))
    return pooling


def spans_of(states):
    tokens = states.flatten(0, 1)
    return [tokens[POSITION[group == GROUP]] for group in range(3)]


def check_gradients(states, parameter, found, expected):
    """Both results give the same gradients of the inputs, and they are not zero."""
    weight = torch.randn(found.shape, generator=torch.Generator().manual_seed(2))
    inputs = [states, *parameter]
    gradients = torch.autograd.grad((found * weight).sum(), inputs)
    for gradient, wanted in zip(gradients, torch.autograd.grad((expected * weight).sum(), inputs), strict=True):
        torch.testing.assert_close(gradient, wanted)
        assert gradient.abs().sum() > 0


def test_pooling_is_the_mean_and_leaves_the_states_alone(states):
    before = states.detach().clone()
    pooled = pool_spans(states, POSITION, GROUP, 3)
    expected = torch.stack([span.mean(dim=0) for span in spans_of(states)])
    torch.testing.assert_close(pooled, expected)
    check_gradients(states, [], pooled, expected)
    assert torch.equal(states.detach(), before)


def test_attention_starts_as_the_mean_and_can_learn(states):
    pooling = AttentionPooling(5)
    before = states.detach().clone()
    pooled = pooling(states, POSITION, GROUP, 3)
    torch.testing.assert_close(pooled, pool_spans(states, POSITION, GROUP, 3))
    pooled.pow(2).sum().backward()
    assert len(list(pooling.parameters())) == 1
    assert pooling.query.grad.abs().min() > 0
    assert torch.equal(states.detach(), before)


def test_attention_is_its_equation(states):
    pooling = attention()
    pooled = pooling(states, POSITION, GROUP, 3)
    weights = [torch.softmax(span @ pooling.query / 5**0.5, dim=0) for span in spans_of(states)]
    expected = torch.stack([w @ span for w, span in zip(weights, spans_of(states), strict=True)])
    torch.testing.assert_close(pooled, expected)
    assert (pooled - pool_spans(states, POSITION, GROUP, 3)).abs().max() > 0.1
    check_gradients(states, [pooling.query], pooled, expected)


def test_attention_picks_the_token_that_the_query_points_at():
    states = torch.eye(4).unsqueeze(0)
    pooling = AttentionPooling(4)
    with torch.no_grad():
        pooling.query.copy_(2 * torch.tensor([0.0, 1, 0, 0]))
    weight = 1 / (1 + torch.tensor(-1.0).exp())  # softmax of (0, 1): the query is 2, the root of hidden is 2
    pooled = pooling(states, torch.tensor([0, 1, 3]), torch.tensor([0, 0, 1]), 2)
    torch.testing.assert_close(pooled, torch.stack([weight * states[0, 1] + (1 - weight) * states[0, 0], states[0, 3]]))


@pytest.mark.parametrize("pool", [pool_spans, attention()], ids=["mean", "attention"])
def test_order_of_tokens_and_other_spans_do_not_matter(pool, states):
    order = torch.tensor([3, 6, 0, 5, 1, 4, 2])
    pooled = pool(states, POSITION, GROUP, 3)
    torch.testing.assert_close(pool(states, POSITION[order], GROUP[order], 3), pooled)
    is_last = GROUP == 2
    torch.testing.assert_close(pool(states, POSITION[is_last], GROUP[is_last] - 2, 1), pooled[2:])


@pytest.mark.parametrize("pool", [pool_spans, attention()], ids=["mean", "attention"])
def test_bfloat16_states_are_pooled_in_float32(pool, states):
    rough = states.detach().bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        pooled = pool(rough, POSITION, GROUP, 3)
    assert pooled.dtype == torch.float32
    torch.testing.assert_close(pooled, pool(rough.float(), POSITION, GROUP, 3), atol=0, rtol=0)


def test_group_softmax_is_finite_for_large_scores():
    scores = torch.tensor([1000.0, 0.0, -1000.0, -1001.0])
    weights = group_softmax(scores, torch.tensor([0, 0, 2, 2]), 3)
    torch.testing.assert_close(weights, torch.cat([torch.softmax(scores[:2], 0), torch.softmax(scores[2:], 0)]))


def test_group_softmax_has_the_gradient_that_it_computes():
    scores = torch.randn(7, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    scores[1] = scores[0]  # a tie for the largest changes nothing
    assert torch.autograd.gradcheck(lambda s: group_softmax(s, GROUP, 3), [scores.requires_grad_()])
