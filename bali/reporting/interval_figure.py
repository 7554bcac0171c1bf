"""The main measures of all models as dots with their intervals, one block per measure."""

from collections.abc import Mapping

from bali.reporting.axes import Scale
from bali.reporting.metric_table import MetricTable
from bali.reporting.svg import NEUTRAL, Drawing, short, ticks
from bali.reporting.verdict import metric_name, percent, subject

WIDTH = 460.0
LEFT, RIGHT = 116.0, 46.0  # room for model names and values
ROW, HEAD = 22.0, 50.0
NAME_CHARACTERS = 16


def interval_figure(table: MetricTable, classes: Mapping[str, str]) -> str:
    """A drawing of the main measures in percent, each block on its own scale; "" where there is nothing to draw.

    Args:
        table: all results.
        classes: model -> colour class; a model without one is drawn in grey.
    """
    blocks = [(key, [m for m in table.models if (key, m) in table.cells]) for key in table.main]
    height = sum(HEAD + ROW * len(models) + 20 for _, models in blocks)
    if not blocks:
        return ""
    drawing = Drawing(WIDTH, height, "Main measures of each model with 95 % intervals")
    top = 0.0
    for key, models in blocks:
        cells = [table.cells[key, model] for model in models]
        scale = _scale([c.ci_low for c in cells], [c.ci_high for c in cells])
        drawing.text((0, top + 18), subject(key), "strong figure-text")
        drawing.text((0, top + 33), f"{metric_name(key.metric)}, {key.split.replace('_', ' ')}, percent", "tick")
        bottom = top + HEAD + ROW * len(models)
        for tick in ticks(scale.low, scale.high):
            drawing.line((scale(tick), top + HEAD - 6), (scale(tick), bottom - 4), "grid")
            drawing.text((scale(tick), bottom + 9), short(tick), "tick", "middle")
        for i, (model, cell) in enumerate(zip(models, cells, strict=True)):
            y = top + HEAD + ROW * i + 6
            css = classes.get(model, NEUTRAL)
            drawing.text((0, y + 4), _short_name(model), "figure-text")
            drawing.line((scale(100 * cell.ci_low), y), (scale(100 * cell.ci_high), y), f"line interval {css}")
            drawing.circle((scale(100 * cell.value), y), 4.5, f"dot {css}", f"{model}: {percent(cell.value)}")
            drawing.text((WIDTH, y + 4), percent(cell.value), "figure-text", "end")
        top = bottom + 20
    return drawing.markup()


def _scale(lows: list[float], highs: list[float]) -> Scale:
    """From the lowest to the highest limit in percent, never narrower than five points."""
    low, high = 100 * min(lows), 100 * max(highs)
    room = max((high - low) * 0.05, (5 - (high - low)) / 2, 0.5)
    return Scale(low - room, high + room, LEFT, WIDTH - RIGHT)


def _short_name(name: str) -> str:
    return name if len(name) <= NAME_CHARACTERS else name[: NAME_CHARACTERS - 1] + "…"
