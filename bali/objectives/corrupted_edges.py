"""Corrupted edges: a mention tells its concept's real neighbourhood from a false one."""

from torch import Tensor
from torch.nn import functional

from bali.objectives.numerics import masked_mean, unit_vectors


def corrupted_edge_contrast(
    mentions: Tensor, concepts: Tensor, corrupted: Tensor, has_edges: Tensor, temperature: float | Tensor
) -> Tensor:
    """Mean of softplus((s~ - s) / temperature) over the mentions whose concept has edges.

    s is the cosine of a mention with the vector of its concept, s~ with the vector of the same concept after its edges
    were corrupted. It is InfoNCE (van den Oord et al., arXiv 1807.03748, equation 4) with one hard negative: name and
    concept are the same on both sides, so only the neighbours can tell them apart. The objective is ours. A concept
    without edges has the same vector twice, which no training could tell apart.

    Args:
        mentions: (num_mentions, hidden) mention vectors.
        concepts: (num_mentions, hidden) row i: the vector of the concept of mention i.
        corrupted: (num_mentions, hidden) likewise, with corrupted edges.
        has_edges: (num_mentions,) bool: the concept's edges could be corrupted.
        temperature: divides the difference of the cosines; a 0-dimensional tensor gets a gradient.

    Returns:
        Scalar; 0 (with a gradient of 0) where no concept has edges.
    """
    directions = unit_vectors(mentions)
    real = (directions * unit_vectors(concepts)).sum(dim=1)  # (num_mentions,)
    false = (directions * unit_vectors(corrupted)).sum(dim=1)
    return masked_mean(functional.softplus((false - real) / temperature), has_edges)
