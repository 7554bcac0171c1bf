"""Bootstrap intervals and tests over examples (Efron & Tibshirani 1993, chapter 13), and Holm's correction.

A resample of n examples is n draws with replacement, kept as how often it holds each example. The same resamples serve
every metric and model with n examples: so models are compared on the same examples, and an interval does not depend on
what else is computed. Examples are taken as independent (mentions of one document are not quite).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from bali.evaluation.aggregates import Aggregate, Floats, Sums

COVERAGE = 0.95
BOOTSTRAP_SEED = 29
_CHUNK_CELLS = 1 << 19  # counts drawn at once: 4 MiB; a correlation needs about ten arrays of this size
_GRID = 2.0**36  # what is summed are multiples of its inverse, so that sums are exact in whatever order they are taken
_DECIMALS = 10  # of differences; coarser than the grid, so that differences that should be 0 are


class Estimate(NamedTuple):
    """A metric of all examples, and (R,) of the resamples."""

    value: float
    resampled: Floats


class Interval(NamedTuple):
    """An estimate and its 95 % interval."""

    value: float
    low: float
    high: float


class Difference(NamedTuple):
    """A difference, its 95 % interval, and the two-sided p-value of there being none."""

    value: float
    low: float
    high: float
    p_value: float


def resample_counts(num_examples: int, num_resamples: int) -> Iterator[Floats]:
    """How often each resample holds each example: chunks (rows, num_examples), `num_resamples` rows in all.

    The draws depend on `num_examples` only: each has one fixed stream, and more resamples take more of it.
    """
    rng = np.random.default_rng(np.random.SeedSequence([BOOTSTRAP_SEED, num_examples]))
    step = max(1, _CHUNK_CELLS // num_examples)
    for start in range(0, num_resamples, step):
        rows = min(step, num_resamples - start)
        cells = rng.integers(0, num_examples, size=(rows, num_examples))
        cells += np.arange(0, rows * num_examples, num_examples)[:, None]
        counts = np.bincount(cells.ravel(), minlength=rows * num_examples)
        yield counts.reshape(rows, num_examples).astype(np.float64)


def bootstrap(aggregates: Sequence[Aggregate], num_resamples: int) -> list[Estimate]:
    """Each metric on all its examples and on `num_resamples` resamples; metrics of as many examples share these."""
    assert all(one.num_examples for one in aggregates), "expected at least one example"
    groups: dict[int, list[int]] = defaultdict(list)
    for position, one in enumerate(aggregates):
        groups[one.num_examples].append(position)
    resampled = np.empty((len(aggregates), num_resamples))
    for num_examples, positions in groups.items():
        group = [aggregates[position] for position in positions]
        columns = np.hstack([np.empty((num_examples, 0)), *(one.columns for one in group if isinstance(one, Sums))])
        columns = np.rint(columns * _GRID) / _GRID
        start = 0
        for counts in resample_counts(num_examples, num_resamples):
            end = start + len(counts)
            resampled[positions, start:end] = _metrics(group, columns, counts)
            start = end
    return [Estimate(one.value(), row) for one, row in zip(aggregates, resampled, strict=True)]


def mean_estimate(estimates: Sequence[Estimate]) -> Estimate:
    """The mean over seeds, whose metrics are resampled together."""
    assert estimates, "expected at least one seed"
    values, resampled = zip(*estimates, strict=True)
    return Estimate(float(np.mean(values)), np.mean(resampled, axis=0))


def percentile_interval(estimate: Estimate) -> Interval:
    """The estimate with the percentile interval of its resamples."""
    low, high = np.quantile(estimate.resampled, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return Interval(estimate.value, float(low), float(high))


def paired_difference(model: Estimate, baseline: Estimate) -> Difference:
    """Model minus baseline on the same examples, both resampled together, with the p-value of the paired bootstrap.

    The p-value is twice the smaller share of resamples in which the difference is at most, or at least, 0; the data
    themselves count as one resample (Davison & Hinkley 1997, section 4.2), so with R resamples it is at least
    2 / (R + 1). McNemar's exact test would serve single-seed accuracies; F1, correlations and means over seeds have no
    such test, and one test for all can be corrected and read together.
    """
    assert model.resampled.shape == baseline.resampled.shape, "expected the same resamples of both"
    resampled = (model.resampled - baseline.resampled).round(_DECIMALS) + 0.0  # -0 becomes 0
    value = round(model.value - baseline.value, _DECIMALS) + 0.0
    tail = min(np.count_nonzero(resampled <= 0), np.count_nonzero(resampled >= 0))
    p_value = min(1.0, 2 * (1 + tail) / (len(resampled) + 1))
    return Difference(*percentile_interval(Estimate(value, resampled)), p_value)


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values corrected for their number (Holm 1979), in the order given.

    The smallest of m is multiplied by m, the next by m - 1, and so on; none is less than the one before, or above 1.
    """
    order = sorted(range(len(p_values)), key=lambda position: p_values[position])
    corrected = [0.0] * len(p_values)
    highest = 0.0
    for rank, position in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[position]))
        corrected[position] = highest
    return corrected


def _metrics(aggregates: Sequence[Aggregate], columns: Floats, counts: Floats) -> Floats:
    """(len(aggregates), R) metrics of (R, n) counts; `columns` are those of the sums among them, side by side."""
    sums = counts @ columns
    start = 0
    metrics = np.empty((len(aggregates), len(counts)))
    for row, one in enumerate(aggregates):
        if isinstance(one, Sums):
            end = start + one.columns.shape[1]
            metrics[row] = one.finish(sums[:, start:end])
            start = end
        else:
            metrics[row] = one.resampled(counts)
    return metrics
