"""Entity markers: `<< aspirin >>` for the first of a pair and `[[ COX-1 ]]` for the second, as SciBERT has them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bali.tasks.examples import EvaluationText
from bali.tasks.task import Classification

FIRST = ("<< ", " >>")
SECOND = ("[[ ", " ]]")
NO_RELATION = "false"
_NEGATIVE = frozenset({"false", "0", "none", "negative", "no_relation", "cpr:0"})

Span = tuple[int, int]


def mark(text: str, first: Span, second: Span) -> str:
    """The text with both entities marked; spans (start, end) may nest or cross, and so do their markers then."""
    assert all(0 <= start < end <= len(text) for start, end in (first, second)), "an entity lies outside its text"
    # Closing markers go before opening ones at the same place; of equal spans the second lies within the first.
    places = sorted(
        [(first[0], 2, FIRST[0]), (first[1], 1, FIRST[1]), (second[0], 3, SECOND[0]), (second[1], 0, SECOND[1])]
    )
    pieces, done = [], 0
    for position, _, marker in places:
        pieces += [text[done:position], marker]
        done = position
    return "".join([*pieces, text[done:]])


def unmarked(text: str) -> str:
    """The text as it was before `mark`."""
    for marker in (*FIRST, *SECOND):
        text = text.replace(marker, "")
    return text


def is_negative(label: str) -> bool:
    """Whether a label of a file stands for no relation; preparations differ in what they call it."""
    return label.lower() in _NEGATIVE


@dataclass(frozen=True, kw_only=True)
class MarkedPairs(Classification):
    """Classification of marked pairs; the pre-training would have seen the texts without their markers."""

    def texts(self, dataset: Any) -> Iterator[EvaluationText]:
        """The test texts of a dataset without markers."""
        for text in super().texts(dataset):
            yield text._replace(text=unmarked(text.text))
