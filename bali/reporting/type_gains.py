"""Which kinds of concepts gain: the scores of two models by the semantic type of the right answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from bali.reporting.concepts import CUI_SEPARATOR, read_concepts
from bali.reporting.graph_figures import type_names
from bali.reporting.results import Results

NUM_TYPES = 10
MIN_EXAMPLES = 5  # of a type that has a row


@dataclass(frozen=True)
class TypeGain:
    """The mean scores (0-1) on examples whose right answer has this semantic type."""

    name: str
    num_examples: int
    base: float
    model: float


def type_gains(results: Results, rows: Mapping[str, Sequence[pl.DataFrame]]) -> list[tuple[str, Sequence[TypeGain]]]:
    """By task, the types with most examples; a task whose gold answers are no concepts of the release is left out.

    Args:
        results: what is read.
        rows: task -> frames with the columns gold, base_score, model_score.
    """
    frames = {task: pl.concat(found) for task, found in rows.items()}
    single = {
        task: frame.with_row_index("example").with_columns(cui=pl.col("gold").str.split(CUI_SEPARATOR)).explode("cui")
        for task, frame in frames.items()
    }
    cuis = [cui for frame in single.values() for cui in frame["cui"].unique().drop_nulls().to_list()]
    types = read_concepts(results, cuis, ["cui", "tuis"]).explode("tuis").rename({"tuis": "tui"}).drop_nulls()
    if types.is_empty():
        return []
    names = type_names(results)
    found = [
        (task, _gains(frame.join(types, on="cui", maintain_order="left_right"), names))
        for task, frame in single.items()
    ]
    return [(task, gains) for task, gains in found if gains]


def _gains(rows: pl.DataFrame, names: Mapping[str, str]) -> list[TypeGain]:
    """An example counts once in each type of its right concepts."""
    once = rows.unique(["example", "tui"], maintain_order=True)
    summed = once.group_by("tui", maintain_order=True).agg(
        num=pl.len(), base=pl.col("base_score").mean(), model=pl.col("model_score").mean()
    )
    chosen = summed.filter(pl.col("num") >= MIN_EXAMPLES).sort(-pl.col("num").cast(pl.Int64), "tui").head(NUM_TYPES)
    return [TypeGain(names.get(tui, tui), num, base, model) for tui, num, base, model in chosen.iter_rows()]
