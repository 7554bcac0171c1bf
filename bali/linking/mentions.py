"""Mentions of sentences, from the linker and from annotations that came with the corpus."""

from collections.abc import Iterator
from typing import Any, Protocol

import polars as pl
import pyarrow as pa

from bali.io.census import Census
from bali.linking.identifiers import unresolved_reason
from bali.linking.quickumls_adapter import Link
from bali.schemas import MENTIONS
from bali.vocabulary import PUBTATOR, QUICKUMLS

CROSSES = "crosses sentences"
OVERLAPS = "overlaps a longer annotation"
NO_MENTION = "no mention"
_ORDER = ["pmid", "sentence_id", "start", "end", "source"]
_EMPTY = pl.DataFrame(MENTIONS.empty_table())


class Linker(Protocol):
    """What finds the mentions of a sentence."""

    def link(self, sentence: str) -> list[Link]:
        """The mentions of a sentence; they do not overlap."""
        ...


def link_batch(linker: Linker, sentences: pl.DataFrame) -> pl.DataFrame:
    """Mentions that the linker finds in sentences (schema SENTENCES), in the schema MENTIONS."""
    rows = [
        _row(sentence, link)
        for sentence in sentences.select("pmid", "sentence_id", "text").iter_rows(named=True)
        for link in linker.link(sentence["text"])
    ]
    return pl.DataFrame(rows, schema=_EMPTY.schema, orient="row") if rows else _EMPTY


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
    for identifier in with_cui.filter(pl.col("cui").is_null())["identifier"]:
        tally.drop(unresolved_reason(identifier), 1)
    placed = _place(with_cui.filter(pl.col("cui").is_not_null()), sentences)
    inside = placed.filter(pl.col("end") <= pl.col("sentence_end"))
    tally.drop(CROSSES, placed.height - inside.height)
    kept = inside.filter(pl.Series(_longest(inside), dtype=pl.Boolean))
    tally.drop(OVERLAPS, inside.height - kept.height)
    tally.rows_out += kept.height
    return _as_mentions(kept, types)


def shard_mentions(
    linker: Linker, batches: Iterator[pa.RecordBatch], annotated: pl.DataFrame, census: Census
) -> Iterator[pa.Table]:
    """Mentions of all sentences of a shard, batch by batch, in the schema MENTIONS and its order.

    Args:
        linker: finds mentions.
        batches: sentences (schema SENTENCES), sorted by pmid and sentence_id.
        annotated: what `annotation_mentions` gave.
        census: counts the sentences, and the mentions by source.
    """
    tally = census.table("sentences")
    counts = {QUICKUMLS: 0, PUBTATOR: 0}
    for batch in batches:
        sentences = pl.DataFrame(batch)
        linked = link_batch(linker, sentences)
        given = annotated.join(sentences, on=["pmid", "sentence_id"], how="semi")
        mentions = pl.concat([linked, given]).sort(_ORDER)
        _check_offsets(mentions, sentences)
        with_mention = mentions.select("pmid", "sentence_id").n_unique()
        tally.rows_in += sentences.height
        tally.rows_out += with_mention
        tally.drop(NO_MENTION, sentences.height - with_mention)
        counts[QUICKUMLS] += linked.height
        counts[PUBTATOR] += given.height
        yield mentions.to_arrow().cast(MENTIONS)
    for source, count in counts.items():
        census.notes[f"mentions from {source}"] = count


def _row(sentence: dict[str, Any], link: Link) -> tuple[Any, ...]:
    return (
        sentence["pmid"],
        sentence["sentence_id"],
        link.start,
        link.end,
        sentence["text"][link.start : link.end],
        link.cui,
        link.term,
        link.similarity,
        list(link.tuis),
        link.num_candidates,
        QUICKUMLS,
    )


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


def _longest(annotations: pl.DataFrame) -> list[bool]:
    """Which annotations stay when, longest first, each takes its span; ties go to the earlier, then the lower CUI."""
    rows = list(annotations.select("pmid", "start", "end", "cui").iter_rows())
    keep = [False] * len(rows)
    taken: dict[int, list[tuple[int, int]]] = {}
    for index in sorted(range(len(rows)), key=lambda i: (rows[i][1] - rows[i][2], rows[i][1], rows[i][3], i)):
        pmid, start, end, _ = rows[index]
        spans = taken.setdefault(pmid, [])
        if all(end <= other_start or other_end <= start for other_start, other_end in spans):
            spans.append((start, end))
            keep[index] = True
    return keep


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
    texts = mentions.join(sentences, on=["pmid", "sentence_id"], how="left", maintain_order="left")["text"]
    spans = mentions.select("start", "end", "surface").iter_rows()
    for text, (start, end, surface) in zip(texts, spans, strict=True):
        assert text[start:end] == surface, f"mention {surface!r} does not stand at {start}:{end} of {text!r}"
