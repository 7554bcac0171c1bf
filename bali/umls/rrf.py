"""RRF (Rich Release Format) as a stream of tables: every line checked, no row lost, no string reinterpreted.

RRF is UTF-8 text with one row a line, each column ended by `|`, and no quoting at all: a `"` is a character of a
name, `NA` and `null` are names. Files are read in blocks of `BLOCK_BYTES` cut at the last newline, so memory does not
grow with the file.
"""

import codecs
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import csv

from bali.errors import InputError
from bali.umls.locate import RrfFile

BLOCK_BYTES = 1 << 24
_NEWLINE, _RETURN, _PIPE = b"\n\r|"
_TRUNCATED = "The file may be truncated; compare its size with MRFILES.RRF."

Columns = Sequence[str]
Lines = npt.NDArray[np.int64]  # offset of each line's newline in its block


@dataclass(frozen=True)
class RrfTable:
    """Rows of an RRF file: `rows` holds string columns without nulls, `first_line` is the line number of row 0."""

    rows: pa.Table
    first_line: int


def read_mrconso(file: RrfFile, wanted: Columns, block_bytes: int = BLOCK_BYTES) -> Iterator[RrfTable]:
    """MRCONSO.RRF, concept names and sources: one row an atom (UMLS Reference Manual, section 3.3.4).

    | # | Column | Meaning | # | Column | Meaning |
    |---|---|---|---|---|---|
    | 1 | CUI | concept | 10 | SCUI | concept id in the source |
    | 2 | LAT | language, e.g. ENG | 11 | SDUI | descriptor id in the source |
    | 3 | TS | term status: P, S (of the LUI) | 12 | SAB | source |
    | 4 | LUI | term | 13 | TTY | term type in the source |
    | 5 | STT | string type: PF, VO, ... | 14 | CODE | the source's most useful id, or NOCODE |
    | 6 | SUI | string | 15 | STR | the name |
    | 7 | ISPREF | Y: preferred atom of its string | 16 | SRL | source restriction level |
    | 8 | AUI | atom | 17 | SUPPRESS | O, E, Y or N |
    | 9 | SAUI | atom id in the source | 18 | CVF | content view flag |

    Raises:
        InputError: as `read_rrf`, or the file is empty.
    """
    columns = (
        "CUI LAT TS LUI STT SUI ISPREF AUI SAUI SCUI SDUI SAB TTY CODE STR SRL SUPPRESS CVF"  # 18, in the file's order
    )
    empty = True
    for table in read_rrf(file, columns.split(), wanted, block_bytes):
        empty = False
        yield table
    if empty:
        raise InputError(f"{file}: expected the names of the release, found an empty file. Download it again.")


def read_mrrel(file: RrfFile, wanted: Columns, block_bytes: int = BLOCK_BYTES) -> Iterator[RrfTable]:
    """MRREL.RRF, related concepts: a row reads "CUI2 RELA CUI1" (UMLS Reference Manual, section 3.3.9).

    | # | Column | Meaning | # | Column | Meaning |
    |---|---|---|---|---|---|
    | 1 | CUI1 | first concept: our tail | 9 | RUI | relation |
    | 2 | AUI1 | its atom | 10 | SRUI | relation id in the source |
    | 3 | STYPE1 | column that identifies it | 11 | SAB | source |
    | 4 | REL | of the second to the first: PAR, CHD, RB, RN, RO, ... | 12 | SL | source of the label |
    | 5 | CUI2 | second concept: our head | 13 | RG | relation group |
    | 6 | AUI2 | its atom | 14 | DIR | Y: in the source's own direction |
    | 7 | STYPE2 | column that identifies it | 15 | SUPPRESS | O, E, Y or N |
    | 8 | RELA | finer label, may be empty | 16 | CVF | content view flag |

    Raises:
        InputError: as `read_rrf`.
    """
    columns = "CUI1 AUI1 STYPE1 REL CUI2 AUI2 STYPE2 RELA RUI SRUI SAB SL RG DIR SUPPRESS CVF"
    return read_rrf(file, columns.split(), wanted, block_bytes)


