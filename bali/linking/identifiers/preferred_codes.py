"""Of the concepts that share a code of a source, the one that the code is foremost for.

A MeSH descriptor, for one, names several concepts: its preferred concept (term type MH) and narrower ones (PEP, ET),
all with the descriptor's code. Order of term types: NLM's default order of precedence (MRRANK; term_types.tsv holds it
for the sources that corpora use, from MetamorphoSys 2019AB; the row "*" is ours and for the other sources).
"""

from functools import cache
from pathlib import Path

import polars as pl

from bali.linking.identifiers.lookup import rows_where
from bali.schemas import CODES, NAMES

_ANY_SOURCE = "*"
_UNLISTED = 1000  # a listed term type of the source comes before all others


def preferred_concepts(coded: pl.DataFrame, umls_dir: Path) -> pl.DataFrame:
    """The concept of each identifier.

    It is the first by these: it has an unsuppressed name of the source; the best term type of the source's names of
    it; the fewest codes of the source; the lowest CUI. The names do not say which code they carry, so a concept with
    several codes of a source is ranked by its best name under any of them.

    Args:
        coded: columns identifier, sab, cui.
        umls_dir: folder of the ingested release.

    Returns:
        Columns identifier, cui, num_cuis, one row an identifier, in no order.

    Raises:
        ArtefactError: names.parquet or codes.parquet is missing, damaged, or has other columns.
    """
    counted = coded.with_columns(num_cuis=pl.col("cui").n_unique().over("identifier"))
    single = counted.filter(pl.col("num_cuis") == 1).unique("identifier")
    several = counted.filter(pl.col("num_cuis") > 1)
    if several.height:
        cuis = several["cui"]
        several = several.join(_merits(cuis, umls_dir), on=["sab", "cui"], how="left")
        several = several.join(_num_codes(cuis, umls_dir), on=["sab", "cui"], how="left")
        order = ["identifier", "merit", "num_codes", "cui", "sab"]
        several = several.sort(order, nulls_last=True).unique("identifier", keep="first", maintain_order=True)
    columns = ["identifier", "cui", "num_cuis"]
    return pl.concat([single.select(columns), several.select(columns)])


def _merits(cuis: pl.Series, umls_dir: Path) -> pl.DataFrame:
    """Columns sab, cui, merit: of the source's names of a concept, the lowest rank."""
    rows = rows_where(umls_dir / "names.parquet", NAMES, "cui", cuis).select("sab", "cui", "tty", "suppress")
    names = rows.unique().collect(engine="streaming")
    ranks = _ranks()
    general = ranks.filter(pl.col("sab") == _ANY_SOURCE).select("tty", general="rank")
    rank = pl.coalesce("rank", pl.col("general") + _UNLISTED, 2 * _UNLISTED)
    merit = pl.when(pl.col("suppress") == "N").then(rank).otherwise(rank + 3 * _UNLISTED)
    ranked = names.join(ranks, on=["sab", "tty"], how="left").join(general, on="tty", how="left")
    return ranked.group_by("sab", "cui").agg(merit=merit.min())


def _num_codes(cuis: pl.Series, umls_dir: Path) -> pl.DataFrame:
    codes = rows_where(umls_dir / "codes.parquet", CODES, "cui", cuis)
    return codes.group_by("sab", "cui").agg(num_codes=pl.col("code").n_unique()).collect(engine="streaming")


@cache
def _ranks() -> pl.DataFrame:
    """Columns sab, tty, rank: 0 is the preferred term type of the source."""
    path = Path(__file__).with_name("term_types.tsv")
    table = pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False)
    rows = [(sab, tty, rank) for sab, ttys in table.iter_rows() for rank, tty in enumerate(ttys.split())]
    return pl.DataFrame(rows, {"sab": pl.String, "tty": pl.String, "rank": pl.Int64}, orient="row")
