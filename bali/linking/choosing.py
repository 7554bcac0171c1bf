"""One concept for each span: the order of its candidates, which is total, so that nothing is left to chance.

A span's candidates are ordered by similarity (highest first), preferred name before others, rank of the best source
that has the term (`linking.source_rank`), CUI, and term, the last two by code points. The first one is the link.
"""

import polars as pl

from bali.linking.similarity import Matching, as_matched, trigrams

_BY = ["span", "similarity", "preferred", "source_rank", "cui", "term"]
_DESCENDING = [False, True, True, False, False, False]


def order_candidates(candidates: pl.DataFrame) -> pl.DataFrame:
    """Candidates span by span in the order above, with a column `rank` (Int32), 0 for the first of each span.

    Args:
        candidates: columns as `bali.linking.candidates.CANDIDATES`.
    """
    row = pl.int_range(pl.len(), dtype=pl.Int32)
    ordered = candidates.sort(_BY, descending=_DESCENDING)
    return ordered.with_columns(row.alias("rank")).with_columns(pl.col("rank") - pl.col("rank").min().over("span"))


def choose(ordered: pl.DataFrame) -> pl.DataFrame:
    """The first candidate of each span, sorted by span, with `num_candidates` (Int32), the span's distinct CUIs.

    Args:
        ordered: what `order_candidates` gave.
    """
    distinct = ordered.select("span", "cui").unique()
    counts = distinct.group_by("span").agg(pl.len().cast(pl.Int32).alias("num_candidates"))
    return ordered.filter(pl.col("rank") == 0).join(counts, on="span", how="left", maintain_order="left")


def bounded_similarity(frame: pl.DataFrame, matching: Matching) -> pl.Series:
    """The similarity of each row as a share, 0-1, Float32.

    Only for "overlap" does the package give something else, the number of shared trigrams; the share is that number
    over the size of the smaller set of trigrams, at most 1.

    Args:
        frame: columns surface, term, similarity.
        matching: how the matcher compared them.
    """
    if matching.similarity != "overlap":
        return frame["similarity"].cast(pl.Float32)
    texts = as_matched(frame["surface"].to_list(), matching)
    shares = [
        min(1.0, shared / min(len(trigrams(text)), len(trigrams(term))))
        for text, term, shared in zip(texts, frame["term"], frame["similarity"], strict=True)
    ]
    return pl.Series("similarity", shares, dtype=pl.Float32)