def read_mrsty(file: RrfFile, wanted: Columns, block_bytes: int = BLOCK_BYTES) -> Iterator[RrfTable]:
    """MRSTY.RRF, semantic types (UMLS Reference Manual, section 3.3.7).

    | # | Column | Meaning | # | Column | Meaning |
    |---|---|---|---|---|---|
    | 1 | CUI | concept | 4 | STY | name of the type |
    | 2 | TUI | type | 5 | ATUI | attribute |
    | 3 | STN | place in the tree of types | 6 | CVF | content view flag |

    Raises:
        InputError: as `read_rrf`.
    """
    return read_rrf(file, ["CUI", "TUI", "STN", "STY", "ATUI", "CVF"], wanted, block_bytes)


def read_mrsab(file: RrfFile, wanted: Columns, block_bytes: int = BLOCK_BYTES) -> Iterator[RrfTable]:
    """MRSAB.RRF, sources with their versions and restriction levels (UMLS Reference Manual, chapter 3, table 11).

    25 columns; used here: 4 RSAB (the SAB of the other files), 5 SON (official name), 7 SVER (version), 14 SRL
    (restriction level), 22 CURVER (Y: current version).

    Raises:
        InputError: as `read_rrf`.
    """
    columns = (
        "VCUI RCUI VSAB RSAB SON SF SVER VSTART VEND IMETA RMETA SLC SCC SRL TFR CFR CXTY TTYL ATNL LAT CENC CURVER"
        " SABIN SSN SCIT"
    )
    return read_rrf(file, columns.split(), wanted, block_bytes)


def read_mrcui(file: RrfFile, wanted: Columns, block_bytes: int = BLOCK_BYTES) -> Iterator[RrfTable]:
    """MRCUI.RRF, retired CUIs (UMLS Reference Manual, section 3.3.19.6).

    | # | Column | Meaning | # | Column | Meaning |
    |---|---|---|---|---|---|
    | 1 | CUI1 | retired concept | 5 | MAPREASON | reason |
    | 2 | VER | last release that had it | 6 | CUI2 | current concept, empty for DEL |
    | 3 | REL | of CUI2 to CUI1; DEL: deleted | 7 | MAPIN | Y: CUI2 is in this release |
    | 4 | RELA | finer label | | | |

    Raises:
        InputError: as `read_rrf`.
    """
    return read_rrf(file, ["CUI1", "VER", "REL", "RELA", "MAPREASON", "CUI2", "MAPIN"], wanted, block_bytes)


def read_mrfiles(file: RrfFile, wanted: Columns, block_bytes: int = BLOCK_BYTES) -> Iterator[RrfTable]:
    """MRFILES.RRF, the files of the release (UMLS Reference Manual, chapter 3, "Files").

    | # | Column | Meaning | # | Column | Meaning |
    |---|---|---|---|---|---|
    | 1 | FIL | file name | 4 | CLS | number of columns |
    | 2 | DES | description | 5 | RWS | number of rows |
    | 3 | FMT | columns, comma-separated | 6 | BTS | bytes |

    Raises:
        InputError: as `read_rrf`.
    """
    return read_rrf(file, ["FIL", "DES", "FMT", "CLS", "RWS", "BTS"], wanted, block_bytes)


def read_rrf(file: RrfFile, columns: Columns, wanted: Columns, block_bytes: int = BLOCK_BYTES) -> Iterator[RrfTable]:
    """Read an RRF file in blocks of about `block_bytes`.

    Args:
        file: where it lies.
        columns: all its columns, in order.
        wanted: the columns to return.
        block_bytes: bytes read at once, at least one line.

    Raises:
        InputError: a line has other than `len(columns)` columns or no end, is not UTF-8, or holds a carriage return
            that is not before the newline; the compressed stream is damaged. Line numbers count from 1.
    """
    first_line = 1
    with file.open() as stream:
        for block in _whole_lines(stream, file, block_bytes, len(columns)):
            newlines = _check_block(block, file, first_line, len(columns))
            yield RrfTable(_parse(block, columns, wanted), first_line)
            first_line += len(newlines)


