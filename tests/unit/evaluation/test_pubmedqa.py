import gzip
import json

import pytest
import torch

from bali.config import PubMedQADataset
from bali.errors import ConfigError, InputError
from bali.evaluation.classification import Classifier
from bali.evaluation.language_model import load_language_model
from bali.evaluation.pubmedqa import Question, read_questions, run, split_off_dev
from tests.unit.evaluation.fixtures import inputs, write_model

ANSWERS = ["yes", "no", "yes", "maybe", "no", "yes"]


def rows(num):
    """Questions whose answer stands in their context."""
    words = {"yes": "fever cough", "no": "renal failure", "maybe": "aspirin"}
    return {
        str(1000 + i): {
            "QUESTION": f"does {'acute' if i % 2 else 'severe'} asthma matter",
            "CONTEXTS": [words[ANSWERS[i % 6]], words[ANSWERS[i % 6]]],
            "final_decision": ANSWERS[i % 6],
        }
        for i in range(num)
    }


def write_dataset(root, num=60, every=2):
    questions = rows(num)
    truth = {pmid: row["final_decision"] for i, (pmid, row) in enumerate(questions.items()) if i % every == 0}
    with gzip.open(root / "ori_pqal.json.gz", "wt") as stream:
        json.dump(questions, stream)
    (root / "test_ground_truth.json").write_text(json.dumps(truth))
    return {"questions": str(root / "ori_pqal.json.gz"), "test_ids": str(root / "test_ground_truth.json")}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("qa")
    write_model(root / "model")
    write_dataset(root)
    return root


def task(root, **options):
    dataset = {"questions": str(root / "ori_pqal.json.gz"), "test_ids": str(root / "test_ground_truth.json")}
    return {
        "pubmedqa": {
            "datasets": {"pqal": dataset},
            "learning_rate": 1e-2,
            "num_epochs": 15,
            "batch_size": 4,
            "num_dev": 6,
            **options,
        }
    }


def test_it_learns_and_reports(root):
    result = run(inputs(root, task(root)))
    assert len(result.predictions) == 30
    assert {row.metric for row in result.predictions} == {"accuracy"}
    assert sum(row.value for row in result.predictions) / 30 > 0.8
    (macro_f1,) = result.metrics
    assert macro_f1.metric == "macro_f1"
    assert macro_f1.ci_low <= macro_f1.value <= macro_f1.ci_high
    assert result.counts["pqal"]["dev"] == 6
    assert result.counts["pqal"]["train"] == 24


def test_same_seed_same_predictions_and_other_seed_other_predictions(root):
    options = {"num_epochs": 1, "learning_rate": 1e-4}
    first, again, other = (run(inputs(root, task(root, **options), seed=seed)).predictions for seed in (0, 0, 1))
    assert first == again
    assert [row.predicted for row in first] != [row.predicted for row in other]


def test_the_seed_changes_head_and_dev(root):
    model = load_language_model(root / "model", torch.device("cpu"))
    heads = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        heads.append(Classifier(model.model, 3).head.weight)
    assert torch.equal(heads[0], heads[1])
    assert not torch.equal(heads[0], heads[2])
    questions = [Question(str(i), "q", "c", ANSWERS[i % 6]) for i in range(60)]
    devs = [split_off_dev(questions, 12, seed)[1] for seed in (0, 0, 1)]
    assert devs[0] == devs[1]
    assert devs[0] != devs[2]


def test_dev_is_stratified_and_disjoint():
    questions = [Question(str(i), "q", "c", ANSWERS[i % 6]) for i in range(60)]
    train, dev = split_off_dev(questions, 12, seed=3)
    assert sorted(train + dev) == sorted(questions)
    assert sorted(question.answer for question in dev) == ["maybe"] * 2 + ["no"] * 4 + ["yes"] * 6
    with pytest.raises(ConfigError, match="num_dev"):
        split_off_dev(questions, 60, seed=3)


def test_official_parts(tmp_path):
    dataset = PubMedQADataset(**write_dataset(tmp_path, num=20, every=4))
    questions = read_questions(dataset)
    assert len(questions.test) == 5
    assert len(questions.train) == 15
    assert questions.test[0] == Question("1000", "does severe asthma matter", "fever cough fever cough", "yes")


def test_absent_files_are_skipped(root):
    tasks = task(root)
    tasks["pubmedqa"]["datasets"]["pqal"]["test_ids"] = "nowhere.json"
    result = run(inputs(root, tasks))
    assert result.predictions == []
    (line,) = result.skipped
    assert "evaluation.tasks.pubmedqa.datasets.pqal.test_ids" in line
    assert "nowhere.json" in line


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda q, t: q["1001"].pop("CONTEXTS"), "1001: expected QUESTION"),
        (lambda q, t: q["1001"].update(final_decision="Yes"), "final_decision among"),
        (lambda q, t: t.update({"7": "no"}), "got 7"),
        (lambda q, t: t.update({"1000": "no"}), "'no' here and 'yes'"),
        (lambda q, t: t.clear(), "JSON object"),
        (lambda q, t: t.update({pmid: row["final_decision"] for pmid, row in q.items()}), "training ones, found none"),
    ],
)
def test_broken_files_are_errors(tmp_path, change, message):
    questions = rows(12)
    truth = {"1000": "yes"}
    change(questions, truth)
    for name, value in (("q.json", questions), ("t.json", truth)):
        (tmp_path / name).write_text(json.dumps(value))
    with pytest.raises(InputError, match=message):
        read_questions(PubMedQADataset(questions=str(tmp_path / "q.json"), test_ids=str(tmp_path / "t.json")))


def test_a_cut_file_is_an_error(tmp_path):
    paths = write_dataset(tmp_path)
    whole = (tmp_path / "ori_pqal.json.gz").read_bytes()
    (tmp_path / "ori_pqal.json.gz").write_bytes(whole[:100])
    with pytest.raises(InputError, match="ori_pqal"):
        read_questions(PubMedQADataset(**paths))
