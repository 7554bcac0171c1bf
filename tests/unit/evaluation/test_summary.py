"""From predictions to the tables: against plain loops over the examples of each resample."""

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from scipy import stats
from sklearn.metrics import f1_score

from bali.errors import ArtefactError
from bali.evaluation.results import MetricRow, PredictionRow, TaskResult
from bali.evaluation.statistics import holm, resample_counts
from bali.evaluation.summary import Evaluation, comparisons_table, metric_rows
from bali.io.parquet import Provenance, write_artefact
from bali.schemas import COMPARISONS, PREDICTIONS

NUM = 40
RESAMPLES = 150
IDS = [f"{i:03}" for i in range(NUM)]
MAIN = {"toy": (("refined", "accuracy"), ("test", "accuracy")), "other": (("test", "micro_f1"),)}


def rows_of(metric, values, weights=None, gold=None, predicted=None, **names):
    """Prediction rows of one metric, in a shuffled order."""
    columns = {
        "dataset": names.get("dataset", "d"),
        "split": names.get("split", "test"),
        "example_id": names.get("ids", IDS[: len(values)]),
        "metric": metric,
        "value": np.asarray(values, float),
        "weight": np.ones(len(values)) if weights is None else np.asarray(weights, float),
        "gold": "" if gold is None else gold,
        "predicted": "" if predicted is None else predicted,
        "text": "",
    }
    return pl.DataFrame(columns).sample(fraction=1, shuffle=True, seed=1).rows(named=True)


def evaluation(folder, model, rows, task="toy", seed=0):
    path = folder / f"{task}-{model}-{seed}.predictions.parquet"
    table = pa.Table.from_pylist(rows, schema=PREDICTIONS)
    write_artefact(path, table, PREDICTIONS, Provenance("predictions"))
    return Evaluation(model, task, seed, [], path)


def random_rows(seed):
    """Rows of a metric of each kind, of one model and seed; the human scores and the right labels stay the same."""
    rng, fixed = np.random.default_rng(seed), np.random.default_rng(99)
    gold, human = fixed.choice(["no", "yes"], NUM), [str(x) for x in fixed.integers(0, 4, NUM)]
    answers, right = rng.choice(["no", "yes"], NUM), rng.integers(0, 2, NUM)
    return [
        *rows_of("macro_f1", right, gold=gold, predicted=answers),
        *rows_of("spearman_cls", rng.integers(0, 6, NUM), gold=human),
        *rows_of("span_f1", 2 * right, right + fixed.integers(1, 3, NUM)),
    ]


def plain_metric(rows, metric, draws):
    """The metric of the drawn examples, computed from their rows."""
    chosen = sorted((row for row in rows if row["metric"] == metric), key=lambda row: row["example_id"])
    drawn = [chosen[draw] for draw in draws]
    value, weight, gold, predicted = ([row[name] for row in drawn] for name in ("value", "weight", "gold", "predicted"))
    if metric == "macro_f1":
        return f1_score(gold, predicted, labels=["no", "yes"], average="macro", zero_division=0)
    if metric == "spearman_cls":
        return stats.spearmanr(value, [float(x) for x in gold])[0]
    return sum(value) / sum(weight)


def plain_differences(model, baseline, metric):
    """The difference of means over seeds, of all examples and of each resample."""
    counts = np.concatenate(list(resample_counts(NUM, RESAMPLES))).astype(int)
    draws = [np.arange(NUM), *(np.repeat(np.arange(NUM), count) for count in counts)]
    means = [[np.mean([plain_metric(rows, metric, d) for rows in seeds]) for d in draws] for seeds in (model, baseline)]
    first, *resampled = np.subtract(*means)
    return first, np.array(resampled)


def compare(evaluations, baselines=(), main=MAIN):
    return comparisons_table(evaluations, baselines, RESAMPLES, main).to_pylist()


