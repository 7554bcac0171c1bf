"""How well the linker finds the annotations that came with a corpus: precision, recall, F1.

Annotations and links are compared in the documents that have annotations. Corpora annotate some types only (e.g.
diseases), while the linker looks for all of its types: precision is a lower bound.

Frames of this package's scores: a *gold* frame has the columns shard, pmid, start, end (in the document, code points),
surface, cui (the identifier itself where the release has no concept for it), is_known (whether it has); a *predicted*
frame shard, pmid, start, end, surface, cui, similarity. A PMID stands in one shard only.
"""

from collections.abc import Sequence

import polars as pl

from bali.vocabulary import QUICKUMLS

SPAN = ["shard", "pmid", "start", "end"]
COUNTS = ["num_gold", "num_predicted", "num_correct"]
SPAN_AND_CUI = "span_and_cui"
SPAN_ONLY = "span"
OVERLAP = "span_overlap"
IN_DICTIONARY = "span_and_cui_in_dictionary"
LEVELS = (SPAN_AND_CUI, SPAN_ONLY, OVERLAP, IN_DICTIONARY)
NO_TYPE = "no type"


def gold_spans(annotations: pl.DataFrame, resolved: pl.DataFrame) -> pl.DataFrame:
    """The annotations as a gold frame, distinct, sorted.

    Args:
        annotations: schema ANNOTATIONS, and the column shard.
        resolved: columns identifier, cui, as `identifiers.resolve_identifiers` gives them.
    """
    with_cui = annotations.join(resolved.select("identifier", "cui"), on="identifier", how="left")
    known = pl.col("cui").is_not_null()
    spans = with_cui.select(*SPAN, "surface", cui=pl.coalesce("cui", "identifier"), is_known=known)
    return spans.unique([*SPAN, "cui"]).sort(*SPAN, "cui")


def document_spans(mentions: pl.DataFrame, sentences: pl.DataFrame) -> pl.DataFrame:
    """The linker's mentions of a shard with offsets in the document: columns of a predicted frame but for the shard."""
    offsets = sentences.select("pmid", "sentence_id", offset="start")
    found = mentions.filter(pl.col("source") == QUICKUMLS).join(offsets, on=["pmid", "sentence_id"])
    start, end = pl.col("start") + pl.col("offset"), pl.col("end") + pl.col("offset")
    return found.select("pmid", start, end, "surface", "cui", "similarity").sort("pmid", "start", "end", "cui")


def score_levels(gold: pl.DataFrame, predicted: pl.DataFrame) -> pl.DataFrame:
    """The scores of each shard that has annotations, in the columns of LINKING_QUALITY, sorted by shard and level.

    Levels: `span_and_cui` asks for the exact span and concept, with every annotation as gold, also those whose
    identifier has no concept in the release; `span` for the exact span; `span_overlap` for the concept and a common
    character; `span_and_cui_in_dictionary` as the first, over the annotations whose concept is in the release.

    Args:
        gold: a gold frame.
        predicted: a predicted frame; links of documents without annotation are left out.
    """
    predicted = comparable_links(gold, predicted)
    counts = {
        SPAN_AND_CUI: count_agreement(gold, predicted, ["shard"], [*SPAN, "cui"]),
        SPAN_ONLY: count_agreement(gold, predicted, ["shard"], SPAN),
        OVERLAP: _count_overlaps(gold, predicted),
        IN_DICTIONARY: count_agreement(gold.filter("is_known"), predicted, ["shard"], [*SPAN, "cui"]),
    }
    rows = pl.concat(
        frame.with_columns(level=pl.lit(level), rank=pl.lit(rank)) for rank, (level, frame) in enumerate(counts.items())
    )
    return with_measures(rows).sort("shard", "rank").drop("rank")


