"""The small files of a release: MRSAB (sources), MRCUI (retired CUIs), MRFILES (row counts), and MRSTY."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from bali.errors import InputError
from bali.io.census import Census, Tally
from bali.umls.locate import RrfFile
from bali.umls.names import parse_levels
from bali.umls.rrf import read_mrcui, read_mrfiles, read_mrsab, read_mrsty
from bali.vocabulary import Sab


@dataclass(frozen=True)
class Source:
    """What MRSAB says of the current version of a source."""

    name: str
    version: str
    level: int


def read_sources(file: RrfFile | None, tally: Tally) -> dict[Sab, Source]:
    """SAB -> its current version (CURVER=Y, else the last VSAB in sorted order); empty where MRSAB is absent.

    Raises:
        InputError: as `read_rrf`, or a restriction level is no digit.
    """
    sources: dict[Sab, Source] = {}
    if file is None:
        return sources
    columns = ("RSAB", "SON", "SVER", "CURVER", "VSAB", "SRL")
    frame = pl.DataFrame(schema=dict.fromkeys(columns[:-1], pl.String) | {"SRL": pl.Int8})
    for table in read_mrsab(file, columns):
        rows = pl.DataFrame(pl.from_arrow(table.rows))
        frame = frame.vstack(rows.with_columns(SRL=parse_levels(rows["SRL"], file, table.first_line)).select(columns))
    is_current = pl.col("CURVER") == "Y"
    frame = frame.sort("RSAB", is_current, "VSAB", "SON", "SVER", "SRL")
    for sab, name, version, *_, level in frame.iter_rows():
        sources[sab] = Source(name, version, level)
    tally.rows_in, tally.rows_out = frame.height, len(sources)
    tally.drop("not the current version", frame.height - len(sources))
    return sources


def read_semantic_types(file: RrfFile, tally: Tally) -> pl.DataFrame:
    """All rows of MRSTY: cui, tui, sty, sorted.

    Raises:
        InputError: as `read_rrf`.
    """
    pieces = [pl.DataFrame(schema=dict.fromkeys(("CUI", "TUI", "STY"), pl.String))]
    pieces += [pl.DataFrame(pl.from_arrow(table.rows)) for table in read_mrsty(file, ("CUI", "TUI", "STY"))]
    frame = pl.concat(pieces)
    tally.rows_in = frame.height
    return frame.rename({"CUI": "cui", "TUI": "tui", "STY": "sty"}).sort("cui", "tui", "sty")


def keep_semantic_types(types: pl.DataFrame, concepts: pl.DataFrame, tally: Tally) -> pl.DataFrame:
    """The semantic types of the kept concepts, one row a concept and type, sorted by cui and tui."""
    kept = types.join(concepts.select("cui"), on="cui", how="semi")
    tally.drop("CUI without a kept name", types.height - kept.height)
    distinct = kept.unique(["cui", "tui"], keep="first", maintain_order=True).sort("cui", "tui")
    tally.drop("duplicate row", kept.height - distinct.height)
    tally.rows_out = distinct.height
    return distinct


def read_retired_cuis(file: RrfFile | None, tally: Tally) -> pl.DataFrame:
    """Retired CUIs and the concepts that replace them: cui, replacement_cui; distinct, sorted.

    Raises:
        InputError: as `read_rrf`.
    """
    schema = {"cui": pl.String, "replacement_cui": pl.String}
    if file is None:
        return pl.DataFrame(schema=schema)
    columns = ("CUI1", "CUI2")
    pieces = [pl.DataFrame(schema=dict.fromkeys(columns, pl.String))]
    pieces += [pl.DataFrame(pl.from_arrow(table.rows)) for table in read_mrcui(file, columns)]
    frame = pl.concat(pieces).select(cui="CUI1", replacement_cui="CUI2")
    replaced = frame.filter(pl.col("replacement_cui") != "")
    distinct = replaced.unique().sort("cui", "replacement_cui")
    tally.rows_in, tally.rows_out = frame.height, distinct.height
    tally.drop("deleted without replacement", frame.height - replaced.height)
    tally.drop("duplicate row", replaced.height - distinct.height)
    return distinct


def read_row_counts(file: RrfFile | None) -> dict[str, int]:
    """File name -> number of rows by MRFILES (summed over the segments of a file); empty where MRFILES is absent.

    Raises:
        InputError: as `read_rrf`, or a count is no number.
    """
    counts: dict[str, int] = {}
    if file is None:
        return counts
    for table in read_mrfiles(file, ("FIL", "RWS")):
        for row, (name, rows) in enumerate(zip(*(table.rows[c].to_pylist() for c in ("FIL", "RWS")), strict=True)):
            if not rows.isascii() or not rows.isdigit():
                raise InputError(
                    f"{file.name} line {table.first_line + row}: expected RWS to be a number of rows, got {rows!r}."
                )
            counts[name] = counts.get(name, 0) + int(rows)
    return counts


def check_row_counts(expected: Mapping[str, int], census: Census) -> None:
    """Compare the rows read with MRFILES.

    Raises:
        InputError: a file has other than the rows that MRFILES counts.
    """
    for name, tally in census.tables.items():
        if name in expected and expected[name] != tally.rows_in:
            raise InputError(
                f"{name}: expected {expected[name]:,} rows as MRFILES.RRF says, got {tally.rows_in:,}. The file is"
                " truncated or of another release; download it again, or leave MRFILES.RRF out."
            )


def tabulate_sources(
    sources: Mapping[Sab, Source],
    levels: Mapping[Sab, int],
    num_names: Mapping[Sab, int],
    num_relations: Mapping[Sab, int],
) -> pl.DataFrame:
    """The sources with kept rows, as `schemas.SOURCES` wants them."""
    unknown = Source("", "", 0)
    rows = [
        {
            "sab": sab,
            "name": sources.get(sab, unknown).name,
            "version": sources.get(sab, unknown).version,
            "srl": levels.get(sab, 0),
            "num_names": num_names.get(sab, 0),
            "num_relations": num_relations.get(sab, 0),
        }
        for sab in sorted(num_names.keys() | num_relations.keys())
    ]
    return pl.DataFrame(rows, schema_overrides={"srl": pl.Int8})
