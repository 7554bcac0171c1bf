"""What the baselines share: one answer under every pooling, the concepts of a dictionary, blocks of scores."""

from collections.abc import Iterator, Sequence

import polars as pl

from bali.evaluation.dictionary import Dictionary
from bali.evaluation.systems.system import POOLINGS, Pooled, T

_BLOCK_CELLS = 1 << 22  # scores of a block: 32 MiB of float64


def same_under_poolings(answer: T) -> Pooled[T]:
    """The answer under each pooling: a baseline has none, and a table compares it with models under both."""
    return dict.fromkeys(POOLINGS, answer)


def concepts_of(dictionary: Dictionary) -> pl.DataFrame:
    """The concepts of a dictionary, sorted by CUI: `cui`, `name` (the first of its names), `num_names`."""
    rows = pl.DataFrame({"name": dictionary.names, "cui": dictionary.cuis}).explode("cui")
    columns = [pl.col("name").first(), pl.len().alias("num_names")]  # a group keeps the order of its rows
    return rows.group_by("cui").agg(columns).sort("cui")


def blocks_of(rows: Sequence[int], num_names: int) -> Iterator[Sequence[int]]:
    """`rows` in pieces whose scores against `num_names` names take 32 MiB, or of one row."""
    step = max(1, _BLOCK_CELLS // max(1, num_names))
    for start in range(0, len(rows), step):
        yield rows[start : start + step]
