"""Numbers for distinct strings or tuples of strings that are not known beforehand."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from bali.graph.keys import Ints

Item = tuple[str, ...]


class Numbering:
    """Numbers the distinct rows of `columns` as they come; `renumber` makes the numbers independent of that order."""

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = list(columns)
        self._numbers: dict[Item, int] = {}

    def encode(self, frame: pl.DataFrame) -> Ints:
        """The number of each row, int64; new rows get the next numbers."""
        for item in frame.select(self._columns).unique().iter_rows():
            self._numbers.setdefault(item, len(self._numbers))
        known = pl.DataFrame(
            [*zip(*self._numbers, strict=True), tuple(self._numbers.values())] if self._numbers else [],
            schema={**dict.fromkeys(self._columns, pl.String), "number": pl.Int64},
        )
        joined = frame.select(self._columns).join(known, on=self._columns, how="left", maintain_order="left")
        return joined["number"].to_numpy().astype(np.int64)

    def items(self) -> list[Item]:
        """The distinct rows, sorted."""
        return sorted(self._numbers)

    def renumber(self, numbers: Ints, items: Sequence[Item]) -> Ints:
        """Each number as the position of its row in `items`, which holds at least the rows of `self.items()`."""
        positions = {item: position for position, item in enumerate(items)}
        table = np.array([positions[item] for item in self._numbers] or [0], np.int64)
        return table[numbers]
