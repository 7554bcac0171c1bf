import json

import pyarrow.parquet as pq
import pytest

from bali.cli import main
from bali.io.files import write_json
from tests.unit.evaluation.fixtures import write

NUM = 200
OPTIONS = {
    "experiments": {
        "bali_gat": {},
        "mlm_only": {"graph_encoder": "none"},
        "no_edges": {"graph_encoder": "names_only"},
    }
}


def write_result(root, model, seed, right, examples=range(NUM)):
    """A result where the examples below `right` are right."""
    values = [float(i < right) for i in examples]
    labels = {True: "yes", False: "no"}
    names = {"dataset": "pqal", "split": "test", "weight": 1.0, "gold": "yes"}
    rows = [
        {**names, "example_id": f"{i:04d}", "metric": metric, "value": value, "predicted": labels[value > 0]}
        for metric in ("accuracy", "macro_f1")
        for i, value in zip(examples, values, strict=True)
    ]
    path = root / "evaluation" / model / "pubmedqa" / f"{seed}.json"
    write(path.with_suffix(".predictions.parquet"), "predictions", rows)
    metric = {
        "dataset": "pqal",
        "split": "test",
        "metric": "accuracy",
        "value": sum(values) / len(values),
        "n": len(values),
    }
    other = {**metric, "metric": "macro_f1", "value": 0.5}
    datasets = [{**m, "ci_low": m["value"] - 0.1, "ci_high": m["value"] + 0.1} for m in (metric, other)]
    write_json(path, {"model": model, "task": "pubmedqa", "seed": seed, "datasets": datasets, "skipped": []})
    return path


@pytest.fixture
def results(tmp_path):
    rights = {"base": (80, 90), "bali_gat": (120, 130), "mlm_only": (85, 85), "no_edges": (100, 100)}
    return [write_result(tmp_path, model, seed, r) for model, pair in rights.items() for seed, r in enumerate(pair)]


def summarise(root, results):
    return main(
        [
            *(
                "summarise-metrics",
                "--results",
                *map(str, results),
                "--base-name",
                "tiny",
                "--options",
                json.dumps(OPTIONS),
            ),
            *("--output", str(root / "metrics.parquet"), "--comparisons", str(root / "comparisons.parquet")),
        ]
    )


def test_tables(tmp_path, results):
    assert summarise(tmp_path, results) == 0
    metrics = pq.read_table(tmp_path / "metrics.parquet").to_pylist()
    assert len(metrics) == 4 * 2 * 2  # models, seeds, metrics
    assert {row["base_model"] for row in metrics} == {"tiny"}
    (row,) = [r for r in metrics if (r["model"], r["seed"], r["metric"]) == ("bali_gat", 1, "accuracy")]
    assert row["value"] == pytest.approx(0.65)
    comparisons = pq.read_table(tmp_path / "comparisons.parquet").to_pylist()
    pairs = {(row["model"], row["baseline"]): row for row in comparisons if row["metric"] == "accuracy"}
    expected = {("mlm_only", "base"), ("mlm_only", "no_edges"), ("no_edges", "base"), ("no_edges", "mlm_only")}
    assert set(pairs) == {*expected, ("bali_gat", "base"), ("bali_gat", "mlm_only"), ("bali_gat", "no_edges")}
    assert pairs["bali_gat", "base"]["difference"] == pytest.approx(0.2)
    assert pairs["bali_gat", "base"]["ci_low"] > 0.1
    assert pairs["bali_gat", "base"]["p_value"] == pytest.approx(2 / 5001)
    assert pairs["mlm_only", "base"]["difference"] == pytest.approx(0)
    assert pairs["bali_gat", "base"]["n"] == NUM


def test_accuracy_is_the_main_measure_of_pubmedqa(tmp_path, results):
    """There is one dataset, so that the correction of its main measure changes nothing."""
    assert summarise(tmp_path, results) == 0
    rows = pq.read_table(tmp_path / "comparisons.parquet").to_pylist()
    assert len(rows) == 7 * 2
    for row in rows:
        assert row["p_corrected"] == (row["p_value"] if row["metric"] == "accuracy" else None)


def test_order_of_the_files_changes_nothing(tmp_path, results):
    outputs = []
    for order in (results, results[::-1]):
        assert summarise(tmp_path, order) == 0
        outputs.append([(tmp_path / name).read_bytes() for name in ("metrics.parquet", "comparisons.parquet")])
    assert outputs[0] == outputs[1]


def test_other_examples_are_refused(tmp_path, results, capsys):
    results += [write_result(tmp_path, "bali_gat", 2, 10, range(5, NUM + 5))]
    assert summarise(tmp_path, results) == 2
    error = capsys.readouterr().err
    assert "expected the same examples for bali_gat, seed 0, and bali_gat, seed 2, found others" in error


def test_a_result_given_twice_is_refused(tmp_path, results, capsys):
    assert summarise(tmp_path, [*results, results[0]]) == 2
    assert "is there twice" in capsys.readouterr().err


def test_garbage_is_refused(tmp_path, results, capsys):
    results[0].with_suffix(".predictions.parquet").write_bytes(b"garbage")
    assert summarise(tmp_path, results) == 2
    assert "expected a Parquet file" in capsys.readouterr().err
    assert not (tmp_path / "metrics.parquet").exists()
