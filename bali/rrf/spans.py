"""Compiled passes over texts that lie in one array of bytes: copied, sorted, compared."""

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types

from bali.compiled import compiled, instruction
from bali.rrf.scanning import Bytes

_LANES = 16  # bytes copied at once


@compiled
def copy_spans(data: Bytes, starts: npt.NDArray[Any], ends: npt.NDArray[Any], rows: npt.NDArray[Any]) -> Any:
    """The bytes of some spans one after the other, and (num_rows + 1,) int64 where each begins.

    Whole lanes are copied; what follows a span is overwritten by the next one. Places are unsigned: numba would look at
    each whether it counts from the end.
    """
    bounds = np.empty(len(rows) + 1, np.int64)
    total = np.int64(0)
    for number in range(len(rows)):
        bounds[number] = total
        total += np.int64(ends[rows[number]] - starts[rows[number]])
    bounds[len(rows)] = total
    copied = np.empty(total + _LANES, np.uint8)
    lanes = np.uint64(_LANES)
    for number in range(len(rows)):
        start, end, place = np.uint64(starts[rows[number]]), np.uint64(ends[rows[number]]), np.uint64(bounds[number])
        while start < end and start + lanes <= np.uint64(len(data)):
            _copy_lanes(copied, place, data, start)
            start += lanes
            place += lanes
        while start < end:  # at the end of the data
            copied[place] = data[start]
            start += np.uint64(1)
            place += np.uint64(1)
    return copied[:total], bounds


@instruction
def _copy_lanes(_, target, place, source, start):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Copy `_LANES` bytes from `start` on to `place`; numba's slices cost more than the bytes of a short text."""

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        def at(array: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
            data = context.make_array(signature.args[array])(context, builder, arguments[array]).data
            lanes = ir.VectorType(ir.IntType(8), _LANES).as_pointer()
            return builder.bitcast(builder.gep(data, [arguments[array + 1]]), lanes)

        builder.store(builder.load(at(2), align=1), at(0), align=1)

    return types.void(target, types.uint64, source, types.uint64), generate


@compiled
def sort_groups(
    data: Bytes, bounds: npt.NDArray[np.int64], starts: npt.NDArray[np.int64], rows: npt.NDArray[Any]
) -> None:
    """Sort `rows` within each group by the bytes of their texts, in place (Shell sort: groups are short or sorted).

    Args:
        data: the texts, one after the other.
        bounds: (num_texts + 1,) where each begins.
        starts: (num_groups + 1,) where each group begins in `rows`; the last is the end.
        rows: (num_rows,) texts, by number.
    """
    for group in range(len(starts) - 1):
        first, last = starts[group], starts[group + 1]
        gap = 1
        while 9 * gap < last - first:
            gap = 3 * gap + 1
        while gap > 0:
            for place in range(first + gap, last):
                row = rows[place]
                hole = place
                while hole >= first + gap:
                    other = rows[hole - gap]
                    left, right = bounds[row], bounds[other]
                    end, other_end = bounds[row + 1], bounds[other + 1]
                    while left < end and right < other_end and data[left] == data[right]:
                        left += 1
                        right += 1
                    if right == other_end or (left < end and data[left] > data[right]):
                        break
                    rows[hole] = other
                    hole -= gap
                rows[hole] = row
            gap //= 3


@compiled
def equals_previous(data: Bytes, bounds: npt.NDArray[np.int64], rows: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """(num_rows,) whether the text of a row is that of the row before it in `rows`; the first is not."""
    same = np.zeros(len(rows), np.bool_)
    for place in range(1, len(rows)):
        left, right = bounds[rows[place - 1]], bounds[rows[place]]
        length = bounds[rows[place] + 1] - right
        if bounds[rows[place - 1] + 1] - left != length:
            continue
        equal = True
        for offset in range(length):
            if data[left + offset] != data[right + offset]:
                equal = False
                break
        same[place] = equal
    return same


@compiled
def pack_word(data: Bytes, bounds: npt.NDArray[np.int64], rows: npt.NDArray[Any], word: int) -> npt.NDArray[np.uint64]:
    """(num_rows,) bytes `8 * word` to `8 * word + 7` of each text as a number, zeros after its end.

    Texts without zero bytes are in the order of their words, the first word first.
    """
    values = np.empty(len(rows), np.uint64)
    for place in range(len(rows)):
        start, end = bounds[rows[place]] + 8 * word, bounds[rows[place] + 1]
        value = np.uint64(0)
        for position in range(start, start + 8):
            byte = np.uint64(data[position]) if position < end else np.uint64(0)
            value = (value << np.uint64(8)) | byte
        values[place] = value
    return values
