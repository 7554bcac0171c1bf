"""Tables of other formats by the ending of their name: RRF (pipes), TSV, CSV with quotes, JSON lines."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import PurePath
from typing import Any, cast

import polars as pl

from bali.errors import InputError
from bali.io.json_text import decode_json
from bali.ontologies.columns import Block, Wanted, match_header
from bali.ontologies.delimited import read_delimited
from bali.rrf.source import RrfFile

BLOCK_ROWS = 100_000
LIST_SEPARATOR = "|"  # between the values of a multivalued column (KGX specification, "KGX format as TSV")
_DELIMITERS = {".rrf": "|", ".tsv": "\t"}

Line = tuple[int, Any]


def read_table(file: RrfFile, wanted: Wanted, columns: Sequence[str] | None = None) -> Iterator[Block]:
    """Read a table in blocks.

    Args:
        file: where it lies; its name ends with `.RRF`, `.tsv`, `.csv` or `.jsonl`.
        wanted: the columns to return.
        columns: all columns of an RRF file without a header.

    Raises:
        InputError: as `read_delimited`; a line is not a JSON object; a quoted value does not end.
    """
    ending = PurePath(file.name).suffix.lower()
    if ending in _DELIMITERS:
        return read_delimited(file, _DELIMITERS[ending], wanted, columns)
    return _read_quoted(file, wanted) if ending == ".csv" else _read_json_lines(file, wanted)


def _read_quoted(file: RrfFile, wanted: Wanted) -> Iterator[Block]:
    """Comma-separated values in double quotes (RFC 4180), the header first; a value may span lines."""
    with _buffered(file) as stream, io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, strict=True)
        header = match_header(next(_csv_rows(reader, file), (0, [""]))[1], wanted, file)
        positions = {name: header.index(name) for name in wanted.names if name in header}
        rows = _checked(_csv_rows(reader, file), len(header), file)
        while block := list(islice(rows, BLOCK_ROWS)):
            columns = {name: [row[position] for _, row in block] for name, position in positions.items()}
            frame = pl.DataFrame(columns, schema=dict.fromkeys(positions, pl.String))
            yield Block(wanted.complete(frame), block[0][0])


def _csv_rows(reader: Any, file: RrfFile) -> Iterator[Line]:
    while True:
        line = reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except UnicodeDecodeError as error:
            raise InputError(
                f"{file} after line {line}: expected UTF-8, got another byte. Download it again."
            ) from error
        except csv.Error as error:
            raise InputError(
                f"{file} line {line}: expected comma-separated values: {error}. Download it again."
            ) from error


def _checked(rows: Iterable[Line], num_columns: int, file: RrfFile) -> Iterator[Line]:
    for line, row in rows:
        if len(row) != num_columns:
            raise InputError(f"{file} line {line}: expected {num_columns} columns, got {len(row)}. Download it again.")
        yield line, row


def _read_json_lines(file: RrfFile, wanted: Wanted) -> Iterator[Block]:
    """One JSON object a line, its keys the columns; the values of a list are joined as in TSV."""
    with _buffered(file) as stream:
        rows = _json_rows(stream, file, wanted)
        while block := list(islice(rows, BLOCK_ROWS)):
            columns = {name: [_to_text(row.get(name)) for _, row in block] for name in wanted.names}
            yield Block(pl.DataFrame(columns, schema=dict.fromkeys(wanted.names, pl.String)), block[0][0])


def _json_rows(stream: Iterable[bytes], file: RrfFile, wanted: Wanted) -> Iterator[Line]:
    for number, line in enumerate(stream, 1):
        try:
            row = decode_json(line)
        except ValueError as error:
            raise InputError(
                f"{file} line {number}: expected a JSON object, got: {error}. Correct the line."
            ) from error
        missing = [name for name in wanted.required if not isinstance(row, dict) or name not in row]
        if missing:
            raise InputError(f"{file} line {number}: expected a JSON object with the key {missing[0]}, found none.")
        yield number, row


@contextmanager
def _buffered(file: RrfFile) -> Iterator[Any]:
    with file.open() as stream, io.BufferedReader(cast("io.RawIOBase", stream), 1 << 20) as buffered:
        yield buffered


def _to_text(value: Any) -> str:
    if isinstance(value, list):
        return LIST_SEPARATOR.join(_to_text(item) for item in value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
