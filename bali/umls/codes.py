"""Small integers for columns of few distinct strings, so that millions of rows fit in memory."""

import numpy as np
import numpy.typing as npt
import polars as pl


class StringCodes:
    """Numbers strings as they come; `rank` makes the numbers independent of that order."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def encode(self, strings: pl.Series) -> pl.Series:
        """The code of each string, int16; new strings get the next codes."""
        for string in strings.unique().to_list():
            self._codes.setdefault(string, len(self._codes))
        assert len(self._codes) <= np.iinfo(np.int16).max, f"{strings.name}: more than 32,767 distinct values"
        if strings.is_empty():  # with nothing to replace, polars keeps the type of the strings
            return pl.Series(strings.name, [], pl.Int16)
        return strings.replace_strict(self._codes, return_dtype=pl.Int16)

    def rank(self, codes: pl.Series) -> pl.Series:
        """Each code as the position of its string among the sorted strings (`sorted_strings`)."""
        order = sorted(self._codes, key=lambda string: string.encode())
        ranks: npt.NDArray[np.int16] = np.zeros(max(1, len(order)), np.int16)
        for rank, string in enumerate(order):
            ranks[self._codes[string]] = rank
        return pl.Series(codes.name, ranks[codes.to_numpy()])

    def sorted_strings(self) -> pl.Series:
        """The strings in order of their bytes: `sorted_strings()[rank]` is the string of a rank."""
        return pl.Series(sorted(self._codes, key=lambda string: string.encode()), dtype=pl.String)
