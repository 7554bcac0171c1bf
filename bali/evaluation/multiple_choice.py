"""Protocol of multiple choice: an option is chosen for each test question; accuracy."""

from collections.abc import Iterator, Sequence

from bali.evaluation.preparation import on_each_dataset
from bali.evaluation.results import PredictionRow, TaskInputs, TaskResult
from bali.tasks.examples import ChoiceQuestion
from bali.tasks.task import MultipleChoice

SPLIT = "test"
METRIC = "accuracy"


def run(task: MultipleChoice, inputs: TaskInputs) -> TaskResult:
    """Train on every dataset whose files are there and answer its test questions; errors as `on_each_dataset`."""
    return on_each_dataset(task, inputs, inputs.system.choose, _rows)


def _rows(dataset: str, questions: Sequence[ChoiceQuestion], predicted: Sequence[int]) -> Iterator[PredictionRow]:
    for question, number in zip(questions, predicted, strict=True):
        is_right = float(number == question.answer)
        gold, chosen = question.options[question.answer], question.options[number]
        yield PredictionRow(dataset, SPLIT, question.example_id, METRIC, is_right, 1.0, gold, chosen, question.question)
