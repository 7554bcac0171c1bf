"""Vectors of spans: the mean of the states of their tokens."""

import torch
from torch import Tensor

from bali.batching.batch import Spans


def pool_spans(states: Tensor, spans: Spans) -> Tensor:
    """Average token states by span, without touching `states`.

    Args:
        states: (num_texts, length, hidden).
        spans: which flattened tokens belong to which vector; every vector has at least one token.

    Returns:
        (spans.num_groups, hidden), e_v = 1/|S_v| sum of h_t over t in S_v (BALI, arXiv 2509.07588, section 3), float32.
    """
    tokens = states.flatten(0, 1).index_select(0, spans.position).float()  # (num_tokens, hidden)
    sums = tokens.new_zeros(spans.num_groups, tokens.shape[1]).index_add(0, spans.group, tokens)
    sizes = torch.zeros_like(sums[:, 0]).index_add(0, spans.group, torch.ones_like(tokens[:, 0]))
    return sums / sizes.unsqueeze(1)  # (num_groups, hidden)
