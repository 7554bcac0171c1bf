"""Multi-similarity loss: only pairs that are hard for their anchor count, the hardest the most."""

from dataclasses import dataclass

import torch
from torch import Tensor

from bali.objectives.numerics import cosine_matrix, masked_mean


@dataclass(frozen=True)
class MultiSimilarityOptions:
    """The constants of the loss, in the notation of the paper; all are on the scale of the cosine.

    The values of alpha, beta and epsilon are the paper's (implementation details). The paper prints lambda = 1; its
    released code, and pytorch-metric-learning after it, take 0.5, and so do we.

    Attributes:
        alpha: sharpness of the positive term.
        beta: sharpness of the negative term.
        lambda_: cosine above which a negative, and below which a positive, costs much.
        epsilon: margin of the mining.
    """

    alpha: float = 2.0
    beta: float = 50.0
    lambda_: float = 0.5
    epsilon: float = 0.1


PAPER_OPTIONS = MultiSimilarityOptions()


def multi_similarity(
    anchors: Tensor,
    positives: Tensor,
    is_positive: Tensor,
    is_ignored: Tensor | None = None,
    options: MultiSimilarityOptions = PAPER_OPTIONS,
) -> Tensor:
    """Mean of both directions of the multi-similarity loss with pair mining.

    Mining keeps, with cosines s, the negatives j of anchor i with s_ij > min over its positives of s - epsilon, and its
    positives p with s_ip < max over its negatives of s + epsilon. What is kept costs

        1/alpha log(1 + sum over p of exp(-alpha (s_ip - lambda))) + 1/beta log(1 + sum over j of exp(beta (s_ij -
        lambda))).

    An anchor of which nothing is kept costs 0: it is learnt, or it has no positive or no negative. The mean is over the
    anchors that have a positive, kept or not, so that it falls as anchors are learnt; the paper's 1/m is over all
    anchors, which here would let rows without a positive dilute it. The other direction swaps roles.

    Source: Wang et al., CVPR 2019, arXiv 1904.06627, the two steps of the multi-similarity loss, mining and weighting.
    SapBERT (Liu et al., NAACL 2021) trains with the same loss; its released code takes alpha 1, beta 60 and mines
    triplets instead.

    Args:
        anchors: (num_anchors, hidden) mention vectors.
        positives: (num_positives, hidden) concept vectors.
        is_positive: (num_anchors, num_positives) bool: anchor and positive are of one CUI.
        is_ignored: (num_anchors, num_positives) bool: neither positive nor negative in either direction.
        options: the constants.

    Returns:
        Scalar; 0 (with a gradient of 0) where no pair is kept.
    """
    cosines = cosine_matrix(anchors, positives)  # (num_anchors, num_positives)
    if not cosines.numel():
        return cosines.sum()
    is_negative = ~is_positive
    if is_ignored is not None:
        is_positive, is_negative = is_positive & ~is_ignored, is_negative & ~is_ignored
    rows = _one_direction(cosines, is_positive, is_negative, options)
    columns = _one_direction(cosines.T, is_positive.T, is_negative.T, options)
    return (rows + columns) / 2


def _one_direction(
    cosines: Tensor, is_positive: Tensor, is_negative: Tensor, options: MultiSimilarityOptions
) -> Tensor:
    """Mean over the rows with a positive."""
    infinity = torch.inf  # the least of no positives, and minus the greatest of no negatives: such a row keeps nothing
    least_positive = cosines.masked_fill(~is_positive, infinity).amin(dim=1, keepdim=True)
    greatest_negative = cosines.masked_fill(~is_negative, -infinity).amax(dim=1, keepdim=True)
    hard_positive = is_positive & (cosines - options.epsilon < greatest_negative)
    hard_negative = is_negative & (cosines + options.epsilon > least_positive)
    positive_term = _soft_maximum(options.alpha * (options.lambda_ - cosines), hard_positive) / options.alpha
    negative_term = _soft_maximum(options.beta * (cosines - options.lambda_), hard_negative) / options.beta
    return masked_mean(positive_term + negative_term, is_positive.any(dim=1))


def _soft_maximum(exponents: Tensor, is_kept: Tensor) -> Tensor:
    """log(1 + sum over the kept of exp(exponent)) by row, (num_rows, num_columns) -> (num_rows,)."""
    kept = exponents.masked_fill(~is_kept, -torch.inf)
    return torch.cat([torch.zeros_like(kept[:, :1]), kept], dim=1).logsumexp(dim=1)
