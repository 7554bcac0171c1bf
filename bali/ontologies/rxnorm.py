"""A RxNorm release as a UMLS release (NLM, RxNorm Technical Documentation, section 12, RxNorm files).

The files are those of the Metathesaurus with RXCUI and RXAUI in the place of CUI and AUI. What differs:

* concepts: see `RxnormConcepts`; RXAUI 12345 becomes AUI `A0012345`;
* RXNCONSO has no TS, STT, ISPREF: the unsuppressed names of SAB RXNORM are preferred, except synonyms;
* RXNCONSO has no SRL: it is RXNSAB's, or that of `source_levels`;
* RXNREL has DIR before RG, gives atoms without their concepts where STYPE is AUI, and leaves SUPPRESS empty (not
  suppressed). A row reads "RXCUI2 RELA RXCUI1", as in MRREL.

The monthly prescribable content comes without RXNSTY and RXNSAB: semantic types then follow from the term types.
"""

from collections.abc import Iterator, Mapping

import numpy as np
import polars as pl

from bali.ontologies.columns import Wanted
from bali.ontologies.common_rows import semantic_type_names
from bali.ontologies.data_tables import read_mapping, restriction_levels
from bali.ontologies.foreign_tables import read_table
from bali.ontologies.rxnorm_concepts import CONSO, CONSO_COLUMNS, MAX_RXCUIS, RxnormConcepts, numbered
from bali.ontologies.transcript import ForeignTally, Pieces, TranscribedFile
from bali.rrf.layouts import MRCONSO, MRCUI, MRDOC, MRREL, MRSAB, MRSTY, Layout
from bali.rrf.source import RrfFile, RrfSource

Files = Mapping[str, RrfFile]

REQUIRED = (CONSO, "RXNREL.RRF")
OPTIONAL = ("RXNSTY.RRF", "RXNSAT.RRF", "RXNSAB.RRF", "RXNDOC.RRF", "RXNCUI.RRF")

# Columns 13 and 14 are DIR and RG, in MRREL they are RG and DIR.
REL_COLUMNS = (
    *("RXCUI1", "RXAUI1", "STYPE1", "REL", "RXCUI2", "RXAUI2", "STYPE2", "RELA"),
    *("RUI", "SRUI", "SAB", "SL", "DIR", "RG", "SUPPRESS", "CVF"),
)
STY_COLUMNS = ("RXCUI", "TUI", "STN", "STY", "ATUI", "CVF")
# Retired RXCUIs: from and to which release, into how many, and the RXCUI that has their atoms now.
CUI_COLUMNS = ("CUI1", "VER_START", "VER_END", "CARDINALITY", "CUI2")

_OPEN = ("CVX", "MSH", "MTHCMSFRF", "MTHSPL", "NDFRT", "RXNORM", "VANDF")  # federal sources, restriction level 0
_STRICTEST = "9"  # of a source that neither RXNSAB nor our tables know
_SYNONYMS = ("ET", "PSN", "SY", "TMSY")  # term types of SAB RXNORM that are not its name of the concept


def transcribe_rxnorm(files: Files) -> dict[str, RrfSource]:
    """The RRF files of a RxNorm release.

    Args:
        files: the names of `REQUIRED` and of any of `OPTIONAL` -> the files.

    Returns:
        MRCONSO, MRREL, MRSTY, and MRSAB, MRDOC, MRCUI where the release has their counterpart.
    """
    concepts = RxnormConcepts(files)

    def file(layout: Layout, pieces: Pieces, *names: str) -> TranscribedFile:
        """The transcript that is made of those of the named files that are there."""
        behind = [path for name in names if name in files for path in files[name].paths()]
        return TranscribedFile(layout, behind, pieces)

    made = [
        file(MRCONSO, lambda tally: _names(files, concepts, tally), CONSO, "RXNSAT.RRF", "RXNSAB.RRF"),
        file(MRREL, lambda tally: _relations(files["RXNREL.RRF"], concepts, tally), CONSO, "RXNSAT.RRF", "RXNREL.RRF"),
    ]
    if "RXNSTY.RRF" in files:
        made.append(file(MRSTY, lambda tally: _types(files, concepts, tally), "RXNSTY.RRF", "RXNSAT.RRF"))
    else:
        made.append(file(MRSTY, lambda tally: _types_of_names(files, concepts, tally), CONSO, "RXNSAT.RRF"))
    if "RXNSAB.RRF" in files:
        made.append(file(MRSAB, lambda tally: _same_rows(files["RXNSAB.RRF"], MRSAB, tally), "RXNSAB.RRF"))
    if "RXNDOC.RRF" in files:
        made.append(file(MRDOC, lambda tally: _same_rows(files["RXNDOC.RRF"], MRDOC, tally), "RXNDOC.RRF"))
    if "RXNCUI.RRF" in files:
        made.append(file(MRCUI, lambda tally: _retired(files["RXNCUI.RRF"], concepts, tally), "RXNCUI.RRF", CONSO))
    return {one.name: one for one in made}


