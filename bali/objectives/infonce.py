"""InfoNCE: a mention meets its concept, and is told from the other concepts of the batch."""

import torch
from torch import Tensor
from torch.nn import functional


def symmetric_infonce(anchors: Tensor, positives: Tensor, is_positive: Tensor, temperature: float) -> Tensor:
    """Mean of both directions of InfoNCE with several positives.

    With cosine similarities s_ij / temperature and P(i) the positives of anchor i, each pair has the loss
    -log(exp(s_ip) / (exp(s_ip) + sum over j not in P(i) of exp(s_ij))): a positive never serves as a negative of
    another one. It is averaged over P(i), then over the anchors that have a positive; the other direction swaps roles.
    With one positive each this is cross-entropy over the rows and columns of s.

    Sources: van den Oord et al., arXiv 1807.03748, equation 4; both directions as in CLIP (Radford et al., ICML 2021,
    figure 3); temperature 0.07 and the use for mentions and concepts: BALI, arXiv 2509.07588, section 3.

    Args:
        anchors: (num_anchors, hidden) mention vectors.
        positives: (num_positives, hidden) concept vectors.
        is_positive: (num_anchors, num_positives) bool: anchor and positive are of one CUI; at least one true.
        temperature: divides the cosine.

    Returns:
        Scalar.
    """
    logits = functional.normalize(anchors.float(), dim=1) @ functional.normalize(positives.float(), dim=1).T
    logits = logits / temperature  # (num_anchors, num_positives)
    return (_one_direction(logits, is_positive) + _one_direction(logits.T, is_positive.T)) / 2


def _one_direction(logits: Tensor, is_positive: Tensor) -> Tensor:
    """Mean over the rows with a positive; a row without negatives has the loss 0."""
    lowest = torch.finfo(logits.dtype).min
    negatives = logits.masked_fill(is_positive, lowest).logsumexp(dim=1, keepdim=True)
    pair_losses = functional.softplus(negatives - logits).masked_fill(~is_positive, 0)
    num_positives = is_positive.sum(dim=1)
    has_positive = num_positives > 0
    return (pair_losses.sum(dim=1)[has_positive] / num_positives[has_positive]).mean()
