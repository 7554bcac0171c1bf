"""Strings that come by number, as Arrow dictionaries: millions of rows share each string."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali.sorting import take


def dictionary_of(strings: Iterable[str]) -> Callable[[npt.NDArray[Any]], pa.DictionaryArray]:
    """What turns numbers, positions in `strings`, into an Arrow dictionary; its entries are distinct and sorted."""
    strings = list(strings)
    distinct = sorted(set(strings))
    places = {string: place for place, string in enumerate(distinct)}
    numbers = np.array([places[string] for string in strings], np.int32)
    entries = pa.array(distinct, pa.string())
    return lambda rows: pa.DictionaryArray.from_arrays(take(numbers, rows), entries)
