"""Metrics agree with the references, on random inputs, as a whole and in each resample."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from seqeval.metrics import f1_score as seqeval_f1
from sklearn.metrics import accuracy_score, f1_score, label_ranking_average_precision_score

from bali.evaluation.aggregates import Examples, Sums, aggregate, average_ranks, macro_f1, ratio
from bali.evaluation.dictionary import Hit
from bali.evaluation.metrics import accuracy, binary_f1, dev_score, micro_f1, span_f1
from bali.evaluation.ranking import rank_of, retrieval_metrics

LABELS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")), min_size=1, max_size=60)
TAGS = st.sampled_from(["O", "O", "B-Disease", "I-Disease", "B-Drug", "I-Drug"])
TAGGED = st.lists(st.lists(st.tuples(TAGS, TAGS), min_size=1, max_size=12), min_size=1, max_size=8)
EIGHTHS = st.integers(-40, 40).map(lambda eighth: eighth / 8)  # ties are common
PAIRS = st.lists(st.tuples(EIGHTHS, EIGHTHS), min_size=2, max_size=40)


def columns(pairs):
    return (list(column) for column in zip(*pairs, strict=True))


def examples(values=(), weights=None, gold=(), predicted=()):
    values = np.array(values if len(values) else [0.0] * len(gold))
    return Examples(values, np.ones(len(values)) if weights is None else np.array(weights), gold, predicted)


def of_counts(metric, counts):
    """The metric of resamples given as counts."""
    return metric.finish(counts @ metric.columns) if isinstance(metric, Sums) else metric.resampled(counts)


def agree(parts, expected):
    """The metric of all examples, by either way to it, is as expected."""
    values, weights = parts
    assert dev_score(values, weights) == pytest.approx(expected)
    assert ratio(examples(values, weights)).value() == pytest.approx(expected)


@settings(max_examples=150, deadline=None)
@given(LABELS)
def test_accuracy_and_f1_are_scikit_learns(pairs):
    gold, predicted = columns(pairs)
    agree(accuracy(gold, predicted), accuracy_score(gold, predicted))
    micro = f1_score(gold, predicted, labels=["c", "d"], average="micro", zero_division=0)
    agree(micro_f1(gold, predicted, {"a", "b"}), micro)
    agree(micro_f1(gold, predicted, ()), accuracy_score(gold, predicted))
    yes = [[label == "a" for label in column] for column in (gold, predicted)]
    agree(binary_f1(gold, predicted, "a"), f1_score(*yes, zero_division=0))


@settings(max_examples=150, deadline=None)
@given(TAGGED)
def test_span_f1_is_seqevals(sentences):
    gold, predicted = columns([tuple(columns(sentence)) for sentence in sentences])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sentences without a span
        expected = seqeval_f1(gold, predicted, zero_division=0)
    agree(span_f1(gold, predicted), expected)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from(["yes", "no", "maybe"])] * 2), min_size=1, max_size=60))
def test_pubmedqa_is_its_official_evaluation(pairs):
    """Accuracy and scikit-learn's macro-F1, as evaluation.py of the repository pubmedqa/pubmedqa computes them."""
    truth, answers = columns(pairs)
    agree(accuracy(truth, answers), accuracy_score(truth, answers))
    official = f1_score(truth, answers, average="macro", zero_division=0)
    assert macro_f1(examples(gold=truth, predicted=answers)).value() == pytest.approx(official)


@settings(max_examples=150, deadline=None)
@given(PAIRS)
def test_correlations_are_scipys_and_0_where_undefined(pairs):
    scores, human = columns(pairs)
    found = {
        name: aggregate(name, examples(scores, gold=[str(x) for x in human])).value()
        for name in ("pearson_cls", "spearman_mean")
    }
    if len(set(scores)) == 1 or len(set(human)) == 1:
        assert found == {"pearson_cls": 0, "spearman_mean": 0}
    else:
        assert found["pearson_cls"] == pytest.approx(stats.pearsonr(scores, human)[0], abs=1e-9)
        assert found["spearman_mean"] == pytest.approx(stats.spearmanr(scores, human)[0], abs=1e-9)


@settings(max_examples=100, deadline=None)
@given(PAIRS, st.data())
def test_correlations_of_a_resample_are_those_of_its_examples(pairs, data):
    draws = data.draw(st.lists(st.sampled_from(range(len(pairs))), min_size=2, max_size=60))
    counts = np.bincount(draws, minlength=len(pairs))[None, :].astype(float)
    scores, human = (np.array(column) for column in columns(pairs))
    drawn = np.repeat(scores, counts[0].astype(int)), np.repeat(human, counts[0].astype(int))
    is_drawn = counts[0] > 0
    ranks = average_ranks(counts, scores)[0]
    assert ranks[is_drawn].tolist() == [stats.rankdata(drawn[0])[drawn[0] == x][0] for x in scores[is_drawn]]
    for name, reference in (("pearson", stats.pearsonr), ("spearman", stats.spearmanr)):
        is_defined = all(len(np.unique(column)) > 1 for column in drawn)
        expected = reference(*drawn)[0] if is_defined else 0
        metric = aggregate(name, examples(scores, gold=[str(x) for x in human]))
        assert of_counts(metric, counts)[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("metric", ["pearson", "spearman"])
def test_one_example_drawn_again_and_again_correlates_with_nothing(metric):
    """Its mean is rounded, so its variance is not always 0: taken at its word, the correlation would be 1 or -1."""
    counts = np.column_stack([np.arange(1, 200), np.zeros(199)])
    found = of_counts(aggregate(metric, examples([0.1, 5.0], gold=["0.7", "2"])), counts)
    assert found.shape == (199,)
    assert (found == 0).all()


@settings(max_examples=100, deadline=None)
@given(LABELS, st.data())
def test_f1_of_a_resample_is_that_of_its_examples(pairs, data):
    draws = data.draw(st.lists(st.sampled_from(range(len(pairs))), min_size=1, max_size=60))
    counts = np.bincount(draws, minlength=len(pairs))[None, :].astype(float)
    gold, predicted = columns(pairs)
    drawn = list(columns([pairs[draw] for draw in draws]))
    whole = examples(gold=gold, predicted=predicted)
    expected = f1_score(*drawn, labels=sorted({*gold, *predicted}), average="macro", zero_division=0)
    assert of_counts(aggregate("macro_f1", whole), counts)[0] == pytest.approx(expected)
    values, weights = micro_f1(gold, predicted, {"a"})
    expected = f1_score(*drawn, labels=["b", "c", "d"], average="micro", zero_division=0)
    assert of_counts(aggregate("micro_f1", examples(values, weights)), counts)[0] == pytest.approx(expected)


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
