"""Retrieval metrics from ranked concepts."""

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from bali.evaluation.dictionary import Hit
from bali.evaluation.results import PredictionRow

_CUTOFFS = (1, 5)


class Example(NamedTuple):
    """What was asked of a retrieval: which concepts are right for a text.

    Attributes:
        example_id: the same for every model.
        text: the mention.
        cuis: right answers; none where the gold identifier maps to no concept, and then every answer is wrong.
        gold: the right answers as a reader wants to see them.
    """

    example_id: str
    text: str
    cuis: frozenset[str]
    gold: str


def rank_of(hits: Sequence[Hit], cuis: Collection[str]) -> int:
    """Rank (from 1) of the first right concept, 0 where there is none."""
    return next((rank for rank, hit in enumerate(hits, start=1) if hit.cui in cuis), 0)


def retrieval_metrics(rank: int) -> Iterator[tuple[str, float]]:
    """accuracy@1, accuracy@5 and mrr (the reciprocal rank, 0 where nothing right was found) of one query."""
    for cutoff in _CUTOFFS:
        yield f"accuracy@{cutoff}", float(0 < rank <= cutoff)
    yield "mrr", 1 / rank if rank else 0.0


def prediction_rows(
    dataset: str, split: str, pooling: str, examples: Sequence[Example], hits: Sequence[Sequence[Hit]]
) -> Iterator[PredictionRow]:
    """The rows of retrieval examples; the metric's name carries the pooling, e.g. `accuracy@1_mean`."""
    for example, found in zip(examples, hits, strict=True):
        best = f"{found[0].cui} {found[0].name}" if found else ""
        for metric, value in retrieval_metrics(rank_of(found, example.cuis)):
            name = f"{metric}_{pooling}"
            yield PredictionRow(dataset, split, example.example_id, name, value, 1.0, example.gold, best, example.text)
