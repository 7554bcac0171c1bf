"""RRF as a stream of blocks: every line checked, no row lost, no string reinterpreted.

RRF is UTF-8 text with one row a line, each column ended by `|`, and no quoting at all: a `"` is a character of a
name, `NA` and `null` are names. Files are read in blocks of `BLOCK_BYTES` cut at the last newline, so memory does not
grow with the file; threads share the work on the blocks, whose results come in the order of the file.
"""

import codecs
import io
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, Any, TypeVar, cast

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from bali import concept_ids
from bali.errors import InputError
from bali.rrf.layouts import Layout
from bali.rrf.scanning import (
    SPARE,
    WHOLE,
    Bytes,
    Offsets,
    count_lines,
    find_marks,
    first_wrong_row,
    last_newline,
)
from bali.rrf.source import RrfSource
from bali.rrf.spans import copy_spans
from bali.rrf.texts import Texts

T = TypeVar("T")

BLOCK_BYTES = 1 << 23
_TRUNCATED = "The file may be truncated; compare its size with MRFILES.RRF."


@dataclass(frozen=True)
class Block:
    """Some rows of a file; their memory is used again when the work on them is done.

    Attributes:
        file: the file's name, for errors.
        first_line: number of the line of row 0, counted from 1.
        columns: of the file.
        text: the lines.
        marks: (num_rows, num_columns + 1) the place of the newline before each row (-1 for row 0) and of its pipes: the
            value of column i lies between `marks[:, i]` and `marks[:, i + 1]`.
    """

    file: str
    first_line: int
    columns: tuple[str, ...]
    text: Bytes
    marks: Offsets

    @property
    def num_rows(self) -> int:
        """Number of lines."""
        return len(self.marks)

    def texts(self, column: str, rows: npt.NDArray[np.integer] | None = None) -> Texts:
        """The values of a column, of all rows or some."""
        starts, ends = self._spans(column)
        wanted = np.arange(self.num_rows) if rows is None else rows
        return Texts(*copy_spans(self.text, starts, ends, wanted))

    def places(self, columns: Sequence[str]) -> npt.NDArray[np.int64]:
        """The positions of some columns in the file."""
        return np.array([self.columns.index(column) for column in columns], np.int64)

    def concept_numbers(self, column: str) -> concept_ids.Numbers:
        """A column of concept identifiers as numbers (`bali.concept_ids`).

        Raises:
            InputError: a value is no concept identifier.
        """
        starts, ends = self._spans(column)
        numbers = concept_ids.parse_spans(self.text, starts, ends)
        wrong = np.flatnonzero(numbers == concept_ids.UNKNOWN)
        if len(wrong):
            row = int(wrong[0])
            raise InputError(
                f"{self.file} line {self.first_line + row}: expected {column} to be a concept identifier,"
                f" {concept_ids.FORMS}, got {self.value(column, row)!r}. The columns may be shifted; download the file"
                " again."
            )
        return numbers

    def value(self, column: str, row: int) -> str:
        """One value."""
        starts, ends = self._spans(column)
        return self.text[starts[row] : ends[row]].tobytes().decode()

    def _spans(self, column: str) -> tuple[Offsets, Offsets]:
        """(num_rows,) first byte and end of each value."""
        place = self.columns.index(column)
        return self.marks[:, place] + np.int32(1), self.marks[:, place + 1]


def map_blocks(
    source: RrfSource,
    layout: Layout,
    work: Callable[[Block], T],
    threads: int = 1,
    block_bytes: int = BLOCK_BYTES,
) -> Iterator[T]:
    """Read a file and apply `work` to its blocks, in `threads` threads; results come in the order of the file.

    Args:
        source: where it lies.
        layout: all its columns, in order.
        work: called once for each block, in some thread.
        threads: blocks worked on at once.
        block_bytes: bytes read at once.

    Raises:
        InputError: a line has other than the layout's columns or no end, is not UTF-8, or holds a carriage return that
            is not before the newline; the compressed stream is damaged. Line numbers count from 1.
    """
    buffers = _Buffers(block_bytes)

    def scan(lines: Bytes, first_line: int, num_lines: int) -> T:
        """The result for one block, whose memory is free again afterwards."""
        num_marks = num_lines * (len(layout.columns) + 1)
        if num_marks > len(lines):  # a column has its pipe: some line is too short, so MRFILES cannot ask for terabytes
            raise _wrong_row(lines, first_wrong_row(lines, len(layout.columns)), source.name, first_line, layout)
        marks = buffers.take_marks(1 + num_marks + SPARE)
        result = work(_scan(lines, source.name, first_line, layout, marks))
        buffers.give_back(lines, marks)
        return result

    with source.open() as stream, ThreadPoolExecutor(threads) as pool:
        pending: deque[Future[T]] = deque()
        try:
            for piece in _whole_lines(stream, source.name, len(layout.columns), buffers):
                pending.append(pool.submit(scan, *piece))
                if len(pending) > threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def read_columns(source: RrfSource, layout: Layout, wanted: Sequence[str]) -> pl.DataFrame:
    """Some columns of a small file as strings, all rows at once; errors as `map_blocks`."""

    def columns(block: Block) -> pl.DataFrame:
        """The wanted columns of one block."""
        return pl.DataFrame({name: pl.Series(block.texts(name).to_arrow(), dtype=pl.String) for name in wanted})

    empty = pl.DataFrame(schema=dict.fromkeys(wanted, pl.String))
    return pl.concat([empty, *map_blocks(source, layout, columns)])


