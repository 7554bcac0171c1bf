"""Metrics and intervals: closed forms, second implementations, invariances."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import f1_score, label_ranking_average_precision_score

from bali.evaluation import statistics
from bali.evaluation.dictionary import Hit
from bali.evaluation.macro_f1 import _macro_f1, bootstrap_macro_f1
from bali.evaluation.ranking import rank_of, retrieval_metrics
from bali.evaluation.statistics import bootstrap_mean, paired_bootstrap

VALUES = st.lists(st.floats(-10, 10, allow_nan=False), min_size=1, max_size=60)
LABELS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=60)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_interval_holds_resampled_means_within_the_values(values):
    interval = bootstrap_mean(values, 200)
    assert interval.value == pytest.approx(np.mean(values))
    assert min(values) - 1e-9 <= interval.low <= interval.high <= max(values) + 1e-9


@settings(max_examples=60, deadline=None)
@given(VALUES, st.randoms(use_true_random=False))
def test_order_of_the_examples_changes_nothing(values, random):
    shuffled = list(values)
    random.shuffle(shuffled)
    assert bootstrap_mean(values, 100)[1:] == bootstrap_mean(shuffled, 100)[1:]


@settings(max_examples=40, deadline=None)
@given(VALUES)
def test_a_model_does_not_differ_from_itself_and_a_shift_is_found(values):
    array = np.array(values)
    assert paired_bootstrap(array, array, 100) == (0, 0, 0)
    assert paired_bootstrap(array + 0.25, array, 100) == pytest.approx((0.25, 0.25, 0.25))


@pytest.mark.parametrize("num", [40, 400])
@pytest.mark.parametrize("kind", ["binary", "continuous"])
def test_agrees_with_scipy(num, kind):
    rng = np.random.default_rng(num)
    values = rng.random(num) if kind == "continuous" else (rng.random(num) < 0.3).astype(float)
    ours = bootstrap_mean(values, 5000)
    theirs = stats.bootstrap((values,), np.mean, n_resamples=5000, method="percentile", rng=rng).confidence_interval
    tolerance = 0.15 * values.std() / np.sqrt(num) * 2 + (1 / num if kind == "binary" else 0)
    assert ours.low == pytest.approx(theirs.low, abs=tolerance)
    assert ours.high == pytest.approx(theirs.high, abs=tolerance)


def test_counts_and_examples_are_drawn_from_one_distribution(monkeypatch):
    values = np.random.default_rng(1).integers(0, 5, 500).astype(float)
    by_counts = bootstrap_mean(values, 4000)
    monkeypatch.setattr(statistics, "_MAX_DISTINCT", 0)
    monkeypatch.setattr(statistics, "_CHUNK_CELLS", 1200)
    by_examples = bootstrap_mean(values, 4000)
    assert by_counts == pytest.approx(by_examples, abs=0.02)
    assert by_counts != by_examples


def test_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    samples = rng.binomial(1, 0.4, size=(400, 200))
    covered = sum(low <= 0.4 <= high for _, low, high in (bootstrap_mean(sample, 400) for sample in samples))
    assert 0.90 < covered / len(samples) < 0.98


def test_many_examples_are_fast_and_same_seed_same_interval():
    values = np.random.default_rng(3).random(100_000)
    assert bootstrap_mean(values, 100) == bootstrap_mean(values, 100)
    assert bootstrap_mean(values, 100, seed=1) != bootstrap_mean(values, 100, seed=2)


@settings(max_examples=60, deadline=None)
@given(LABELS)
def test_macro_f1_is_scikit_learns(pairs):
    gold, predicted = (list(column) for column in zip(*pairs, strict=True))
    interval = bootstrap_macro_f1(gold, predicted, 100)
    assert interval.value == pytest.approx(f1_score(gold, predicted, average="macro", zero_division=0))
    assert 0 <= interval.low <= interval.high <= 1


@settings(max_examples=60, deadline=None)
@given(LABELS)
def test_macro_f1_of_a_resample_is_scikit_learns(pairs):
    gold, predicted = (list(column) for column in zip(*pairs, strict=True))
    labels = ["a", "b", "c"]
    matrix = np.zeros((1, 3, 3), dtype=np.int64)
    for g, p in pairs:
        matrix[0, labels.index(g), labels.index(p)] += 1
    expected = f1_score(gold, predicted, labels=labels, average="macro", zero_division=0)
    assert _macro_f1(matrix)[0] == pytest.approx(expected)


@settings(max_examples=100, deadline=None)
@given(st.permutations(list(range(8))), st.integers(0, 7))
def test_retrieval_metrics(order, right):
    hits = [Hit(f"C{i}", "name") for i in order]
    rank = rank_of(hits, {f"C{right}"})
    metrics = dict(retrieval_metrics(rank))
    scores, truth = np.zeros(8), np.zeros(8)
    scores[order], truth[right] = np.arange(8, 0, -1), 1
    assert metrics["mrr"] == pytest.approx(label_ranking_average_precision_score([truth], [scores]))
    assert metrics["accuracy@1"] == float(order[0] == right)
    assert metrics["accuracy@5"] == float(right in order[:5])


def test_nothing_right_is_zero_and_the_first_of_several_counts():
    hits = [Hit("C1", "a"), Hit("C2", "b"), Hit("C3", "c")]
    assert dict(retrieval_metrics(rank_of(hits, {"C9"}))) == {"accuracy@1": 0, "accuracy@5": 0, "mrr": 0}
    assert rank_of(hits, {"C3", "C2"}) == 2
    assert rank_of(hits, set()) == 0
