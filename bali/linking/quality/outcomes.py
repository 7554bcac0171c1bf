"""What became of each annotation, and of each link: correct, or which kind of error."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from bali.linking.quality.scoring import SPAN, comparable_links, overlaps
from bali.vocabulary import Tui

ANNOTATION, LINK = "annotation", "link"  # the two sides
CORRECT = "correct"
WRONG_CONCEPT = "wrong concept"
OTHER_BOUNDS = "other bounds"
CONCEPT_MISSING = "concept not in the dictionary"
TYPE_LEFT_OUT = "type not looked for"
NAME_MISSING = "name not in the dictionary"
NOT_LINKED = "name in the dictionary, not linked"
NO_ANNOTATION = "no annotation here"
MEANINGS = {
    CORRECT: "the span is linked to the concept of the annotation",
    WRONG_CONCEPT: "the span is linked, to another concept",
    OTHER_BOUNDS: "a longer, shorter or shifted span is linked",
    CONCEPT_MISSING: "nothing is linked; the release has no concept for the annotation's identifier",
    TYPE_LEFT_OUT: "nothing is linked; linking.semantic_types or keep_types leaves out the concept's types",
    NAME_MISSING: "nothing is linked; the concept has names, but not this one",
    NOT_LINKED: "nothing is linked although the concept has this name (length, stop word, filter, sentence border)",
    NO_ANNOTATION: "a link where the corpus has no annotation; an error only if the corpus annotates this type",
}  # in the order of the tables
_COLUMNS = ["side", "kind", *SPAN, "surface", "gold", "predicted_surface", "predicted_cui"]


@dataclass(frozen=True)
class Dictionary:
    """What the linker could know of the annotated concepts.

    Attributes:
        names: columns cui, folded (a name as `fold` leaves it); distinct.
        types: columns cui, tui; distinct.
        required: sets of types; the linker looks for concepts that have a type of each set.
    """

    names: pl.DataFrame
    types: pl.DataFrame
    required: Sequence[frozenset[Tui]]


def fold(text: pl.Expr) -> pl.Expr:
    """Text for comparison with names: lower case, white space of any kind as single blanks."""
    return text.str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars(" ")


def outcomes(gold: pl.DataFrame, predicted: pl.DataFrame, dictionary: Dictionary) -> pl.DataFrame:
    """One row for each annotation and one for each link in the documents that have annotations.

    Args:
        gold: a gold frame, see `bali.linking.quality.scoring`.
        predicted: a predicted frame.
        dictionary: what the linker could know.

    Returns:
        Columns side, kind, shard, pmid, start, end, surface, gold, predicted_surface, predicted_cui; gold is the CUI or
        the identifier of the annotation, and a text is "" where there is none. Sorted by side and span.
    """
    predicted = comparable_links(gold, predicted)
    pairs = overlaps(gold, predicted)
    rows = pl.concat([_of_annotations(gold, predicted, pairs, dictionary), _of_links(gold, predicted, pairs)])
    assert rows.height == gold.height + predicted.height, "an outcome for each annotation and each link"
    return rows.sort("side", *SPAN, "gold", "predicted_cui")


def count_outcomes(rows: pl.DataFrame) -> pl.DataFrame:
    """The columns of LINKING_OUTCOMES from what `outcomes` gave, sorted by shard, side, and kinds as in `MEANINGS`."""
    counts = rows.group_by("shard", "side", "kind").agg(num=pl.len().cast(pl.Int64))
    return counts.sort("shard", "side", kind_rank(pl.col("kind")))


def kind_rank(kind: pl.Expr) -> pl.Expr:
    """The position of a kind in `MEANINGS`."""
    return kind.replace_strict(list(MEANINGS), range(len(MEANINGS)), return_dtype=pl.Int32)


def _of_annotations(
    gold: pl.DataFrame, predicted: pl.DataFrame, pairs: pl.DataFrame, dictionary: Dictionary
) -> pl.DataFrame:
    best = pairs.unique("gold_id", keep="first", maintain_order=True)
    links = predicted.with_row_index("link_id").select("link_id", predicted_surface="surface", predicted_cui="cui")
    linked = gold.with_row_index("gold_id").join(best, on="gold_id", how="left").join(links, on="link_id", how="left")
    known = linked.with_columns(
        has_name=_is_in(linked.select("cui", folded=fold(pl.col("surface"))), dictionary.names),
        is_looked_for=_is_looked_for(linked, dictionary),
    )
    missed = (
        pl.when(~pl.col("is_known"))
        .then(pl.lit(CONCEPT_MISSING))
        .when(~pl.col("is_looked_for"))
        .then(pl.lit(TYPE_LEFT_OUT))
        .when(pl.col("has_name"))
        .then(pl.lit(NOT_LINKED))
        .otherwise(pl.lit(NAME_MISSING))
    )
    return _rows(known, ANNOTATION, missed, pl.col("cui"))


def _of_links(gold: pl.DataFrame, predicted: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    order = ["link_id", "same_span", "same_cui", "num_shared", "gold_id"]
    ranked = pairs.sort(order, descending=[False, True, True, True, False])
    best = ranked.unique("link_id", keep="first", maintain_order=True)
    cuis = gold.with_row_index("gold_id").select("gold_id", gold="cui")
    linked = (
        predicted.with_row_index("link_id").join(best, on="link_id", how="left").join(cuis, on="gold_id", how="left")
    )
    linked = linked.with_columns(predicted_surface="surface", predicted_cui="cui")
    return _rows(linked, LINK, pl.lit(NO_ANNOTATION), pl.col("gold"))


def _rows(linked: pl.DataFrame, side: str, otherwise: pl.Expr, gold: pl.Expr) -> pl.DataFrame:
    """The result's columns; `otherwise` is the kind where nothing overlaps."""
    kind = (
        pl.when(pl.col("same_span") & pl.col("same_cui"))
        .then(pl.lit(CORRECT))
        .when(pl.col("same_span"))
        .then(pl.lit(WRONG_CONCEPT))
        .when(pl.col("same_span").is_not_null())
        .then(pl.lit(OTHER_BOUNDS))
        .otherwise(otherwise)
    )
    texts = [pl.col(name).fill_null("") for name in ("predicted_surface", "predicted_cui")]
    return linked.with_columns(*texts, side=pl.lit(side), kind=kind, gold=gold.fill_null("")).select(_COLUMNS)


def _is_looked_for(linked: pl.DataFrame, dictionary: Dictionary) -> pl.Series:
    found = pl.Series([True] * linked.height, dtype=pl.Boolean)
    for tuis in dictionary.required:
        of_types = dictionary.types.filter(pl.col("tui").is_in(sorted(tuis)))
        found &= _is_in(linked.select("cui"), of_types.select("cui"))
    return found


def _is_in(rows: pl.DataFrame, wanted: pl.DataFrame) -> pl.Series:
    """Whether each row stands in `wanted`, which has the same columns."""
    marked = wanted.unique().with_columns(found=pl.lit(True))
    joined = rows.join(marked, on=rows.columns, how="left", maintain_order="left")
    assert joined.height == rows.height, "distinct rows match at most once"
    return joined["found"].fill_null(False)
