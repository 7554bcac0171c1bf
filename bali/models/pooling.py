"""Vectors of spans, from the states of their tokens: the mean, or a mean that learns which tokens count."""

import math

import torch
from torch import Tensor, nn


def pool_spans(states: Tensor, position: Tensor, group: Tensor, num_groups: int) -> Tensor:
    """Average token states by span, without touching `states`.

    Args:
        states: (num_texts, length, hidden).
        position: (num_tokens,) int64, positions in the flattened (num_texts * length) tokens.
        group: (num_tokens,) int64, the vector that each token belongs to.
        num_groups: vectors; each has at least one token.

    Returns:
        (num_groups, hidden), e_v = 1/|S_v| sum of h_t over t in S_v (BALI, arXiv 2509.07588, section 3), float32.
    """
    tokens = states.flatten(0, 1).index_select(0, position).float()  # (num_tokens, hidden)
    sums = tokens.new_zeros(num_groups, tokens.shape[1]).index_add(0, group, tokens)
    sizes = torch.zeros_like(sums[:, 0]).index_add(0, group, torch.ones_like(tokens[:, 0]))
    return sums / sizes.unsqueeze(1)  # (num_groups, hidden)


class AttentionPooling(nn.Module):
    """Weigh the tokens of a span by a learned query.

    e_v = sum of a_t h_t over t in S_v, a = softmax over S_v of q . h_t / sqrt(hidden). This is the attention of Lin et
    al. (ICLR 2017, equations 5-6) with one hop and without their hidden layer: q starts at zero, so that training
    starts from the mean, and behind a zero q a hidden layer would get no gradient. The root keeps the size of the
    scores, and so the pace at which they move, independent of the hidden size (Vaswani et al., NeurIPS 2017,
    section 3.2.1).

    Args:
        hidden_size: of the token states.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.zeros(hidden_size))

    def forward(self, states: Tensor, position: Tensor, group: Tensor, num_groups: int) -> Tensor:
        """The vectors of the spans, (num_groups, hidden) float32; arguments as of `pool_spans`."""
        tokens = states.flatten(0, 1).index_select(0, position).float()  # (num_tokens, hidden)
        scores = (tokens * self.query).sum(dim=1) / math.sqrt(
            tokens.shape[1]
        )  # a product would be bfloat16 in autocast
        weighted = tokens * group_softmax(scores, group, num_groups).unsqueeze(1)
        return tokens.new_zeros(num_groups, tokens.shape[1]).index_add(0, group, weighted)


def group_softmax(scores: Tensor, group: Tensor, num_groups: int) -> Tensor:
    """The softmax within each group.

    Args:
        scores: (num_tokens,).
        group: (num_tokens,) int64, in any order.
        num_groups: groups are below it; a group may be empty.

    Returns:
        (num_tokens,), positive, sum 1 in each group that has tokens.
    """
    fixed = scores.detach()  # the largest score only keeps exp finite: it cancels, and so does its gradient
    largest = fixed.new_full((num_groups,), -torch.inf).scatter_reduce(0, group, fixed, "amax")
    powers = (scores - largest.index_select(0, group)).exp()
    sums = powers.new_zeros(num_groups).index_add(0, group, powers)
    return powers / sums.index_select(0, group)