def test_comparisons_equal_a_loop_over_examples_and_seeds(tmp_path):
    base, model = [random_rows(0), random_rows(1)], [random_rows(seed) for seed in (2, 3, 4)]
    evaluations = [evaluation(tmp_path, "base", rows, seed=seed) for seed, rows in enumerate(base)]
    evaluations += [evaluation(tmp_path, "bali", rows, seed=seed) for seed, rows in enumerate(model)]
    compared = {row["metric"]: row for row in compare(evaluations)}
    assert list(compared) == ["macro_f1", "span_f1", "spearman_cls"]
    for metric, row in compared.items():
        value, resampled = plain_differences(model, base, metric)
        assert (row["model"], row["baseline"], row["n"]) == ("bali", "base", NUM)
        assert row["difference"] == pytest.approx(value, abs=1e-9)
        assert [row["ci_low"], row["ci_high"]] == pytest.approx(list(np.quantile(resampled, [0.025, 0.975])), abs=1e-9)
        tail = min((resampled <= 0).sum(), (resampled >= 0).sum())
        assert row["p_value"] == pytest.approx(min(1, 2 * (tail + 1) / (RESAMPLES + 1)))
        assert row["ci_low"] < row["difference"] < row["ci_high"]


def test_order_of_files_and_rows_changes_nothing(tmp_path):
    tables = []
    for name, step in (("there", 1), ("back", -1)):
        (tmp_path / name).mkdir()
        models = [("base", 0), ("base", 1), ("bali", 2), ("bali", 3)][::step]
        files = [evaluation(tmp_path / name, m, random_rows(s)[::step], seed=s) for m, s in models]
        tables.append(comparisons_table(files, [], RESAMPLES, MAIN))
    assert tables[0].num_rows == 3
    assert tables[0].equals(tables[1])
    assert tables[0].schema.equals(COMPARISONS)


def test_baselines_come_in_order_and_none_meets_itself(tmp_path):
    rng = np.random.default_rng(0)
    names = ["names_only", "gat", "base", "mlm_only"]
    files = [evaluation(tmp_path, name, rows_of("accuracy", rng.integers(0, 2, NUM))) for name in names]
    pairs = [(row["model"], row["baseline"]) for row in compare(files, ["names_only", "mlm_only"])]
    expected = [("gat", "base"), ("gat", "mlm_only"), ("gat", "names_only")]
    expected += [("mlm_only", "base"), ("mlm_only", "names_only"), ("names_only", "base"), ("names_only", "mlm_only")]
    assert pairs == expected


def right(share, **names):
    return rows_of("accuracy", np.arange(NUM) < share * NUM, **names)


def test_holm_runs_over_the_main_measure_of_each_dataset(tmp_path):
    """Of d1 the refined split counts, d2 has the second choice only, d3 none; task other adds one; base is its own."""
    shares = {"base": 0.3, "bali": 0.45, "second": 0.9}
    files = []
    for model, share in shares.items():
        toy = [
            *right(share, dataset="d1", split="refined"),
            *right(share, dataset="d1"),
            *right(share - 0.05 if model == "bali" else share, dataset="d2"),
            *right(share, dataset="d3", split="all"),
        ]
        files.append(evaluation(tmp_path, model, toy))
        files.append(evaluation(tmp_path, model, rows_of("micro_f1", np.arange(NUM) < share * NUM), task="other"))
        files.append(evaluation(tmp_path, model, right(share), task="without_main"))
    rows = compare(files)
    assert len(rows) == 2 * (4 + 1 + 1)
    order = [[row[name] for name in ("model", "task", "dataset", "split")] for row in rows]
    assert order == sorted(order)
    main = [("toy", "d1", "refined"), ("toy", "d2", "test"), ("other", "d", "test")]
    for model in ("bali", "second"):
        own = [row for row in rows if row["model"] == model]
        found = {(row["task"], row["dataset"], row["split"]): row for row in own}
        family = [found.pop(key) for key in main]
        assert [row["p_corrected"] for row in family] == holm([row["p_value"] for row in family])
        assert len(found) == 3
        assert all(row["p_corrected"] is None for row in found.values())
    bali = [row for row in rows if row["model"] == "bali" and row["p_corrected"] is not None]
    assert any(row["p_corrected"] > row["p_value"] for row in bali)


