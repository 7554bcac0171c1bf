"""MRSAB.RRF -> the sources of a release, their restriction levels and licences."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from bali.errors import InputError
from bali.io.census import Census
from bali.rrf.layouts import MRSAB
from bali.rrf.reading import read_columns
from bali.rrf.source import RrfSource
from bali.umls.manifest import Manifest
from bali.vocabulary import Sab

_COLUMNS = ("RSAB", "SON", "SVER", "CURVER", "VSAB", "SRL", "SLC", "SCIT")


@dataclass(frozen=True)
class Source:
    """What MRSAB says of the current version of a source."""

    name: str
    version: str
    level: int
    licence: str
    citation: str


UNKNOWN = Source("", "", 0, "", "")


def read_sources(files: Mapping[str, RrfSource], manifest: Manifest, census: Census) -> dict[Sab, Source]:
    """SAB -> its current version (CURVER=Y, else the last VSAB in sorted order); empty where MRSAB is absent.

    Raises:
        InputError: as `map_blocks`, or a restriction level is no digit.
    """
    sources: dict[Sab, Source] = {}
    if MRSAB.name not in files:
        return sources
    frame = read_columns(files[MRSAB.name], manifest.layout(MRSAB, _COLUMNS), _COLUMNS)
    for line, level in enumerate(frame["SRL"].to_list(), start=1):
        if not (len(level) == 1 and level.isascii() and level.isdigit()):
            raise InputError(
                f"{MRSAB.name} line {line}: expected SRL to be a restriction level 0-9, got {level!r}. The columns may"
                " be shifted; download the file again."
            )
    is_current = pl.col("CURVER") == "Y"
    frame = frame.sort("RSAB", is_current, "VSAB", "SON", "SVER", "SRL", "SLC", "SCIT")
    for row in frame.iter_rows(named=True):
        sources[row["RSAB"]] = Source(row["SON"], row["SVER"], int(row["SRL"]), row["SLC"], row["SCIT"])
    tally = census.table(MRSAB.name)
    tally.rows_in, tally.rows_out = frame.height, len(sources)
    tally.drop("not the current version", frame.height - len(sources))
    return sources


def tabulate_sources(
    sources: Mapping[Sab, Source],
    levels: Mapping[Sab, int],
    num_names: Mapping[Sab, int],
    num_relations: Mapping[Sab, int],
) -> pl.DataFrame:
    """The sources with kept rows, as `schemas.SOURCES` wants them."""
    rows = [
        {
            "sab": sab,
            "name": sources.get(sab, UNKNOWN).name,
            "version": sources.get(sab, UNKNOWN).version,
            "srl": levels.get(sab, 0),
            "licence": sources.get(sab, UNKNOWN).licence,
            "citation": sources.get(sab, UNKNOWN).citation,
            "num_names": num_names.get(sab, 0),
            "num_relations": num_relations.get(sab, 0),
        }
        for sab in sorted(num_names.keys() | num_relations.keys())
    ]
    return pl.DataFrame(rows, schema_overrides={"srl": pl.Int8})
