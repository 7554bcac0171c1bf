"""How well the linker finds the annotations that came with a corpus: precision, recall, F1."""

import polars as pl
import pyarrow as pa

from bali.schemas import LINKING_QUALITY
from bali.vocabulary import QUICKUMLS

_SPAN = ["pmid", "start", "end"]


def document_spans(mentions: pl.DataFrame, sentences: pl.DataFrame) -> pl.DataFrame:
    """The linker's mentions with offsets in the document: columns pmid, start, end, cui."""
    offsets = sentences.select("pmid", "sentence_id", offset="start")
    found = mentions.filter(pl.col("source") == QUICKUMLS).join(offsets, on=["pmid", "sentence_id"])
    return found.select("pmid", pl.col("start") + pl.col("offset"), pl.col("end") + pl.col("offset"), "cui")


def score_links(shard: str, annotations: pl.DataFrame, resolved: pl.DataFrame, predicted: pl.DataFrame) -> pa.Table:
    """Compare links with the annotations of a shard, in the documents that have annotations.

    Levels: `span_and_cui` asks for the exact span and concept, with every annotation as gold, also those whose
    identifier has no concept in the release; `span` for the exact span; `span_and_cui_in_dictionary` as the first, over
    the annotations whose concept is in the release. Corpora annotate some types only (e.g. diseases), while the linker
    looks for all of its types: precision is a lower bound.

    Args:
        shard: its name, for the table.
        annotations: schema ANNOTATIONS, all of the shard.
        resolved: columns identifier, cui.
        predicted: columns pmid, start, end, cui.

    Returns:
        A table in the schema LINKING_QUALITY; without rows where there is no annotation.
    """
    if not annotations.height:
        return LINKING_QUALITY.empty_table()
    gold = annotations.join(resolved.select("identifier", "cui"), on="identifier", how="left")
    known = gold.filter(pl.col("cui").is_not_null())
    any_gold = gold.with_columns(pl.coalesce("cui", "identifier").alias("cui"))
    predicted = predicted.join(annotations, on="pmid", how="semi")
    rows = [
        _score("span_and_cui", any_gold, predicted, [*_SPAN, "cui"]),
        _score("span", gold, predicted, _SPAN),
        _score("span_and_cui_in_dictionary", known, predicted, [*_SPAN, "cui"]),
    ]
    return pa.Table.from_pylist([{"shard": shard, **row} for row in rows], LINKING_QUALITY)


def _score(level: str, gold: pl.DataFrame, predicted: pl.DataFrame, keys: list[str]) -> dict[str, object]:
    gold, predicted = gold.select(keys).unique(), predicted.select(keys).unique()
    num_correct = gold.join(predicted, on=keys, how="semi").height
    return {
        "level": level,
        "num_gold": gold.height,
        "num_predicted": predicted.height,
        "num_correct": num_correct,
        "precision": num_correct / predicted.height if predicted.height else 0.0,
        "recall": num_correct / gold.height if gold.height else 0.0,
        "f1": 2 * num_correct / (gold.height + predicted.height) if gold.height + predicted.height else 0.0,
    }
