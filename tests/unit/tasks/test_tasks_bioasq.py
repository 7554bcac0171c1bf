import json

import pytest

from bali.errors import InputError
from bali.tasks.bioasq import TASK, BioASQDataset, read
from bali.tasks.examples import EvaluationText, LabelledText
from tests.unit.tasks.files import num_examples, parts, refused

TRAINING, GOLDEN = "bioasq_training.json", "bioasq_golden.json"


def dataset(**options):
    return parts(BioASQDataset, train=TRAINING, test=GOLDEN).model_copy(update=options)


def question(**changes):
    row = {"id": "q1", "type": "yesno", "body": "Is it?", "exact_answer": "yes", **changes}
    return json.dumps({"questions": [{key: value for key, value in row.items() if value is not ...}]})


def test_yes_no_questions_with_snippets():
    splits = read(dataset())
    assert splits.train == [
        LabelledText("q1", "Does aspirin lower fever?", "Aspirin lowers fever. Fever fell.", "yes"),
        LabelledText("q3", "Is water a drug?", None, "no"),
    ]
    assert splits.test == [
        LabelledText("q5", "Does X bind Y?", "X binds Y.", "yes"),
        LabelledText("q7", "Is Z lethal?", None, "no"),
    ]


def test_questions_alone():
    splits = read(dataset(snippets=False))
    assert [example.second for example in (*splits.train, *splits.test)] == [None] * 4
    assert [example.first for example in splits.train] == [example.first for example in read(dataset()).train]


def test_every_question_is_accounted_for():
    splits = read(dataset())
    assert splits.left_out == {
        "factoid question": 1,
        "list question": 1,
        "question of dev or test": 1,
        "summary question": 1,
    }
    assert num_examples(splits) + sum(splits.left_out.values()) == 5 + 3


def test_dev_is_kept_apart_from_train_and_test():
    splits = read(parts(BioASQDataset, train=TRAINING, dev=TRAINING, test=GOLDEN).model_copy(update={"train": []}))
    assert [example.example_id for example in splits.dev] == ["q1", "q3"]
    with pytest.raises(InputError, match="expected training questions besides those of dev and test"):
        read(parts(BioASQDataset, train=GOLDEN, test=GOLDEN))


@pytest.mark.parametrize("snippets", [True, False])
def test_texts_and_the_documents_they_cite(snippets):
    assert list(TASK.texts(dataset(snippets=snippets))) == [
        EvaluationText("q5", None, "Does X bind Y? X binds Y."),
        EvaluationText("q7", None, "Is Z lethal?"),
        EvaluationText("q5:1004", 1004, ""),
        EvaluationText("q5:1009", 1009, ""),
    ]


def test_documents_of_snippets_count_too():
    texts = list(TASK.texts(parts(BioASQDataset, test=TRAINING)))
    assert [text.pmid for text in texts if text.pmid] == [1001, 1002, 1003]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (question(exact_answer=...), "question q1: expected an exact_answer, found none. Name the golden file"),
        (question(exact_answer="maybe"), "question q1: expected the exact_answer yes or no, got 'maybe'"),
        (question(exact_answer=["yes", "no"]), "question q1: expected the exact_answer yes or no"),
        (question(type="poll"), "question 1: expected an id and a type among"),
        (question(id=7), "question 1: expected an id and a type among"),
        (question(body=...), "question 1: expected id, type, body, found no body"),
        (question(body=None), "question q1: expected body and texts of snippets as strings"),
        (question(snippets=[{"document": "x"}]), "question q1: expected text, found no text"),
        (question(snippets={"text": "x"}), "question 1: expected documents and snippets as lists"),
        (question(documents=3), "question 1: expected documents and snippets as lists"),
        (question(type="list"), "expected at least one example, found none"),
        ("[]", "expected questions, found no questions"),
        ('{"questions": {}}', "expected a list of questions, got dict"),
        ('{"questions": [3]}', "question 1: expected id, type, body, found no id"),
        ("{", "expected JSON or its gzip"),
    ],
)
def test_broken_files_are_one_line(tmp_path, content, expected):
    assert expected in refused(read, tmp_path / "broken.json", content, BioASQDataset)


def test_one_id_twice_in_a_part_is_refused(tmp_path):
    twice = json.dumps({"questions": json.loads(question())["questions"] * 2})
    assert "got q1 twice" in refused(read, tmp_path / "twice.json", twice, BioASQDataset)
