"""Masked language modelling."""

from torch import Tensor
from torch.nn import functional

from bali.objectives.numerics import at_least_float32


def masked_language_modelling(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy over the chosen tokens (Devlin et al., NAACL 2019, section 3.1).

    For the sentences, and likewise for linearised subgraphs: there the tokens to be found are those of neighbours' and
    relations' names, so that the language model itself learns the edges.

    Args:
        logits: (num_targets, vocabulary) at the chosen positions.
        targets: (num_targets,) int64, the tokens that stood there.

    Returns:
        Scalar; 0 (with a gradient of 0) where no token was chosen.
    """
    if not len(targets):
        return at_least_float32(logits).sum()
    return functional.cross_entropy(at_least_float32(logits), targets)
