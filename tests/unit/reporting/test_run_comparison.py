"""Runs side by side: differences by hand, which measures are paired, what is said of them, page and CSV."""

import io
from html.parser import HTMLParser

import polars as pl
import pytest
from fake_runs import BC5CDR, NCBI, NCBI_5, NUM, PUBMEDQA, write_run

from bali.errors import ArtefactError, InputError
from bali.evaluation.statistics import holm
from bali.io.files import read_json, write_json
from bali.io.parquet import read_artefact
from bali.reporting.comparison_page import CSV_COLUMNS, comparison_csv, comparison_page
from bali.reporting.metric_table import BETTER, SAME, WORSE, Difference
from bali.reporting.run_comparison import compare_runs
from bali.reporting.run_pairs import Overlap
from bali.reporting.runs import read_run
from bali.schemas import PREDICTIONS
from tests.unit.evaluation.fixtures import write

VOID = {"meta", "link"}
FIRST = {
    "base": {NCBI: [range(80)], NCBI_5: [range(100)], PUBMEDQA: [range(100), range(110)]},
    "bali_gat": {NCBI: [range(100)], NCBI_5: [range(120)], PUBMEDQA: [range(120), range(130)]},
    "majority": {PUBMEDQA: [range(90), range(90)]},
}
OTHER = {
    "base": FIRST["base"],
    "bali_gat": {NCBI: [range(150)], NCBI_5: [range(120)], PUBMEDQA: [range(80), range(90)]},
    "majority": FIRST["majority"],
}


def read(tmp_path, name, models, **options):
    return read_run(name, write_run(tmp_path / name, models, **options))


@pytest.fixture
def runs(tmp_path):
    return [read(tmp_path, "a", FIRST), read(tmp_path, "b", OTHER)]


def difference(comparison, key, model="bali_gat", run="b"):
    return comparison.table.differences[key, f"{model} in {run}", f"{model} in a"]


def test_a_difference_is_that_of_the_means_over_seeds(runs):
    comparison = compare_runs(runs, 200)
    linking, qa = difference(comparison, NCBI), difference(comparison, PUBMEDQA)
    assert linking.value == pytest.approx((150 - 100) / NUM)
    assert qa.value == pytest.approx(((80 + 90) - (120 + 130)) / 2 / NUM)
    assert (linking.verdict, qa.verdict, difference(comparison, NCBI_5).verdict) == (BETTER, WORSE, SAME)
    assert linking.ci_low < linking.value < linking.ci_high
    cells = comparison.table.cells
    assert cells[NCBI, "bali_gat in b"].difference == linking
    assert cells[NCBI, "bali_gat in b"].value == pytest.approx(150 / NUM)
    assert all(cells[NCBI, f"{model} in a"].difference is None for model in ("base", "bali_gat"))


def test_main_measures_of_a_model_are_corrected_together(runs):
    comparison = compare_runs(runs, 200)
    assert comparison.table.main == [NCBI, PUBMEDQA]
    main = [difference(comparison, key) for key in comparison.table.main]
    assert [d.p_value for d in main] == [pytest.approx(2 / 201)] * 2  # the least that 200 resamples give
    assert [d.p_corrected for d in main] == holm([d.p_value for d in main]) == [pytest.approx(4 / 201)] * 2
    assert difference(comparison, NCBI_5).p_corrected is None


def test_verdicts_count_the_main_measures(runs):
    gat, base = compare_runs(runs, 200).verdicts
    assert gat.sentence == (
        "bali_gat in b: better than bali_gat in a on 1 of 2 main measures, worse on 1"
        " (p < 0.05, paired bootstrap, Holm-corrected over the 2)."
    )
    assert base.sentence.startswith("base in b: better than base in a on none of 2 main measures, worse on none")


def test_a_run_beside_itself_has_no_difference(tmp_path):
    root = write_run(tmp_path / "a", FIRST)
    comparison = compare_runs([read_run("a", root), read_run("again", root)], 100)
    values = comparison.table.differences
    assert len(values) == 2 * 3  # models, measures
    for value in values.values():
        assert (value.value, value.ci_low, value.ci_high, value.p_value, value.mark) == (0, 0, 0, 1, "=")
    assert all(verdict.details[0][0] == "no clear difference" for verdict in comparison.verdicts)
    assert not any(map(comparison.table.note, comparison.table.keys))
    assert comparison.unpaired == []


