"""What the fine-tuned protocols share: the way through the datasets, how to train, a dev part where a set has none."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from bali.batching.randomness import Stream, generator
from bali.errors import ConfigError
from bali.evaluation.results import PredictionRow, TaskInputs, TaskResult, present_datasets
from bali.evaluation.systems.system import Answers, Training
from bali.tasks.examples import ChoiceQuestion, LabelledText, Splits, TaggedSentence
from bali.tasks.options import Dataset, FineTuned
from bali.tasks.task import Classification, MultipleChoice, Tagging

logger = logging.getLogger(__name__)

E = TypeVar("E", bound="LabelledText | ChoiceQuestion | TaggedSentence")
_MIN_TRAIN = 2  # one to train on, one for dev


def on_each_dataset(
    task: Classification | MultipleChoice | Tagging,
    inputs: TaskInputs,
    answer: Callable[[Splits[Any], Training], Answers[Any]],
    rows: Callable[[str, Sequence[Any], Sequence[Any]], Iterable[PredictionRow]],
    stratum: Callable[[Any], str] = lambda example: "",
) -> TaskResult:
    """Train on every dataset whose files are there and answer its test examples.

    Args:
        task: whose datasets.
        inputs: of the task.
        answer: trains on the parts of a dataset and answers the last.
        rows: (name of the dataset, test examples, answers) -> what they add to the metrics.
        stratum: as in `with_dev`.

    Raises:
        InputError: a file or the model folder is broken.
        ConfigError: there is too little to train on.
    """
    section = inputs.section(task)
    result = TaskResult()
    for name, dataset in present_datasets(task, section, result):
        where = f"evaluation.tasks.{task.name}.datasets.{name}"
        parts: Splits[Any] = task.read(dataset)
        splits = with_dev(parts, section.dev_fraction, inputs.seed, where, stratum)
        answers = answer(splits, training_options(section, dataset, inputs.seed, where))
        result.predictions += rows(name, splits.test, answers.predicted)
        result.counts[name] = counts(splits, answers)
        result.inputs += dataset_files(dataset)
        logger.info("%s %s: %s", task.name, name, result.counts[name])
    return result


def training_options(section: FineTuned, dataset: Dataset, seed: int, where: str) -> Training:
    """How to train on a dataset: the task's keys, but for those that the dataset sets itself.

    Args:
        section: of the task.
        dataset: may have keys of `FineTuned`; null is the task's value.
        seed: of the training.
        where: key of the dataset, for the error.

    Raises:
        ConfigError: there is no learning rate, or one is not above 0.
    """
    keys = FineTuned.model_fields
    own = {key: value for key, value in dataset.model_dump().items() if key in keys and value is not None}
    options = section.model_copy(update=own)
    rates = options.learning_rates()
    if not rates or min(rates) <= 0:
        raise ConfigError(f"{where}: expected a learning_rate above 0, or several, got {options.learning_rate}.")
    return Training(rates, options.num_epochs, options.patience, options.batch_size, options.max_length, seed)


def with_dev(
    splits: Splits[E], fraction: float, seed: int, where: str, stratum: Callable[[E], str] = lambda example: ""
) -> Splits[E]:
    """The parts with a dev one: that of the set, or a fraction of train, chosen by `seed`.

    Args:
        splits: as read.
        fraction: of train; at least one example is taken.
        seed: of the choice.
        where: key of the dataset, for the errors.
        stratum: each one's share in dev is that in train, e.g. of a label.

    Raises:
        ConfigError: there are too few training examples.
    """
    train = splits.train
    if len(train) < _MIN_TRAIN and not (train and splits.dev):
        raise ConfigError(
            f"{where}.train: expected at least {_MIN_TRAIN} training examples, found {len(train)}. Name its training"
            " files, or take the dataset out of this task."
        )
    if splits.dev:
        return splits
    num_dev = min(max(1, round(fraction * len(train))), len(train) - 1)
    quotas = _quotas(Counter(map(stratum, train)), num_dev)
    dev: set[int] = set()
    for row in generator(seed, Stream.VALIDATION).permutation(len(train)).tolist():
        if quotas[stratum(train[row])]:
            quotas[stratum(train[row])] -= 1
            dev.add(row)
    rest = [example for row, example in enumerate(train) if row not in dev]
    return replace(splits, train=rest, dev=[train[row] for row in sorted(dev)])


def counts(splits: Splits[Any], answers: Answers[Any]) -> dict[str, int | float]:
    """What the result says of a dataset: sizes of the parts, what was left out, and what came of the training."""
    sizes = {"train": len(splits.train), "dev": len(splits.dev), "test": len(splits.test)}
    left_out = {f"left out: {reason}": number for reason, number in sorted(splits.left_out.items())}
    return {**sizes, **left_out, **answers.notes}


def dataset_files(dataset: Dataset) -> Iterator[Path]:
    """The files of a dataset, and those below its folders."""
    for paths in dataset.files().values():
        for path in map(Path, paths):
            yield from sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _quotas(sizes: Mapping[str, int], total: int) -> dict[str, int]:
    """Shares of `total` by largest remainder, ties in the order of the strata."""
    exact = {stratum: total * sizes[stratum] / sum(sizes.values()) for stratum in sorted(sizes)}
    quotas = {stratum: int(share) for stratum, share in exact.items()}
    by_remainder = sorted(exact, key=lambda stratum: (quotas[stratum] - exact[stratum], stratum))
    for stratum in by_remainder[: total - sum(quotas.values())]:
        quotas[stratum] += 1
    return quotas
