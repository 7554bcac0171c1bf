import json

import pyarrow.parquet as pq
import pytest

from bali.cli import main
from bali.io.parquet import read_provenance
from bali.schemas import PREDICTIONS
from tests.unit.evaluation.fixtures import pubtator, write_examples, write_graph, write_model, write_umls


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("evaluate")
    write_model(root / "model")
    write_umls(root / "umls")
    write_graph(root / "graph")
    write_examples(root / "validation.parquet", [(1, "Fever", [(0, 5, "C0000001")])])
    (root / "gold.txt").write_text(
        pubtator([(1, "Fever and xyz", [("Fever", "T", "C0000001"), ("xyz", "T", "C0000002")])])
    )
    dictionary = ["--dictionary", str(root / "dictionary.parquet")]
    built = ["build-dictionary", "--names", str(root / "umls/names.parquet"), "--output", dictionary[1]]
    encoded = [
        "encode-dictionary",
        "--model-dir",
        str(root / "model"),
        *dictionary,
        "--output-dir",
        str(root / "vectors"),
    ]
    assert [main(built), main(encoded)] == [0, 0]
    return root


def evaluate(root, task, options, output="out"):
    sections = {"evaluation": {"tasks": options}, "compute": {"accelerator": "cpu"}}
    return main(
        [
            *("evaluate", "--model", "base", "--model-dir", str(root / "model"), "--task", task, "--seed", "3"),
            *("--umls-dir", str(root / "umls"), "--graph-dir", str(root / "graph")),
            *("--dictionary", str(root / "dictionary.parquet"), "--vectors", str(root / "vectors")),
            *("--validation", str(root / "validation.parquet"), "--options", json.dumps(sections)),
            *("--output", str(root / f"{output}.json"), "--predictions", str(root / f"{output}.predictions.parquet")),
        ]
    )


def linking(path):
    return {"entity_linking": {"datasets": {"toy": {"test": [str(path)]}}}}


def test_json_and_predictions(root):
    assert evaluate(root, "entity_linking", linking(root / "gold.txt")) == 0
    report = json.loads((root / "out.json").read_text())
    assert (report["model"], report["task"], report["seed"], report["skipped"]) == ("base", "entity_linking", 3, [])
    metrics = {(row["split"], row["metric"]): row for row in report["datasets"]}
    assert {row["dataset"] for row in report["datasets"]} == {"toy"}
    assert len(metrics) == 4 * 6  # splits, metrics
    row = metrics["all", "accuracy@1_mean"]
    assert row["n"] == 2
    assert row["value"] >= 0.5
    assert row["ci_low"] <= row["value"] <= row["ci_high"]
    table = pq.read_table(root / "out.predictions.parquet")
    assert table.schema.remove_metadata() == PREDICTIONS
    values = [r["value"] for r in table.to_pylist() if (r["split"], r["metric"]) == ("all", "accuracy@1_mean")]
    assert sum(values) / len(values) == row["value"]
    provenance = read_provenance(root / "out.predictions.parquet")
    assert provenance["umls_release"] == "test"
    assert {"dictionary/dictionary.parquet", "gold.txt", "model.safetensors"} <= set(provenance["input_digests"])
    assert str(root) not in (root / "out.json").read_text()


def test_two_runs_are_byte_identical(root):
    for output in ("first", "second"):
        assert evaluate(root, "concept_retrieval", {"concept_retrieval": {}}, output) == 0
    for suffix in (".json", ".predictions.parquet"):
        assert (root / f"first{suffix}").read_bytes() == (root / f"second{suffix}").read_bytes()


def test_absent_data_is_no_failure(root):
    assert evaluate(root, "entity_linking", linking("nowhere.txt"), "absent") == 0
    report = json.loads((root / "absent.json").read_text())
    assert report["datasets"] == []
    assert len(report["skipped"]) == 1
    assert pq.read_table(root / "absent.predictions.parquet").num_rows == 0


def test_broken_data_is_one_line_and_no_output(root, capsys):
    (root / "broken.txt").write_text("no PubTator\n")
    assert evaluate(root, "entity_linking", linking(root / "broken.txt"), "broken") == 2
    assert "broken.txt line 1" in capsys.readouterr().err.strip().splitlines()[-1]
    assert not (root / "broken.json").exists()
    assert not (root / "broken.predictions.parquet").exists()


def test_a_task_that_is_not_configured_is_refused(root, capsys):
    assert evaluate(root, "pubmedqa", {}, "null") == 2
    assert "evaluation.tasks.pubmedqa" in capsys.readouterr().err
