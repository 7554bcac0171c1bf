"""The commonest errors of the linker, each with the names of its concepts and an example."""

import polars as pl

from bali.linking.quality.outcomes import ANNOTATION, CORRECT, NO_ANNOTATION, fold, kind_rank
from bali.linking.quality.scoring import SPAN

_PATTERN = ["kind", "surface", "gold", "predicted_surface", "predicted_cui"]


def common_errors(rows: pl.DataFrame, num_per_kind: int) -> pl.DataFrame:
    """The most frequent errors of each kind, over all shards.

    Errors are equal where kind, lower-cased texts, annotated and linked concept are. A wrong concept and other bounds
    are told from the annotation's side only.

    Args:
        rows: what `outcomes.outcomes` gave.
        num_per_kind: how many of each kind.

    Returns:
        Columns kind, surface, gold, predicted_surface, predicted_cui, num, and the example's shard, pmid, start, end
        (in the document): the first by PMID. Sorted by kind as in `MEANINGS`, falling num, then the other columns.
    """
    errors = rows.filter(
        ((pl.col("side") == ANNOTATION) & (pl.col("kind") != CORRECT)) | (pl.col("kind") == NO_ANNOTATION)
    )
    folded = errors.with_columns(fold(pl.col("surface")), fold(pl.col("predicted_surface")))
    first = [pl.col(name).first() for name in SPAN]
    patterns = folded.sort("pmid", "start", "end").group_by(_PATTERN, maintain_order=True)
    counted = patterns.agg(*first, num=pl.len().cast(pl.Int64))
    rest = _PATTERN[1:]
    ranked = counted.sort(kind_rank(pl.col("kind")), -pl.col("num"), *rest)
    return ranked.group_by("kind", maintain_order=True).head(num_per_kind)


def with_examples(errors: pl.DataFrame, sentences: pl.DataFrame, preferred: pl.DataFrame) -> pl.DataFrame:
    """The columns of LINKING_ERRORS: names of the concepts, and the sentence that the example starts in.

    Args:
        errors: what `common_errors` gave.
        sentences: columns shard, pmid, start, end, text of the documents of the examples.
        preferred: columns cui, preferred_name of the concepts.
    """
    names = dict(preferred.iter_rows())
    spans = sentences.select("shard", "pmid", sentence_start="start", sentence="text")
    numbered = errors.with_row_index("row")
    before = numbered.select("row", *SPAN).join(spans, on=["shard", "pmid"])
    before = before.filter(pl.col("sentence_start") <= pl.col("start")).sort("row", "sentence_start")
    example = before.unique("row", keep="last", maintain_order=True).select("row", "sentence_start", "sentence")
    placed = numbered.join(example, on="row", how="left", maintain_order="left").with_columns(
        pl.col("sentence").fill_null(""), pl.col("sentence_start").fill_null(0)
    )
    length = pl.col("sentence").str.len_chars().cast(pl.Int32)
    offsets = [pl.min_horizontal(pl.col(name) - pl.col("sentence_start"), length) for name in ("start", "end")]
    return placed.with_columns(
        *offsets,
        gold_name=pl.col("gold").replace_strict(names, default="", return_dtype=pl.String),
        predicted_name=pl.col("predicted_cui").replace_strict(names, default="", return_dtype=pl.String),
    ).drop("row", "sentence_start")
