"""PubMedQA, the expert-labelled part (PQA-L; Jin et al. 2019): question and contexts -> yes, no, maybe.

The official test questions are those of the ground-truth file; the others (500) are for training, and a tenth of them
chooses the epoch (the official folds of 450 and 50 are drawn in the same way).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import Field

from bali.errors import InputError
from bali.pubmed.records import parse_pmid
from bali.tasks.examples import EvaluationText, LabelledText, Splits
from bali.tasks.files import read_json, require
from bali.tasks.options import Dataset, FineTuned
from bali.tasks.task import Classification

LABELS = ("maybe", "no", "yes")
_SOURCE = "ori_pqal.json and test_ground_truth.json are in the repository pubmedqa/pubmedqa on GitHub."


class PubMedQADataset(Dataset):
    """PubMedQA's own files: ori_pqal.json and test_ground_truth.json."""

    questions: str
    test_ids: str

    def files(self) -> Mapping[str, Sequence[str]]:
        """Key below the set -> the files that it names."""
        return {"questions": [self.questions], "test_ids": [self.test_ids]}


class PubMedQA(FineTuned):
    """Fine-tuned question answering: question + contexts -> yes, no, maybe."""

    datasets: dict[str, PubMedQADataset] = Field({})
    learning_rate: float | list[float] = Field(2e-5, description="peak; of a list, the best on dev counts")
    num_epochs: int = Field(30, ge=1, description="at most; the best on dev counts")
    batch_size: int = Field(16, ge=1, description="questions per step")
    max_length: int = Field(512, ge=16, description="tokens")


def read(dataset: PubMedQADataset) -> Splits[LabelledText]:
    """Read PubMedQA's own files, plain or gzipped; each part is sorted by PMID.

    Raises:
        InputError: a file is not JSON, a question lacks a field, a label is unknown, or a test PMID has no question.
    """
    path, test_path = Path(dataset.questions), Path(dataset.test_ids)
    rows, truth = _read_object(path), _read_object(test_path)
    questions = {key: _question(path, key, row) for key, row in sorted(rows.items())}
    for key, label in sorted(truth.items()):
        if key not in questions:
            raise InputError(
                f"{test_path}: expected PMIDs of questions in {path.name}, got {key}. Use files of one release."
            )
        if label != questions[key].label:
            raise InputError(
                f"{test_path}: {key} is {label!r} here and {questions[key].label!r} in {path.name}."
                " Use files of one release."
            )
    train = [question for key, question in questions.items() if key not in truth]
    test = [question for key, question in questions.items() if key in truth]
    for part, found in (("test", test), ("training", train)):
        if not found:
            raise InputError(
                f"{test_path}: expected some of the questions of {path.name} to be {part} ones, found none."
            )
    return Splits(train, [], test)


@dataclass(frozen=True, kw_only=True)
class _PubMedQATask(Classification):
    def texts(self, dataset: Any) -> Iterator[EvaluationText]:
        """All questions, for its folds train on the others."""
        splits = self.read(dataset)
        for example in sorted([*splits.train, *splits.test]):
            yield EvaluationText(example.example_id, example.pmid, f"{example.first} {example.second}")


def _question(path: Path, key: str, row: Any) -> LabelledText:
    question, contexts, answer = require(path, key, row, ("QUESTION", "CONTEXTS", "final_decision"))
    if not isinstance(question, str) or not isinstance(contexts, list) or not all(isinstance(c, str) for c in contexts):
        raise InputError(f"{path}: {key!r:.40}: expected QUESTION as a string and CONTEXTS as a list of strings.")
    pmid = parse_pmid(key)
    if pmid is None:
        raise InputError(f"{path}: expected PMIDs as keys, got {key!r}.")
    if answer not in LABELS:
        raise InputError(f"{path}: {key}: expected a final_decision among {', '.join(LABELS)}, got {answer!r}.")
    return LabelledText(key, question, " ".join(contexts), answer, pmid)


def _read_object(path: Path) -> dict[str, Any]:
    value = read_json(path)
    if not isinstance(value, dict) or not value:
        raise InputError(f"{path}: expected a JSON object of PMIDs, got {type(value).__name__}. {_SOURCE}")
    return value


TASK = _PubMedQATask(
    name="pubmedqa",
    title="question answering",
    section=PubMedQA,
    main=(("test", "accuracy"),),
    source=_SOURCE,
    read=read,
    labels=LABELS,
)
