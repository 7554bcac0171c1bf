"""RRF rows from arrays of numbers: compiled code writes the bytes, about a million rows a second and thread."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple, TypeVar

import numba
import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Item = TypeVar("Item")
Result = TypeVar("Result")

TEXT, NUMBER, CODE, NAME = range(4)
_PIPE, _NEWLINE = b"|\n"
_NAME_BYTES = 512  # longest name: see umls_shapes.name_lengths, plus a word and an ending


class Pool(NamedTuple):
    """Texts laid end to end: text i is `characters[ends[i]:ends[i + 1]]`."""

    characters: npt.NDArray[np.uint8]
    ends: Ints


class Vocabulary(NamedTuple):
    """What names are made of; each `draw_*` table holds text numbers as often as they are to be drawn."""

    words: Pool
    draw_word: npt.NDArray[np.int32]  # 2 ** 20 entries
    joints: Pool  # between two words
    draw_joint: npt.NDArray[np.int32]  # 256 entries
    endings: Pool  # after the last word
    draw_ending: npt.NDArray[np.int32]  # 256 entries
    accented: Pool  # first word of the names that are not ASCII
    awkward: Pool  # whole names
    lengths: npt.NDArray[np.int32]  # 4,096 entries: bytes after which a name gets no further word


@dataclass(frozen=True)
class Column:
    """How the numbers of a column become text; a negative number of kind NUMBER or CODE becomes the empty text.

    Attributes:
        kind: TEXT: the number says which of `texts`. NUMBER: `prefix` and the number in `width` digits or more.
            CODE: as `pack_codes` packed it, `texts` holds prefixes, then endings. NAME: a name made of a hash of it.
        texts: of TEXT and CODE.
        prefix: one ASCII character, of NUMBER.
        width: least number of digits, of NUMBER.
        num_prefixes: of CODE: how many of `texts` are prefixes.
    """

    kind: int
    texts: tuple[str, ...] = ("",)
    prefix: str = "\0"
    width: int = 1
    num_prefixes: int = 0


class RowFormat:
    """Encodes rows of one file."""

    def __init__(self, columns: Sequence[Column], vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._texts = make_pool([text for column in columns for text in column.texts])
        bases = np.cumsum([0, *(len(column.texts) for column in columns)])[:-1]
        self._spec = np.array(
            [
                (column.kind, base, ord(column.prefix), column.width, base + column.num_prefixes)
                for column, base in zip(columns, bases, strict=True)
            ],
            np.int64,
        )
        widest = (max(map(len, map(str.encode, column.texts))) for column in columns)
        self._row_bytes = 1 + sum(
            (_NAME_BYTES if column.kind == NAME else 24) + 2 * text
            for column, text in zip(columns, widest, strict=True)
        )

    def encode(self, values: Sequence[npt.NDArray[np.generic]]) -> npt.NDArray[np.uint8]:
        """Rows as UTF-8 text.

        Args:
            values: an array (num_rows,) of integers per column, in the order of the file.
        """
        assert len(values) == len(self._spec), f"expected {len(self._spec)} columns, got {len(values)}"
        table = np.empty((len(values), len(values[0])), np.int64)
        for row, column in zip(table, values, strict=True):
            row[:] = column
        out = np.empty(table.shape[1] * self._row_bytes, np.uint8)
        return out[: _format_rows(table, self._spec, self._texts, self._vocabulary, out)]


def make_pool(texts: Sequence[str]) -> Pool:
    """Texts as UTF-8, laid end to end."""
    encoded = [text.encode() for text in texts]
    ends = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return Pool(np.frombuffer(b"".join(encoded) or b"\0", np.uint8), ends)


def pack_codes(number: Ints, width: Ints, prefix: Ints, ending: Ints) -> Ints:
    """Codes for columns of kind CODE: number < 2**46, width < 32, prefix < 64, ending < 32; shapes (num_rows,)."""
    packed: Ints = number << 16 | width << 11 | prefix << 5 | ending
    return packed


def hash_numbers(numbers: npt.NDArray[np.generic], salt: int) -> Hashes:
    """SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) of each number with a salt, shape as given."""
    value = numbers.astype(np.uint64) + np.uint64((salt * 0x9E3779B97F4A7C15) % 2**64)
    value ^= value >> np.uint64(30)
    value *= np.uint64(0xBF58476D1CE4E5B9)
    value ^= value >> np.uint64(27)
    value *= np.uint64(0x94D049BB133111EB)
    value ^= value >> np.uint64(31)
    return value


def run_in_order(function: Callable[[Item], Result], items: Iterable[Item], num_threads: int) -> Iterator[Result]:
    """`map` on threads, results in order, never more than `num_threads + 1` of them waiting."""
    with ThreadPoolExecutor(num_threads) as pool:
        queue = iter(items)
        running = [pool.submit(function, item) for item in islice(queue, num_threads + 1)]
        while running:
            done = running.pop(0).result()
            running += [pool.submit(function, item) for item in islice(queue, 1)]
            yield done


@numba.njit(cache=False, nogil=True)
def order_by_first_concept(
    source: npt.NDArray[np.int32], target: npt.NDArray[np.int32], num_concepts: int
) -> npt.NDArray[np.int32]:
    """Both directions of relations, sorted by first concept (counting sort, stable).

    Returns:
        Shape (2 * num_relations,): 2 * relation where the row begins at its source, 2 * relation + 1 at its target.
    """
    starts = np.zeros(num_concepts + 1, np.int64)
    for relation in range(len(source)):
        starts[source[relation] + 1] += 1
        starts[target[relation] + 1] += 1
    for concept in range(num_concepts):
        starts[concept + 1] += starts[concept]
    order = np.empty(2 * len(source), np.int32)
    for relation in range(len(source)):
        order[starts[source[relation]]] = 2 * relation
        starts[source[relation]] += 1
        order[starts[target[relation]]] = 2 * relation + 1
        starts[target[relation]] += 1
    return order


@numba.njit(cache=False, nogil=True)
def _format_rows(values: Ints, spec: Ints, texts: Pool, vocabulary: Vocabulary, out: npt.NDArray[np.uint8]) -> int:
    """Write rows into `out`; returns the number of bytes."""
    end = 0
    for row in range(values.shape[1]):
        for column in range(values.shape[0]):
            value = values[column, row]
            kind, base, prefix, width, endings = spec[column]
            if kind == TEXT:
                end = _copy(texts, base + value, out, end)
            elif kind == NAME:
                end = _write_name(value, vocabulary, out, end)
            elif value >= 0 and kind == NUMBER:
                if prefix > 0:
                    out[end] = prefix
                    end += 1
                end = _write_digits(value, width, out, end)
            elif value >= 0:
                end = _copy(texts, base + (value >> 5 & 63), out, end)
                end = _write_digits(value >> 16, value >> 11 & 31, out, end)
                end = _copy(texts, endings + (value & 31), out, end)
            out[end] = _PIPE
            end += 1
        out[end] = _NEWLINE
        end += 1
    return end


@numba.njit(cache=False, nogil=True)
def _copy(pool: Pool, text: int | np.int64, out: npt.NDArray[np.uint8], end: int) -> int:
    for position in range(pool.ends[text], pool.ends[text + 1]):
        out[end] = pool.characters[position]
        end += 1
    return end


@numba.njit(cache=False, nogil=True)
def _write_digits(number: int, width: int, out: npt.NDArray[np.uint8], end: int) -> int:
    num_digits, rest = 1, number // 10
    while rest > 0:
        num_digits, rest = num_digits + 1, rest // 10
    num_digits = max(num_digits, width)
    for position in range(end + num_digits - 1, end - 1, -1):
        out[position] = 48 + number % 10
        number //= 10
    return end + num_digits


@numba.njit(cache=False, nogil=True)
def _mix(value: np.uint64) -> np.uint64:
    value += np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@numba.njit(cache=False, nogil=True)
def _write_name(key: int, vocabulary: Vocabulary, out: npt.NDArray[np.uint8], end: int) -> int:
    """A name that is a function of `key`: words until the drawn length is reached, then an ending."""
    chance = _mix(np.uint64(key))
    if chance & np.uint64(0xFFFF) < 4:  # one name of 16,384
        return _copy(
            vocabulary.awkward, np.int64((chance >> np.uint64(16)) % len(vocabulary.awkward.ends[1:])), out, end
        )
    start = end
    length = vocabulary.lengths[np.int64(chance >> np.uint64(16) & np.uint64(0xFFF))]
    if chance >> np.uint64(32) & np.uint64(0x3FF) < 20:  # 2 % of the names
        word = np.int64((chance >> np.uint64(44)) % len(vocabulary.accented.ends[1:]))
        end = _copy(vocabulary.accented, word, out, end)
        out[end] = 32
        end += 1
    while True:
        chance = _mix(chance)
        end = _copy(vocabulary.words, vocabulary.draw_word[np.int64(chance & np.uint64(0xFFFFF))], out, end)
        if end - start >= length:
            break
        end = _copy(
            vocabulary.joints, vocabulary.draw_joint[np.int64(chance >> np.uint64(20) & np.uint64(255))], out, end
        )
    if chance >> np.uint64(62) > 0 and 97 <= out[start] <= 122:  # three of four begin with a capital
        out[start] -= 32
    return _copy(
        vocabulary.endings, vocabulary.draw_ending[np.int64(chance >> np.uint64(40) & np.uint64(255))], out, end
    )