def source_levels(files: Files) -> dict[str, str]:
    """SAB -> restriction level: by RXNSAB; without it 0 for federal sources, our table for others.

    A source that is in neither has the strictest level, 9: see `_names`.
    """
    if "RXNSAB.RRF" not in files:
        return dict.fromkeys(_OPEN, "0")
    blocks = read_table(files["RXNSAB.RRF"], Wanted(("RSAB", "SRL")), MRSAB.columns)
    rows = pl.concat(
        [pl.DataFrame(schema=dict.fromkeys(("RSAB", "SRL"), pl.String)), *(block.rows for block in blocks)]
    )
    highest = rows.filter(pl.col("SRL") != "").group_by("RSAB").agg(pl.col("SRL").max())
    return dict(highest.iter_rows())


def _names(files: Files, concepts: RxnormConcepts, tally: ForeignTally) -> Iterator[pl.DataFrame]:
    levels = source_levels(files)
    is_preferred = (pl.col("SAB") == "RXNORM") & ~pl.col("TTY").is_in(_SYNONYMS) & pl.col("SUPPRESS").is_in(["", "N"])
    seen = np.zeros(MAX_RXCUIS, np.bool_)
    for block in read_table(files[CONSO], Wanted(CONSO_COLUMNS), CONSO_COLUMNS):
        rows = numbered(block, "RXCUI", files[CONSO])
        tally.rows_in += rows.height
        tally.rows_out += rows.height
        seen[rows["RXCUI"].to_numpy()] = True
        yield rows.with_columns(
            concepts.write(rows["RXCUI"]).alias("CUI"),
            _aui("RXAUI").alias("AUI"),
            pl.when(is_preferred).then(pl.lit("P")).otherwise(pl.lit("S")).alias("TS"),
            pl.when(is_preferred).then(pl.lit("PF")).otherwise(pl.lit("VO")).alias("STT"),
            pl.when(is_preferred).then(pl.lit("Y")).otherwise(pl.lit("N")).alias("ISPREF"),
            pl.col("SAB").replace_strict(levels, default=restriction_levels(_STRICTEST)).alias("SRL"),
            _suppress(),
        ).select(MRCONSO.columns)
    rxcuis = np.flatnonzero(seen).astype(np.int32)
    with_cui = int(concepts.has_umls_cui(rxcuis).sum())
    tally.notes["RXCUIs with a UMLS CUI"] = with_cui
    tally.notes["RXCUIs without a UMLS CUI, written as R and 7 digits"] = len(rxcuis) - with_cui
    cuis = concepts.write(pl.Series(rxcuis))
    tally.notes["RXCUIs that share a UMLS CUI with another"] = len(cuis) - cuis.n_unique()


def _relations(file: RrfFile, concepts: RxnormConcepts, tally: ForeignTally) -> Iterator[pl.DataFrame]:
    for block in read_table(file, Wanted(REL_COLUMNS), REL_COLUMNS):
        rows = block.rows.with_columns(_suppress())
        for end in "12":
            given = numbered(block, f"RXCUI{end}", file, may_be_empty=True)[f"RXCUI{end}"].to_numpy()
            rxcuis = np.where(given == -1, concepts.of_atoms(rows[f"RXAUI{end}"]), given)
            rows = rows.with_columns(pl.Series(f"RXCUI{end}", rxcuis), _aui(f"RXAUI{end}").alias(f"AUI{end}"))
        kept = rows.filter((pl.col("RXCUI1") != -1) & (pl.col("RXCUI2") != -1))
        tally.rows_in += rows.height
        tally.rows_out += kept.height
        tally.drop("atom without a concept in RXNCONSO", rows.height - kept.height)
        yield kept.with_columns(CUI1=concepts.write(kept["RXCUI1"]), CUI2=concepts.write(kept["RXCUI2"])).select(
            MRREL.columns
        )


