"""Precision, recall and F1 as the similarity threshold rises.

Only a higher threshold than the one that was linked with can be read off the links, and only about: linking anew keeps
a few more. QuickUMLS proposes terms by counting trigrams, repeated ones too, and takes the similarity over distinct
ones, so some of its links lie below the threshold that it was asked for. And with `linking.overlapping: length` a link
might take the place of a dropped longer one.
"""

import polars as pl

from bali.linking.quality.scoring import SPAN, SPAN_AND_CUI, SPAN_ONLY, comparable_links, tally, with_measures

STEP = 0.05
_KEYS = {SPAN_AND_CUI: [*SPAN, "cui"], SPAN_ONLY: SPAN}


def thresholds(lowest: float) -> list[float]:
    """The threshold that was linked with, then the multiples of `STEP` above it up to 1."""
    num_steps = round(1 / STEP)
    return [lowest, *(value for i in range(1, num_steps + 1) if (value := i / num_steps) > lowest)]


def threshold_curve(gold: pl.DataFrame, predicted: pl.DataFrame, lowest: float) -> pl.DataFrame:
    """The scores of each shard at each threshold, in the columns of LINKING_CURVE, sorted.

    Args:
        gold: a gold frame, see `bali.linking.quality.scoring`.
        predicted: a predicted frame, linked with the threshold `lowest`; similarities are 0-1.
        lowest: the threshold that the links were made with.
    """
    links = comparable_links(gold, predicted)
    points = []
    for level, keys in _KEYS.items():
        best = links.group_by(keys).agg(pl.col("similarity").max())
        annotated = gold.select(keys).unique()
        correct = annotated.join(best, on=keys)
        for threshold in thresholds(lowest):
            kept, kept_correct = (_similar(frame, threshold, lowest) for frame in (best, correct))
            counts = tally(annotated, kept, kept_correct, ["shard"])
            points.append(counts.with_columns(level=pl.lit(level), threshold=pl.lit(threshold)))
    return with_measures(pl.concat(points)).sort("shard", "level", "threshold")


def _similar(links: pl.DataFrame, threshold: float, lowest: float) -> pl.DataFrame:
    """The links of at least this similarity (float32, so is the comparison); at the lowest threshold all."""
    return links.filter(pl.col("similarity") >= pl.lit(threshold, pl.Float32)) if threshold > lowest else links
