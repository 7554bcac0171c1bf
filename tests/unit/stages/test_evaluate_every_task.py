"""Every task from its original files, through the commands: a model and the baselines on the same examples."""

import json
import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bali.cli import main
from bali.tasks import TASKS
from bali.vocabulary import BASELINES
from tests.unit.evaluation.fixtures import write_model

FIXTURES = Path(__file__).parents[1] / "tasks" / "data"
SMALL = {"num_epochs": 1, "max_length": 32}


def split(root, train, test, dev=()):
    return {"train": [f"{root}/{train}"], "dev": [f"{root}/{name}" for name in dev], "test": [f"{root}/{test}"]}


def of_fixtures():
    """Task -> its section, with the fixtures of its readers."""
    datasets = {
        "bioasq": {
            "with_snippets": split(FIXTURES, "bioasq_training.json", "bioasq_golden.json"),
            "without": {**split(FIXTURES, "bioasq_training.json", "bioasq_golden.json"), "snippets": False},
        },
        "medqa": {"usmle": split(FIXTURES, "medqa_test.jsonl", "agents_test.jsonl")},
        "medmcqa": {"medmcqa": split(FIXTURES, "medmcqa_from_zero.json", "medmcqa_dev.json")},
        "chemprot": {"corpus": split(FIXTURES, "chemprot_training", "chemprot_test_gs")},
        "ddi": {"corpus": split(FIXTURES, "ddi", "ddi/MedLine")},
        "gad": {"gad": split(FIXTURES, "gad_train.tsv", "gad_test.tsv")},
        "ner": {"toy": split(FIXTURES, "ner_iob2.tsv", "ner_iob2.tsv")},
    }
    sections = {task: {"datasets": sets, **SMALL} for task, sets in datasets.items()}
    pairs = {name: {"pairs": [f"{FIXTURES}/{name}"]} for name in ("umnsrs.csv", "mayosrs.csv", "biosses.tsv")}
    return {**sections, "similarity": {"datasets": {name.replace(".", "_"): pair for name, pair in pairs.items()}}}


def of_real_data(data):
    """The same of the development data, where it has the set; of MedQA and MedMCQA it holds test files only."""
    ner = {
        name.lower().replace("-", "_"): split(data / "ner_mtl", f"{name}_devel.tsv.gz", f"{name}_test.tsv.gz")
        for name in ("BC5CDR-disease", "BC5CDR-chem", "NCBI-disease", "BC2GM")
    }
    qa, pubmedqa = data / "qa_medagents", data / "qa_pubmedqa"
    datasets = {
        "pubmedqa": {
            "pqa_l": {"questions": f"{pubmedqa}/ori_pqal.json.gz", "test_ids": f"{pubmedqa}/test_ground_truth.json"}
        },
        "medqa": {"medqa": split(qa, "mmlu_test.jsonl.gz", "medqa_test.jsonl.gz")},
        "medmcqa": {"medmcqa": split(qa, "mmlu_test.jsonl.gz", "medmcqa_test.jsonl.gz")},
        "chemprot": {"scibert": split(data / "re_chemprot", "train.txt.gz", "test.txt.gz", ["dev.txt.gz"])},
        "gad": {"gad_1": split(data / "re_gad", "GAD_fold1_train.tsv.gz", "GAD_fold1_test.tsv.gz")},
        "ner": ner,
    }
    sections = {task: {"datasets": sets, **SMALL} for task, sets in datasets.items()}
    pairs = {
        "umnsrs": "sim_umnsrs_cui/UMNSRS_similarity_mod449_word2vec.csv",
        "mayosrs": "sim_bio/MayoSRS.txt",
        "biosses": "sim_biosses/biosses.tsv",
    }
    rated = {name: {"pairs": [str(data / path)]} for name, path in pairs.items()}
    return {**sections, "similarity": {"datasets": rated}}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_model(tmp_path_factory.mktemp("model"))


def evaluate(folder, model, task, section):
    """System -> (metrics, predictions) after both commands."""
    options = {"evaluation": {"tasks": {task: section}, "num_bootstrap": 100}, "compute": {"accelerator": "cpu"}}
    common = ["--task", task, "--umls-dir", f"{folder}/umls", "--graph-dir", f"{folder}/graph"]
    common += ["--dictionary", f"{folder}/dictionary.parquet", "--options", json.dumps(options)]
    output = folder / "base" / task / "0.json"
    files = ["--output", str(output), "--predictions", str(output.with_suffix(".predictions.parquet"))]
    assert main(["evaluate", "--model", "base", "--model-dir", str(model), *common, *files]) == 0
    assert main(["evaluate-baselines", *common, "--output-dir", str(folder)]) == 0
    results = {}
    for system in ("base", *BASELINES):
        path = folder / system / task / "0.json"
        report = json.loads(path.read_text())
        assert report["skipped"] == []
        results[system] = report["datasets"], pq.read_table(path.with_suffix(".predictions.parquet"))
    return results


def check(task, section, results):
    """Every set has its main measure, in range, from the same examples for all systems."""
    keys = ["dataset", "split", "metric", "example_id"]
    predictions = results["base"][1]
    assert predictions.num_rows
    for rows, table in results.values():
        assert table.select(keys).equals(predictions.select(keys))
        main_measures = [row for row in rows if (row["split"], row["metric"]) in TASKS[task].main]
        assert {row["dataset"] for row in main_measures} == set(section["datasets"])
        assert all(-1 <= row["ci_low"] <= row["ci_high"] <= 1 for row in rows)
        assert all(-1 <= row["value"] <= 1 and row["n"] > 0 for row in rows)


@pytest.mark.parametrize("task", sorted(of_fixtures()))
def test_every_task_runs_from_its_original_format(tmp_path, model, task):
    section = of_fixtures()[task]
    check(task, section, evaluate(tmp_path, model, task, section))


@pytest.mark.real_data
@pytest.mark.parametrize("task", sorted(of_real_data(Path())))
def test_every_task_runs_on_its_real_set(tmp_path, model, task):
    folder = os.environ.get("BALI_DEVELOPMENT_DATA")
    if not folder:
        pytest.skip("BALI_DEVELOPMENT_DATA is not set")
    section = of_real_data(Path(folder))[task]
    check(task, section, evaluate(tmp_path, model, task, section))