def _types(files: Files, concepts: RxnormConcepts, tally: ForeignTally) -> Iterator[pl.DataFrame]:
    file = files["RXNSTY.RRF"]
    for block in read_table(file, Wanted(STY_COLUMNS), STY_COLUMNS):
        rows = numbered(block, "RXCUI", file)
        tally.rows_in += rows.height
        tally.rows_out += rows.height
        yield rows.with_columns(CUI=concepts.write(rows["RXCUI"])).select(MRSTY.columns)


def _types_of_names(files: Files, concepts: RxnormConcepts, tally: ForeignTally) -> Iterator[pl.DataFrame]:
    """Semantic types by the term type of RxNorm's own names, for releases without RXNSTY."""
    tuis = dict(read_mapping("rxnorm_term_types", "tty", "tui"))
    types = semantic_type_names()
    for block in read_table(files[CONSO], Wanted(("RXCUI", "SAB", "TTY")), CONSO_COLUMNS):
        rows = numbered(block, "RXCUI", files[CONSO])
        own = rows.filter(pl.col("SAB") == "RXNORM").with_columns(
            TUI=pl.col("TTY").replace_strict(tuis, default=None, return_dtype=pl.String)
        )
        typed = own.drop_nulls("TUI").join(types, on="TUI", how="left", maintain_order="left")
        distinct = typed.unique(["RXCUI", "TUI"], maintain_order=True)
        tally.rows_in += rows.height
        tally.rows_out += distinct.height
        tally.drop("name of another source", rows.height - own.height)
        tally.drop("term type without a semantic type", own.height - typed.height)
        tally.drop("duplicate row", typed.height - distinct.height)
        yield distinct.with_columns(CUI=concepts.write(distinct["RXCUI"])).select("CUI", "TUI", "STY")


def _retired(file: RrfFile, concepts: RxnormConcepts, tally: ForeignTally) -> Iterator[pl.DataFrame]:
    for block in read_table(file, Wanted(CUI_COLUMNS), CUI_COLUMNS):
        rows = numbered(block, "CUI1", file, may_be_empty=True)
        rows = rows.with_columns(numbered(block, "CUI2", file, may_be_empty=True)["CUI2"])
        tally.rows_in += rows.height
        replaced = rows.filter((pl.col("CUI1") != -1) & (pl.col("CUI2") != -1))
        retired = replaced.filter(~pl.Series(concepts.current[replaced["CUI1"].to_numpy()]))
        known = retired.filter(pl.Series(concepts.current[retired["CUI2"].to_numpy()]))
        tally.drop("without a replacement", rows.height - replaced.height)
        tally.drop("still in use", replaced.height - retired.height)
        tally.drop("replacement not in the release", retired.height - known.height)
        tally.rows_out += known.height
        yield known.select(
            concepts.write(known["CUI1"]).alias("CUI1"),
            pl.col("VER_END").alias("VER"),
            pl.lit("SY").alias("REL"),
            concepts.write(known["CUI2"]).alias("CUI2"),
            pl.lit("Y").alias("MAPIN"),
        )


def _same_rows(file: RrfFile, layout: Layout, tally: ForeignTally) -> Iterator[pl.DataFrame]:
    """A file whose columns are those of the Metathesaurus; an empty restriction level is the strictest."""
    for block in read_table(file, Wanted(layout.columns), layout.columns):
        rows = block.rows
        if "SRL" in rows.columns:
            rows = rows.with_columns(pl.col("SRL").replace({"": _STRICTEST}))
        tally.rows_in += rows.height
        tally.rows_out += rows.height
        yield rows


def _aui(column: str) -> pl.Expr:
    return pl.when(pl.col(column) == "").then(pl.lit("")).otherwise("A" + pl.col(column).str.zfill(7))


def _suppress() -> pl.Expr:
    return pl.col("SUPPRESS").replace({"": "N"})
