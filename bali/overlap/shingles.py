"""Runs of five words as 64-bit hashes, in compiled code over the UTF-8 bytes of many texts.

A word is a run of letters and digits (Python's `str.isalnum`), in lower case, so neither tokenisation nor punctuation
makes a difference. Shingles of words: Broder, "On the resemblance and containment of documents" (SEQUENCES 1997).
"""

import re
import sys
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali.compiled import compiled

Hashes = npt.NDArray[np.uint64]
Array = npt.NDArray[Any]

SHINGLE_WORDS = 5
_BASIS = 0xCBF29CE484222325
_PRIME = np.uint64(0x100000001B3)
_MASK = re.compile(r"@[A-Za-z_-]+\$")


class Shingles(NamedTuple):
    """The shingles of rows of text.

    Attributes:
        hashes: (num_shingles,), in the order of the text.
        offsets: (num_rows + 1,) int64; a row's shingles are those that end in it.
    """

    hashes: Hashes
    offsets: npt.NDArray[np.int64]


def hash_shingles(texts: pa.Array, continues: npt.NDArray[np.bool_]) -> Shingles:
    """Hash every run of `SHINGLE_WORDS` words.

    Args:
        texts: (num_rows,) strings, none of which is null.
        continues: (num_rows,) the row goes on where the one before it ended: shingles run over the border, a word does
            not. No shingle runs into a row that does not continue.
    """
    assert texts.null_count == 0, "texts to hash must not be null"
    assert len(continues) == len(texts), f"expected {len(texts)} flags, got {len(continues)}"
    _, bounds, data = texts.cast(pa.binary()).buffers()
    bounds = np.frombuffer(bounds, np.int32)[texts.offset : texts.offset + len(texts) + 1] if len(texts) else _NO_BOUNDS
    characters = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    room = (int(bounds[-1] - bounds[0]) + len(texts)) // 2 + 1  # a word takes a character and what ends it
    hashes, offsets = np.empty(room, np.uint64), np.zeros(len(texts) + 1, np.int64)
    total = hash_rows((characters, bounds, continues), _folded(), hashes, offsets)
    return Shingles(hashes[:total], offsets)


def split_at_masks(text: str) -> Sequence[str]:
    """The pieces of a text between masked entities ("@GENE$"), whose names stood there in the document."""
    return _MASK.split(text)


_NO_BOUNDS = np.zeros(1, np.int32)


@cache
def _folded() -> npt.NDArray[np.uint32]:
    """Code point -> its lower case, 0 where it is neither letter nor digit."""
    folded = np.zeros(sys.maxunicode + 1, np.uint32)
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if character.isalnum():
            lower = character.lower()
            folded[code] = ord(lower) if len(lower) == 1 else code
    return folded


@compiled
def mix(value: np.uint64) -> np.uint64:
    """The finisher of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): every input bit moves every output bit."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@compiled
def decode(data: Array, at: int, end: int) -> tuple[Any, int]:
    """(code point, bytes) of the character at a place; of a cut one (0, what is left)."""
    first = data[at] & 0xFF  # makes it int64
    if first < 0x80:
        return first, 1
    size = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
    if at + size > end:
        return 0, end - at
    code = first & (0x7F >> size)
    for place in range(at + 1, at + size):
        code = code << 6 | (data[place] & 0x3F)
    return code, size


@compiled
def join_words(words: Hashes, last: int) -> np.uint64:
    """The hash of the words of a ring in their order, of which the newest is at place `last`."""
    value = np.uint64(0)
    for step in range(1, len(words) + 1):
        value = mix(value ^ words[(last + step) % len(words)]) + np.uint64(0x9E3779B97F4A7C15)
    return value


@compiled
def hash_rows(texts: tuple[Array, Array, Array], folded: Array, hashes: Hashes, offsets: Array) -> int:
    """Fill the fields of `Shingles`; returns the number of shingles.

    Args:
        texts: bytes, bounds of the rows in them, and which rows continue.
        folded: as of `_folded`.
        hashes: has room for all.
        offsets: begins with 0.
    """
    data, bounds, continues = texts
    words = np.zeros(SHINGLE_WORDS, np.uint64)
    num_words, total = 0, 0
    for row in range(len(continues)):
        at, end = bounds[row], bounds[row + 1]
        num_words *= continues[row]
        value, is_word = np.uint64(_BASIS), False
        while at < end or is_word:  # a last word is closed by a turn behind the end
            code, size = decode(data, at, end) if at < end else (0, 1)
            letter = folded[code] if code < len(folded) else np.uint32(0)
            at += size
            if letter:
                value, is_word = (value ^ np.uint64(letter)) * _PRIME, True
            elif is_word:
                last = num_words % SHINGLE_WORDS
                words[last] = mix(value)
                num_words += 1
                if num_words >= SHINGLE_WORDS:
                    hashes[total] = join_words(words, last)
                    total += 1
                value, is_word = np.uint64(_BASIS), False
        offsets[row + 1] = total
    return total
