"""Text tables without quoting: pipe-delimited (RxNorm, MedGen) or tab-delimited, every line checked, read in blocks.

Each row is a line. Carriage returns separate the lines of MedGen's definitions (README of
ftp.ncbi.nlm.nih.gov/pub/medgen, MGDEF): one inside a line is white space, one before the newline is dropped.
"""

import codecs
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
import polars as pl
import pyarrow as pa
from pyarrow import csv

from bali.errors import InputError
from bali.ontologies.columns import Block, Wanted, match_header
from bali.rrf.source import RrfFile

BLOCK_BYTES = 1 << 24
_NEWLINE = ord("\n")
_END = "_end"  # the empty column after the last delimiter


@dataclass(frozen=True)
class _Lines:
    """What every line of a table must look like.

    Attributes:
        columns: its columns, in order.
        delimiter: between them.
        is_closed: the delimiter also follows the last column.
    """

    columns: tuple[str, ...]
    delimiter: str
    is_closed: bool


def read_delimited(
    file: RrfFile, delimiter: str, wanted: Wanted, columns: Sequence[str] | None = None, block_bytes: int = BLOCK_BYTES
) -> Iterator[Block]:
    """Read a table in blocks of about `block_bytes`.

    Args:
        file: where it lies.
        delimiter: one character.
        wanted: the columns to return.
        columns: all its columns, each closed by the delimiter; None where the first line names them (each then closed
            as that line is).
        block_bytes: bytes read at once, at least one line.

    Raises:
        InputError: the file is empty where a header must be, a wanted column is missing, a line has another number of
            columns, the text is not UTF-8, or the compressed stream is damaged. Line numbers count from 1.
    """
    lines = _Lines(tuple(columns), delimiter, is_closed=True) if columns else None
    first_line = 1
    with file.open() as stream:
        for block in _whole_lines(stream, file, block_bytes):
            if lines is None:
                header, block = _split_header(block, file)  # noqa: PLW2901
                lines = _read_header(header, delimiter, wanted, file)
                first_line += 1
            if block:
                yield Block(wanted.complete(_parse(block, lines, wanted, file, first_line)), first_line)
                first_line += block.count(b"\n")
    if lines is None:
        raise InputError(f"{file}: expected a header that names the columns, found an empty file. Download it again.")


def _whole_lines(stream: IO[bytes], file: RrfFile, block_bytes: int) -> Iterator[bytes]:
    """Blocks that end with a newline; the last line may lack its own."""
    start = stream.read(len(codecs.BOM_UTF8))
    rest, num_lines = b"" if start == codecs.BOM_UTF8 else start, 0
    while data := stream.read(block_bytes):
        end = data.rfind(b"\n") + 1
        if end == 0:
            rest += data
            if len(rest) > max(block_bytes, BLOCK_BYTES):
                raise InputError(f"{file} line {num_lines + 1}: expected a line, got {len(rest)} bytes without end.")
            continue
        block, rest = rest + data[:end], data[end:]
        num_lines += block.count(b"\n")
        yield block
    if rest:
        yield rest if rest.endswith(b"\n") else rest + b"\n"


def _split_header(block: bytes, file: RrfFile) -> tuple[str, bytes]:
    line, _, rest = block.partition(b"\n")
    return _decode(line, file, 1).rstrip("\r"), rest


def _read_header(header: str, delimiter: str, wanted: Wanted, file: RrfFile) -> _Lines:
    is_closed = header.endswith(delimiter)
    names = header.removesuffix(delimiter).split(delimiter)
    return _Lines(tuple(match_header(names, wanted, file)), delimiter, is_closed)


def _parse(block: bytes, lines: _Lines, wanted: Wanted, file: RrfFile, first_line: int) -> pl.DataFrame:
    _decode(block, file, first_line)
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n").replace(b"\r", b" ")
    _check_columns(block, lines, file, first_line)
    names = [*lines.columns, _END] if lines.is_closed else list(lines.columns)
    present = [name for name in wanted.names if name in lines.columns]
    table = csv.read_csv(
        io.BytesIO(block),
        csv.ReadOptions(column_names=names, block_size=len(block) + 1, use_threads=False),
        csv.ParseOptions(
            delimiter=lines.delimiter, quote_char=False, double_quote=False, escape_char=False, ignore_empty_lines=False
        ),
        csv.ConvertOptions(
            include_columns=present,
            column_types=dict.fromkeys(present, pa.string()),
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )
    return pl.DataFrame(pl.from_arrow(table))


def _check_columns(block: bytes, lines: _Lines, file: RrfFile, first_line: int) -> None:
    """The number of columns of each line; a closed line must end with its delimiter."""
    data = np.frombuffer(block, np.uint8)
    newlines = np.flatnonzero(data == _NEWLINE)
    delimiters = np.flatnonzero(data == ord(lines.delimiter))
    found = np.diff(np.searchsorted(delimiters, newlines), prepend=0)
    is_open = data[newlines - 1] != ord(lines.delimiter)  # an empty first line reads the newline of the last one
    found = found + (is_open if lines.is_closed else 1)
    wrong = np.flatnonzero((found != len(lines.columns)) | (is_open & lines.is_closed))
    if len(wrong):
        closed = f" each closed by `{lines.delimiter}`," if lines.is_closed else ""
        raise InputError(
            f"{file} line {first_line + int(wrong[0])}: expected {len(lines.columns)} columns,{closed} got"
            f" {int(found[wrong[0]])}. The file may be truncated; download it again, or correct the line."
        )


def _decode(block: bytes, file: RrfFile, first_line: int) -> str:
    try:
        return block.decode("utf-8")
    except UnicodeDecodeError as error:
        line = first_line + block.count(b"\n", 0, error.start)
        raise InputError(
            f"{file} line {line}: expected UTF-8, got the byte 0x{block[error.start]:02x}. Download it again, or"
            " convert the file to UTF-8."
        ) from error
