"""Distinct combinations of values, numbered as they come, in compiled code that remembers them from block to block."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bali.compiled import compiled, load_word
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
        most_words = len(columns) + int((marks[:, -1] - marks[:, 0]).max(initial=0)) // _WORD
        places = (marks.reshape(-1), np.uint64(marks.shape[1]), columns.astype(np.uint64), np.uint64(most_words))
        row = 0
        while row < len(marks):
            self._state = _enlarge(self._state, self._length, most_words)
            row, self._length = _intern(text, places, (row, self._length), numbers, self._state)  # type: ignore[no-untyped-call]
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
def _intern(text, places, begin, numbers, state):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Number rows from `begin` (row, keys so far) on; stops after a new key where there may be no room for another one.

    Each row's key is written behind the last one, where it stays if it is new. Places are unsigned: numba would look at
    each whether it counts from the end.

    Args:
        text: the block.
        places: the marks, one row after the other, and how many a row has; the columns; the most words of a key.
        begin: row, number of keys.
        numbers: (num_rows,) takes the numbers.
        state: as `_State`, with room for one more key.
    """
    marks, width, columns, most_words = places
    table, hashes, bounds, keys = state
    one, word_bytes, byte_bits = np.uint64(1), np.uint64(_WORD), np.uint64(8)
    mask, prime = np.uint64(len(table) - 1), np.uint64(0x9E3779B97F4A7C15)  # 2^64 over the golden ratio
    length = np.uint64(begin[1])
    for row in range(np.uint64(begin[0]), np.uint64(len(numbers))):
        first = tail = np.uint64(bounds[length])
        value = np.uint64(0)
        for column in range(np.uint64(len(columns))):
            place = row * width + columns[column]
            start, end = np.uint64(np.int64(marks[place]) + 1), np.uint64(np.int64(marks[place + one]) + 1)
            while end - start > word_bytes:
                word = load_word(text, start)
                keys[tail] = word
                value = (value ^ word) * prime
                value ^= value >> np.uint64(32)
                start, tail = start + word_bytes, tail + one
            others = byte_bits * (word_bytes - (end - start))  # of the last word
            is_whole = start + word_bytes <= np.uint64(len(text))
            word = load_word(text, start) if is_whole else _last_word(text, start)  # type: ignore[no-untyped-call]
            word = word << others >> others
            keys[tail] = word
            value = (value ^ word) * prime
            value ^= value >> np.uint64(32)
            tail += one
        place = value & mask
        number = table[place]
        while number >= 0:
            known = np.uint64(bounds[np.uint64(number)])
            differing = hashes[np.uint64(number)] ^ value
            differing |= (np.uint64(bounds[np.uint64(number) + one]) - known) ^ (tail - first)
            for offset in range(tail - first if differing == 0 else np.uint64(0)):
                differing |= keys[known + offset] ^ keys[first + offset]
            if differing == 0:
                break
            place = (place + one) & mask
            number = table[place]
        numbers[row] = number
        if number < 0:
            numbers[row] = length
            table[place], hashes[length], bounds[length + one] = length, value, tail
            length += one
            if length == np.uint64(len(hashes)) or tail + most_words > np.uint64(len(keys)):
                return np.int64(row + one), np.int64(length)
    return len(numbers), np.int64(length)


@compiled
def _last_word(text, start):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """As `load_word`, with zeros behind the end of the text."""
    word = np.uint64(0)
    for position in range(start, np.uint64(len(text))):
        word |= np.uint64(text[position]) << np.uint64(8) * (position - start)
    return word
