"""Kinds of rows: what millions of rows have in common is looked at once and kept as a number."""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali.errors import InputError
from bali.io.census import Tally
from bali.io.dictionaries import dictionary_of
from bali.rrf.interning import Interner
from bali.rrf.reading import Block
from bali.sorting import count_values, take

Kind = TypeVar("Kind", bound=tuple[str, ...])
KindNumbers = npt.NDArray[np.int32]

KEPT = ""  # what a filter says of a kind that is not dropped


class Kinds(Generic[Kind]):
    """Numbers the combinations of values in columns of few distinct values, and filters rows by them.

    The numbers depend on how threads share the work; `rank`, `dictionary` and all counts do not.

    Args:
        columns: of the file, in the order of the fields of a kind.
        make: the kind with such values.
        fault: the reason to drop rows of a kind, or `KEPT`; asked once a kind.
        problem: what is wrong with a kind, "" where nothing is; asked once a kind.
    """

    def __init__(
        self,
        columns: Sequence[str],
        make: Callable[..., Kind],
        fault: Callable[[Kind], str] = lambda _: KEPT,
        problem: Callable[[Kind], str] = lambda _: "",
    ) -> None:
        self._columns = tuple(columns)
        self._make, self._fault, self._problem = make, fault, problem
        self._lock = threading.Lock()
        self._numbers: dict[Kind, int] = {}
        self._reasons: dict[str, int] = {KEPT: 0}  # reason -> its number
        self._reason_of = np.zeros(1 << 8, np.int32)  # by kind; grows by doubling
        self._idle: list[_Reader] = []

    def all(self) -> list[Kind]:
        """The kinds, by number."""
        return list(self._numbers)

    def read(self, block: Block) -> KindNumbers:
        """(num_rows,) the number of each row's kind.

        Raises:
            InputError: there is a problem with one.
        """
        with self._lock:
            reader = self._idle.pop() if self._idle else _Reader()
        numbers = reader.interner.number(block.text, block.marks, block.places(self._columns))
        new = reader.interner.strings(len(reader.numbers))
        if new:
            with self._lock:
                known = [
                    self._number(self._make(*values), block, numbers, len(reader.numbers) + position)
                    for position, values in enumerate(new)
                ]
            reader.numbers = np.concatenate([reader.numbers, np.array(known, np.int32)])
        result: KindNumbers = take(reader.numbers, numbers)
        with self._lock:
            self._idle.append(reader)
        return result

    def sieve(self, numbers: KindNumbers) -> tuple[npt.NDArray[np.int64], Tally]:
        """The rows that the filter keeps, and the tally of all of them; kept rows are not yet counted as out."""
        reasons = take(self._reason_of, numbers)
        counts = count_values(reasons, len(self._reasons))
        tally = Tally(rows_in=len(numbers))
        for reason, number in list(self._reasons.items()):
            if reason != KEPT and number < len(counts):
                tally.drop(reason, int(counts[number]))
        return np.flatnonzero(reasons == 0), tally

    def values(self, value: Callable[[Kind], Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """(num_kinds,) something of each kind."""
        return np.array([value(kind) for kind in self._numbers], dtype)

    def rank(self, key: Callable[[Kind], Any]) -> tuple[npt.NDArray[np.int64], list[Any]]:
        """(num_kinds,) the position of each kind's key among the distinct keys in order, and these keys."""
        keys = sorted({key(kind) for kind in self._numbers})
        positions = {value: position for position, value in enumerate(keys)}
        return np.array([positions[key(kind)] for kind in self._numbers] or [0], np.int64), keys

    def dictionary(self, value: Callable[[Kind], str]) -> Callable[[KindNumbers], pa.DictionaryArray]:
        """What turns numbers of kinds into a string of each, as an Arrow dictionary in sorted order."""
        return dictionary_of(value(kind) for kind in self._numbers)

    def _number(self, kind: Kind, block: Block, rows: KindNumbers, local: int) -> int:
        """The number of a kind that one reader met for the first time; the lock is held."""
        if kind not in self._numbers:
            if problem := self._problem(kind):
                row = int(np.flatnonzero(rows == local)[0])
                raise InputError(f"{block.file} line {block.first_line + row}: {problem}")
            number = len(self._numbers)
            if number == len(self._reason_of):
                self._reason_of = np.concatenate([self._reason_of, np.zeros_like(self._reason_of)])
            self._reason_of[number] = self._reasons.setdefault(self._fault(kind), len(self._reasons))
            self._numbers[kind] = number
        return self._numbers[kind]


class _Reader:
    """The kinds that one thread met: its own numbers, and the shared number of each."""

    def __init__(self) -> None:
        self.interner = Interner()
        self.numbers = np.empty(0, np.int32)
