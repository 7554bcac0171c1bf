"""Compiled passes over a block of RRF text: how many lines it has, and where the values lie.

A block is a uint8 array of whole lines, each ended by a newline.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from llvmlite import ir
from numba import types

from bali.compiled import compiled, instruction

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int32]

WHOLE = -1  # row of the first wrong line where none is wrong
SPARE = 8  # places beyond the last mark
_LANES = 64  # bytes looked at at once


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
    number, num_returns, is_ascii = _mark(block, marks)  # type: ignore[no-untyped-call]
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
    """Write the marks: how many there are, -1 for too many; how many carriage returns; whether all bytes are ASCII.

    Places are unsigned: numba would look at each whether it counts from the end.
    """
    one = np.uint64(1)
    number, num_returns, others = one, np.int64(0), np.uint64(0)
    marks[0] = -1
    last = np.zeros(_LANES, np.uint8)  # the end of the block, and zeros
    last[: len(block) % _LANES] = block[len(block) // _LANES * _LANES :]
    for start in range(0, len(block), _LANES):
        found, returns, high = _masks(block, start) if start + _LANES <= len(block) else _masks(last, 0)
        num_returns += _count_ones(returns)
        others |= high
        end = number + np.uint64(_count_ones(found))
        if end + np.uint64(SPARE) > np.uint64(len(marks)):
            return -1, num_returns, False
        while number < end:
            for place in range(SPARE):  # written unasked: most often so many or more, and no guess of the processor
                marks[number + np.uint64(place)] = start + _lowest_one(found)
                found &= found - one
            number += np.uint64(SPARE)
        number = end
    return np.int64(number), num_returns, others == 0


@instruction
def _masks(_, block, start):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Of the 64 bytes from `start` on, a bit each: pipes and newlines; carriage returns; bytes that are not ASCII.

    numba compiles no such comparison of many bytes into bits; LLVM does, into the vector instructions of the machine.
    """

    def generate(context, builder, signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        array, place = arguments
        vector = ir.VectorType(ir.IntType(8), _LANES)
        data = context.make_array(signature.args[0])(context, builder, array).data
        lanes = builder.load(builder.bitcast(builder.gep(data, [place]), vector.as_pointer()), align=1)

        def equal(byte: int):  # type: ignore[no-untyped-def]  # noqa: ANN202
            return builder.icmp_unsigned("==", lanes, ir.Constant(vector, [byte] * _LANES))

        high = builder.icmp_signed("<", lanes, ir.Constant(vector, [0] * _LANES))
        bits = (builder.or_(equal(124), equal(10)), equal(13), high)
        masks = [builder.bitcast(lane_bits, ir.IntType(_LANES)) for lane_bits in bits]
        return context.make_tuple(builder, signature.return_type, masks)

    return types.UniTuple(types.uint64, 3)(block, types.int64), generate  # type: ignore[no-untyped-call]


@instruction
def _count_ones(_, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    return types.int64(types.uint64), lambda _context, builder, _signature, arguments: builder.ctpop(arguments[0])


@instruction
def _lowest_one(_, word):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The place of the lowest one; 64 where there is none."""

    def generate(_context, builder, _signature, arguments):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 0))

    return types.int64(types.uint64), generate


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