def _whole_lines(stream: IO[bytes], file: RrfFile, block_bytes: int, num_columns: int) -> Iterator[bytes]:
    """Blocks that end with a newline; an unfinished last line is an error."""
    rest, num_lines = b"", 0
    start = stream.read(len(codecs.BOM_UTF8))
    rest = b"" if start == codecs.BOM_UTF8 else start
    while data := stream.read(block_bytes):
        end = data.rfind(b"\n") + 1
        if end == 0:
            rest += data
            if len(rest) > max(block_bytes, BLOCK_BYTES):
                raise InputError(
                    f"{file.name} line {num_lines + 1}: expected a line of columns, got {len(rest)} bytes without end."
                )
            continue
        block, rest = rest + data[:end], data[end:]
        num_lines += block.count(b"\n")
        yield block
    if rest:
        got = rest.count(b"|")
        problem = (
            f"expected {num_columns} columns, got {got}"
            if got < num_columns
            else "expected a newline after the last column, got the end of the file"
        )
        raise InputError(f"{file.name} line {num_lines + 1}: {problem}. {_TRUNCATED}")


def _check_block(block: bytes, file: RrfFile, first_line: int, num_columns: int) -> Lines:
    """Check the bytes of whole lines; returns the newline offsets."""
    data = np.frombuffer(block, np.uint8)
    newlines = np.flatnonzero(data == _NEWLINE)
    _check_utf8(block, file, first_line)
    returns = np.flatnonzero(data == _RETURN)
    bare = returns[data[returns + 1] != _NEWLINE]  # the block ends with a newline, so returns + 1 lies inside
    if len(bare):
        line = first_line + int(np.searchsorted(newlines, bare[0]))
        raise InputError(
            f"{file.name} line {line}: expected no carriage return inside a line, got one. Download it again."
        )
    pipes = np.flatnonzero(data == _PIPE)
    found = np.diff(np.searchsorted(pipes, newlines), prepend=0)
    last = newlines - 1  # offset of the last character of each line; -1 for an empty first line reads a newline
    last = last - (data[last] == _RETURN)
    found = found + ((found >= num_columns) & (data[last] != _PIPE))  # characters after the last column are one more
    wrong = np.flatnonzero(found != num_columns)
    if len(wrong):
        line, got = first_line + int(wrong[0]), int(found[wrong[0]])
        raise InputError(f"{file.name} line {line}: expected {num_columns} columns, got {got}. {_TRUNCATED}")
    return newlines


def _check_utf8(block: bytes, file: RrfFile, first_line: int) -> None:
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        line = first_line + block.count(b"\n", 0, error.start)
        offset = error.start - (block.rfind(b"\n", 0, error.start) + 1)
        raise InputError(
            f"{file.name} line {line}: expected UTF-8, got the byte 0x{block[error.start]:02x} at byte {offset}"
            " of the line. Download it again, or convert the file to UTF-8."
        ) from error


def _parse(block: bytes, columns: Columns, wanted: Columns) -> pa.Table:
    end = "_end"  # the empty column after the last pipe
    return csv.read_csv(
        io.BytesIO(block),
        csv.ReadOptions(column_names=[*columns, end], block_size=len(block) + 1, use_threads=False),
        csv.ParseOptions(
            delimiter="|", quote_char=False, double_quote=False, escape_char=False, ignore_empty_lines=False
        ),
        csv.ConvertOptions(
            include_columns=list(wanted),
            column_types={name: pa.string() for name in wanted},
            strings_can_be_null=False,
            check_utf8=False,
        ),
    )
