"""A task: what it is called, what it reads, what is measured. A subclass stands for each protocol."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from bali.strict import Section
from bali.tasks.examples import ChoiceQuestion, EvaluationText, LabelledText, RatedPair, Splits, TaggedSentence

Artefact = Literal["umls", "graph", "validation", "dictionary"]


@dataclass(frozen=True, kw_only=True)
class Task:
    """What all tasks have.

    Attributes:
        name: key below `evaluation.tasks`.
        title: as a reader says it.
        section: model of its section; one with `datasets` maps names to `bali.tasks.options.Dataset`s.
        main: (split, metric) of its main measure; the first of these that a dataset has.
        source: where to get its files, one sentence; empty where it has none.
        is_fine_tuned: whether it trains, and so depends on a seed.
        descriptive: metrics (without pooling) of which neither more nor less is better.
        reads: artefacts of other stages that it reads; what is not among them re-runs nothing.
        has_baselines: whether majority, random and trigrams can answer it.
    """

    name: str
    title: str
    section: type[Section]
    main: Sequence[tuple[str, str]]
    source: str = ""
    is_fine_tuned: bool = False
    descriptive: frozenset[str] = frozenset()
    reads: frozenset[Artefact] = frozenset()
    has_baselines: bool = True

    def texts(self, dataset: Any) -> Iterator[EvaluationText]:
        """What of a dataset must not be trained on: its test texts.

        Raises:
            InputError: a file is missing or broken.
        """
        yield from ()


@dataclass(frozen=True, kw_only=True)
class Classification(Task):
    """Fine-tuned: a text, or two, gets a label.

    Attributes:
        read: dataset -> its parts.
        labels: all labels, sorted; None takes those of train and test.
        metrics: of accuracy, macro_f1, micro_f1 (without the negative labels), f1 (of `positive`); the first chooses
            on dev.
        negative: labels that stand for no relation.
        positive: the label that `f1` counts.
    """

    read: Callable[[Any], Splits[LabelledText]]
    labels: Sequence[str] | None = None
    metrics: Sequence[str] = ("accuracy", "macro_f1")
    negative: frozenset[str] = frozenset()
    positive: str | None = None
    is_fine_tuned: bool = True

    def texts(self, dataset: Any) -> Iterator[EvaluationText]:
        """The test texts of a dataset."""
        for example in self.read(dataset).test:
            yield EvaluationText(example.example_id, example.pmid, _joined(example.first, example.second or ""))


@dataclass(frozen=True, kw_only=True)
class MultipleChoice(Task):
    """Fine-tuned: one of a question's options is right.

    Attributes:
        read: dataset -> its parts.
    """

    read: Callable[[Any], Splits[ChoiceQuestion]]
    is_fine_tuned: bool = True

    def texts(self, dataset: Any) -> Iterator[EvaluationText]:
        """The test questions of a dataset."""
        for example in self.read(dataset).test:
            yield EvaluationText(example.example_id, None, example.question)


@dataclass(frozen=True, kw_only=True)
class Tagging(Task):
    """Fine-tuned: each word gets an IOB2 tag.

    Attributes:
        read: dataset -> its parts.
    """

    read: Callable[[Any], Splits[TaggedSentence]]
    is_fine_tuned: bool = True

    def texts(self, dataset: Any) -> Iterator[EvaluationText]:
        """The test sentences of a dataset."""
        for example in self.read(dataset).test:
            yield EvaluationText(example.example_id, None, " ".join(example.words))


@dataclass(frozen=True, kw_only=True)
class Similarity(Task):
    """Zero-shot: the cosine of two texts against what people say.

    Attributes:
        read: dataset -> its pairs.
    """

    read: Callable[[Any], Sequence[RatedPair]]

    def texts(self, dataset: Any) -> Iterator[EvaluationText]:
        """The sentences of a dataset, two for each pair."""
        for pair in self.read(dataset):
            yield EvaluationText(f"{pair.example_id}:1", None, pair.first)
            yield EvaluationText(f"{pair.example_id}:2", None, pair.second)


def _joined(*texts: str) -> str:
    return " ".join(text for text in texts if text)