def test_equal_predictions_do_not_differ(tmp_path):
    files = [evaluation(tmp_path, model, random_rows(0)) for model in ("base", "bali")]
    rows = compare(files)
    assert len(rows) == 3
    assert {(row["difference"], row["ci_low"], row["ci_high"], row["p_value"]) for row in rows} == {(0, 0, 0, 1)}


@pytest.mark.parametrize(
    "other",
    [
        right(0.5, ids=[f"x{i}" for i in range(NUM)]),
        right(0.5)[1:],
        right(0.5, dataset="e"),
        [*right(0.5), *right(0.5, split="extra")],
        [],
    ],
)
def test_other_examples_are_refused(tmp_path, other):
    files = [evaluation(tmp_path, "base", right(0.5)), evaluation(tmp_path, "bali", other, seed=3)]
    pair = "bali, seed 3, and base, seed 0, found others"
    line = f"^toy, (d|e), (test|extra), accuracy: expected the same examples for {pair}"
    with pytest.raises(ArtefactError, match=line):
        compare(files)


def test_seeds_on_other_examples_are_refused(tmp_path):
    seeds = [right(0.5), right(0.5, ids=[f"x{i}" for i in range(NUM)])]
    files = [evaluation(tmp_path, "bali", rows, seed=seed) for seed, rows in enumerate(seeds)]
    with pytest.raises(ArtefactError, match="expected the same examples for bali, seed 0, and bali, seed 1, found"):
        compare(files)


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        (rows_of("accuracy", [1, 0], [1, np.nan]), "not finite"),
        (rows_of("accuracy", [np.inf, 0]), "not finite"),
        ([{**row, "weight": None} for row in rows_of("accuracy", [1, 0])], "missing"),
        (rows_of("spearman", [1, 0], gold=["1", "much"]), "could not convert string to float: 'much'"),
        (rows_of("pearson_cls", [1, 0], gold=["1", "nan"]), "a gold score that is not finite"),
        (rows_of("macro_f1", [1, 0], gold=["yes", None]), "without gold or predicted"),
    ],
)
def test_damaged_predictions_are_one_line(tmp_path, rows, found):
    with pytest.raises(ArtefactError, match=rf"toy-bali-0.*parquet: d, test, .*{found}.*Run stage evaluate again") as e:
        compare([evaluation(tmp_path, "bali", rows)])
    assert "\n" not in str(e.value)


def test_nothing_to_compare_is_an_empty_table(tmp_path):
    assert compare([]) == []
    assert compare([evaluation(tmp_path, "base", right(0.5))]) == []
    assert compare([evaluation(tmp_path, model, []) for model in ("base", "bali")]) == []


def test_metric_rows():
    predictions = [PredictionRow(**row) for row in [*random_rows(0), *right(0.25)]]
    own = MetricRow("d", "test", "uniformity", -2.5, -2.6, -2.4, 7)
    rows = metric_rows(TaskResult(predictions=predictions, metrics=[own]), RESAMPLES)
    assert [row["metric"] for row in rows] == ["accuracy", "macro_f1", "span_f1", "spearman_cls", "uniformity"]
    assert rows[-1] == own._asdict()
    assert rows[0]["value"] == 0.25
    for row in rows[1:-1]:
        plain = plain_metric([r._asdict() for r in predictions], row["metric"], range(NUM))
        assert row["value"] == pytest.approx(plain)
        assert (row["dataset"], row["split"], row["n"]) == ("d", "test", NUM)
        assert row["ci_low"] < row["value"] < row["ci_high"]
    assert metric_rows(TaskResult(predictions=predictions[::-1], metrics=[own]), RESAMPLES) == rows
    assert metric_rows(TaskResult(), RESAMPLES) == []
