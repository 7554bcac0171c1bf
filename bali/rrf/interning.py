"""Distinct combinations of values, numbered as they come, in compiled code that remembers them from block to block."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bali.compiled import compiled
from bali.rrf.scanning import Bytes, Offsets

_WORD = 8  # bytes hashed and compared at once


class Interner:
    """Numbers combinations of values; not for several threads at once."""

    def __init__(self) -> None:
        self._state = _enlarge(_State(np.empty(0, np.int32), _NO_WORDS, np.zeros(1, np.int64), _NO_WORDS), 0, 0)
        self._length = 0

    def number(self, text: Bytes, marks: Offsets, columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int32]:
        """(num_rows,) the number of each row's values; new combinations get the next numbers.

        Args:
            text: the block.
            marks: (num_rows, num_columns + 1) as of `reading.Block`; a pipe follows each value.
            columns: which of the columns make up a combination.
        """
        numbers = np.empty(len(marks), np.int32)
        row, num_words = 0, 0
        while row < len(marks):
            self._state = _enlarge(self._state, self._length, num_words)
            places = (marks, columns)
            row, self._length, num_words = _intern(text, places, (row, self._length), numbers, self._state)  # type: ignore[no-untyped-call]
        return numbers

    def strings(self, first: int) -> list[tuple[str, ...]]:
        """The values of the combinations from number `first` on."""
        bounds, keys = self._state.bounds, self._state.keys
        return [_split(keys[bounds[number] : bounds[number + 1]].tobytes()) for number in range(first, self._length)]


class _State(NamedTuple):
    """Open addressing: place -> number or -1; and by number the hash and the key.

    A key is made of words: the bytes of a value and its pipe, zeros to the end of the word, then the next value.
    """

    table: npt.NDArray[np.int32]
    hashes: npt.NDArray[np.uint64]
    bounds: npt.NDArray[np.int64]
    keys: npt.NDArray[np.uint64]


_NO_WORDS = np.empty(0, np.uint64)


def _split(key: bytes) -> tuple[str, ...]:
    """The values of a key."""
    values, start = list[str](), 0
    while start < len(key):
        end = key.index(b"|", start)
        values.append(key[start:end].decode())
        start = (end // _WORD + 1) * _WORD
    return tuple(values)


def _enlarge(state: _State, length: int, num_words: int) -> _State:
    """The state of `length` keys with room for one more, of `num_words` words, at least."""
    hashes, bounds, keys = state.hashes, state.bounds, state.keys
    if length == len(hashes):
        hashes = np.concatenate([hashes, np.empty(max(256, length), np.uint64)])
        bounds = np.concatenate([bounds, np.zeros(len(hashes) + 1 - len(bounds), np.int64)])
    if bounds[length] + num_words > len(keys):
        keys = np.concatenate([keys, np.empty(len(keys) + num_words, np.uint64)])
    table = state.table
    if len(table) < 4 * len(hashes):  # sparse: most searches end at the first place
        table = np.full(4 * len(hashes), -1, np.int32)
        _fill(table, hashes[:length])  # type: ignore[no-untyped-call]
    return _State(table, hashes, bounds, keys)


@compiled
def _fill(table, hashes):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    mask = np.uint64(len(table) - 1)
    for number in range(len(hashes)):
        place = hashes[number] & mask
        while table[place] >= 0:
            place = (place + np.uint64(1)) & mask
        table[place] = number


@compiled
def _word(text, start, end):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The bytes from `start` to `end`, at most 8, as a number; the compiler makes one load of the eight."""
    at, one = np.uint64(start), np.uint64(1)
    if start + 8 > len(text):
        word = np.uint64(0)
        for position in range(start, end):
            word |= np.uint64(text[position]) << np.uint64(8 * (position - start))
        return word
    word = np.uint64(text[at]) | np.uint64(text[at + one]) << np.uint64(8)
    word |= np.uint64(text[at + np.uint64(2)]) << np.uint64(16) | np.uint64(text[at + np.uint64(3)]) << np.uint64(24)
    word |= np.uint64(text[at + np.uint64(4)]) << np.uint64(32) | np.uint64(text[at + np.uint64(5)]) << np.uint64(40)
    word |= np.uint64(text[at + np.uint64(6)]) << np.uint64(48) | np.uint64(text[at + np.uint64(7)]) << np.uint64(56)
    if end - start < 8:
        word &= (one << np.uint64(8 * (end - start))) - one
    return word


@compiled
def _intern(text, places, begin, numbers, state):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Number rows from `begin` (row, keys so far) on; stops where there is no room for the row's key, of so many words.

    Each row's key is written behind the last one, where it stays if it is new.
    """
    marks, columns = places
    length = begin[1]
    table, hashes, bounds, keys = state
    mask, prime = np.uint64(len(table) - 1), np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio
    for row in range(begin[0], len(numbers)):
        first = bounds[length]
        num_words = 0
        for column in columns:
            num_words += (marks[row, column + 1] - marks[row, column] + 7) // 8
        if length == len(hashes) or first + num_words > len(keys):
            return row, length, num_words
        value, tail = np.uint64(0), first
        for column in columns:
            end = np.int64(marks[row, column + 1]) + 1
            for start in range(np.int64(marks[row, column]) + 1, end, 8):
                word = _word(text, start, min(start + 8, end))  # type: ignore[no-untyped-call]
                keys[tail] = word
                tail += 1
                value = (value ^ word) * prime
                value ^= value >> np.uint64(32)
        place = value & mask
        number = table[place]
        while number >= 0:
            start = bounds[number]
            is_equal = hashes[number] == value and bounds[number + 1] - start == num_words
            offset = 0
            while is_equal and offset < num_words:
                is_equal = keys[start + offset] == keys[first + offset]
                offset += 1
            if is_equal:
                break
            place = (place + np.uint64(1)) & mask
            number = table[place]
        if number < 0:
            number = length
            table[place], hashes[number], bounds[number + 1] = number, value, tail
            length += 1
        numbers[row] = number
    return len(numbers), length, 0
