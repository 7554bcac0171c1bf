"""A pair of axes inside a drawing: maps data to pixels, linear or logarithmic, and draws grid and ticks."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bali.reporting.svg import Drawing, short, ticks

LEFT, RIGHT, TOP, BOTTOM = 46.0, 12.0, 12.0, 36.0  # margins, CSS pixels
LABEL_PIXELS = 6.2  # width of a character of 11 px text, about
Point = tuple[float, float]


@dataclass(frozen=True)
class Scale:
    """One axis: data from `low` to `high` onto pixels from `start` to `end`."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = False

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        low, high = self._transform(self.low), self._transform(self.high)
        share = (self._transform(value) - low) / (high - low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> list[float]:
        """Where the axis is marked: powers of ten on a logarithmic axis, and 2 and 5 times them on a short one."""
        if self.is_log:
            exponents = range(math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9) + 1)
            steps = (1.0,) if len(exponents) > 2 else (1.0, 2.0, 5.0)
            marks = [step * 10.0**e for e in range(exponents.start - 1, exponents.stop) for step in steps]
            return [mark for mark in marks if self.low <= mark <= self.high]
        return ticks(self.low, self.high)

    def _transform(self, value: float) -> float:
        return math.log10(value) if self.is_log else value


@dataclass(frozen=True)
class Axes:
    """A drawing with two scales."""

    drawing: Drawing
    x: Scale
    y: Scale

    @classmethod
    def fit(cls, points: Sequence[Point], size: tuple[float, float], title: str, log: bool = False) -> "Axes":
        """Axes that hold all points with a little room; `log` makes both logarithmic (values > 0)."""
        width, height = size
        drawing = Drawing(width, height, title)
        x_low, x_high = _limits([p[0] for p in points], log)
        y_low, y_high = _limits([p[1] for p in points], log)
        x = Scale(x_low, x_high, LEFT, width - RIGHT, log)
        y = Scale(y_low, y_high, height - BOTTOM, TOP, log)
        return cls(drawing, x, y)

    def frame(self, x_label: str, y_label: str) -> None:
        """Grid, tick labels and axis titles."""
        drawing = self.drawing
        for value in self.y.ticks():
            at = self.y(value)
            drawing.line((LEFT, at), (drawing.width - RIGHT, at), "grid")
            drawing.text((LEFT - 6, at + 3.5), short(value), "tick", "end")
        for value in self.x.ticks():
            drawing.text((self.x(value), drawing.height - BOTTOM + 15), short(value), "tick", "middle")
        drawing.line((LEFT, self.y.start), (drawing.width - RIGHT, self.y.start), "axis")
        drawing.text((drawing.width - RIGHT, drawing.height - 4), x_label, "tick", "end")
        drawing.text((LEFT + 4, TOP - 2), y_label, "tick")

    def at(self, point: Point) -> Point:
        """The pixel of a point."""
        return self.x(point[0]), self.y(point[1])


def _limits(values: Sequence[float], log: bool) -> tuple[float, float]:
    low, high = min(values), max(values)
    if log:
        return low * 0.8, max(high * 1.25, low * 10)
    room = (high - low) * 0.06 or abs(high) * 0.1 or 1.0
    return low - room, high + room
