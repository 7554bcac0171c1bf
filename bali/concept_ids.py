"""Concept identifiers as integers: looking one up is reading an array, sorting them is sorting numbers.

An identifier has eight characters in one of three forms; the order of the numbers is that of the strings.

| Form | Numbers from | Of |
|---|---|---|
| `C` and 7 digits | 0 | UMLS |
| `CN` and 6 digits | 10,000,000 | MedGen's own concepts |
| `R` and 7 digits | 11,000,000 | RxNorm concepts for which the release gives no UMLS CUI (the digits are the RXCUI) |
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali.compiled import compiled, load_word
from bali.sorting import changes

Numbers = npt.NDArray[np.int32]

LENGTH = 8  # characters
MAX_NUMBERS = 21_000_000
UNKNOWN = -1  # number of what is no concept identifier; also index of an identifier that is not in a list
FORMS = "C and 7 digits (MedGen: CN and 6; RxNorm: R and 7)"
_FIRST_MEDGEN, _FIRST_RXNORM = 10_000_000, 11_000_000


@compiled
def _parse_usual(word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The number of `C` and 7 digits, all at once; -1 for anything else.

    With `C` and the zeros taken off, a byte is a digit's value, or has its highest bit set, or gets it from adding
    0x76. Neighbouring digits, then pairs, then fours are put together.
    """
    word ^= np.uint64(0x3030303030303043)
    if ((word + np.uint64(0x7676767676767600)) | word) & np.uint64(0x80808080808080FF) != 0:
        return np.int64(-1)
    word = word * np.uint64(10) + (word >> np.uint64(8)) & np.uint64(0x00FF00FF00FF00FF)
    word = word * np.uint64(100) + (word >> np.uint64(16)) & np.uint64(0x0000FFFF0000FFFF)
    return np.int64(word * np.uint64(10000) + (word >> np.uint64(32)) & np.uint64(0xFFFFFFFF))


@compiled
def parse_spans(data: npt.NDArray[np.uint8], starts: npt.NDArray[Any], ends: npt.NDArray[Any]) -> Numbers:
    """The number of the identifier in each span of `data`; `UNKNOWN` where a span holds none."""
    numbers = np.full(len(starts), -1, np.int32)
    for row in range(len(starts)):
        start = starts[row]
        if ends[row] - start != 8:
            continue
        number = _parse_usual(load_word(data, np.uint64(start)))  # type: ignore[no-untyped-call]
        if number >= 0:
            numbers[row] = number
            continue
        base = 0
        digits = start + 1
        if data[start] == 82:  # R
            base = 11_000_000
        elif data[start] != 67:  # C
            continue
        elif data[start + 1] == 78:  # N
            base = 10_000_000
            digits += 1
        value = np.int64(0)
        num_wrong = 0
        for position in range(digits, start + 8):
            digit = np.int64(data[position]) - 48
            num_wrong += not 0 <= digit <= 9
            value = value * 10 + digit
        if num_wrong == 0:
            numbers[row] = base + value
    return numbers


@compiled
def _write_ids(numbers: Numbers) -> npt.NDArray[np.uint8]:
    characters = np.empty(8 * len(numbers), np.uint8)
    for row in range(len(numbers)):
        value = np.int64(numbers[row])
        first = np.uint8(67)  # C
        is_medgen = 10_000_000 <= value < 11_000_000
        if is_medgen:
            value -= 10_000_000
        elif value >= 11_000_000:
            first = np.uint8(82)  # R
            value -= 11_000_000
        for position in range(8 * row + 7, 8 * row, -1):
            characters[position] = 48 + value % 10
            value //= 10
        characters[8 * row] = first
        if is_medgen:
            characters[8 * row + 1] = 78  # N
    return characters


def parse(ids: pa.Array | pa.ChunkedArray) -> Numbers:
    """Identifiers (strings without nulls) as numbers; `UNKNOWN` where one has none of the forms."""
    chunks = ids.chunks if isinstance(ids, pa.ChunkedArray) else [ids]
    return np.concatenate([np.empty(0, np.int32), *map(_parse_array, chunks)])


def write(numbers: Numbers) -> pa.StringArray:
    """Numbers as identifiers; the inverse of `parse`."""
    numbers = np.ascontiguousarray(numbers, np.int32)
    offsets = np.arange(0, LENGTH * len(numbers) + 1, LENGTH, dtype=np.int32)
    return pa.StringArray.from_buffers(len(numbers), pa.py_buffer(offsets), pa.py_buffer(_write_ids(numbers)))


def write_runs(numbers: Numbers) -> pa.DictionaryArray:
    """Numbers in order as identifiers, in an Arrow dictionary."""
    is_new = changes(numbers)
    return pa.DictionaryArray.from_arrays((np.cumsum(is_new) - 1).astype(np.int32), write(numbers[is_new]))


def index_of(numbers: Numbers) -> Numbers:
    """(MAX_NUMBERS,) the position of each number in `numbers`; `UNKNOWN` for all others."""
    index = np.full(MAX_NUMBERS, UNKNOWN, np.int32)
    index[numbers] = np.arange(len(numbers), dtype=np.int32)
    return index


def _parse_array(ids: pa.Array) -> Numbers:
    assert ids.null_count == 0, "concept identifiers must not be null"
    wide = pa.types.is_large_string(ids.type)
    assert wide or pa.types.is_string(ids.type), f"expected strings, got {ids.type}"
    _, offsets, data = ids.buffers()
    bounds = np.frombuffer(offsets, np.int64 if wide else np.int32)[ids.offset : ids.offset + len(ids) + 1]
    characters = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    return parse_spans(characters, bounds[:-1], bounds[1:])
