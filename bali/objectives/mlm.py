"""Masked language modelling."""

from torch import Tensor
from torch.nn import functional


def masked_language_modelling(logits: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy over the chosen tokens (Devlin et al., NAACL 2019, section 3.1).

    Args:
        logits: (num_targets, vocabulary) at the chosen positions.
        targets: (num_targets,) int64, the tokens that stood there.

    Returns:
        Scalar; 0 (with a gradient of 0) where no token was chosen.
    """
    if not len(targets):
        return logits.sum()
    return functional.cross_entropy(logits.float(), targets)
