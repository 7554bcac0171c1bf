"""The main measures of all models as dots with their intervals, one figure per measure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bali.reporting.axes import Scale
from bali.reporting.metric_names import MetricKey, metric_name, percent, subject
from bali.reporting.metric_table import MetricTable
from bali.reporting.svg import NEUTRAL, Drawing, short, ticks
from bali.vocabulary import BASE_MODEL

WIDTH = 400.0
LEFT, RIGHT = 116.0, 46.0  # room for model names and values
ROW, HEAD = 20.0, 8.0
NAME_CHARACTERS = 16


@dataclass(frozen=True)
class IntervalFigure:
    """The figure of one main measure."""

    title: str
    measure: str
    figure: str


def interval_figures(table: MetricTable, classes: Mapping[str, str]) -> list[IntervalFigure]:
    """The main measures in percent, each on its own scale; baselines are left out: the table has them.

    Args:
        table: all results.
        classes: model -> colour class; a model without one is drawn in grey.
    """
    blocks = [(key, [m for m in table.models if (key, m) in table.cells]) for key in table.main]
    return [
        IntervalFigure(
            subject(key),
            f"{metric_name(key.metric)}, {key.split.replace('_', ' ')}",
            _draw(table, key, models, classes),
        )
        for key, models in blocks
        if models
    ]


def _draw(table: MetricTable, key: MetricKey, models: Sequence[str], classes: Mapping[str, str]) -> str:
    cells = [table.cells[key, model] for model in models]
    scale = _scale([c.ci_low for c in cells], [c.ci_high for c in cells])
    bottom = HEAD + ROW * len(models)
    drawing = Drawing(WIDTH, bottom + 16, f"{subject(key)}: {metric_name(key.metric)} of each model in percent")
    for tick in ticks(scale.low, scale.high):
        drawing.line((scale(tick), 2), (scale(tick), bottom), "grid")
        drawing.text((scale(tick), bottom + 13), short(tick), "tick", "middle")
    if BASE_MODEL in models:
        base = scale(100 * table.cells[key, BASE_MODEL].value)
        drawing.line((base, 2), (base, bottom), "axis dashed")
    for i, (model, cell) in enumerate(zip(models, cells, strict=True)):
        y = HEAD + ROW * i + 6
        css = classes.get(model, NEUTRAL)
        drawing.text((0, y + 4), _short_name(model), "figure-text")
        drawing.line((scale(100 * cell.ci_low), y), (scale(100 * cell.ci_high), y), f"line interval {css}")
        drawing.circle((scale(100 * cell.value), y), 4.5, f"dot {css}", f"{model}: {percent(cell.value)}")
        drawing.text((WIDTH, y + 4), percent(cell.value), "figure-text", "end")
    return drawing.markup()


def _scale(lows: list[float], highs: list[float]) -> Scale:
    """From the lowest to the highest limit in percent, never narrower than five points."""
    low, high = 100 * min(lows), 100 * max(highs)
    room = max((high - low) * 0.05, (5 - (high - low)) / 2, 0.5)
    return Scale(low - room, high + room, LEFT, WIDTH - RIGHT)


def _short_name(name: str) -> str:
    return name if len(name) <= NAME_CHARACTERS else name[: NAME_CHARACTERS - 1] + "…"
