"""InfoNCE: a mention meets its concept, and is told from the other concepts of the batch."""

import torch
from torch import Tensor
from torch.nn import functional

from bali.objectives.numerics import cosine_matrix, masked_mean


def symmetric_infonce(
    anchors: Tensor,
    positives: Tensor,
    is_positive: Tensor,
    temperature: float | Tensor,
    is_ignored: Tensor | None = None,
) -> Tensor:
    """Mean of both directions of InfoNCE with several positives.

    With cosine similarities s_ij / temperature and P(i) the positives of anchor i, each pair has the loss
    -log(exp(s_ip) / (exp(s_ip) + sum over j not in P(i) of exp(s_ij))): a positive never serves as a negative of
    another one. It is averaged over P(i), then over the anchors that have a positive; the other direction swaps roles.
    With one positive each this is cross-entropy over the rows and columns of s. An ignored pair is in no sum, even
    where `is_positive` says it is one.

    Sources: van den Oord et al., arXiv 1807.03748, equation 4; both directions as in CLIP (Radford et al., ICML 2021,
    figure 3); temperature 0.07 and the use for mentions and concepts: BALI, arXiv 2509.07588, section 3.

    Args:
        anchors: (num_anchors, hidden) mention vectors.
        positives: (num_positives, hidden) concept vectors.
        is_positive: (num_anchors, num_positives) bool: anchor and positive are of one CUI.
        temperature: divides the cosine; a 0-dimensional tensor gets a gradient.
        is_ignored: (num_anchors, num_positives) bool: neither positive nor negative in either direction.

    Returns:
        Scalar; 0 (with a gradient of 0) where no anchor has a positive.
    """
    logits = cosine_matrix(anchors, positives) / temperature  # (num_anchors, num_positives)
    is_negative = ~is_positive
    if is_ignored is not None:
        is_positive, is_negative = is_positive & ~is_ignored, is_negative & ~is_ignored
    rows = _one_direction(logits, is_positive, is_negative)
    columns = _one_direction(logits.T, is_positive.T, is_negative.T)
    return (rows + columns) / 2


def _one_direction(logits: Tensor, is_positive: Tensor, is_negative: Tensor) -> Tensor:
    """Mean over the rows with a positive; a row without negatives has the loss 0."""
    lowest = torch.finfo(logits.dtype).min  # finite: minus infinity in a whole row would make its gradient NaN
    negatives = logits.masked_fill(~is_negative, lowest).logsumexp(dim=1, keepdim=True)
    pair_losses = functional.softplus(negatives - logits)
    return masked_mean(masked_mean(pair_losses, is_positive), is_positive.any(dim=1))
