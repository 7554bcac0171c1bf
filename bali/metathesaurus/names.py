"""MRCONSO: the names of all sources as atoms of concepts.

AUI, LUI and SUI are made up (A9, L9, S9 and seven digits), numbered after sorting: a SUI a string, a LUI the strings
that are equal in lower case, an AUI a row. They are stable for the same files only, and never those of NLM.
"""

from collections.abc import Iterable, Iterator, Mapping

import polars as pl

from bali.io.census import Tally
from bali.metathesaurus.content import Content
from bali.metathesaurus.identifiers import code_of
from bali.metathesaurus.registry import Source
from bali.metathesaurus.resolution import CuiMap
from bali.rrf.writing import clean_value
from bali.vocabulary import Sab

_COLUMNS = ("CUI", "SAB", "TTY", "CODE", "STR", "SUPPRESS", "rank")
_PREFERRED_TYPES = ("PT", "MH")
_EDITORIAL = "E"  # NLM: marked suppressible by an editor; here: the name of an identifier that has a better CUI


def build_names(
    contents: Mapping[Sab, Content], cuis: CuiMap, sources: Mapping[Sab, Source], tally: Tally
) -> pl.DataFrame:
    """The rows of MRCONSO, sorted by CUI and preference, with columns as in the layout.

    A name goes to the best CUI of its identifier; each further CUI that the source gives gets the preferred name only,
    as SUPPRESS=E. Names that are suppressed are O (obsolete term), E, or Y (synonym that is not exact).

    Args:
        contents: what the sources say.
        cuis: identifier -> CUIs.
        sources: their order of preference: of the names of a concept the first source's preferred term is preferred.
        tally: counts the names.
    """
    rows = list(_rows(contents.values(), cuis, sources, tally))
    frame = pl.DataFrame(rows, schema=dict.fromkeys(_COLUMNS[:-1], pl.String) | {"rank": pl.Int64}, orient="row")
    frame = frame.with_columns(clean_value("STR"))
    order = ["is_suppressed", "rank", "is_synonym", "SUPPRESS", "SAB", "CODE", "TTY", "STR"]
    frame = frame.with_columns(
        is_suppressed=pl.col("SUPPRESS") != "N", is_synonym=~pl.col("TTY").is_in(_PREFERRED_TYPES)
    ).sort("CUI", *order)
    kept = frame.filter(pl.col("STR") != "").unique(["CUI", "SAB", "CODE", "STR"], keep="first", maintain_order=True)
    tally.drop("duplicate or empty", frame.height - kept.height)
    tally.rows_out = kept.height
    return _with_status(_with_ids(kept)).sort("CUI", "AUI")


def _rows(
    contents: Iterable[Content], cuis: CuiMap, sources: Mapping[Sab, Source], tally: Tally
) -> Iterator[tuple[str | int, ...]]:
    for content in contents:
        rank = sources[content.sab].rank
        for identifier, tty, text, suppress in content.names:
            cui, code = cuis.best.get(identifier), code_of(identifier)
            tally.rows_in += 1
            if cui is None:
                tally.drop("identifier without a CUI", 1)
                continue
            yield cui, content.sab, tty, code, text, suppress, rank
            if tty in _PREFERRED_TYPES:
                for further in cuis.secondary.get(identifier, ()):
                    tally.rows_in += 1
                    yield further, content.sab, tty, code, text, _EDITORIAL, rank


def _with_ids(frame: pl.DataFrame) -> pl.DataFrame:
    """AUI by the order of the rows, SUI and LUI by the order of strings and of lower-case strings."""
    frame = frame.with_row_index("row").with_columns(
        lower=pl.col("STR").str.to_lowercase(), AUI=_numbered("A", pl.col("row") + 1)
    )
    return frame.with_columns(
        SUI=_numbered("S", pl.col("STR").rank("dense")), LUI=_numbered("L", pl.col("lower").rank("dense"))
    )


def _numbered(letter: str, number: pl.Expr) -> pl.Expr:
    return pl.lit(f"{letter}9") + number.cast(pl.String).str.zfill(7)


def _with_status(frame: pl.DataFrame) -> pl.DataFrame:
    """TS, STT, ISPREF: the first row of a concept is preferred in all three, so that it is its one preferred name.

    TS=P for the LUI of the first row; STT=PF for the first SUI of each LUI, VO for the others; ISPREF=Y for the first
    atom of each SUI (UMLS Reference Manual, section 3.3.4).
    """
    first = pl.col("AUI").rank("ordinal")
    is_descriptor = pl.col("SAB") == "MSH"
    return frame.with_columns(
        TS=pl.when(pl.col("LUI") == pl.col("LUI").first().over("CUI")).then(pl.lit("P")).otherwise(pl.lit("S")),
        STT=pl.when(pl.col("SUI") == pl.col("SUI").first().over("CUI", "LUI"))
        .then(pl.lit("PF"))
        .otherwise(pl.lit("VO")),
        ISPREF=pl.when(first.over("CUI", "SUI") == 1).then(pl.lit("Y")).otherwise(pl.lit("N")),
        SCUI=pl.when(is_descriptor).then(pl.lit("")).otherwise(pl.col("CODE")),
        SDUI=pl.when(is_descriptor).then(pl.col("CODE")).otherwise(pl.lit("")),
        LAT=pl.lit("ENG"),
        SRL=pl.lit("0"),
    ).select(
        "CUI", "LAT", "TS", "LUI", "STT", "SUI", "ISPREF", "AUI", "SCUI", "SDUI", "SAB", "TTY", "CODE", "STR", "SRL",
        "SUPPRESS",
    )  # fmt: skip
