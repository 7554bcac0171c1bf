"""Macro-F1 with its bootstrap interval."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from sklearn.metrics import confusion_matrix, f1_score

from bali.evaluation.statistics import BOOTSTRAP_SEED, Floats, Interval, percentile_interval


def bootstrap_macro_f1(gold: Sequence[str], predicted: Sequence[str], num_resamples: int) -> Interval:
    """Macro-F1 over the labels that occur in gold or predictions, with the percentile bootstrap interval.

    The point estimate is scikit-learn's; a label that a resample lacks altogether has F1 0 there.
    """
    assert gold, "expected at least one example"
    labels = sorted({*gold, *predicted})
    matrix = confusion_matrix(gold, predicted, labels=labels)  # (gold, predicted)
    rng = np.random.default_rng(np.random.SeedSequence(BOOTSTRAP_SEED))
    cells = rng.multinomial(len(gold), matrix.ravel() / len(gold), size=num_resamples)
    value = f1_score(gold, predicted, labels=labels, average="macro", zero_division=0)
    return percentile_interval(float(value), _macro_f1(cells.reshape(-1, *matrix.shape)))


def _macro_f1(matrices: npt.NDArray[np.int64]) -> Floats:
    """(num,) macro-F1 of (num, labels, labels) confusion matrices."""
    correct = np.diagonal(matrices, axis1=1, axis2=2)
    total = matrices.sum(axis=1) + matrices.sum(axis=2)  # predicted + gold
    return (2 * correct / np.maximum(total, 1)).mean(axis=1)