def score_types(gold: pl.DataFrame, predicted: pl.DataFrame, types: pl.DataFrame) -> pl.DataFrame:
    """The scores on span and concept by semantic type, in the columns of LINKING_BY_TYPE, sorted.

    A concept of several types counts in each of them; one without, or unknown to the release, as `NO_TYPE`.

    Args:
        gold: a gold frame.
        predicted: a predicted frame; links of documents without annotation are left out.
        types: columns cui, tui, sty; distinct.
    """
    predicted = comparable_links(gold, predicted)
    gold, predicted = (
        frame.join(types, on="cui", how="left").with_columns(
            pl.col("tui").fill_null(""), pl.col("sty").fill_null(NO_TYPE)
        )
        for frame in (gold, predicted)
    )
    counts = count_agreement(gold, predicted, ["shard", "tui", "sty"], [*SPAN, "cui"])
    return with_measures(counts).sort("shard", "tui", "sty")


def comparable_links(gold: pl.DataFrame, predicted: pl.DataFrame) -> pl.DataFrame:
    """The distinct links of the documents that have annotations, sorted by span and concept."""
    links = predicted.join(gold, on="pmid", how="semi")
    return links.unique([*SPAN, "cui"], keep="first", maintain_order=True).sort(*SPAN, "cui")


def count_agreement(
    gold: pl.DataFrame, predicted: pl.DataFrame, groups: Sequence[str], keys: Sequence[str]
) -> pl.DataFrame:
    """How many distinct `keys` each side has and how many both have, by group: columns groups and `COUNTS`."""
    columns = list(dict.fromkeys([*groups, *keys]))
    gold, predicted = gold.select(columns).unique(), predicted.select(columns).unique()
    return tally(gold, predicted, gold.join(predicted, on=columns, how="semi"), groups)


def overlaps(gold: pl.DataFrame, predicted: pl.DataFrame) -> pl.DataFrame:
    """The pairs of annotation and link that share a character of a document.

    Returns:
        Columns gold_id, link_id (row numbers of the two frames), num_shared (characters), same_span, same_cui; sorted
        by gold_id, then the best link first: the same span before others, the same concept before others, the larger
        share, the earlier link.
    """
    left = gold.lazy().with_row_index("gold_id").select("gold_id", *SPAN, "cui")
    right = predicted.lazy().with_row_index("link_id").select("link_id", *SPAN, "cui")
    starts, ends = pl.max_horizontal("start", "start_right"), pl.min_horizontal("end", "end_right")
    pairs = left.join(right, on=["shard", "pmid"]).filter(starts < ends)
    same_span = (pl.col("start") == pl.col("start_right")) & (pl.col("end") == pl.col("end_right"))
    found = pairs.select(
        "gold_id",
        "link_id",
        num_shared=ends - starts,
        same_span=same_span,
        same_cui=pl.col("cui") == pl.col("cui_right"),
    )
    order = ["gold_id", "same_span", "same_cui", "num_shared", "link_id"]
    return found.collect(engine="streaming").sort(order, descending=[False, True, True, True, False])


def with_measures(counts: pl.DataFrame) -> pl.DataFrame:
    """Add precision, recall and F1 to the columns `COUNTS`; each is 0 where it would divide by 0."""
    gold, predicted, correct = (pl.col(name) for name in COUNTS)

    def share(of: pl.Expr, scale: int = 1) -> pl.Expr:
        """The correct ones, so many times, over a count; 0 where that is 0."""
        return pl.when(of > 0).then(scale * correct / of).otherwise(0.0)

    return counts.with_columns(precision=share(predicted), recall=share(gold), f1=share(gold + predicted, 2))


def _count_overlaps(gold: pl.DataFrame, predicted: pl.DataFrame) -> pl.DataFrame:
    """As `count_agreement`; of the links that overlap an annotation the best counts for it, each link only once."""
    pairs = overlaps(gold, predicted).filter("same_cui").unique("gold_id", keep="first", maintain_order=True)
    correct = gold[pairs.unique("link_id")["gold_id"]]
    return tally(gold, predicted, correct, ["shard"])


def tally(gold: pl.DataFrame, predicted: pl.DataFrame, correct: pl.DataFrame, groups: Sequence[str]) -> pl.DataFrame:
    """The rows of the three frames by group: columns groups and `COUNTS`."""
    frames = zip(COUNTS, (gold, predicted, correct), strict=True)
    rows = pl.concat(frame.select(*groups, counted=pl.lit(name)) for name, frame in frames)
    return rows.group_by(groups).agg((pl.col("counted") == name).sum().cast(pl.Int64).alias(name) for name in COUNTS)
