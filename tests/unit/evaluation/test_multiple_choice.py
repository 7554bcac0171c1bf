from bali.evaluation.multiple_choice import run
from bali.tasks.examples import Splits
from bali.tasks.task import MultipleChoice
from tests.unit.evaluation.answering import Told, dataset_of
from tests.unit.evaluation.fixtures import inputs, write_model
from tests.unit.evaluation.toy import questions

SPLITS = Splits(questions(40), [], questions(6, 40))


def ask(root, system=None, **options):
    task = MultipleChoice(name="medqa", title="", section=object, main=(), read=lambda _: SPLITS)
    section = {"datasets": {"toy": dataset_of(root)}, "dev_fraction": 0.2, **options}
    return run(task, inputs(root, {"medqa": section}, system=system))


def test_a_row_for_each_question(tmp_path):
    right = [question.answer for question in SPLITS.test]
    result = ask(tmp_path, Told([*right[:3], *((answer + 1) % 2 for answer in right[3:])]))
    assert [row.value for row in result.predictions] == [1, 1, 1, 0, 0, 0]
    assert {row.weight for row in result.predictions} == {1.0}
    assert [row.example_id for row in result.predictions] == [question.example_id for question in SPLITS.test]
    assert {row.gold for row in result.predictions} == {"aspirin"}
    assert [row.predicted == "aspirin" for row in result.predictions] == [True] * 3 + [False] * 3
    assert result.predictions[0].text == SPLITS.test[0].question
    assert result.counts == {"toy": {"train": 32, "dev": 8, "test": 6, "best epoch": 3, "dev score": 0.5}}


def test_a_model_learns_to_choose(tmp_path):
    write_model(tmp_path / "model")
    result = ask(tmp_path, learning_rate=1e-2, num_epochs=4, batch_size=4, patience=1)
    assert [row.value for row in result.predictions] == [1] * 6
    assert result.counts["toy"]["dev score"] == 1
