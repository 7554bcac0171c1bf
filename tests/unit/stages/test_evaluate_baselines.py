"""`bali evaluate-baselines`: two files for each baseline, in the form of stage evaluate, without torch."""

import json
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from bali.cli import COMMANDS, main
from bali.evaluation.summary import read_evaluation
from bali.io.parquet import read_provenance
from bali.schemas import PREDICTIONS
from bali.vocabulary import BASELINES

NUM_TEST = 60


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Sets in which the label, the tag and the option stand in the spelling."""
    root = tmp_path_factory.mktemp("baselines")
    for part in ("train", "dev", "test"):
        rows = [(f"{'renal' if i % 3 else 'gastric'} case {part} {i}", int(i % 3 > 0)) for i in range(NUM_TEST)]
        (root / f"{part}.tsv").write_text("".join(f"{text}\t{label}\n" for text, label in rows))
        words = [
            f"case\tO\n{'renal' if i % 3 else 'gastric'}\t{'B-Organ' if i % 3 else 'O'}\n" for i in range(NUM_TEST)
        ]
        (root / f"{part}.iob.tsv").write_text("\n".join(words) + "\n")
    (root / "pairs.csv").write_text(
        "Term1,Term2,Mean\nfever,fevers,9\nfever,febrile,5\nfever,stone,1\nrenal,adrenal,7\n"
    )
    return root


def tasks(root):
    files = {part: [str(root / f"{part}.tsv")] for part in ("train", "dev", "test")}
    tagged = {part: [str(root / f"{part}.iob.tsv")] for part in ("train", "dev", "test")}
    return {
        "gad": {"datasets": {"toy": files}},
        "ner": {"datasets": {"toy": tagged}},
        "similarity": {"datasets": {"toy": {"pairs": [str(root / "pairs.csv")]}}},
    }


def evaluate(root, task, output, seed=3, **configured):
    options = {"evaluation": {"tasks": configured or tasks(root)}, "compute": {"accelerator": "cpu"}}
    folders = [*("--umls-dir", str(root / "umls"), "--graph-dir", str(root / "graph"))]
    folders += ["--dictionary", str(root / "dictionary.parquet"), "--output-dir", str(output)]
    return main(["evaluate-baselines", "--task", task, "--seed", str(seed), *folders, "--options", json.dumps(options)])


def values(output, task, metric, seed=3):
    """Baseline -> value of a metric of the toy set."""
    found = {}
    for name in BASELINES:
        evaluation = read_evaluation(output / name / task / f"{seed}.json")
        assert (evaluation.model, evaluation.task, evaluation.seed) == (name, task, seed)
        (found[name],) = (row["value"] for row in evaluation.metrics if row["metric"] == metric)
    return found


def test_files_of_each_baseline(root, tmp_path):
    assert evaluate(root, "gad", tmp_path) == 0
    expected = [f"{name}/gad/3{suffix}" for name in BASELINES for suffix in (".json", ".predictions.parquet")]
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()) == sorted(expected)
    report = json.loads((tmp_path / "trigrams/gad/3.json").read_text())
    assert sorted(report) == ["counts", "datasets", "model", "seal", "seed", "skipped", "task"]
    assert str(root) not in json.dumps(report)
    table = pq.read_table(tmp_path / "trigrams/gad/3.predictions.parquet")
    assert table.schema.remove_metadata() == PREDICTIONS
    assert table.num_rows == 2 * NUM_TEST  # two metrics
    provenance = read_provenance(tmp_path / "trigrams/gad/3.predictions.parquet")
    assert {"train.tsv", "dev.tsv", "test.tsv"} <= set(provenance["input_digests"])


def test_scores_are_what_they_must_be(root, tmp_path):
    assert evaluate(root, "gad", tmp_path) == 0
    accuracy = values(tmp_path, "gad", "accuracy")
    assert accuracy["majority"] == pytest.approx(2 / 3)
    assert accuracy["trigrams"] == 1
    assert 0.5 - 4 * (0.25 / NUM_TEST) ** 0.5 < accuracy["random"] < 0.5 + 4 * (0.25 / NUM_TEST) ** 0.5
    assert evaluate(root, "ner", tmp_path) == 0
    spans = values(tmp_path, "ner", "span_f1")
    assert (spans["majority"], spans["trigrams"]) == (0, 1)
    assert 0 < spans["random"] < 1


def test_a_constant_has_no_correlation(root, tmp_path):
    assert evaluate(root, "similarity", tmp_path) == 0
    for metric in ("spearman", "pearson"):
        cls, mean = (values(tmp_path, "similarity", f"{metric}_{pooling}") for pooling in ("cls", "mean"))
        assert cls == mean
        assert cls["majority"] == 0
        assert cls["trigrams"] > 0.5


def test_two_runs_are_byte_identical_and_seeds_differ(root, tmp_path):
    for output, seed in (("first", 3), ("second", 3), ("other", 4)):
        assert evaluate(root, "gad", tmp_path / output, seed) == 0
    files = sorted(p.relative_to(tmp_path / "first") for p in (tmp_path / "first").rglob("*") if p.is_file())
    assert len(files) == 2 * len(BASELINES)
    assert all((tmp_path / "first" / f).read_bytes() == (tmp_path / "second" / f).read_bytes() for f in files)
    guesses = [
        pq.read_table(tmp_path / output / f"random/gad/{seed}.predictions.parquet")["predicted"].to_pylist()
        for output, seed in (("first", 3), ("other", 4))
    ]
    assert guesses[0] != guesses[1]


def test_absent_data_is_no_failure(root, tmp_path):
    absent = {"similarity": {"datasets": {"toy": {"pairs": ["nowhere.csv"]}}}}
    assert evaluate(root, "similarity", tmp_path, **absent) == 0
    for name in BASELINES:
        report = json.loads((tmp_path / name / "similarity/3.json").read_text())
        assert report["datasets"] == []
        assert len(report["skipped"]) == 1


def test_broken_data_is_one_line_and_no_output(root, tmp_path, capsys):
    (tmp_path / "broken.csv").write_text("Term1,Term2,Mean\nfever,fevers,high\n")
    broken = {"similarity": {"datasets": {"toy": {"pairs": [str(tmp_path / "broken.csv")]}}}}
    assert evaluate(root, "similarity", tmp_path / "out", **broken) == 2
    assert "broken.csv" in capsys.readouterr().err.strip().splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_a_task_that_is_not_configured_is_refused(root, tmp_path, capsys):
    assert evaluate(root, "pubmedqa", tmp_path) == 2
    assert "evaluation.tasks.pubmedqa: expected the section of the task" in capsys.readouterr().err


def test_a_task_that_no_baseline_can_answer_is_refused(root, tmp_path, capsys):
    assert evaluate(root, "embedding_geometry", tmp_path, embedding_geometry={}) == 2
    assert "--task: expected a task that baselines can answer" in capsys.readouterr().err


def test_the_command_does_not_load_torch():
    module = f"bali.stages.{COMMANDS['evaluate-baselines']}"
    code = f"import sys, {module}; print('torch' in sys.modules, 'sklearn' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.split() == ["False", "True"]
