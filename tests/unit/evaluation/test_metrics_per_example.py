"""What each example adds to a metric, by hand."""

import numpy as np
import pytest

from bali.evaluation.aggregates import Examples, aggregate, needs_labels
from bali.evaluation.metrics import accuracy, binary_f1, dev_score, micro_f1, span_f1, spans


def test_parts_by_hand():
    gold, predicted = ["x", "y", "none", "none", "x"], ["x", "x", "none", "y", "none"]
    assert accuracy(gold, predicted) == ([1, 0, 1, 0, 0], [1] * 5)
    assert micro_f1(gold, predicted, {"none"}) == ([2, 0, 0, 0, 0], [2, 2, 0, 1, 1])
    assert binary_f1(gold, predicted, "x") == ([2, 0, 0, 0, 0], [2, 1, 0, 0, 1])
    assert dev_score(*micro_f1(gold, predicted, {"none"})) == pytest.approx(1 / 3)


def test_nothing_to_find_and_nothing_found_is_0():
    assert dev_score(*micro_f1(["none"], ["none"], {"none"})) == 0
    assert dev_score(*span_f1([["O", "O"]], [["O", "O"]])) == 0
    assert dev_score([], []) == 0
    nothing = Examples(np.zeros(2), np.zeros(2), (), ())
    assert aggregate("span_f1", nothing).value() == 0


def test_spans_of_untidy_tags():
    tags = ["I-A", "I-A", "O", "B-A", "B-A", "I-A", "I-B", "B-C-1", "I-C-1"]
    assert list(spans(tags)) == [(0, 2, "A"), (3, 4, "A"), (4, 6, "A"), (6, 7, "B"), (7, 9, "C-1")]
    assert list(spans([])) == []
    assert list(spans(["B", "I", "O", "I"])) == [(0, 2, ""), (3, 4, "")]


def test_span_f1_counts_each_sentence():
    gold = [["B-A", "I-A", "O"], ["O"], ["B-A"]]
    predicted = [["B-A", "O", "B-A"], ["O"], ["B-B"]]
    assert span_f1(gold, predicted) == ([0, 0, 0], [3, 0, 2])
    assert span_f1(gold, gold) == ([2, 0, 2], [2, 0, 2])


def test_our_own_mistakes_are_caught():
    with pytest.raises(AssertionError, match="collection of labels"):
        micro_f1(["a"], ["a"], "none")
    with pytest.raises(AssertionError, match="as many predicted tags"):
        span_f1([["O", "O"]], [["O"]])
    with pytest.raises(AssertionError, match="'X-A'"):
        list(spans(["X-A"]))


@pytest.mark.parametrize("metric", ["macro_f1", "macro_f1_cls", "pearson", "spearman_mean"])
def test_named_metrics_have_a_pooling_or_none(metric):
    labels = ["1", "1", "2"], ["1", "2", "2"]
    found = aggregate(metric, Examples(np.array([0.1, 0.1, 0.3]), np.ones(3), *labels)).value()
    assert found == pytest.approx(2 / 3 if "f1" in metric else 1)
    assert needs_labels(metric)


@pytest.mark.parametrize("metric", ["accuracy", "accuracy@1_mean", "micro_f1", "span_f1", "mrr_cls"])
def test_all_others_are_sums_over_sums(metric):
    found = aggregate(metric, Examples(np.array([2.0, 1.0]), np.array([3.0, 1.0]), (), ())).value()
    assert found == 0.75
    assert not needs_labels(metric)