def test_other_examples_are_not_paired_while_the_rest_of_the_task_is(tmp_path):
    models = {"base": {NCBI: [range(80)], NCBI_5: [range(100)], BC5CDR: [range(50)]}}
    runs = [read(tmp_path, "a", models), read(tmp_path, "b", models, examples={BC5CDR: range(50, NUM + 20)})]
    table = compare_runs(runs, 100).table
    assert {key for key, _, _ in table.differences} == {NCBI, NCBI_5}
    assert table.overlaps[BC5CDR, "b"] == Overlap(NUM, NUM - 30, NUM - 50, is_same=False, num_other_gold=0)
    assert table.note(BC5CDR) == (
        "b has other test examples than a (170 and 200, 150 of them in both): no paired difference."
    )
    assert (table.sizes(BC5CDR), table.sizes(NCBI)) == ("200 / 170", "200")
    assert not table.is_best(BC5CDR, "base in a")
    assert table.is_best(NCBI, "base in a")


def test_equal_identifiers_of_other_texts_are_other_examples(tmp_path):
    first, root = read(tmp_path, "a", FIRST), write_run(tmp_path / "b", OTHER)
    for path in sorted(root.glob("evaluation/*/pubmedqa/*.parquet")):
        rows = read_artefact(path, PREDICTIONS).to_pylist()
        write(path, "predictions", [{**row, "text": f"other {row['text']}"} for row in rows])
    table = compare_runs([first, read_run("b", root)], 100).table
    assert table.overlaps[PUBMEDQA, "b"].num_common == 0
    assert {key for key, _, _ in table.differences} == {NCBI, NCBI_5}


def test_another_gold_answer_is_told_and_paired(tmp_path):
    first, root = read(tmp_path, "a", FIRST), write_run(tmp_path / "b", OTHER)
    path = root / "evaluation/base/entity_linking/0.predictions.parquet"
    rows = read_artefact(path, PREDICTIONS).to_pylist()
    changed = [{**row, "gold": "other"} if row["example_id"] < "e0007" else row for row in rows]
    write(path, "predictions", changed)
    table = compare_runs([first, read_run("b", root)], 100).table
    assert table.note(NCBI) == "7 of the examples have another gold answer in b than in a."
    assert (NCBI, "base in b", "base in a") in table.differences


def test_models_of_one_run_and_missing_predictions_are_named(tmp_path):
    first = read(tmp_path, "a", FIRST)
    root = write_run(tmp_path / "b", {"base": OTHER["base"], "rgcn": OTHER["bali_gat"]})
    (root / "evaluation/base/pubmedqa/1.predictions.parquet").unlink()
    comparison = compare_runs([first, read_run("b", root)], 100)
    assert list(comparison.unpaired) == [
        "In b, but not in a: rgcn.",
        "In a, but not in b: bali_gat.",
        "Not compared, as predictions of it are missing in b: base (question answering).",
    ]
    assert {key for key, _, _ in comparison.table.differences} == {NCBI, NCBI_5}
    assert {model for _, model, _ in comparison.table.differences} == {"base in b"}


def test_runs_with_nothing_in_common_stand_side_by_side(tmp_path):
    runs = [read(tmp_path, "a", {"base": {NCBI: [range(80)]}}), read(tmp_path, "b", {"base": {PUBMEDQA: [range(9)]}})]
    comparison = compare_runs(runs, 100)
    assert comparison.table.keys == [NCBI, PUBMEDQA]
    assert comparison.table.differences == {}
    assert [verdict.sentence for verdict in comparison.verdicts] == [
        "base in b was not compared with base in a: no measure has predictions of the same examples in both."
    ]
    assert comparison.table.is_best(PUBMEDQA, "base in b")


def test_a_descriptive_measure_has_no_mark(tmp_path):
    key = NCBI._replace(task="embedding_geometry", metric="uniformity_mean")
    models = {"base": {key: [range(80)]}, "bali_gat": {key: [range(190)]}}
    runs = [read(tmp_path, "a", models), read(tmp_path, "b", {"base": {key: [range(150)]}})]
    table = compare_runs(runs, 100).table
    assert table.differences[key, "base in b", "base in a"].value == pytest.approx(0.35)
    assert table.cells[key, "base in b"].difference is None
    assert table.main == []


