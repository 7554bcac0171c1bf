"""From what each example adds to the value of a metric, of all examples and of many resamples at once.

A resample is told by how often it holds each example: a row of an array of counts. A metric is either a function of
sums over the examples (`Sums`; its resamples are one matrix product) or a correlation (`Correlation`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_POOLINGS = ("_cls", "_mean")  # what a metric's name may end in: how the model's vectors were made


class Examples(NamedTuple):
    """The rows of one metric, one per example, as in `bali.schemas.PREDICTIONS`.

    Attributes:
        value: (n,), n at least 1.
        weight: (n,).
        gold: n strings.
        predicted: n strings.
    """

    value: Floats
    weight: Floats
    gold: Sequence[str]
    predicted: Sequence[str]


@dataclass(frozen=True)
class Sums:
    """A metric that depends on sums over the examples only.

    Attributes:
        columns: (n, k): what each example adds to each of the sums.
        finish: (R, k) sums -> (R,) values of the metric.
    """

    columns: Floats
    finish: Callable[[Floats], Floats]

    @property
    def num_examples(self) -> int:
        """How many examples there are."""
        return len(self.columns)

    def value(self) -> float:
        """The metric of all examples."""
        return float(self.finish(self.columns.sum(axis=0, keepdims=True))[0])


@dataclass(frozen=True)
class Correlation:
    """A correlation of the model's scores with the human ones; 0 where it is undefined, as for constant scores.

    Attributes:
        scores: (n,), the model's.
        gold: (n,), the human ones.
        scale: (R, n) counts and (n,) numbers -> what is correlated, (R, n) or (1, n): the numbers or their ranks.
    """

    scores: Floats
    gold: Floats
    scale: Callable[[Floats, Floats], Floats]

    @property
    def num_examples(self) -> int:
        """How many examples there are."""
        return len(self.scores)

    def value(self) -> float:
        """The correlation over all examples."""
        return float(self.resampled(np.ones((1, self.num_examples)))[0])

    def resampled(self, counts: Floats) -> Floats:
        """(R,) correlations from (R, n) counts."""
        return _correlation(counts, self.scale(counts, self.scores), self.scale(counts, self.gold))


Aggregate = Sums | Correlation


def aggregate(metric: str, examples: Examples) -> Aggregate:
    """The metric of this name over these examples: one of `NAMED`, else the sum of values over the sum of weights.

    Raises:
        ValueError: a value or weight is not finite, a label is missing, or the gold of a correlation is no number.
    """
    if not (np.isfinite(examples.value).all() and np.isfinite(examples.weight).all()):
        raise ValueError("a value or weight that is missing or not finite")
    if None in examples.gold or None in examples.predicted:
        raise ValueError("a row without gold or predicted")
    return NAMED.get(_without_pooling(metric), ratio)(examples)


def needs_labels(metric: str) -> bool:
    """Whether the metric reads the columns gold and predicted, and not only value and weight."""
    return _without_pooling(metric) in NAMED


def ratio(examples: Examples) -> Sums:
    """Sum of values over sum of weights, 0 where the weights sum to 0: accuracy, MRR, micro-F1, F1 of spans."""
    return Sums(np.column_stack([examples.value, examples.weight]), _divide_columns)


def macro_f1(examples: Examples) -> Sums:
    """Mean F1 over the labels that occur in gold or predictions; a label that a resample lacks has F1 0 there."""
    gold, predicted = np.array(examples.gold), np.array(examples.predicted)
    labels = np.union1d(gold, predicted)
    is_gold, is_predicted = gold[:, None] == labels, predicted[:, None] == labels  # (n, labels)
    added = [is_gold & is_predicted, is_gold.astype(np.float64) + is_predicted]
    return Sums(np.hstack(added).astype(np.float64), _mean_f1)


def pearson(examples: Examples) -> Correlation:
    """Pearson's correlation of value (the model's score) and gold (the human score).

    Raises:
        ValueError: a gold is no number.
    """
    return Correlation(examples.value, _numbers(examples.gold), _as_they_are)


def spearman(examples: Examples) -> Correlation:
    """Spearman's correlation of value (the model's score) and gold (the human score); ties have their mean rank.

    Raises:
        ValueError: a gold is no number.
    """
    return Correlation(examples.value, _numbers(examples.gold), average_ranks)


NAMED: dict[str, Callable[[Examples], Aggregate]] = {"macro_f1": macro_f1, "pearson": pearson, "spearman": spearman}


def average_ranks(counts: Floats, values: Floats) -> Floats:
    """(R, n) ranks of the examples in each resample, from 1, ties averaged; without meaning where the count is 0.

    Args:
        counts: (R, n).
        values: (n,) what is ranked.
    """
    _, inverse = np.unique(values, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    starts = np.flatnonzero(np.diff(inverse[order], prepend=-1))
    drawn = np.add.reduceat(counts[:, order], starts, axis=1)  # (R, distinct values)
    ranks = drawn.cumsum(axis=1) - (drawn - 1) / 2  # the last rank of a tie, less half of its length
    return ranks[:, inverse]


def _correlation(counts: Floats, first: Floats, second: Floats) -> Floats:
    num_drawn = counts.sum(axis=1, keepdims=True)
    is_constant = _is_constant(counts, first) | _is_constant(counts, second)
    first = first - (counts * first).sum(axis=1, keepdims=True) / num_drawn
    second = second - (counts * second).sum(axis=1, keepdims=True) / num_drawn
    product = partial(np.einsum, "rn,rn,rn->r", counts)
    covariance, variances = product(first, second), product(first, first) * product(second, second)
    is_defined = ~is_constant & (variances > 0)
    return np.clip(_divide(covariance, np.sqrt(variances), is_defined), -1, 1)


def _is_constant(counts: Floats, values: Floats) -> npt.NDArray[np.bool_]:
    """(R,) whether all that was drawn is equal; told from the numbers, as rounding hides it from their variance."""
    lowest = np.where(counts > 0, values, np.inf).min(axis=1)
    highest = np.where(counts > 0, values, -np.inf).max(axis=1)
    return lowest == highest


def _as_they_are(counts: Floats, values: Floats) -> Floats:
    return values[None, :]


def _divide_columns(sums: Floats) -> Floats:
    return _divide(sums[:, 0], sums[:, 1], sums[:, 1] != 0)


def _mean_f1(sums: Floats) -> Floats:
    correct, total = np.split(sums, 2, axis=1)  # total: gold and predicted
    return _divide(2 * correct, total, total != 0).mean(axis=1)


def _divide(numerator: Floats, denominator: Floats, is_defined: npt.NDArray[np.bool_]) -> Floats:
    return np.divide(numerator, denominator, out=np.zeros_like(numerator), where=is_defined)


def _without_pooling(metric: str) -> str:
    for pooling in _POOLINGS:
        metric = metric.removesuffix(pooling)
    return metric


def _numbers(gold: Sequence[str]) -> Floats:
    numbers = np.array([float(text) for text in gold])
    if not np.isfinite(numbers).all():
        raise ValueError("a gold score that is not finite")
    return numbers
