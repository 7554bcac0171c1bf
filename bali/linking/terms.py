"""The strings of the linker's dictionary, made from the names of the release as QuickUMLS's installer makes them."""

import string
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from unidecode import unidecode

from bali.io.census import Census
from bali.io.parquet import iterate_artefact, read_artefact
from bali.schemas import NAMES, SEMANTIC_TYPES
from bali.vocabulary import Sab

EMPTY_NAME = "empty name"
NUL_NAME = "U+0000 in the name"
REPEATED_NAME = "repeated name of the concept"
_NAMES_PER_BATCH = 1 << 18
_ASCII_SPACE = string.whitespace + "\x1c\x1d\x1e\x1f"  # what Python's strip takes away


@dataclass(frozen=True)
class TermOptions:
    """How names become terms; an index is good for the options that it was built with.

    Attributes:
        lowercase: lower-case the terms, and later the text.
        normalize_unicode: write the terms, and later the text, in ASCII (package Unidecode).
        source_rank: SABs from the best to the worst; all others come after them.
    """

    lowercase: bool = True
    normalize_unicode: bool = False
    source_rank: Sequence[Sab] = ()


def read_terms(names: Path, options: TermOptions, census: Census) -> pl.DataFrame:
    """The dictionary: distinct (term, cui), sorted, with is_preferred and source_rank.

    A name is stripped, lower-cased and brought to ASCII on demand, and brought to Unicode's NFKD, as the package does.
    A concept's names that become equal are one term, preferred if any of them is, with the rank of their best source.
    Names with U+0000 are left out: to simstring it is the end of a string.

    Args:
        names: artefact NAMES.
        options: how names become terms.
        census: counts the names.
    """
    ranks = {sab: rank for rank, sab in reversed(list(enumerate(options.source_rank)))}
    empty = pl.DataFrame(
        schema={"term": pl.String, "cui": pl.String, "is_preferred": pl.Boolean, "source_rank": pl.Int32}
    )
    pieces = [empty]
    for batch in iterate_artefact(names, NAMES, ["cui", "name", "is_preferred", "sab"], batch_rows=_NAMES_PER_BATCH):
        frame = pl.DataFrame(batch)
        rank = (
            pl.col("sab").cast(pl.String).replace_strict(ranks, default=len(options.source_rank), return_dtype=pl.Int32)
        )
        source_rank = rank if ranks else pl.lit(0, dtype=pl.Int32)
        pieces.append(
            frame.select(
                as_terms(frame["name"].cast(pl.String), options).alias("term"),
                pl.col("cui").cast(pl.String),
                "is_preferred",
                source_rank.alias("source_rank"),
            )
        )
    all_terms = pl.concat(pieces)
    filled = all_terms.filter(pl.col("term") != "")
    usable = filled.filter(~pl.col("term").str.contains("\x00", literal=True))
    columns = [pl.col("is_preferred").any(), pl.col("source_rank").min()]
    distinct = usable.group_by("term", "cui").agg(columns).sort("term", "cui")
    tally = census.table("names")
    tally.rows_in += all_terms.height
    tally.rows_out += distinct.height
    tally.drop(EMPTY_NAME, all_terms.height - filled.height)
    tally.drop(NUL_NAME, filled.height - usable.height)
    tally.drop(REPEATED_NAME, usable.height - distinct.height)
    return distinct


def as_terms(names: pl.Series, options: TermOptions) -> pl.Series:
    """Names as terms; those in ASCII by polars, the others one by one, for Unicode's case is Python's own."""
    stripped = names.str.strip_chars(_ASCII_SPACE)
    terms = stripped.str.to_lowercase() if options.lowercase else stripped
    others = (names.str.len_bytes() != names.str.len_chars()).arg_true()
    if not others.len():
        return terms
    return terms.scatter(others, [_as_term(name, options) for name in names.gather(others)])


def _as_term(name: str, options: TermOptions) -> str:
    term = name.strip()
    if options.lowercase:
        term = term.lower()
    if options.normalize_unicode:
        term = unidecode(term)
    return unicodedata.normalize("NFKD", term)


def types_by_cui(semantic_types: Path) -> dict[str, list[str]]:
    """The sorted TUIs of every concept that has any."""
    frame = pl.DataFrame(read_artefact(semantic_types, SEMANTIC_TYPES, ["cui", "tui"]))
    grouped = frame.group_by("cui").agg(pl.col("tui").unique().sort())
    return dict(grouped.iter_rows())
