"""Mentions of sentences, from the linker and from annotations that came with the corpus."""

from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import polars as pl
import pyarrow as pa

from bali.io.census import Census, Tally
from bali.linking.candidates import CandidateFinder
from bali.linking.choosing import bounded_similarity, choose, order_candidates
from bali.linking.filters import OTHER_TYPE, MentionFilters, filter_mentions, of_types
from bali.linking.identifiers.resolving import unresolved_reason
from bali.linking.similarity import Matching
from bali.schemas import CANDIDATES, MENTIONS
from bali.vocabulary import PUBTATOR, QUICKUMLS

CROSSES = "crosses sentences"
OVERLAPS = "overlaps a longer annotation"
NO_MENTION = "no mention"
BY_LINKER = "mentions by linker"
_ORDER = ["pmid", "sentence_id", "start", "end", "source"]
_EMPTY = pl.DataFrame(MENTIONS.empty_table())
_NO_CANDIDATE = pl.DataFrame(CANDIDATES.empty_table())


@dataclass(frozen=True)
class LinkOptions:
    """How candidates become mentions.

    Attributes:
        filters: which mentions are kept.
        matching: how the matcher compared strings.
        keep_candidates: all candidates of the mentions kept are given too.
    """

    filters: MentionFilters = field(default_factory=MentionFilters)
    matching: Matching = field(default_factory=Matching)
    keep_candidates: bool = False


class Linked(NamedTuple):
    """Mentions (schema MENTIONS, in its order) and their candidates (schema CANDIDATES, in its order; or no row)."""

    mentions: pa.Table
    candidates: pa.Table


