import shutil

import pytest

from bali.cli import main
from bali.evaluation.results import PredictionRow, TaskResult
from bali.evaluation.summary import metric_rows
from bali.io.files import write_json
from tests.unit.evaluation.fixtures import write

NUM = 50
KEY = {"dataset": "pqal", "split": "test", "metric": "accuracy"}


def write_run(root, right):
    """A run whose base model has the first `right` of 50 questions right."""
    rows = [
        PredictionRow("pqal", "test", f"{i:02d}", "accuracy", float(i < right), 1.0, "yes", "no", f"question {i}")
        for i in range(NUM)
    ]
    result = TaskResult(rows)
    path = root / "evaluation/base/pubmedqa/0.json"
    metrics = metric_rows(result, 100)
    write(path.with_suffix(".predictions.parquet"), "predictions", [row._asdict() for row in rows])
    write_json(path, {"model": "base", "task": "pubmedqa", "seed": 0, "datasets": metrics, "skipped": []})
    table = [{**row, "model": "base", "base_model": "tiny", "task": "pubmedqa", "seed": 0} for row in metrics]
    write(root / "report/metrics.parquet", "metrics", table)
    return root


@pytest.fixture
def roots(tmp_path):
    return [str(write_run(tmp_path / name, right)) for name, right in (("small", 10), ("large", 30))]


def compare(tmp_path, *arguments):
    return main(["compare", *arguments, "--output", str(tmp_path / "out/comparison.html"), "--num-bootstrap", "100"])


def test_page_and_csv_are_written(tmp_path, roots):
    assert compare(tmp_path, *roots) == 0
    html = (tmp_path / "out/comparison.html").read_text(encoding="utf-8")
    assert "small and large side by side" in html
    assert "base in large: better than base in small on the only main measure" in html
    assert "▲ +40.0" in html
    head, *rows = (tmp_path / "out/comparison.csv").read_text(encoding="utf-8").splitlines()
    assert head.startswith("run,model,task,dataset,split,metric,is_main,value")
    assert [row.split(",")[0] for row in rows] == ["small", "large"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["comparison.csv", "comparison.html"]


def test_the_same_run_twice_needs_names_and_differs_by_nothing(tmp_path, roots, capsys):
    assert compare(tmp_path, roots[0], roots[0]) == 2
    assert "got 2 runs named 'small'. Give others with --names." in capsys.readouterr().err
    assert compare(tmp_path, roots[0], roots[0], "--names", "one", "two") == 0
    assert "= +0.0" in (tmp_path / "out/comparison.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["x"], "--names: expected 2 names, one for each run, got 1."),
        (["x", "x"], "got 2 runs named 'x'"),
        (["x", " "], "expected a name for each run, got an empty one"),
    ],
)
def test_names_that_do_not_fit_are_refused(tmp_path, roots, names, message, capsys):
    assert compare(tmp_path, *roots, "--names", *names) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_one_run_is_refused(tmp_path, roots, capsys):
    assert compare(tmp_path, roots[0]) == 2
    assert "expected at least two results directories, got 1" in capsys.readouterr().err


def test_a_folder_that_is_no_run_is_refused(tmp_path, roots, capsys):
    assert compare(tmp_path, *roots, str(tmp_path)) == 2
    assert "expected a results directory with report/metrics.parquet, found none" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["report/metrics.parquet", "evaluation/base/pubmedqa/0.json"])
def test_a_damaged_file_is_one_line(tmp_path, roots, name, capsys):
    (tmp_path / "large" / name).write_bytes(b"garbage")
    assert compare(tmp_path, *roots) == 2
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("bali compare:")]
    assert f"large/{name}: expected" in line
    assert not (tmp_path / "out").exists()


def test_metrics_without_predictions_are_shown_and_not_compared(tmp_path, roots):
    shutil.rmtree(tmp_path / "large/evaluation")
    assert compare(tmp_path, *roots) == 0
    html = (tmp_path / "out/comparison.html").read_text(encoding="utf-8")
    assert "base in large was not compared with base in small" in html
    assert "predictions of it are missing in large: base (question answering)" in html


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--output", "x.csv"], "expected a file name that ends in .html"), (["--num-bootstrap", "99"], "at least 100")],
)
def test_options_that_do_not_fit_are_refused(roots, options, message, capsys):
    assert main(["compare", *roots, *options]) == 2
    assert message in capsys.readouterr().err
