"""Protocol of multiple choice: an option is chosen for each test question; accuracy."""

import logging

from bali.evaluation.preparation import counts, dataset_files, training_options, with_dev
from bali.evaluation.results import PredictionRow, TaskInputs, TaskResult, present_datasets
from bali.tasks.task import MultipleChoice

logger = logging.getLogger(__name__)

SPLIT = "test"
METRIC = "accuracy"


def run(task: MultipleChoice, inputs: TaskInputs) -> TaskResult:
    """Train on every dataset whose files are there and answer its test questions.

    Raises:
        InputError: a file or the model folder is broken.
        ConfigError: there is too little to train on.
    """
    section = inputs.section(task)
    result = TaskResult()
    for name, dataset in present_datasets(task, section, result):
        where = f"evaluation.tasks.{task.name}.datasets.{name}"
        splits = with_dev(task.read(dataset), section.dev_fraction, inputs.seed, where)
        answers = inputs.system.choose(splits, training_options(section, dataset, inputs.seed, where))
        for question, number in zip(splits.test, answers.predicted, strict=True):
            gold, predicted = question.options[question.answer], question.options[number]
            key = (name, SPLIT, question.example_id, METRIC)
            is_right = float(number == question.answer)
            result.predictions.append(PredictionRow(*key, is_right, 1.0, gold, predicted, question.question))
        result.counts[name] = counts(splits, answers)
        result.inputs += dataset_files(dataset)
        logger.info("%s %s: %s", task.name, name, result.counts[name])
    return result
