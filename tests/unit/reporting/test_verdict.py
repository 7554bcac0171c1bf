"""The table of metrics and what is said of it in words."""

from dataclasses import replace

import pytest
from fake_artefacts import write
from fake_evaluation import MEASURED, comparison_row, metric_row
from fake_results import write_results

from bali.reporting.metric_names import MetricKey, change, label, metric_name, number, percent, signed, subject
from bali.reporting.metric_table import BETTER, SAME, WORSE, Difference, main_keys, metric_table
from bali.reporting.results import Results
from bali.reporting.verdict import baseline_sentence, comparisons_between, verdicts
from bali.tasks import TASKS

PUBMEDQA = MetricKey("pubmedqa", "pqal", "test", "accuracy")
MODELS = ["base", "bali_gat", "mlm_only"]


@pytest.fixture
def results(tmp_path):
    return Results(write_results(tmp_path))


def test_value_is_the_mean_over_seeds_beside_its_paired_difference(results):
    table = metric_table(results, MODELS)
    cell = table.cells[PUBMEDQA, "bali_gat"]
    assert cell.num_seeds == 3
    assert cell.value == pytest.approx((0.55 + 0.56 + 0.57) / 3)
    assert cell.deviation == pytest.approx(0.01)
    assert cell.difference.verdict == SAME
    assert (table.models, table.baselines) == (MODELS, ["majority", "random", "trigrams"])
    assert table.cells[PUBMEDQA, "base"].difference is None
    assert table.is_best(PUBMEDQA, "base")
    assert table.num_examples(PUBMEDQA) == 500
    linking = table.cells[table.main[0], "bali_gat"]
    assert (linking.num_seeds, linking.deviation, linking.difference.verdict) == (1, None, BETTER)


def test_models_outside_the_configuration_follow_and_baselines_are_apart(results):
    table = metric_table(results, ["mlm_only"])
    assert table.models == ["base", "mlm_only", "bali_gat"]
    assert table.columns == ["base", "mlm_only", "bali_gat", "majority", "random", "trigrams"]


def test_main_keys_are_one_per_dataset_by_what_the_task_says():
    keys = [
        MetricKey("entity_linking", "a", "all", "accuracy@1_cls"),
        MetricKey("entity_linking", "a", "all", "accuracy@1_mean"),
        MetricKey("entity_linking", "b", "all", "accuracy@1_mean"),
        MetricKey("entity_linking", "b", "refined", "accuracy@1_mean"),
        MetricKey("other", "c", "test", "f1"),
    ]
    assert main_keys(keys) == [keys[1], keys[3]]


def test_main_keys_follow_the_order_of_the_tasks():
    keys = [MetricKey(task.name, "d", *task.main[0]) for task in TASKS.values() if task.main]
    assert len(keys) > 3
    assert main_keys(sorted(keys)) == keys


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.01, 0.2, BETTER), (-0.2, -0.01, WORSE), (-0.1, 0.1, SAME), (0.0, 0.1, SAME)]
)
def test_without_a_corrected_p_the_verdict_needs_an_interval_without_zero(low, high, verdict):
    assert Difference((low + high) / 2, low, high, 0.01).verdict == verdict


@pytest.mark.parametrize(
    ("value", "p", "verdict"), [(0.1, 0.049, BETTER), (-0.1, 0.049, WORSE), (0.1, 0.05, SAME), (0.0, 0.01, SAME)]
)
def test_a_corrected_p_decides_whatever_the_interval_says(value, p, verdict):
    assert Difference(value, value - 1e-9, value + 1e-9, 0.001, p).verdict == verdict
    assert Difference(value, value - 1, value + 1, 0.001, p).verdict == verdict


def test_a_verdict_counts_the_main_measures_and_then_tells_the_differences(results):
    first, second = verdicts(metric_table(results, MODELS))
    assert first.sentence == (
        "bali_gat: better than base on 2 of 3 main measures, worse on none"
        " (p < 0.05, paired bootstrap, Holm-corrected over the 3)."
    )
    details = dict(first.details)
    assert details["better"][0] == "entity linking, ncbi disease (Acc@1, mean) +20.0 [+18.0, +22.0]"
    assert len(details["no clear difference"]) == 1
    assert second.sentence.startswith("mlm_only: better than base on none of 3 main measures, worse on none")


def test_baselines_get_one_sentence_by_value(results):
    table = metric_table(results, MODELS)
    sentence = baseline_sentence(table)
    assert sentence.startswith("base is above the best of the baselines (majority, random, trigrams) on 2 of 3 main")
    assert "It is not on question answering, pqal (accuracy): majority 56.0, base 56.0." in sentence
    assert all(verdict.model in MODELS for verdict in [*verdicts(table), *comparisons_between(table)])


def test_comparisons_with_other_models_than_the_base_are_told(results):
    rows = [comparison_row("bali_gat", "mlm_only", tuple(PUBMEDQA), -0.1, 0.01)]
    rows.append(comparison_row("trigrams", "mlm_only", tuple(PUBMEDQA), -0.1, 0.01))
    write(results.root, "report/comparisons.parquet", "comparisons", rows)
    (verdict,) = comparisons_between(metric_table(results, MODELS))
    assert verdict.sentence == (
        "bali_gat: better than mlm_only on no main measure (of one), worse on 1"
        " (p < 0.05, paired bootstrap, Holm-corrected over the 1)."
    )
    assert verdict.details == [("worse", ["question answering, pqal (accuracy) −10.0 [−12.0, −8.0]"])]


def test_a_descriptive_measure_is_a_plain_number_without_a_verdict(results, monkeypatch):
    task = replace(TASKS["embedding_geometry"], descriptive=frozenset({"uniformity"}))
    monkeypatch.setitem(TASKS, "embedding_geometry", task)
    key = MetricKey("embedding_geometry", "names", "all", "uniformity_mean")
    rows = [metric_row(model, tuple(key), value) for model, value in (("base", -2.5), ("bali_gat", -1.25))]
    write(results.root, "report/metrics.parquet", "metrics", rows)
    row = comparison_row("bali_gat", "base", tuple(key), 1.25, None)
    write(results.root, "report/comparisons.parquet", "comparisons", [row])
    table = metric_table(results, MODELS)
    assert table.cells[key, "bali_gat"].difference is None
    assert not table.is_best(key, "bali_gat")
    assert table.main == []
    assert (number(key, -2.5), change(key, 1.25)) == ("−2.500", "+1.250")


def test_numbers_and_names_in_words():
    assert percent(0.57894) == "57.9"
    assert signed(-0.031) == "−3.1"
    assert signed(0.031) == "+3.1"
    assert metric_name("accuracy@1_cls") == "Acc@1, [CLS]"
    assert metric_name("macro_f1") == "macro-F1"
    assert metric_name("span_f1.Disease") == "F1 of spans: Disease"
    assert metric_name("spearman_mean") == "Spearman, mean"
    assert (
        subject(MetricKey("concept_retrieval", "validation", "validation", "mrr_mean")) == "mention → concept retrieval"
    )
    assert label(PUBMEDQA) == "question answering, pqal (accuracy)"
    assert number(PUBMEDQA, 0.5) == "50.0"
    assert len(MEASURED) == 4
