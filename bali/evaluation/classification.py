"""Protocol of classification: each test text gets a label; accuracy and F1s."""

from collections.abc import Callable, Sequence
from functools import partial

from bali.evaluation.metrics import Parts, accuracy, binary_f1, dev_score, micro_f1
from bali.evaluation.preparation import on_each_dataset
from bali.evaluation.results import PredictionRow, TaskInputs, TaskResult
from bali.evaluation.systems.system import Answers, Training
from bali.tasks.examples import LabelledText, Splits
from bali.tasks.task import Classification

SPLIT = "test"


def run(task: Classification, inputs: TaskInputs) -> TaskResult:
    """Train on every dataset whose files are there and label its test texts; errors as `on_each_dataset`."""

    def answer(splits: Splits[LabelledText], training: Training) -> Answers[str]:
        return inputs.system.classify(splits, task.labels or _labels(splits), training, _dev_scorer(task))

    return on_each_dataset(task, inputs, answer, partial(prediction_rows, task), lambda example: example.label)


def prediction_rows(
    task: Classification, dataset: str, examples: Sequence[LabelledText], predicted: Sequence[str]
) -> list[PredictionRow]:
    """A row for each metric of the task and each example."""
    gold = [example.label for example in examples]
    return [
        PredictionRow(dataset, SPLIT, e.example_id, metric, value, weight, e.label, label, e.first)
        for metric in task.metrics
        for e, label, value, weight in zip(examples, predicted, *_parts(task, metric, gold, predicted), strict=True)
    ]


def _parts(task: Classification, metric: str, gold: Sequence[str], predicted: Sequence[str]) -> Parts:
    """Value and weight of each example; macro-F1 is computed from the labels and has those of accuracy."""
    if metric in ("accuracy", "macro_f1"):
        return accuracy(gold, predicted)
    if metric == "micro_f1":
        return micro_f1(gold, predicted, task.negative)
    assert metric == "f1", f"expected a metric of a classification, got {metric}"
    assert task.positive is not None, f"expected {task.name} to say which label is the positive one"
    return binary_f1(gold, predicted, task.positive)


def _dev_scorer(task: Classification) -> Callable[[Sequence[str], Sequence[str]], float]:
    metric = task.metrics[0]
    assert metric != "macro_f1", "expected a metric that is a sum over examples to choose on dev"
    return lambda gold, predicted: dev_score(*_parts(task, metric, gold, predicted))


def _labels(splits: Splits[LabelledText]) -> list[str]:
    return sorted({example.label for part in (splits.train, splits.dev, splits.test) for example in part})
