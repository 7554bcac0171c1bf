import json
import subprocess
import sys

import pytest
from sklearn.metrics import f1_score

from bali.errors import ConfigError
from bali.evaluation.classification import run
from bali.tasks.examples import LabelledText, Splits
from bali.tasks.pubmedqa import TASK as PUBMEDQA
from bali.tasks.task import Classification
from tests.unit.evaluation.answering import Told, dataset_of, value_of
from tests.unit.evaluation.fixtures import inputs, write_model

GOLD = ["CPR:3", "CPR:4", "false", "CPR:3", "false", "CPR:4"]
PREDICTED = ["CPR:3", "CPR:3", "CPR:3", "false", "false", "CPR:4"]


def texts(labels):
    return [LabelledText(f"id{i}", f"text {i}", None, label) for i, label in enumerate(labels)]


def task(**options):
    splits = Splits(texts(GOLD * 5), [], texts(GOLD), {"markers overlap": 2})
    return Classification(
        **{"name": "gad", "title": "", "section": object, "main": (), "read": lambda _: splits, **options}
    )


def ask(root, system, **options):
    section = {"gad": {"datasets": {"toy": dataset_of(root)}, "dev_fraction": 0.2}}
    return run(task(**options), inputs(root, section, system=system))


def test_a_row_for_each_metric_and_example(tmp_path):
    options = {"metrics": ("micro_f1", "accuracy", "macro_f1", "f1"), "negative": {"false"}, "positive": "CPR:3"}
    result = ask(tmp_path, Told(PREDICTED), **options)
    assert len(result.predictions) == 4 * 6
    assert {(row.dataset, row.split) for row in result.predictions} == {("toy", "test")}
    assert [row.example_id for row in result.predictions[:6]] == [f"id{i}" for i in range(6)]
    assert [row.gold for row in result.predictions] == GOLD * 4
    assert [row.predicted for row in result.predictions] == PREDICTED * 4
    assert result.predictions[3].text == "text 3"
    relations = ["CPR:3", "CPR:4"]
    wanted = {
        "accuracy": 0.5,
        "macro_f1": f1_score(GOLD, PREDICTED, average="macro"),
        "micro_f1": f1_score(GOLD, PREDICTED, labels=relations, average="micro"),
        "f1": f1_score(GOLD, PREDICTED, labels=["CPR:3"], average="macro"),
    }
    assert {metric: value_of(result, metric) for metric in wanted} == pytest.approx(wanted)


def test_what_is_asked_and_counted(tmp_path):
    system = Told(PREDICTED)
    result = ask(tmp_path, system, metrics=("micro_f1", "accuracy"), negative={"false"})
    ((splits, labels, training, score),) = system.asked
    assert [len(part) for part in (splits.train, splits.dev, splits.test)] == [24, 6, 6]
    assert labels == ["CPR:3", "CPR:4", "false"]
    assert training.seed == 0
    assert score(["false", "CPR:3"], ["false", "CPR:3"]) == 1
    assert score(["false", "CPR:3"], ["CPR:3", "CPR:3"]) == pytest.approx(2 / 3)
    sizes = {"train": 24, "dev": 6, "test": 6, "left out: markers overlap": 2}
    assert result.counts == {"toy": {**sizes, "best epoch": 3, "dev score": 0.5}}
    assert [path.name for path in result.inputs] == ["train.tsv", "test.tsv"]


def test_the_labels_of_the_task_come_first(tmp_path):
    system = Told(PREDICTED)
    ask(tmp_path, system, labels=("CPR:3", "CPR:4", "CPR:9", "false"))
    assert system.asked[0][1] == ("CPR:3", "CPR:4", "CPR:9", "false")


def test_absent_files_are_skipped(tmp_path):
    section = {"gad": {"datasets": {"toy": {"test": ["nowhere.tsv"]}}}}
    system = Told(PREDICTED)
    result = run(task(), inputs(tmp_path, section, system=system))
    assert result.predictions == system.asked == []
    (line,) = result.skipped
    assert "evaluation.tasks.gad.datasets.toy.test" in line
    assert "nowhere.tsv" in line


def test_nothing_to_train_on_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match=r"datasets\.toy\.train"):
        ask(tmp_path, Told(PREDICTED), read=lambda _: Splits([], [], texts(GOLD)))


def write_pubmedqa(root, num=120):
    """Questions whose answer stands in their context; every second is a test question."""
    words = {"yes": "fever cough", "no": "renal failure", "maybe": "aspirin"}
    answers = ["yes", "no", "yes", "maybe", "no", "yes"]
    questions = {
        str(1000 + i): {
            "QUESTION": f"does {'acute' if i % 2 else 'severe'} asthma matter",
            "CONTEXTS": [words[answers[i // 2 % 6]]] * 2,
            "final_decision": answers[i // 2 % 6],
        }
        for i in range(num)
    }
    truth = {pmid: row["final_decision"] for i, (pmid, row) in enumerate(questions.items()) if i % 2}
    (root / "q.json").write_text(json.dumps(questions))
    (root / "t.json").write_text(json.dumps(truth))
    return {"questions": str(root / "q.json"), "test_ids": str(root / "t.json")}


@pytest.fixture(scope="module")
def pubmedqa(tmp_path_factory):
    root = tmp_path_factory.mktemp("qa")
    write_model(root / "model")
    dataset = write_pubmedqa(root)

    def evaluate(seed=0, **options):
        section = {"datasets": {"pqal": dataset}, "batch_size": 4, "dev_fraction": 0.2, **options}
        return run(PUBMEDQA, inputs(root, {"pubmedqa": section}, seed))

    return evaluate


def test_a_model_learns_pubmedqa(pubmedqa):
    result = pubmedqa(learning_rate=[1e-5, 1e-2], num_epochs=15)
    assert {row.metric for row in result.predictions} == {"accuracy", "macro_f1"}
    assert value_of(result, "accuracy") > 0.8
    found = result.counts["pqal"]
    assert [found["train"], found["dev"], found["test"]] == [48, 12, 60]
    assert found["learning rate"] == 1e-2
    assert found["dev score"] > 0.8


def test_same_seed_same_predictions_and_other_seed_other_predictions(pubmedqa):
    options = {"num_epochs": 1, "learning_rate": 1e-4}
    first, again, other = (pubmedqa(seed, **options).predictions for seed in (0, 0, 1))
    assert first == again
    assert [row.predicted for row in first] != [row.predicted for row in other]


def test_the_protocols_start_without_torch():
    modules = ("classification", "multiple_choice", "tagging", "similarity")
    code = f"import sys; {'; '.join(f'import bali.evaluation.{m}' for m in modules)}; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
