"""The examples that tasks are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, TypeVar

E = TypeVar("E", bound="LabelledText | ChoiceQuestion | TaggedSentence")


class LabelledText(NamedTuple):
    """One or two texts and their label."""

    example_id: str
    first: str
    second: str | None  # e.g. the context of a question
    label: str
    pmid: int | None = None


class ChoiceQuestion(NamedTuple):
    """A question of which one option is right; `answer` counts from 0."""

    example_id: str
    question: str
    options: tuple[str, ...]
    answer: int


class TaggedSentence(NamedTuple):
    """Words and their IOB2 tags (`B-Disease`, `I-Disease`, `O`), as many."""

    example_id: str
    words: tuple[str, ...]
    tags: tuple[str, ...]


class RatedPair(NamedTuple):
    """Two texts and how alike people find them; more is more alike."""

    example_id: str
    first: str
    second: str
    rating: float


class EvaluationText(NamedTuple):
    """A text that a model is tested on, to look for it in the corpus of the pre-training.

    Attributes:
        example_id: of the example or document.
        pmid: its document, where the set says so.
        text: all that the example shows.
    """

    example_id: str
    pmid: int | None
    text: str


@dataclass(frozen=True)
class Splits(Generic[E]):
    """The three parts of a set; without a dev part, one is taken from train (`FineTuned.dev_fraction`).

    Attributes:
        train: to learn from.
        dev: chooses epoch and learning rate.
        test: scored.
        left_out: reason -> rows of the files that became no example.
    """

    train: Sequence[E]
    dev: Sequence[E]
    test: Sequence[E]
    left_out: Mapping[str, int] = field(default_factory=dict)