class Tags(HTMLParser):
    """Fails where a tag is not closed in order; counts the cells of each row."""

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.fetched = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.fetched += [value for name, value in attrs if name in {"src", "href"} and not value.startswith("#")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_well_formed_and_fetches_nothing(runs):
    html = comparison_page(compare_runs(runs, 200), "comparison.csv")
    tags = Tags()
    tags.feed(html)
    assert tags.open == []
    assert tags.fetched == ["data:,"]
    assert "script" not in tags.tags
    assert tags.tags.count("details") == 2 + 2  # verdicts, datasets
    assert "a and b side by side" in html
    assert html.count("▲ +25.0") == 2  # main measures, and everything measured
    assert html.count("▼ −20.0") == 2
    assert 'class="model quiet">majority' in html
    assert "text 1" not in html  # of the examples
    assert "table.main td:nth-child(5), table.all td:nth-child(6), table th.first { border-left" in html


def test_names_are_escaped_and_many_runs_are_counted_in_the_title(tmp_path):
    root = write_run(tmp_path / "a", {"base": {NCBI: [range(80)]}}, release="2025AB")
    names = ["<x>", "two", "three", "four"]
    runs = [read_run(name, root) for name in names]
    runs.append(read(tmp_path, "b", {"base": {NCBI: [range(80)]}}, release="demo"))
    html = comparison_page(compare_runs(runs, 100), "comparison.csv")
    assert "5 runs side by side" in html
    assert "<x>" not in html
    assert html.count("&lt;x&gt;") > 3
    assert "The runs have different UMLS releases" in html


def test_the_csv_has_a_row_for_every_number(runs):
    comparison = compare_runs(runs, 200)
    table = pl.read_csv(io.StringIO(comparison_csv(comparison)), schema=CSV_COLUMNS)
    assert len(table) == len(comparison.table.cells) == 2 * (2 * 3 + 1)
    (row,) = table.filter(run="b", model="bali_gat", metric=PUBMEDQA.metric).to_dicts()
    expected = difference(comparison, PUBMEDQA)
    columns = ("difference", "difference_ci_low", "difference_ci_high", "p_value", "p_corrected")
    assert Difference(*(row[name] for name in columns)) == expected
    assert (row["is_main"], row["num_seeds"], row["n"], row["first_run"]) == (True, 2, NUM, "a")
    assert table.filter(pl.col("difference").is_not_null())["run"].unique().to_list() == ["b"]


def test_equal_runs_give_equal_bytes(runs):
    first, second = (compare_runs(runs, 100) for _ in range(2))
    assert comparison_page(first, "c.csv") == comparison_page(second, "c.csv")
    assert comparison_csv(first) == comparison_csv(second)


def test_a_run_without_metrics_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"expected a results directory with report/metrics\.parquet, found none"):
        read_run("a", tmp_path)
    write(tmp_path / "report/metrics.parquet", "metrics", [])
    with pytest.raises(InputError, match="found no row"):
        read_run("a", tmp_path)


def test_damaged_files_are_refused(tmp_path):
    root = write_run(tmp_path, FIRST)
    path = root / "evaluation/base/pubmedqa/0.json"
    value = read_json(path)
    for broken in ({**value, "datasets": [1]}, {**value, "datasets": 3}, {"model": "base"}, [1]):
        write_json(path, broken)
        with pytest.raises(ArtefactError, match="expected"):
            read_run("a", root)
    write_json(path, value)
    path.with_suffix(".predictions.parquet").write_bytes(b"garbage")
    with pytest.raises(ArtefactError, match="expected a Parquet file"):
        read_run("a", root)


def test_metrics_of_other_evaluations_are_refused(tmp_path):
    root = write_run(tmp_path, FIRST)
    write_run(tmp_path / "new", {**FIRST, "base": {PUBMEDQA: [range(3), range(4)]}})
    new = tmp_path / "new/evaluation/base/pubmedqa/0.json"
    (root / "evaluation/base/pubmedqa/0.json").write_bytes(new.read_bytes())
    with pytest.raises(ArtefactError, match="Run stage summarise-metrics of this run again"):
        read_run("a", root)
