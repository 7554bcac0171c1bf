"""RRF files written: each column ended by a pipe, no quoting, the same bytes on every machine."""

import gzip
from collections.abc import Iterable
from pathlib import Path
from typing import IO, cast

import polars as pl

from bali.io.files import atomic_path
from bali.rrf.layouts import Layout

_FORBIDDEN = r"[|\r\n]"  # what a value of an RRF file cannot hold


def encode_rows(layout: Layout, rows: pl.DataFrame) -> bytes:
    """Rows as the text of an RRF file, UTF-8.

    Args:
        layout: the file; its columns that `rows` lacks are written empty.
        rows: string columns named as in the layout, without nulls, `|` and line ends.
    """
    unknown = set(rows.columns) - set(layout.columns)
    assert not unknown, f"{layout.name} has no column {sorted(unknown)}"
    columns = [pl.col(name) if name in rows.columns else pl.lit("").alias(name) for name in layout.columns]
    lines = rows.select(line=pl.concat_str([*columns, pl.lit("\n")], separator="|"))["line"]
    assert lines.null_count() == 0, f"{layout.name}: a value is null"
    assert not any(rows[name].str.contains(_FORBIDDEN).any() for name in rows.columns), f"{layout.name}: | in a value"
    return "".join(lines).encode()


def write_rrf(path: Path, layout: Layout, pieces: Iterable[pl.DataFrame]) -> None:
    """Write an RRF file atomically, gzipped where `path` ends with `.gz` (without name and time: equal bytes).

    Args:
        path: e.g. `MRCONSO.RRF.gz`.
        layout: the file's columns.
        pieces: rows, as `encode_rows` takes them.
    """
    with atomic_path(path) as partial, partial.open("wb") as raw:
        if path.suffix == ".gz":
            with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as packed:
                _write(cast("IO[bytes]", packed), layout, pieces)
        else:
            _write(raw, layout, pieces)


def _write(stream: IO[bytes], layout: Layout, pieces: Iterable[pl.DataFrame]) -> None:
    for rows in pieces:
        stream.write(encode_rows(layout, rows))


def clean_value(column: str) -> pl.Expr:
    """A column of foreign text as RRF can hold it: a pipe becomes a slash, any white space one space, ends trimmed."""
    text = pl.col(column).fill_null("").str.replace_all("|", "/", literal=True)
    return text.str.replace_all(r"\s+", " ").str.strip_chars()
