"""What the losses share: at least float32 also under autocast, and means that no empty selection turns into NaN.

Nothing here waits for the device: a selection is a mask, and a count is clamped instead of looked at.
"""

import torch
from torch import Tensor
from torch.nn import functional


def at_least_float32(values: Tensor) -> Tensor:
    """Half precision becomes float32; float64 stays, for tests by differences."""
    return values if values.dtype == torch.float64 else values.float()


def without_autocast(values: Tensor) -> torch.autocast:
    """A context in which matrix products keep the precision of `values`.

    In bfloat16 a cosine near 1 has a step of 1/256; divided by a temperature of 0.07 that is 0.06 in the logit.
    """
    return torch.autocast(values.device.type, enabled=False)


def unit_vectors(vectors: Tensor) -> Tensor:
    """Rows divided by their Euclidean length, in at least float32; (..., hidden) in and out."""
    return functional.normalize(at_least_float32(vectors), dim=-1)


def cosine_matrix(rows: Tensor, columns: Tensor) -> Tensor:
    """Cosines of (num_rows, hidden) with (num_columns, hidden): (num_rows, num_columns), in at least float32."""
    with without_autocast(rows):
        return unit_vectors(rows) @ unit_vectors(columns).T


def masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Mean over the last dimension of the values where `mask` is true; 0 with a gradient of 0 where it nowhere is.

    Args:
        values: (..., size), finite also where they are left out.
        mask: (..., size) bool.

    Returns:
        (...).
    """
    return values.masked_fill(~mask, 0).sum(dim=-1) / mask.sum(dim=-1).clamp(min=1)
