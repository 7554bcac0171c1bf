"""Intervals and tests: closed forms, second implementations, invariances."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from bali.evaluation import statistics
from bali.evaluation.aggregates import Examples, aggregate
from bali.evaluation.statistics import (
    Estimate,
    bootstrap,
    holm,
    mean_estimate,
    paired_difference,
    percentile_interval,
    resample_counts,
)

VALUES = st.lists(st.floats(-10, 10, allow_nan=False), min_size=1, max_size=60)
P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def mean_of(values):
    """The metric that is the mean of values."""
    return aggregate("accuracy", Examples(np.asarray(values, float), np.ones(len(values)), (), ()))


def metrics_of(num, seed=0):
    """A metric of each kind on `num` random examples."""
    rng = np.random.default_rng(seed)
    human = [str(x) for x in rng.integers(0, 5, num)]
    labels = [[*rng.choice(["yes", "no", "maybe"], num)] for _ in range(2)]
    reciprocal = 1 / rng.integers(1, 65, num)
    return [
        aggregate("mrr_mean", Examples(reciprocal, np.ones(num), (), ())),
        aggregate("spearman", Examples(rng.random(num), np.ones(num), human, human)),
        aggregate("macro_f1", Examples(reciprocal, np.ones(num), *labels)),
        aggregate("micro_f1", Examples(2.0 * rng.integers(0, 2, num), 2 + rng.integers(0, 3, num), (), ())),
        aggregate("pearson", Examples(rng.random(num), np.ones(num), human, human)),
    ]


def differences(first, second, num_resamples=1000):
    return paired_difference(*bootstrap([mean_of(first), mean_of(second)], num_resamples))


def test_resamples_are_draws_with_replacement():
    counts = np.concatenate(list(resample_counts(7, 3000)))
    assert counts.shape == (3000, 7)
    assert (counts.sum(axis=1) == 7).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(7), abs=0.08)
    assert counts.var(axis=0) == pytest.approx(np.full(7, 6 / 7), abs=0.1)  # of a binomial, n = 7, p = 1/7
    assert np.array_equal(counts[:100], np.concatenate(list(resample_counts(7, 100))))


def test_pieces_and_company_change_no_bit(monkeypatch):
    metrics = [*metrics_of(50), *metrics_of(31), *metrics_of(50, seed=1)]
    together = bootstrap(metrics, 200)
    alone = [bootstrap([metric], 200)[0] for metric in metrics]
    monkeypatch.setattr(statistics, "_CHUNK_CELLS", 333)
    in_pieces = bootstrap(metrics[::-1], 200)[::-1]
    assert len(together) == 15
    for one, other, third in zip(together, alone, in_pieces, strict=True):
        assert len(np.unique(one.resampled)) > 50
        assert one.value == other.value == third.value
        assert np.array_equal(one.resampled, other.resampled)
        assert np.array_equal(one.resampled, third.resampled)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_interval_holds_resampled_means_within_the_values(values):
    interval = percentile_interval(bootstrap([mean_of(values)], 200)[0])
    assert interval.value == pytest.approx(np.mean(values))
    assert min(values) - 1e-9 <= interval.low <= interval.high <= max(values) + 1e-9


@pytest.mark.parametrize("num", [40, 400])
@pytest.mark.parametrize("kind", ["binary", "continuous"])
def test_agrees_with_scipy(num, kind):
    rng = np.random.default_rng(num)
    values = rng.random(num) if kind == "continuous" else (rng.random(num) < 0.3).astype(float)
    ours = percentile_interval(bootstrap([mean_of(values)], 5000)[0])
    theirs = stats.bootstrap((values,), np.mean, n_resamples=5000, method="percentile", rng=rng).confidence_interval
    tolerance = 0.15 * values.std() / np.sqrt(num) * 2 + (1 / num if kind == "binary" else 0)
    assert ours.low == pytest.approx(theirs.low, abs=tolerance)
    assert ours.high == pytest.approx(theirs.high, abs=tolerance)


def test_interval_covers_the_truth_about_as_often_as_it_says():
    samples = np.random.default_rng(2).binomial(1, 0.4, size=(400, 200))
    intervals = [percentile_interval(one) for one in bootstrap([mean_of(sample) for sample in samples], 400)]
    covered = sum(low <= 0.4 <= high for _, low, high in intervals)
    assert 0.90 < covered / len(samples) < 0.98


@settings(max_examples=40, deadline=None)
@given(VALUES)
def test_a_model_does_not_differ_from_itself_and_a_shift_is_found(values):
    array = np.array(values)
    assert differences(array, array, 100) == (0, 0, 0, 1)
    assert differences(array + 0.25, array, 100) == pytest.approx((0.25, 0.25, 0.25, 2 / 101), abs=1e-9)


def test_equal_metrics_of_other_examples_are_ties():
    """Thirds are no binary fractions; three of them and one whole are equal all the same, in resamples too."""
    model, baseline = [1 / 3, 1 / 3, 1 / 3], [1.0, 0.0, 0.0]
    counts = np.concatenate(list(resample_counts(3, 999)))
    less, more = ((sign * (1 - counts[:, 0]) <= 0).sum() for sign in (1, -1))
    assert differences(model, baseline, 999).p_value == min(1, 2 * (1 + min(less, more)) / 1000)
    assert differences(model, baseline, 999).value == 0


def test_exchanging_the_models_changes_the_sign_only():
    rng = np.random.default_rng(4)
    first, second = (rng.random(300) < 0.5).astype(float), (rng.random(300) < 0.45).astype(float)
    ours, theirs = differences(first, second), differences(second, first)
    assert 0 < ours.p_value < 1
    assert ours.p_value == theirs.p_value
    assert (ours.value, ours.low, ours.high) == pytest.approx((-theirs.value, -theirs.high, -theirs.low))


def test_p_value_is_counted_in_the_resamples():
    values = np.arange(-3.0, 7.0)  # differences of ten resamples: four are at most 0
    difference = paired_difference(Estimate(0.5, values), Estimate(0.0, np.zeros(10)))
    assert difference.p_value == 2 * (1 + 4) / 11
    assert paired_difference(Estimate(9, values + 9), Estimate(0, np.zeros(10))).p_value == 2 / 11


def test_as_many_p_values_are_small_as_they_say_when_models_are_equal():
    rng = np.random.default_rng(5)
    samples = rng.random((400, 2, 150)) < 0.6
    p_values = np.array([d.p_value for d in _all_differences(samples)])
    assert 0.025 < (p_values <= 0.05).mean() < 0.08
    assert 0.4 < (p_values <= 0.5).mean() < 0.6
    samples[:, 0] |= rng.random((400, 150)) < 0.4  # better by 0.16
    assert (np.array([d.p_value for d in _all_differences(samples)]) <= 0.05).mean() > 0.75


def _all_differences(samples):
    estimates = bootstrap([mean_of(sample) for pair in samples for sample in pair], 400)
    return [paired_difference(*pair) for pair in zip(estimates[::2], estimates[1::2], strict=True)]


def test_mean_over_seeds():
    mean = mean_estimate([Estimate(0.2, np.array([0.1, 0.3])), Estimate(0.4, np.array([0.5, 0.5]))])
    assert mean.value == pytest.approx(0.3)
    assert mean.resampled == pytest.approx([0.3, 0.4])


def test_holm_by_hand():
    """The example of Holm's method in R's p.adjust: products with 4, 3, 2, 1, never falling, never above 1."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.5]) == [1, 1]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


@settings(max_examples=150, deadline=None)
@given(P_VALUES)
def test_holm_is_closed_testing_with_bonferroni(p_values):
    """Holm 1979: a hypothesis falls if Bonferroni rejects every intersection of hypotheses that it is part of."""
    everything = range(len(p_values))
    expected = [
        max(
            min(1.0, size * min(p_values[i] for i in subset))
            for size in range(1, len(p_values) + 1)
            for subset in combinations(everything, size)
            if position in subset
        )
        for position in everything
    ]
    assert holm(p_values) == pytest.approx(expected)


@settings(max_examples=60, deadline=None)
@given(P_VALUES, st.randoms(use_true_random=False))
def test_holm_follows_the_order_given(p_values, random):
    order = list(range(len(p_values)))
    random.shuffle(order)
    assert holm([p_values[i] for i in order]) == [holm(p_values)[i] for i in order]


def test_no_example_is_our_own_mistake():
    with pytest.raises(AssertionError, match="at least one example"):
        bootstrap([mean_of([])], 10)
    with pytest.raises(AssertionError, match="at least one seed"):
        mean_estimate([])
    assert bootstrap([], 10) == []
