"""MRFILES, MRCOLS and MRDOC: what the release says of itself (columns, row counts, inverse relations)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import polars as pl

from bali.errors import InputError
from bali.io.census import Census
from bali.rrf.layouts import MRCOLS, MRDOC, MRFILES, Layout
from bali.rrf.reading import read_columns
from bali.rrf.source import RrfSource

_NUMBER = re.compile(r"[0-9]{1,18}")
_INVERSE_TYPES = {("REL", "rel_inverse"), ("RELA", "rela_inverse")}  # DOCKEY, TYPE of MRDOC


@dataclass(frozen=True)
class Manifest:
    """What a release says of its files.

    Attributes:
        columns: file name -> its columns in order, by MRFILES.
        num_rows: file name -> rows, by MRFILES.
        described: file name -> the columns that MRCOLS describes.
    """

    columns: dict[str, tuple[str, ...]] = field(default_factory=dict)
    num_rows: dict[str, int] = field(default_factory=dict)
    described: dict[str, frozenset[str]] = field(default_factory=dict)

    def layout(self, usual: Layout, needed: tuple[str, ...]) -> Layout:
        """The columns of a file: those of the manifest where it lists the file, else the usual ones.

        Raises:
            InputError: the manifest lacks a column that is needed.
        """
        columns = self.columns.get(usual.name, usual.columns)
        described = self.described.get(usual.name, frozenset(needed))
        for lister, listed in ((MRFILES.name, columns), (MRCOLS.name, described)):
            missing = [column for column in needed if column not in listed]
            if missing:
                raise InputError(
                    f"{lister}: expected the columns {', '.join(needed)} of {usual.name}, found no"
                    f" {', '.join(missing)}. The files are of another release, or {usual.name} is a cut-down copy;"
                    f" leave {lister} out if the file has them all."
                )
        return Layout(usual.name, columns)

    def check_rows(self, census: Census) -> None:
        """Compare the rows read with MRFILES.

        Raises:
            InputError: a file has other than the rows that MRFILES counts.
        """
        for name, tally in census.tables.items():
            if name in self.num_rows and self.num_rows[name] != tally.rows_in:
                raise InputError(
                    f"{name}: expected {self.num_rows[name]:,} rows as MRFILES.RRF says, got {tally.rows_in:,}. The"
                    " file is truncated, lacks a piece, or is of another release; download it again, or leave"
                    " MRFILES.RRF out."
                )


def read_manifest(files: Mapping[str, RrfSource]) -> Manifest:
    """Read MRFILES and MRCOLS where present.

    Raises:
        InputError: as `map_blocks`; a number is none; a file is listed with two sets of columns.
    """
    manifest = Manifest()
    if MRFILES.name in files:
        rows = read_columns(files[MRFILES.name], MRFILES, ("FIL", "FMT", "RWS"))
        for line, (path, columns, num_rows) in enumerate(rows.iter_rows(), start=1):
            name = PurePosixPath(path).name
            if not _NUMBER.fullmatch(num_rows):
                raise InputError(
                    f"MRFILES.RRF line {line}: expected RWS to be a number of rows, got {num_rows!r:.40}. Is it the"
                    " MRFILES of this release?"
                )
            manifest.num_rows[name] = manifest.num_rows.get(name, 0) + int(num_rows)  # one row a segment of a file
            if columns:
                _set_columns(manifest, name, tuple(columns.split(",")), line)
    if MRCOLS.name in files:
        rows = read_columns(files[MRCOLS.name], MRCOLS, ("COL", "FIL")).unique().sort("FIL", "COL")
        for path, group in rows.group_by("FIL", maintain_order=True):
            manifest.described[PurePosixPath(str(path[0])).name] = frozenset(group["COL"].to_list())
    return manifest


def read_inverses(files: Mapping[str, RrfSource], census: Census) -> pl.DataFrame:
    """The inverse of each REL and RELA by MRDOC, as `schemas.INVERSES`; empty where it is absent.

    Raises:
        InputError: as `map_blocks`.
    """
    if MRDOC.name not in files:
        return pl.DataFrame(schema=dict.fromkeys(("column", "label", "inverse"), pl.String))
    rows = read_columns(files[MRDOC.name], MRDOC, MRDOC.columns)
    is_inverse = pl.lit(False)
    for key, kind in sorted(_INVERSE_TYPES):
        is_inverse = is_inverse | ((pl.col("DOCKEY") == key) & (pl.col("TYPE") == kind))
    found = rows.filter(is_inverse & (pl.col("VALUE") != "") & (pl.col("EXPL") != ""))
    table = found.select(column=pl.col("DOCKEY").str.to_lowercase(), label="VALUE", inverse="EXPL")
    table = table.sort("column", "label", "inverse").unique(["column", "label"], keep="first", maintain_order=True)
    tally = census.table(MRDOC.name)
    tally.rows_in, tally.rows_out = rows.height, table.height
    tally.drop("no inverse of a relation", rows.height - found.height)
    tally.drop("duplicate row", found.height - table.height)
    return table


def _set_columns(manifest: Manifest, name: str, columns: tuple[str, ...], line: int) -> None:
    if manifest.columns.setdefault(name, columns) != columns:
        raise InputError(f"MRFILES.RRF line {line}: expected the columns of {name} as in an earlier line, got others.")
