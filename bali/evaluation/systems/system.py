"""What a protocol asks of whoever answers it: a language model, or a baseline."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from bali.evaluation.dictionary import Dictionary, Hit
from bali.tasks.examples import ChoiceQuestion, LabelledText, Splits, TaggedSentence

POOLINGS = ("cls", "mean")  # a baseline, which has no pooling, gives the same under both
Floats = npt.NDArray[np.float64]
T = TypeVar("T")
Pooled = Mapping[str, T]  # pooling -> what


@dataclass(frozen=True)
class Training:
    """How to fine-tune.

    Attributes:
        learning_rates: peaks to try; the one with the best dev score counts, the first of equals.
        num_epochs: at most; the one with the best dev score counts, the first of equals.
        patience: epochs without a better dev score that end a training; None trains all.
        batch_size: examples per step.
        max_length: tokens per example; of two texts the longer is cut first.
        seed: of the head's weights, the order of the examples and the dropout.
    """

    learning_rates: Sequence[float]
    num_epochs: int
    patience: int | None
    batch_size: int
    max_length: int
    seed: int


Score = Callable[[Sequence[str], Sequence[str]], float]  # (gold, predicted) labels of dev -> what to maximise
TagScore = Callable[[Sequence[Sequence[str]], Sequence[Sequence[str]]], float]  # the same of sequences of tags


@dataclass(frozen=True)
class Answers(Generic[T]):
    """What came of a fine-tuning.

    Attributes:
        predicted: an answer for each test example.
        notes: what the counts of the result say of it, e.g. best epoch, learning rate, dev score.
    """

    predicted: Sequence[T]
    notes: Mapping[str, int | float] = field(default_factory=dict)


class MentionInText(NamedTuple):
    """A mention in its sentence; `end` is exclusive, both in code points."""

    sentence: str
    start: int
    end: int


class System(Protocol):
    """Answers tasks. Equal arguments give equal answers on one machine."""

    def classify(
        self, splits: Splits[LabelledText], labels: Sequence[str], training: Training, score: Score
    ) -> Answers[str]:
        """Labels of the test texts; dev chooses by `score`."""
        ...

    def choose(self, splits: Splits[ChoiceQuestion], training: Training) -> Answers[int]:
        """Numbers of the options chosen for the test questions; dev chooses by accuracy."""
        ...

    def tag(
        self, splits: Splits[TaggedSentence], tags: Sequence[str], training: Training, score: TagScore
    ) -> Answers[tuple[str, ...]]:
        """Tags of the words of the test sentences, as many as words; dev chooses by `score`."""
        ...

    def similarities(self, pairs: Sequence[tuple[str, str]]) -> Pooled[Floats]:
        """(num_pairs,) how alike the two texts of each pair are; more is more alike."""
        ...

    def nearest(self, dictionary: Dictionary, queries: Sequence[str]) -> Pooled[list[list[Hit]]]:
        """The concepts nearest to each query, best first."""
        ...

    def nearest_in_context(self, dictionary: Dictionary, mentions: Sequence[MentionInText]) -> Pooled[list[list[Hit]]]:
        """The concepts nearest to each mention in its sentence, best first; none for a mention that was cut off."""
        ...

    def scores(self, names: Sequence[str], rows: Sequence[int]) -> Iterator[Pooled[Floats]]:
        """How near every name is to the names at `rows`: blocks of (num_rows_of_block, num_names), in order."""
        ...