class _Buffers:
    """Memory of blocks, used again and again: fresh memory costs the system as much as scanning it."""

    def __init__(self, block_bytes: int) -> None:
        self.block_bytes = block_bytes
        self._texts: list[Bytes] = []
        self._marks: list[Offsets] = []

    def take_text(self, num_bytes: int) -> Bytes:
        """An array of at least so many bytes."""
        idle = self._texts.pop() if self._texts else np.empty(0, np.uint8)
        return idle if len(idle) >= num_bytes else np.empty(num_bytes, np.uint8)

    def take_marks(self, size: int) -> Offsets:
        """An array of this size."""
        idle = self._marks.pop() if self._marks else np.empty(0, np.int32)
        return idle[:size] if len(idle) >= size else np.empty(size, np.int32)

    def give_back(self, text: Bytes, marks: Offsets) -> None:
        """Take arrays (or their first parts) of which nothing is read any more."""
        self._texts.append(_whole(text))
        self._marks.append(_whole(marks))


def _whole(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array


def _whole_lines(stream: IO[bytes], file: str, num_columns: int, buffers: _Buffers) -> Iterator[tuple[Bytes, int, int]]:
    """Pieces of the file that end with a newline (its end must be one, too), their first line's number, their lines."""
    first_line = 1
    start = stream.read(len(codecs.BOM_UTF8))
    rest = np.frombuffer(b"" if start == codecs.BOM_UTF8 else start, np.uint8)
    while len(data := _read(stream, rest, buffers)) > len(rest):
        end = last_newline(data) + 1
        if end == 0 and len(data) > max(buffers.block_bytes, BLOCK_BYTES):
            raise InputError(
                f"{file} line {first_line}: expected a line of columns, got {len(data)} bytes without end."
            )
        lines, rest = data[:end], data[end:].copy()
        num_lines = count_lines(lines)
        if end:
            yield lines, first_line, num_lines
            first_line += num_lines
    if last_newline(rest) >= 0:  # a file shorter than a byte order mark
        yield rest, first_line, count_lines(rest)
    elif len(rest):
        got = rest.tobytes().count(b"|")
        problem = (
            f"expected {num_columns} columns, got {got}"
            if got < num_columns
            else "expected a newline after the last column, got the end of the file"
        )
        raise InputError(f"{file} line {first_line}: {problem}. {_TRUNCATED}")


def _read(stream: IO[bytes], rest: Bytes, buffers: _Buffers) -> Bytes:
    """`rest` and at most a block more; nothing more at the end of the stream."""
    end = len(rest) + buffers.block_bytes
    buffer = buffers.take_text(end)
    buffer[: len(rest)] = rest
    num_read = cast("io.RawIOBase", stream).readinto(buffer[len(rest) : end].data) or 0
    return buffer[: len(rest) + num_read]


def _scan(text: Bytes, file: str, first_line: int, layout: Layout, marks: Offsets) -> Block:
    num_columns = len(layout.columns)
    wrong, is_ascii = find_marks(text, num_columns, marks)
    if wrong != WHOLE:
        raise _wrong_row(text, wrong, file, first_line, layout)
    if not is_ascii and not _is_utf8(text):
        raise InputError(_explain_utf8(text.tobytes(), file, first_line))
    rows = marks[: -1 - SPARE].reshape(-1, num_columns + 1)  # without the last newline
    return Block(file, first_line, layout.columns, text, rows)


def _wrong_row(text: Bytes, row: int, file: str, first_line: int, layout: Layout) -> InputError:
    line = text.tobytes().split(b"\n")[row]
    return InputError(f"{file} line {first_line + row}: {_explain(line, len(layout.columns))}")


def _explain(line: bytes, num_columns: int) -> str:
    line = line.removesuffix(b"\r")
    if b"\r" in line:
        return "expected no carriage return inside a line, got one. Download the file again."
    found = line.count(b"|") + (not line.endswith(b"|") and line.count(b"|") >= num_columns)
    return f"expected {num_columns} columns, got {found}. {_TRUNCATED}"


def _is_utf8(text: Bytes) -> bool:
    """Whether Arrow's check, far faster than decoding, passes."""
    whole = pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, len(text)], np.int32)), pa.py_buffer(text))
    try:
        whole.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _explain_utf8(lines: bytes, file: str, first_line: int) -> str:
    try:
        lines.decode("utf-8")
    except UnicodeDecodeError as error:
        line = first_line + lines.count(b"\n", 0, error.start)
        offset = error.start - (lines.rfind(b"\n", 0, error.start) + 1)
        return (
            f"{file} line {line}: expected UTF-8, got the byte 0x{lines[error.start]:02x} at byte {offset} of the line."
            " Download it again, or convert the file to UTF-8."
        )
    raise AssertionError("Arrow refuses UTF-8 that Python decodes")
