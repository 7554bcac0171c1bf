"""BioASQ Task B (Tsatsaronis et al. 2015, doi:10.1186/s12859-015-0564-6): yes/no questions, with snippets or alone.

The files are BioASQ's own: a training file, and test batches with their golden answers. A training file holds the
questions of the years before, golden batches among them: those of dev and test are taken out of train.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import Field

from bali.errors import InputError
from bali.tasks.examples import EvaluationText, LabelledText, Splits
from bali.tasks.files import read_json, require
from bali.tasks.options import FineTuned, SplitFiles
from bali.tasks.parts import read_parts
from bali.tasks.task import Classification

LABELS = ("no", "yes")
HELD_OUT = "question of dev or test"
_KINDS = ("factoid", "list", "summary", "yesno")
_PMID = re.compile(r"pubmed(?:\.ncbi\.nlm\.nih\.gov)?/([0-9]{1,9})(?![0-9])")
_SOURCE = "Training and golden test files are at participants-area.bioasq.org (Task B; registration)."


class BioASQDataset(SplitFiles):
    """BioASQ's JSON files."""

    snippets: bool = Field(True, description="whether the model sees the snippets, or the question alone")


class BioASQ(FineTuned):
    """Question answering: question + snippets -> yes, no."""

    datasets: dict[str, BioASQDataset] = Field({})
    learning_rate: float | list[float] = Field(2e-5, description="peak; of a list, the best on dev counts")
    num_epochs: int = Field(20, ge=1, description="at most; the best on dev counts")
    batch_size: int = Field(16, ge=1, description="questions per step")
    max_length: int = Field(512, ge=16, description="tokens")


def read(dataset: BioASQDataset) -> Splits[LabelledText]:
    """Read the yes/no questions, in the order of the files; others are left out and counted by type.

    Raises:
        InputError: a file is no JSON of BioASQ, or a yes/no question has no answer.
    """
    splits = read_parts(dataset, partial(_read_file, with_snippets=dataset.snippets))
    dev = _without(splits.dev, splits.test)
    train = _without(splits.train, [*splits.dev, *splits.test])
    for part, found, paths in (("training", train, dataset.train), ("dev", dev, dataset.dev)):
        if paths and not found:
            raise InputError(
                f"{', '.join(paths)}: expected {part} questions besides those of dev and test, found none."
            )
    num_held_out = len(splits.train) - len(train) + len(splits.dev) - len(dev)
    left_out = {**splits.left_out, **({HELD_OUT: num_held_out} if num_held_out else {})}
    return replace(splits, train=train, dev=dev, left_out=dict(sorted(left_out.items())))


@dataclass(frozen=True, kw_only=True)
class _BioASQTask(Classification):
    def texts(self, dataset: Any) -> Iterator[EvaluationText]:
        """The test questions with their snippets, shown or not, and each document that they cite: PMID, no text."""
        yield from super().texts(dataset.model_copy(update={"snippets": True}))
        for path in map(Path, dataset.test):
            for question in _questions(path, Counter()):
                for pmid in _cited(question):
                    yield EvaluationText(f"{question['id']}:{pmid}", pmid, "")


def _without(questions: Iterable[LabelledText], others: Iterable[LabelledText]) -> list[LabelledText]:
    ids = {other.example_id for other in others}
    return [question for question in questions if question.example_id not in ids]


def _read_file(path: Path, left_out: Counter[str], with_snippets: bool) -> Iterator[LabelledText]:
    for question in _questions(path, left_out):
        where = f"question {question['id']}"
        snippets = [require(path, where, snippet, ("text",))[0] for snippet in question.get("snippets") or []]
        if not all(isinstance(text, str) for text in (question["body"], *snippets)):
            raise InputError(f"{path} {where}: expected body and texts of snippets as strings, got something else.")
        second = " ".join(snippets) if with_snippets and snippets else None
        yield LabelledText(question["id"], question["body"], second, _answer(path, where, question))


def _questions(path: Path, left_out: Counter[str]) -> Iterator[dict[str, Any]]:
    """The yes/no questions of a file as they stand."""
    (questions,) = require(path, "top level", read_json(path), ("questions",))
    if not isinstance(questions, list):
        raise InputError(f"{path}: expected a list of questions, got {type(questions).__name__}.")
    for number, question in enumerate(questions, start=1):
        question_id, kind, _ = require(path, f"question {number}", question, ("id", "type", "body"))
        if any(not isinstance(question.get(key) or [], list) for key in ("documents", "snippets")):
            raise InputError(f"{path} question {number}: expected documents and snippets as lists, got something else.")
        if not isinstance(question_id, str) or kind not in _KINDS:
            raise InputError(
                f"{path} question {number}: expected an id and a type among {', '.join(_KINDS)},"
                f" got {question_id!r:.40} and {kind!r:.40}."
            )
        if kind == "yesno":
            yield question
        else:
            left_out[f"{kind} question"] += 1


def _answer(path: Path, where: str, question: dict[str, Any]) -> str:
    answer = question.get("exact_answer")
    if answer is None:
        raise InputError(
            f"{path} {where}: expected an exact_answer, found none. Name the golden file of the batch, not the one for"
            " participants."
        )
    if isinstance(answer, list) and len(answer) == 1:
        answer = answer[0]
    label = answer.strip().strip(".").lower() if isinstance(answer, str) else answer
    if label not in LABELS:
        raise InputError(f"{path} {where}: expected the exact_answer yes or no, got {answer!r:.40}.")
    return str(label)


def _cited(question: dict[str, Any]) -> list[int]:
    """PMIDs of the documents of a question and of its snippets."""
    addresses = [*(question.get("documents") or []), *(s.get("document") for s in question.get("snippets") or [])]
    return sorted({int(found[1]) for address in addresses if (found := _PMID.search(str(address)))})


TASK = _BioASQTask(
    name="bioasq",
    title="yes/no questions",
    section=BioASQ,
    main=(("test", "accuracy"),),
    source=_SOURCE,
    read=read,
    labels=LABELS,
)
