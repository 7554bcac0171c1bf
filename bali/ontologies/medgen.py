"""A MedGen release as a UMLS release (NCBI, README of ftp.ncbi.nlm.nih.gov/pub/medgen).

The files are cut from those of the Metathesaurus; the first line, after a `#`, names the columns, and they are found by
these names. `csv/` holds the same tables with commas and quotes, the large ones in parts (MGREL_1, MGREL_2). Concepts
are UMLS CUIs, or `CN` and six digits: "the value was created by NCBI".

What MedGen leaves out is filled in: LAT is ENG; SRL is 0 ("provided without restriction", MedGen Data Processing) but
for the sources of our table of restriction levels, SNOMED CT above all; names and concepts without one get an AUI.
"""

from collections.abc import Iterator, Mapping, Sequence

import polars as pl

from bali.ontologies.atoms import number_atoms
from bali.ontologies.columns import Wanted
from bali.ontologies.common_rows import restricted_sources
from bali.ontologies.data_tables import restriction_levels
from bali.ontologies.foreign_tables import read_table
from bali.ontologies.transcript import ForeignTally, Pieces, TranscribedFile
from bali.rrf.layouts import MRCONSO, MRCUI, MRDEF, MRREL, MRSAB, MRSTY, Layout
from bali.rrf.source import RrfFile, RrfSource
from bali.rrf.writing import clean_value

Parts = Sequence[RrfFile]

REQUIRED = ("MGCONSO", "MGREL", "MGSTY")
OPTIONAL = ("MGDEF", "MERGED")

_CONCEPT = r"^C([0-9]{7}|N[0-9]{6})$"
_BLANK = {"SUPPRESS": "N", "TS": "S", "STT": "VO", "ISPREF": "N"}  # what an empty value or an absent column means

_CONSO = Wanted(
    ("CUI", "SAB", "STR"), ("TS", "STT", "ISPREF", "AUI", "SAUI", "SCUI", "SDUI", "TTY", "CODE", "SUPPRESS")
)
_REL = Wanted(("CUI1", "REL", "CUI2", "SAB"), ("AUI1", "STYPE1", "AUI2", "RELA", "RUI", "SL", "SUPPRESS"))
_STY = Wanted(("CUI", "TUI", "STY"), ("STN", "ATUI", "CVF"))
_DEF = Wanted(("CUI", "DEF", "source"), ("SUPPRESS",))
_MERGED = Wanted(("CUI", "to CUI"))


def transcribe_medgen(files: Mapping[str, Parts]) -> dict[str, RrfSource]:
    """The RRF files of a MedGen release.

    Args:
        files: the names of `REQUIRED` and of any of `OPTIONAL` -> the file, or its parts in order.

    Returns:
        MRCONSO, MRREL, MRSTY, MRSAB, and MRDEF, MRCUI where the release has their counterpart.
    """

    def file(layout: Layout, name: str, pieces: Pieces) -> TranscribedFile:
        """The transcript of the parts of one file."""
        return TranscribedFile(layout, [path for part in files[name] for path in part.paths()], pieces)

    made = [
        file(MRCONSO, "MGCONSO", lambda tally: _names(files["MGCONSO"], tally)),
        file(MRREL, "MGREL", lambda tally: _relations(files["MGREL"], tally)),
        file(MRSTY, "MGSTY", lambda tally: _types(files["MGSTY"], tally)),
        file(MRSAB, "MGCONSO", restricted_sources),
    ]
    if "MGDEF" in files:
        made.append(file(MRDEF, "MGDEF", lambda tally: _definitions(files["MGDEF"], tally)))
    if "MERGED" in files:
        made.append(file(MRCUI, "MERGED", lambda tally: _merged(files["MERGED"], tally)))
    return {one.name: one for one in made}


def _names(parts: Parts, tally: ForeignTally) -> Iterator[pl.DataFrame]:
    for rows in _rows(parts, _CONSO, ("CUI",), tally):
        named = rows.with_columns(clean_value("STR")).filter(pl.col("STR") != "")
        tally.drop("no name", rows.height - named.height)
        tally.rows_out += named.height
        made_up = number_atoms(named, ("CUI", "SAB", "TTY", "CODE", "STR"))
        yield named.with_columns(
            pl.when(pl.col("AUI") == "").then(made_up).otherwise(pl.col("AUI")).alias("AUI"),
            pl.lit("ENG").alias("LAT"),
            restriction_levels("0").alias("SRL"),
        )


def _relations(parts: Parts, tally: ForeignTally) -> Iterator[pl.DataFrame]:
    for rows in _rows(parts, _REL, ("CUI1", "CUI2"), tally):
        tally.rows_out += rows.height
        yield rows


def _types(parts: Parts, tally: ForeignTally) -> Iterator[pl.DataFrame]:
    for rows in _rows(parts, _STY, ("CUI",), tally):
        tally.rows_out += rows.height
        yield rows


def _definitions(parts: Parts, tally: ForeignTally) -> Iterator[pl.DataFrame]:
    for rows in _rows(parts, _DEF, ("CUI",), tally):
        tally.rows_out += rows.height
        yield rows.rename({"source": "SAB"})


def _merged(parts: Parts, tally: ForeignTally) -> Iterator[pl.DataFrame]:
    for rows in _rows(parts, _MERGED, ("CUI", "to CUI"), tally):
        tally.rows_out += rows.height
        yield rows.select(
            pl.col("CUI").alias("CUI1"),
            pl.lit("SY").alias("REL"),
            pl.col("to CUI").alias("CUI2"),
            pl.lit("Y").alias("MAPIN"),
        )


def _rows(parts: Parts, wanted: Wanted, concepts: Sequence[str], tally: ForeignTally) -> Iterator[pl.DataFrame]:
    """The rows of a table whose concept ids are ones, clean, blanks filled; the others are counted."""
    for part in parts:
        for block in read_table(part, wanted):
            filled = [
                clean_value(name).replace({"": _BLANK[name]}) if name in _BLANK else clean_value(name)
                for name in wanted.names
            ]
            rows = block.rows.select(filled)
            kept = rows.filter(pl.all_horizontal(pl.col(name).str.contains(_CONCEPT) for name in concepts))
            tally.rows_in += rows.height
            tally.drop("no concept identifier", rows.height - kept.height)
            yield kept
