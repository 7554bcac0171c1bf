"""Distinct combinations of values, numbered as they come, in compiled code that remembers them from block to block."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bali.compiled import compiled
from bali.rrf.scanning import Bytes, Offsets


class Interner:
    """Numbers combinations of values; not for several threads at once."""

    def __init__(self) -> None:
        self._state = _State(
            table=np.full(1 << 12, -1, np.int32),
            hashes=np.empty(1 << 8, np.uint64),
            bounds=np.zeros((1 << 8) + 1, np.int64),
            keys=np.empty(1 << 13, np.uint8),
        )
        self._length = 0

    def number(self, text: Bytes, where: Offsets, columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """(num_rows,) the number of each row's values; new combinations get the next numbers.

        Args:
            text: the block.
            where: (num_places, 2, num_rows) where values lie; each is followed by a pipe.
            columns: which of the places make up a combination.
        """
        numbers = np.empty(where.shape[2], np.int32)
        found: tuple[int, _State] = _intern(text, (where, columns), numbers, self._length, self._state)  # type: ignore[no-untyped-call]
        self._length, self._state = found
        return numbers

    def strings(self, first: int) -> list[tuple[str, ...]]:
        """The values of the combinations from number `first` on."""
        _, _, bounds, keys = self._state
        return [
            tuple(keys[bounds[number] : bounds[number + 1]].tobytes()[:-1].decode().split("|"))
            for number in range(first, self._length)
        ]


class _State(NamedTuple):
    """Open addressing: place -> number or -1; and by number the hash and the bytes of the key (values and pipes)."""

    table: npt.NDArray[np.int32]
    hashes: npt.NDArray[np.uint64]
    bounds: npt.NDArray[np.int64]
    keys: Bytes


@compiled
def _hash(text, places, row):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """FNV-1a over the length and the first and last six bytes of each value: equality is tested afterwards anyway."""
    where, columns = places
    value = np.uint64(14695981039346656037)
    prime = np.uint64(1099511628211)
    for column in columns:
        start, end = where[column, 0, row], where[column, 1, row]
        value = (value ^ np.uint64(end - start)) * prime
        for position in range(start, min(end, start + 6)):
            value = (value ^ np.uint64(text[position])) * prime
        for position in range(max(start + 6, end - 6), end):
            value = (value ^ np.uint64(text[position])) * prime
    return value ^ (value >> np.uint64(29))


@compiled
def _is_key(text, places, row, keys, start, end):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Whether the values of a row are the key at `start`."""
    where, columns = places
    place = start
    for column in columns:
        for position in range(where[column, 0, row], where[column, 1, row] + 1):
            if place == end or keys[place] != text[position]:
                return False
            place += 1
    return place == end


@compiled
def _add(text, places, row, number, state):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Append the key of a row; returns the state, its arrays enlarged where they were full."""
    where, columns = places
    table, hashes, bounds, keys = state
    start = bounds[number]
    length = 0
    for column in columns:
        length += where[column, 1, row] + 1 - where[column, 0, row]
    if start + length > len(keys):
        keys = np.concatenate((keys, np.empty(len(keys) + length, np.uint8)))
    if number + 2 > len(bounds):
        bounds = np.concatenate((bounds, np.empty(len(bounds), np.int64)))
    for column in columns:
        for position in range(where[column, 0, row], where[column, 1, row] + 1):
            keys[start] = text[position]
            start += 1
    bounds[number + 1] = start
    return _State(table, hashes, bounds, keys)


@compiled
def _enlarge(length, state):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Room for twice the keys."""
    table = np.full(2 * len(state.table), -1, np.int32)
    mask = np.uint64(len(table) - 1)
    for number in range(length):
        place = state.hashes[number] & mask
        while table[place] >= 0:
            place = (place + np.uint64(1)) & mask
        table[place] = number
    hashes = np.concatenate((state.hashes, np.empty(len(state.hashes), np.uint64)))
    return _State(table, hashes, state.bounds, state.keys)


@compiled
def _intern(text, places, numbers, length, state):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for row in range(len(numbers)):
        value = _hash(text, places, row)  # type: ignore[no-untyped-call]
        mask = np.uint64(len(state.table) - 1)
        place = value & mask
        number = state.table[place]
        while number >= 0:
            start, end = state.bounds[number], state.bounds[number + 1]
            if state.hashes[number] == value and _is_key(text, places, row, state.keys, start, end):  # type: ignore[no-untyped-call]
                break
            place = (place + np.uint64(1)) & mask
            number = state.table[place]
        if number < 0:
            number = length
            state = _add(text, places, row, number, state)  # type: ignore[no-untyped-call]
            state.table[place] = number
            state.hashes[number] = value
            length += 1
            if length == len(state.hashes) or 2 * length > len(state.table):
                state = _enlarge(length, state)  # type: ignore[no-untyped-call]
        numbers[row] = number
    return length, state
