"""PubMedQA, the expert-labelled part (PQA-L; Jin et al. 2019): question and contexts -> yes, no, maybe.

The official test questions are those of the ground-truth file; the others (500) are for training. Of these, `num_dev`
choose the epoch, taken by label and by seed. Input: [CLS] question [SEP] contexts [SEP]. Metrics: accuracy, macro-F1.
"""

import gzip
import json
import logging
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bali.config import PubMedQA, PubMedQADataset
from bali.errors import ConfigError, InputError
from bali.evaluation.classification import FineTuning, LabelledPair, Outcome, fine_tune
from bali.evaluation.language_model import load_language_model
from bali.evaluation.results import MetricRow, PredictionRow, TaskInputs, TaskResult, absent_files
from bali.models.device import choose_device

logger = logging.getLogger(__name__)

LABELS = ("maybe", "no", "yes")
SPLIT = "test"
_KEY = "evaluation.tasks.pubmedqa.datasets"
_SOURCE = "ori_pqal.json and test_ground_truth.json are in the repository pubmedqa/pubmedqa on GitHub."


class Question(NamedTuple):
    """A question of PubMedQA; its contexts are the abstract without the conclusion."""

    pmid: str
    question: str
    context: str
    answer: str


class Questions(NamedTuple):
    """The questions of the two official parts, each sorted by PMID."""

    train: list[Question]
    test: list[Question]


def run(inputs: TaskInputs) -> TaskResult:
    """Fine-tune on every configured dataset and predict its test questions.

    Raises:
        InputError: a file or the model folder is broken.
        ConfigError: `num_dev` leaves nothing to train on.
    """
    section = inputs.config.evaluation.tasks.pubmedqa
    assert section is not None, "the stage runs configured tasks only"
    result = TaskResult()
    for name, dataset in sorted(section.datasets.items()):
        files = {"questions": [dataset.questions], "test_ids": [dataset.test_ids]}
        absent = absent_files(f"{_KEY}.{name}", files, _SOURCE)
        if absent is not None:
            logger.warning(absent)
            result.skipped.append(absent)
            continue
        questions = read_questions(dataset)
        train, dev = split_off_dev(questions.train, section.num_dev, inputs.seed)
        outcome = _fine_tune(inputs, section, (train, dev, questions.test))
        _add(result, name, questions.test, outcome, inputs.config.evaluation.num_bootstrap)
        result.counts[name] = {
            "train": len(train),
            "dev": len(dev),
            "test": len(questions.test),
            "best epoch": outcome.best_epoch,
            "dev accuracy": outcome.dev_accuracy,
        }
        result.inputs += [Path(dataset.questions), Path(dataset.test_ids)]
        logger.info("%s: %s", name, result.counts[name])
    return result


def read_questions(dataset: PubMedQADataset) -> Questions:
    """Read PubMedQA's own files, plain or gzipped.

    Raises:
        InputError: a file is not JSON, a question lacks a field, a label is unknown, or a test PMID has no question.
    """
    path, test_path = Path(dataset.questions), Path(dataset.test_ids)
    rows, truth = _read_json(path), _read_json(test_path)
    questions = {pmid: _question(path, pmid, row) for pmid, row in sorted(rows.items())}
    for pmid, label in sorted(truth.items()):
        if pmid not in questions:
            raise InputError(
                f"{test_path}: expected PMIDs of questions in {path.name}, got {pmid}. Use files of one release."
            )
        if label != questions[pmid].answer:
            raise InputError(
                f"{test_path}: {pmid} is {label!r} here and {questions[pmid].answer!r} in {path.name}."
                " Use files of one release."
            )
    train = [question for pmid, question in questions.items() if pmid not in truth]
    test = [question for pmid, question in questions.items() if pmid in truth]
    for part, found in (("test", test), ("training", train)):
        if not found:
            raise InputError(
                f"{test_path}: expected some of the questions of {path.name} to be {part} ones, found none."
            )
    return Questions(train, test)


def split_off_dev(questions: Sequence[Question], num_dev: int, seed: int) -> tuple[list[Question], list[Question]]:
    """Split (train, dev): `num_dev` questions with each answer's share as in the whole, chosen by `seed`.

    Raises:
        ConfigError: nothing would be left to train on.
    """
    if num_dev >= len(questions):
        raise ConfigError(
            f"evaluation.tasks.pubmedqa.num_dev: expected under {len(questions)} training questions, got {num_dev}."
        )
    order = np.random.default_rng(np.random.SeedSequence(seed)).permutation(len(questions))
    quotas = _quotas(Counter(question.answer for question in questions), num_dev)
    dev: set[int] = set()
    for row in order.tolist():
        answer = questions[row].answer
        if quotas[answer]:
            quotas[answer] -= 1
            dev.add(row)
    rest = [question for row, question in enumerate(questions) if row not in dev]
    return rest, [questions[row] for row in sorted(dev)]


def _quotas(counts: Mapping[str, int], total: int) -> dict[str, int]:
    """Shares of `total` by largest remainder, ties in the order of the labels."""
    exact = {label: total * counts[label] / sum(counts.values()) for label in sorted(counts)}
    quotas = {label: int(share) for label, share in exact.items()}
    by_remainder = sorted(exact, key=lambda label: (quotas[label] - exact[label], label))
    for label in by_remainder[: total - sum(quotas.values())]:
        quotas[label] += 1
    return quotas


def _fine_tune(
    inputs: TaskInputs, section: PubMedQA, splits: tuple[Sequence[Question], Sequence[Question], Sequence[Question]]
) -> Outcome:
    options = FineTuning(section.learning_rate, section.num_epochs, section.batch_size, section.max_length, inputs.seed)
    model = load_language_model(inputs.model_dir, choose_device(inputs.config.compute.accelerator))
    train, dev, test = (
        [LabelledPair(q.question, q.context, LABELS.index(q.answer)) for q in questions] for questions in splits
    )
    return fine_tune(model, (train, dev, test), len(LABELS), options)


def _add(result: TaskResult, name: str, test: Sequence[Question], outcome: Outcome, num_bootstrap: int) -> None:
    from bali.evaluation.macro_f1 import bootstrap_macro_f1  # noqa: PLC0415 - scikit-learn takes a second to import

    answers = [LABELS[label] for label in outcome.predicted]
    result.predictions += [
        PredictionRow(name, SPLIT, q.pmid, "accuracy", float(answer == q.answer), q.answer, answer, q.question)
        for q, answer in zip(test, answers, strict=True)
    ]
    macro_f1 = bootstrap_macro_f1([question.answer for question in test], answers, num_bootstrap)
    result.metrics.append(MetricRow(name, SPLIT, "macro_f1", *macro_f1, len(test)))


def _question(path: Path, pmid: str, row: Any) -> Question:
    try:
        question, contexts, answer = row["QUESTION"], row["CONTEXTS"], row["final_decision"]
        context = " ".join(contexts)
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{path}: {pmid}: expected QUESTION, CONTEXTS and final_decision, got none: {error!r}."
        ) from error
    if answer not in LABELS:
        raise InputError(f"{path}: {pmid}: expected a final_decision among {', '.join(LABELS)}, got {answer!r}.")
    return Question(pmid, question, context, answer)


def _read_json(path: Path) -> dict[str, Any]:
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8") as stream:
            value = json.load(stream)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise InputError(f"{path}: expected JSON or its gzip, got: {error}. Fetch the file again.") from error
    if not isinstance(value, dict) or not value:
        raise InputError(f"{path}: expected a JSON object of PMIDs, got {type(value).__name__}. {_SOURCE}")
    return value
