"""Precision, recall and F1 over the similarity threshold, a figure per level."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from bali.linking.quality.scoring import SPAN_AND_CUI, SPAN_ONLY
from bali.reporting.axes import Axes
from bali.reporting.svg import series_classes

SIZE = (420.0, 250.0)
MEASURES = {"precision": "precision", "recall": "recall", "f1": "F1"}
TITLES = {SPAN_AND_CUI: "Span and CUI", SPAN_ONLY: "Span only"}
CLASSES = series_classes(list(MEASURES))
LEGEND = [(name, CLASSES[measure]) for measure, name in MEASURES.items()]


@dataclass(frozen=True)
class ThresholdFigure:
    """The curves of one level."""

    title: str
    figure: str
    best_threshold: float  # of the highest F1; the lowest of equal ones
    best_f1: float


def threshold_figures(points: pl.DataFrame) -> Sequence[ThresholdFigure]:
    """The figures of the levels, all on the same axes; none where there is no point.

    Args:
        points: columns level, threshold, precision, recall, f1, sorted by level and threshold.
    """
    if points.is_empty():
        return []
    span = [(row["threshold"], 100 * row[measure]) for row in points.to_dicts() for measure in MEASURES]
    return [_figure(level, points.filter(pl.col("level") == level), span) for level in TITLES]


def _figure(level: str, points: pl.DataFrame, span: Sequence[tuple[float, float]]) -> ThresholdFigure:
    axes = Axes.fit(span, SIZE, f"Precision, recall and F1 by similarity threshold: {TITLES[level]}")
    axes.frame("similarity threshold", "percent")
    for measure, name in MEASURES.items():
        line = [(threshold, 100 * value) for threshold, value in points.select("threshold", measure).iter_rows()]
        axes.drawing.polyline([axes.at(point) for point in line], f"line thick {CLASSES[measure]}")
        for threshold, value in line:
            title = f"{name} at {threshold:g}: {value:.1f}"
            axes.drawing.circle(axes.at((threshold, value)), 2.6, f"dot {CLASSES[measure]}", title)
    best = max(points.to_dicts(), key=lambda row: (row["f1"], -row["threshold"]))
    return ThresholdFigure(TITLES[level], axes.drawing.markup(), best["threshold"], best["f1"])
