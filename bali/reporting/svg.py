"""Small SVG drawings that take their colours from the page's style sheet, so that one drawing fits light and dark."""

import math
from collections.abc import Sequence
from xml.etree import ElementTree

SERIES = 8  # classes s1 … s8 of report.css
NEUTRAL = "neutral"  # class of what is compared with
MARKERS = ("circle", "square", "triangle", "diamond")


def series_classes(names: Sequence[str]) -> dict[str, str]:
    """The colour class of each name, the same in every figure; after the last class the first follows again."""
    return {name: f"s{i % SERIES + 1}" for i, name in enumerate(names)}


class Drawing:
    """An SVG element under construction; coordinates in CSS pixels, y downwards.

    Args:
        width: of the view box.
        height: of the view box.
        title: what a screen reader says; without one it passes over the drawing.
    """

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width = width
        self.height = height
        view_box = f"0 0 {_number(width)} {_number(height)}"
        spoken = {"role": "img", "aria-label": title} if title else {"aria-hidden": "true"}
        self.root = ElementTree.Element("svg", {"viewBox": view_box, **spoken})
        self.root.set("style", f"max-width:{_number(width)}px")

    def line(self, start: tuple[float, float], end: tuple[float, float], css: str) -> None:
        """A straight line."""
        names = ("x1", "y1", "x2", "y2")
        self._add("line", dict(zip(names, map(_number, (*start, *end)), strict=True)), css)

    def polyline(self, points: Sequence[tuple[float, float]], css: str) -> None:
        """An open path through points."""
        self._add("polyline", {"points": " ".join(f"{_number(x)},{_number(y)}" for x, y in points)}, css)

    def text(self, at: tuple[float, float], text: str, css: str, anchor: str = "start") -> None:
        """A line of text whose baseline starts, centres or ends `at`."""
        attributes = {"x": _number(at[0]), "y": _number(at[1]), "text-anchor": anchor}
        self._add("text", attributes, css).text = text

    def circle(self, at: tuple[float, float], radius: float, css: str, title: str = "") -> None:
        """A circle, with a tooltip where `title` is given."""
        attributes = {"cx": _number(at[0]), "cy": _number(at[1]), "r": _number(radius)}
        self._tooltip(self._add("circle", attributes, css), title)

    def marker(self, at: tuple[float, float], shape: str, css: str, title: str = "") -> None:
        """One of `MARKERS`, about 7 px wide."""
        if shape == "circle":
            self.circle(at, 3.4, css, title)
            return
        corners = {
            "square": ((-3, -3), (3, -3), (3, 3), (-3, 3)),
            "triangle": ((0, -4), (3.8, 3), (-3.8, 3)),
            "diamond": ((0, -4.4), (4.4, 0), (0, 4.4), (-4.4, 0)),
        }[shape]
        points = " ".join(f"{_number(at[0] + x)},{_number(at[1] + y)}" for x, y in corners)
        self._tooltip(self._add("polygon", {"points": points}, css), title)

    def markup(self) -> str:
        """The drawing as HTML-safe markup."""
        return ElementTree.tostring(self.root, encoding="unicode")

    def _add(self, tag: str, attributes: dict[str, str], css: str) -> ElementTree.Element:
        return ElementTree.SubElement(self.root, tag, {"class": css, **attributes})

    def _tooltip(self, element: ElementTree.Element, title: str) -> None:
        if title:
            ElementTree.SubElement(element, "title").text = title


def ticks(low: float, high: float, num: int = 5) -> list[float]:
    """About `num` round numbers (1, 2, 2.5 or 5 times a power of ten apart) within [low, high]."""
    if not high > low:
        return [low]
    raw = (high - low) / max(num - 1, 1)
    magnitude = 10.0 ** math.floor(math.log10(raw))
    step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= raw * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [i * step for i in range(first, last + 1)]


def short(value: float) -> str:
    """A number as an axis shows it: 1200000 -> 1.2M, 0.25 -> 0.25."""
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= limit:
            divisor = 1e3 if suffix == "k" else limit
            return f"{value / divisor:.3g}{suffix}"
    return f"{value:.4g}"


def _number(value: float) -> str:
    text = f"{value:.1f}"
    return "0" if text == "-0.0" else text.removesuffix(".0")
