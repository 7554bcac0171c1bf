"""Where labels of a drawing go so that they cover each other, and what matters below them, as little as possible."""

from collections.abc import Sequence
from dataclasses import dataclass, field

CHARACTER = 6.4  # width of a character of 12 px text, about, CSS pixels
LINE = 13.0  # height of a line
Point = tuple[float, float]
Box = tuple[float, float, float, float]  # left, top, right, bottom


def text_box(at: Point, text: str) -> Box:
    """The box of a line of text whose baseline is centred `at`."""
    half = len(text) * CHARACTER / 2
    return at[0] - half, at[1] - LINE + 3, at[0] + half, at[1] + 3


@dataclass
class Placer:
    """Places labels one after another; `taken` holds the boxes that later labels should avoid.

    Attributes:
        width: of the drawing; labels stay inside.
        height: of the drawing.
        taken: boxes of dots and of the labels placed so far.
    """

    width: float
    height: float
    taken: list[Box] = field(default_factory=list)

    def reserve(self, at: Point, radius: float) -> None:
        """Keep a dot free of labels."""
        self.taken.append((at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius))

    def place(self, text: str, candidates: Sequence[Point]) -> Point:
        """The candidate, the first among equals, whose box covers the least of what is taken or outside."""
        best = min(candidates, key=lambda at: self._cost(text_box(at, text)))
        self.taken.append(text_box(best, text))
        return best

    def _cost(self, box: Box) -> float:
        area = (box[2] - box[0]) * (box[3] - box[1])
        outside = area - _overlap(box, (0.0, 0.0, self.width, self.height))
        return round(10 * outside + sum(_overlap(box, other) for other in self.taken), 3)


def _overlap(a: Box, b: Box) -> float:
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0.0) * max(height, 0.0)
