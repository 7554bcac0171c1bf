from collections import Counter

import pytest
from fake_results import write, write_results

from bali.errors import ArtefactError
from bali.io.census import Census, Tally
from bali.reporting.data_versions import artefact_groups, input_files
from bali.reporting.filter_costs import costs_of, filter_costs
from bali.reporting.funnel import accounts, lanes
from bali.reporting.metric_table import BETTER, SAME, WORSE, Difference, MetricKey, main_keys, metric_table
from bali.reporting.results import Results
from bali.reporting.run_costs import rule_costs
from bali.reporting.verdict import comparisons_between, metric_name, percent, signed

PUBMEDQA = MetricKey("pubmedqa", "pqal", "test", "accuracy")


@pytest.fixture
def results(tmp_path):
    return Results(write_results(tmp_path))


def test_lanes_count_files_and_shards(results):
    umls, text = lanes(results)
    counts = {step.label: step.count for step in [*umls.steps, *text.steps]}
    assert counts["name rows of the release (MRCONSO)"] == 230
    assert counts["names kept"] == 200
    assert counts["records in the corpus files"] == 26
    assert counts["linked mentions"] == 48
    assert max(step.percent for step in umls.steps) == 100


def test_filter_costs_are_rows_by_reason_and_table_in_the_order_of_the_filters(results):
    costs = filter_costs(results)
    assert costs.columns == ["names", "relations"]
    assert (costs.read, costs.kept) == ([230, 100], [200, 80])
    assert costs.dropped == [
        ("suppress", [10, 5]),
        ("CUI without a kept name", [0, 15]),
        ("few names", [20, 0]),
    ]


def test_a_reason_that_the_table_does_not_know_follows_the_others():
    census = Census("ingest", {"MRDEF.RRF": Tally(9, 5, Counter({"some other": 1, "source": 3}))})
    costs = costs_of(census)
    assert (costs.columns, costs.dropped) == (["definitions"], [("source", [3]), ("some other", [1])])
    assert costs_of(Census("ingest", {"nodes.tsv": Tally(1, 1)})) is None


def test_another_format_counts_its_own_rows_and_notes(results):
    reading = next(account for account in accounts(results) if account.title == "Reading UMLS")
    table = next(table for table in reading.tables if table.table == "MRCONSO.RRF of terms.obo")
    assert (table.rows_in, table.rows_out, table.dropped) == (250, 230, [("no UMLS cross-reference", 20)])
    assert reading.notes == [("terms that several files have, one taken", 3)]


def test_accounts_add_up_over_shards(results):
    citations = next(account for account in accounts(results) if account.title == "Reading citations")
    table = citations.tables[0]
    assert (table.rows_in, table.rows_out, table.dropped) == (26, 24, [("no_abstract", 2)])
    assert citations.notes == [("with_markup", 4)]
    for account in accounts(results):
        for table in account.tables:
            assert table.rows_in == table.rows_out + sum(count for _, count in table.dropped)


def test_value_is_the_mean_over_seeds_beside_its_paired_difference(results):
    table = metric_table(results, ["base", "bali_gat", "mlm_only"])
    cell = table.cells[PUBMEDQA, "bali_gat"]
    assert cell.num_seeds == 3
    assert cell.value == pytest.approx((0.55 + 0.56 + 0.57) / 3)
    assert cell.difference.verdict == SAME
    assert table.models == ["base", "bali_gat", "mlm_only"]
    assert table.cells[PUBMEDQA, "base"].difference is None
    assert table.is_best(PUBMEDQA, "base")
    assert table.num_examples(PUBMEDQA) == 500


def test_models_outside_the_configuration_follow_at_the_end(results):
    assert metric_table(results, ["mlm_only"]).models == ["base", "mlm_only", "bali_gat"]


def test_main_keys_are_one_per_dataset_and_unknown_tasks_get_theirs():
    keys = [
        MetricKey("entity_linking", "a", "all", "accuracy@1_cls"),
        MetricKey("entity_linking", "a", "all", "accuracy@1_mean"),
        MetricKey("entity_linking", "b", "refined", "mrr_mean"),
        MetricKey("other", "c", "test", "f1"),
    ]
    assert main_keys(keys) == [keys[1], keys[2], keys[3]]


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.01, 0.2, BETTER), (-0.2, -0.01, WORSE), (-0.1, 0.1, SAME), (0.0, 0.1, SAME)]
)
def test_verdict_needs_an_interval_without_zero(low, high, verdict):
    assert Difference((low + high) / 2, low, high).verdict == verdict


def test_comparisons_with_other_models_than_the_base_are_told(results):
    row = {
        **PUBMEDQA._asdict(),
        "model": "bali_gat",
        "baseline": "mlm_only",
        "difference": -0.1,
        "ci_low": -0.2,
        "ci_high": -0.05,
    }
    write(results.root, "report/comparisons.parquet", "comparisons", [{**row, "n": 500}])
    (sentence,) = comparisons_between(metric_table(results, []))
    assert sentence == (
        "bali_gat falls behind mlm_only on the only main measure:"
        " question answering, pqal (accuracy) −10.0 [−20.0, −5.0]."
    )


def test_numbers_in_words():
    assert percent(0.57894) == "57.9"
    assert signed(-0.031) == "−3.1"
    assert signed(0.031) == "+3.1"
    assert metric_name("accuracy@1_cls") == "Acc@1, [CLS]"
    assert metric_name("macro_f1") == "macro-F1"


def test_costs_add_up_jobs_and_keep_the_peak(results):
    parse, ingest = rule_costs(results)
    assert (parse.rule, parse.num_jobs, parse.seconds, parse.peak_megabytes) == ("parse_corpus", 2, 25.0, 80.0)
    assert (ingest.rule, ingest.peak_megabytes) == ("ingest", 512.5)


def test_a_benchmark_file_without_seconds_is_an_error(results):
    (results.root / "benchmarks/ingest.tsv").write_text("a\tb\n1\t2\n")
    with pytest.raises(ArtefactError, match="benchmark columns"):
        rule_costs(results)


def test_artefacts_are_grouped_and_inputs_named_once(results):
    provenances = results.provenances()
    groups = {(group.folder, group.kind): group for group in artefact_groups(provenances)}
    assert groups["mentions", "mentions"].num_files == 2
    assert sum(group.num_files for group in groups.values()) == len(provenances)
    assert [file.name for file in input_files(provenances)] == ["MRCONSO.RRF"]
