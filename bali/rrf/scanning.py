"""Compiled passes over a block of RRF text: where the values lie, the texts of some rows, their order.

A block is a uint8 array of whole lines, each ended by a newline.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from bali.compiled import compiled

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int32]

WHOLE = -1  # row of the first wrong line where none is wrong
SPARE = 2  # places beyond the last mark


@compiled
def count_lines(block: Bytes) -> int:
    """Number of newlines."""
    number = 0
    for byte in block:
        number += byte == 10
    return number


@compiled
def last_newline(block: Bytes) -> int:
    """Position of the last newline, -1 without one."""
    for position in range(len(block) - 1, -1, -1):
        if block[position] == 10:
            return position
    return -1


@compiled
def find_marks(block: Bytes, num_columns: int, marks: Offsets) -> Any:
    """Fill `marks` with the place of each pipe and newline.

    Args:
        block: whole lines.
        num_columns: columns of a line; each ends with a pipe, and a newline (or carriage return and newline) follows.
        marks: (1 + num_lines * (num_columns + 1) + `SPARE`,) takes -1, as if a newline were before the block, then the
            places in order; the spare ones are written, too.

    Returns:
        The first row that is not such a line, or `WHOLE`; whether all bytes are ASCII where there is none.
    """
    number, is_ascii = _mark(block, marks)  # type: ignore[no-untyped-call]
    num_returns = 0
    for byte in block:
        num_returns += byte == 13
    is_whole = number == len(marks) - SPARE
    if is_whole:
        for last in range(num_columns + 1, number, num_columns + 1):
            gap = marks[last] - marks[last - 1]
            is_windows = gap == 2 and block[marks[last] - 1] == 13
            num_returns -= is_windows
            if block[marks[last]] != 10 or not (gap == 1 or is_windows):
                is_whole = False
    if is_whole and num_returns == 0:
        return -1, is_ascii
    return first_wrong_row(block, num_columns), False


@compiled
def _mark(block, marks):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Eight bytes at once: how many marks there are, -1 for too many; whether all bytes are ASCII.

    In a word XORed with eight pipes, a pipe is a zero byte; `~((x & low) + low | x | low)` has the highest bit of each
    zero byte set and no other. `word - 1 & ones`, multiplied by `ones`, has the place of the lowest such byte, plus 1,
    in its highest byte. (Words are little-endian on all machines that numba knows.)
    """
    low, ones = np.uint64(0x7F7F7F7F7F7F7F7F), np.uint64(0x0101010101010101)
    pipes, newlines = np.uint64(124) * ones, np.uint64(10) * ones
    one, highest = np.uint64(1), np.uint64(56)
    words = block[: len(block) // 8 * 8].view(np.uint64)
    marks[0] = -1
    number, seen = np.int64(1), np.uint64(0)
    for place in range(len(words)):
        word = words[place]
        seen |= word
        pipe, newline = word ^ pipes, word ^ newlines
        found = ~((pipe & low) + low | pipe | low) | ~((newline & low) + low | newline | low)
        end = number + np.int64((found >> np.uint64(7)) * ones >> highest)
        if end + 2 > len(marks):
            return -1, False
        before = 8 * place - 1
        for offset in range(2):  # most words have two at most: writing them unasked spares a guess of the processor
            marks[number + offset] = before + np.int64((found - one & ones) * ones >> highest)
            found &= found - one
        number += 2
        while number < end:
            marks[number] = before + np.int64((found - one & ones) * ones >> highest)
            found &= found - one
            number += 1
        number = end
    for position in range(8 * len(words), len(block)):
        seen |= np.uint64(block[position])
        if block[position] == 124 or block[position] == 10:
            if number == len(marks):
                return -1, False
            marks[number] = position
            number += 1
    return number, seen & ~(low) == 0


@compiled
def first_wrong_row(block: Bytes, num_columns: int) -> int:
    """The first row that is no line as `find_marks` wants it; there is one."""
    row, column, start = 0, 0, 0
    for position in range(len(block)):
        byte = block[position]
        if byte == 124:
            column += 1
            start = position + 1
        elif byte == 10:
            is_whole = start == position or (start == position - 1 and block[start] == 13)
            if column != num_columns or not is_whole:
                break
            row += 1
            column = 0
            start = position + 1
        elif byte == 13 and block[position + 1] != 10:
            break
    return row


@compiled
def copy_spans(data: Bytes, starts: npt.NDArray[Any], ends: npt.NDArray[Any], rows: npt.NDArray[Any]) -> Any:
    """The bytes of some spans one after the other, and (num_rows + 1,) int64 where each begins."""
    bounds = np.empty(len(rows) + 1, np.int64)
    total = 0
    for number in range(len(rows)):
        bounds[number] = total
        total += ends[rows[number]] - starts[rows[number]]
    bounds[len(rows)] = total
    copied = np.empty(total, np.uint8)
    for number in range(len(rows)):
        start, end = starts[rows[number]], ends[rows[number]]
        place = bounds[number]
        for position in range(start, end):  # texts are short: a loop beats copying slices
            copied[place] = data[position]
            place += 1
    return copied, bounds


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