def link_batch(
    finder: CandidateFinder, sentences: pl.DataFrame, options: LinkOptions, tally: Tally
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Mentions that the linker finds in sentences, each with one concept, and their candidates.

    Args:
        finder: proposes concepts.
        sentences: schema SENTENCES.
        options: which mentions and what of them.
        tally: counts the spans for which the finder proposed anything.

    Returns:
        Schema MENTIONS and schema CANDIDATES (no row unless they are kept), both unsorted.
    """
    texts = sentences["text"].to_list()
    found = finder.candidates(texts)
    num_found = found["span"].n_unique()
    ordered = order_candidates(of_types(found, options.filters.types))
    spans = choose(ordered)
    spans = spans.with_columns(pl.Series("surface", _surfaces(texts, spans), dtype=pl.String))
    tally.rows_in += num_found
    tally.drop(OTHER_TYPE, num_found - spans.height)
    kept = filter_mentions(spans, options.filters, tally)
    tally.rows_out += kept.height
    mentions = _with_keys(kept, sentences).with_columns(
        bounded_similarity(kept, options.matching), source=pl.lit(QUICKUMLS)
    )
    candidates = _NO_CANDIDATE
    if options.keep_candidates:
        rows = ordered.join(kept.select("span", "surface"), on="span", how="inner", maintain_order="left")
        rows = _with_keys(rows, sentences).with_columns(bounded_similarity(rows, options.matching))
        candidates = rows.rename({"preferred": "is_preferred"}).select(_NO_CANDIDATE.columns).cast(_NO_CANDIDATE.schema)
    return mentions.select(_EMPTY.columns).cast(_EMPTY.schema), candidates


def annotation_mentions(
    annotations: pl.DataFrame, sentences: pl.DataFrame, resolved: pl.DataFrame, types: pl.DataFrame, census: Census
) -> pl.DataFrame:
    """Annotations that came with the corpus as mentions; of overlapping ones the longest is kept.

    Args:
        annotations: schema ANNOTATIONS.
        sentences: schema SENTENCES, of the same documents.
        resolved: columns identifier, cui, as `identifiers.resolve_identifiers` gives them.
        types: columns cui, tuis (sorted list).
        census: counts the annotations and why some are no mentions.

    Returns:
        Schema MENTIONS, sorted.
    """
    tally = census.table("annotations")
    tally.rows_in += annotations.height
    with_cui = annotations.join(resolved, on="identifier", how="left", maintain_order="left")
    unresolved = with_cui.filter(pl.col("cui").is_null()).group_by("identifier").len().sort("identifier")
    for identifier, count in unresolved.iter_rows():
        tally.drop(unresolved_reason(identifier), count)
    placed = _place(with_cui.filter(pl.col("cui").is_not_null()), sentences)
    inside = placed.filter(pl.col("end") <= pl.col("sentence_end"))
    tally.drop(CROSSES, placed.height - inside.height)
    kept = _longest(inside)
    tally.drop(OVERLAPS, inside.height - kept.height)
    tally.rows_out += kept.height
    return _as_mentions(kept, types)


def shard_mentions(
    finder: CandidateFinder,
    batches: Iterator[pa.RecordBatch],
    annotated: pl.DataFrame,
    options: LinkOptions,
    census: Census,
) -> Iterator[Linked]:
    """Mentions of all sentences of a shard, batch by batch.

    Args:
        finder: proposes concepts.
        batches: sentences (schema SENTENCES), sorted by pmid and sentence_id.
        annotated: what `annotation_mentions` gave.
        options: which mentions of the linker, and what of them.
        census: counts the sentences, the linker's mentions by filter, and the mentions by source.
    """
    tally = census.table("sentences")
    counts = {QUICKUMLS: 0, PUBTATOR: 0}
    for batch in batches:
        sentences = pl.DataFrame(batch)
        linked, candidates = link_batch(finder, sentences, options, census.table(BY_LINKER))
        given = annotated.join(sentences, on=["pmid", "sentence_id"], how="semi")
        mentions = pl.concat([linked, given]).sort(_ORDER)
        _check_offsets(mentions, sentences)
        with_mention = mentions.select("pmid", "sentence_id").n_unique()
        tally.rows_in += sentences.height
        tally.rows_out += with_mention
        tally.drop(NO_MENTION, sentences.height - with_mention)
        counts[QUICKUMLS] += linked.height
        counts[PUBTATOR] += given.height
        candidates = candidates.sort(*_ORDER[:4], "rank")
        yield Linked(mentions.to_arrow().cast(MENTIONS), candidates.to_arrow().cast(CANDIDATES))
    for source, count in counts.items():
        census.notes[f"mentions from {source}"] = count


def _with_keys(rows: pl.DataFrame, sentences: pl.DataFrame) -> pl.DataFrame:
    """Rows with the pmid and sentence_id of their sentence, whose number in the batch they hold."""
    return rows.with_columns(sentences[column].gather(rows["sentence"]) for column in ("pmid", "sentence_id"))


def _surfaces(texts: Sequence[str], spans: pl.DataFrame) -> list[str]:
    """What stands at each span; Python slices by code point in constant time, polars walks the text each time."""
    columns = (spans[column].to_list() for column in ("sentence", "start", "end"))
    return [texts[sentence][start:end] for sentence, start, end in zip(*columns, strict=True)]


def _place(annotations: pl.DataFrame, sentences: pl.DataFrame) -> pl.DataFrame:
    """Give each annotation the last sentence that starts at or before it, sorted as annotations are.

    An annotation before the first sentence (it starts in white space) counts as crossing.
    """
    spans = sentences.select("pmid", "sentence_id", sentence_start="start", sentence_end="end").sort(
        "pmid", "sentence_start"
    )
    placed = annotations.sort("start").join_asof(
        spans.sort("sentence_start"), left_on="start", right_on="sentence_start", by="pmid", check_sortedness=False
    )
    placed = placed.with_columns(pl.col("sentence_end").fill_null(-1))
    return placed.sort("pmid", "start", "end", "identifier", "type")


def _longest(annotations: pl.DataFrame) -> pl.DataFrame:
    """The annotations that stay when, longest first, each takes its span; ties go to the earlier, then the lower CUI.

    Only annotations that overlap another, directly or through others, are looked at one by one.
    """
    previous_end = pl.col("end").cum_max().shift().over("pmid")
    starts_group = previous_end.is_null() | (pl.col("start") >= previous_end)
    rows = annotations.sort("pmid", "start", "end", "cui", maintain_order=True)
    rows = rows.with_columns(group=starts_group.cum_sum()).with_row_index("row")
    crowded = rows.filter(pl.len().over("group") > 1)
    ranked = crowded.sort("group", pl.col("start") - pl.col("end"), "start", "cui", "row")
    dropped: list[int] = []
    taken: dict[int, list[tuple[int, int]]] = {}  # of each group, sorted
    for row, group, start, end in ranked.select("row", "group", "start", "end").iter_rows():
        spans = taken.setdefault(group, [])
        place = bisect(spans, (start, end))
        if (place and spans[place - 1][1] > start) or (place < len(spans) and spans[place][0] < end):
            dropped.append(row)
        else:
            spans.insert(place, (start, end))
    return rows.filter(~pl.col("row").is_in(dropped)).drop("row", "group")


def _as_mentions(kept: pl.DataFrame, types: pl.DataFrame) -> pl.DataFrame:
    offset = pl.col("sentence_start")
    mentions = kept.join(types, on="cui", how="left", maintain_order="left").select(
        "pmid",
        "sentence_id",
        pl.col("start") - offset,
        pl.col("end") - offset,
        "surface",
        "cui",
        term="surface",
        similarity=pl.lit(1.0),
        tuis=pl.col("tuis").fill_null(pl.lit([], dtype=pl.List(pl.String))),
        num_candidates="num_cuis",
        source=pl.lit(PUBTATOR),
    )
    return mentions.cast(_EMPTY.schema).sort(_ORDER)


def _check_offsets(mentions: pl.DataFrame, sentences: pl.DataFrame) -> None:
    rows = sentences.with_row_index("sentence").select("pmid", "sentence_id", "sentence")
    placed = mentions.join(rows, on=["pmid", "sentence_id"], how="left", maintain_order="left")
    assert (placed["start"] >= 0).all(), "a mention starts in its sentence"
    there = pl.Series(_surfaces(sentences["text"].to_list(), placed), dtype=pl.String)
    wrong = placed.filter((there != placed["surface"]) | (placed["surface"] == ""))
    assert wrong.is_empty(), f"a mention does not stand in its sentence: {wrong.row(0, named=True)}"
