"""Vectors of spans: the mean of the states of their tokens."""

import torch
from torch import Tensor


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
