"""Percentile bootstrap intervals (Efron & Tibshirani 1993, chapter 13), drawn without a loop over the resamples.

A resample of n examples is n draws with replacement; how often each distinct value is drawn is multinomial. Metrics
have few distinct values (0 and 1 for an accuracy), so whole resamples are drawn as counts: the same distribution as
drawing examples, in a fraction of the time.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

COVERAGE = 0.95
# One stream for all intervals, so that a metric's interval does not depend on which others are computed.
BOOTSTRAP_SEED = 29
_MAX_DISTINCT = 4096
_CHUNK_CELLS = 1 << 22  # numbers drawn at once: 32 MiB

Floats = npt.NDArray[np.float64]


class Interval(NamedTuple):
    """An estimate and its 95 % interval."""

    value: float
    low: float
    high: float


def bootstrap_mean(values: npt.ArrayLike, num_resamples: int, seed: int = BOOTSTRAP_SEED) -> Interval:
    """The mean of one-dimensional finite values, with the percentile bootstrap interval.

    Args:
        values: (n,), n at least 1; taken as independent (mentions of one document are not quite).
        num_resamples: resamples.
        seed: of the draws.
    """
    array = np.asarray(values, dtype=np.float64)
    assert array.ndim == 1, f"expected values in one dimension, got shape {array.shape}"
    assert array.size, "expected at least one value"
    assert np.isfinite(array).all(), "expected finite values"
    distinct, counts = np.unique(array, return_counts=True)
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    draw = _draw_counts if len(distinct) <= _MAX_DISTINCT else _draw_examples
    means = np.concatenate(list(draw(distinct, counts, num_resamples, rng)))
    return percentile_interval(float(array.mean()), means)


def paired_bootstrap(values: npt.ArrayLike, baseline: npt.ArrayLike, num_resamples: int) -> Interval:
    """The mean of `values - baseline` with its interval; both resampled together, example by example.

    Args:
        values: (n,) of one model.
        baseline: (n,) of the other on the same examples in the same order.
        num_resamples: resamples.
    """
    first, second = np.asarray(values, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    assert first.shape == second.shape, f"expected the same examples, got shapes {first.shape} and {second.shape}"
    # Differences of means over seeds (thirds) are rounded, so that equal ones are equal in their last bits too.
    return bootstrap_mean((first - second).round(12), num_resamples)


def percentile_interval(value: float, resampled: Floats) -> Interval:
    """An estimate with the percentile interval of its resamples."""
    low, high = np.quantile(resampled, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return Interval(value, float(low), float(high))


def _draw_counts(
    distinct: Floats, counts: npt.NDArray[np.int64], num_resamples: int, rng: np.random.Generator
) -> Iterator[Floats]:
    size = counts.sum()
    for rows in _chunks(num_resamples, len(distinct)):
        yield rng.multinomial(size, counts / size, size=rows) @ distinct / size


def _draw_examples(
    distinct: Floats, counts: npt.NDArray[np.int64], num_resamples: int, rng: np.random.Generator
) -> Iterator[Floats]:
    values = np.repeat(distinct, counts)
    for rows in _chunks(num_resamples, len(values)):
        yield values[rng.integers(0, len(values), size=(rows, len(values)))].mean(axis=1)


def _chunks(num_rows: int, width: int) -> Iterator[int]:
    """Numbers of rows that add up to `num_rows`, each chunk of at most `_CHUNK_CELLS` numbers (or one row)."""
    step = max(1, _CHUNK_CELLS // width)
    for start in range(0, num_rows, step):
        yield min(step, num_rows - start)
