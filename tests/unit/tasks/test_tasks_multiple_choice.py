import json

import pytest

from bali.tasks.examples import ChoiceQuestion, EvaluationText
from bali.tasks.medmcqa import TASK as MEDMCQA
from bali.tasks.medqa import TASK as MEDQA
from tests.unit.tasks.files import num_examples, parts, refused

VITAMIN = ChoiceQuestion("m-1", "Which vitamin is water soluble?", ("A", "D", "E", "C"), 3)
GLAND = ChoiceQuestion("m-2", "Largest gland?", ("Liver", "Spleen", "Thyroid", "Pancreas"), 0)


def medqa(**changes):
    row = {"question": "Why?", "options": {"A": "a", "B": "b"}, "answer_idx": "B", **changes}
    return json.dumps({key: value for key, value in row.items() if value is not ...}) + "\n"


def medmcqa(**changes):
    row = {"question": "Why?", "opa": "a", "opb": "b", "opc": "c", "opd": "d", "cop": 1, "id": "x", **changes}
    return json.dumps({key: value for key, value in row.items() if value is not ...}) + "\n"


def test_medqa_rows():
    splits = MEDQA.read(parts(test="medqa_test.jsonl"))
    assert splits.test == [
        ChoiceQuestion(
            "medqa_test.jsonl:1", "A man has fever. What next?", ("Rest", "Aspirin", "Surgery", "None", "Wait"), 1
        ),
        ChoiceQuestion("medqa_test.jsonl:3", "A child coughs. Why?", ("Asthma", "Flu", "Dust", "Cold"), 0),
    ]
    assert num_examples(splits) + sum(splits.left_out.values()) == 2


def test_medagentsbench_rows_keep_their_ids():
    assert MEDQA.read(parts(test="agents_test.jsonl")).test == [
        ChoiceQuestion("17", "Which bone is longest?", ("Femur", "Tibia", "Ulna"), 0),
        ChoiceQuestion("b-2", "Which is a vitamin?", ("Iron", "D"), 1),
    ]


@pytest.mark.parametrize("name", ["medmcqa_dev.json", "medmcqa_from_zero.json"])
def test_medmcqa_counts_from_one_or_from_zero(name):
    splits = MEDMCQA.read(parts(test=name))
    assert splits.test == [VITAMIN, GLAND]
    assert not splits.left_out


def test_the_files_of_a_set_may_count_differently():
    splits = MEDMCQA.read(parts(train="medmcqa_dev.json", test="medmcqa_from_zero.json"))
    assert splits.train == splits.test == [VITAMIN, GLAND]


def test_without_0_and_4_cop_counts_from_1(tmp_path):
    (tmp_path / "test.json").write_text(medmcqa(cop=1) + medmcqa(cop=3, id="y"))
    test = MEDMCQA.read(parts(test=str(tmp_path / "test.json"))).test
    assert [question.answer for question in test] == [0, 2]


def test_texts_are_the_questions():
    assert list(MEDMCQA.texts(parts(train="medmcqa_dev.json", test="medmcqa_dev.json"))) == [
        EvaluationText("m-1", None, VITAMIN.question),
        EvaluationText("m-2", None, GLAND.question),
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (medqa(answer_idx="C"), "line 1: expected answer_idx among A, B, got 'C'"),
        (medqa(answer_idx=...), "line 1: expected options, answer_idx, found no answer_idx"),
        (medqa(options=["a", "b"]), "line 1: expected at least two options by letter"),
        (medqa(options={"B": "b"}), "line 1: expected at least two options by letter"),
        (medqa(options={"A": None, "B": "b"}), "line 1: expected texts as options"),
        (medqa() + medqa(question=""), "line 2: expected a question, got ''"),
        (medqa(question=...), "line 1: expected question, found no question"),
        (medmcqa(cop=0) + medmcqa(cop=4, id="y"), "expected cop to count from 0 or from 1, found both 0 and 4"),
        (medmcqa(cop=-1), "line 1: expected the answer in cop, found none"),
        (medmcqa(cop=None), "line 1: expected the answer in cop, found none"),
        (medmcqa(cop=5), "line 1: expected cop from 1 to 4, got 5"),
        (medmcqa(cop=True), "line 1: expected cop from 1 to 4, got True"),
        (medmcqa(opd=...), "line 1: expected opa, opb, opc, opd, found no opd"),
        (medmcqa() + medmcqa(), "got x twice"),
        ("[1]\n", "line 1: expected a JSON object, got list"),
        ("\n", "expected at least one example, found none"),
    ],
)
@pytest.mark.parametrize("task", [MEDQA, MEDMCQA], ids=lambda task: task.name)
def test_broken_files_are_one_line(tmp_path, content, expected, task):
    assert expected in refused(task.read, tmp_path / "broken.jsonl", content)
