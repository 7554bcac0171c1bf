"""Training examples: which sentences with which mentions, and in which split."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from bali.io.census import Census
from bali.io.stable_hash import stable_uniform
from bali.schemas import EXAMPLES

HELD_OUT = "held out"
NO_MENTION = "no mention in the graph"
FREQUENT = "its concepts have enough sentences"
OTHER_SOURCE = "other source"
NOT_IN_GRAPH = "concept not in the graph"
OVERLAPS = "overlaps a mention of an earlier source"
SENTENCE_DROPPED = "its sentence was dropped"
_KEY = ["pmid", "sentence_id"]
_SPLIT_STREAM, _CAP_STREAM = 1, 2  # two independent numbers from one seed


@dataclass(frozen=True)
class ExampleOptions:
    """How examples are chosen.

    Attributes:
        sources: of the mentions; where two overlap, the earlier source wins.
        validation_fraction: share of documents that validate.
        max_sentences_per_concept: about as many sentences are kept of a frequent concept; None keeps all.
        seed: of the split and the choice.
    """

    sources: Sequence[str]
    validation_fraction: float
    max_sentences_per_concept: int | None
    seed: int


@dataclass(frozen=True)
class Examples:
    """Two tables in the schema EXAMPLES."""

    train: pa.Table
    validation: pa.Table


def make_examples(
    sentences: pl.DataFrame, mentions: pl.DataFrame, lookups: "Lookups", options: ExampleOptions, census: Census
) -> Examples:
    """The sentences of a shard that mention a concept of the graph, split by document.

    A document goes to validation by a hash of (seed, pmid), so the split does not depend on the other documents. With a
    cap of n, a sentence stays if a hash-based number in [0, 1) of (seed, pmid, sentence_id) is below n / num_sentences
    of its rarest concept: a concept in k > n sentences keeps about n or more, one in at most n keeps all.

    Args:
        sentences: schema SENTENCES, of one shard.
        mentions: schema MENTIONS, of the same shard.
        lookups: what holds for the whole corpus.
        options: how to choose.
        census: counts sentences and mentions.
    """
    usable = _usable_mentions(mentions, lookups.graph_cuis, options.sources, census)
    tally = census.table("sentences")
    tally.rows_in += sentences.height
    free = sentences.join(lookups.held_out, on="pmid", how="anti")
    tally.drop(HELD_OUT, sentences.height - free.height)
    census.notes["held-out documents"] = sentences.join(lookups.held_out, on="pmid", how="semi")["pmid"].n_unique()
    mentioning = free.join(usable, on=_KEY, how="semi")
    tally.drop(NO_MENTION, free.height - mentioning.height)
    kept = _cap(mentioning, usable, lookups.counts, options)
    tally.drop(FREQUENT, mentioning.height - kept.height)
    tally.rows_out += kept.height
    examples = _assemble(kept, usable, census)
    number = stable_uniform(options.seed, _SPLIT_STREAM, examples["pmid"].to_numpy())
    is_validation = pl.Series(number < options.validation_fraction, dtype=pl.Boolean)
    train, validation = examples.filter(~is_validation), examples.filter(is_validation)
    census.notes["train sentences"] = train.height
    census.notes["validation sentences"] = validation.height
    return Examples(train.to_arrow().cast(EXAMPLES), validation.to_arrow().cast(EXAMPLES))


@dataclass(frozen=True)
class Lookups:
    """What the choice of examples needs to know beside the shard.

    Attributes:
        graph_cuis: column cui, the concepts of the graph.
        counts: schema MENTION_COUNTS.
        held_out: column pmid.
    """

    graph_cuis: pl.DataFrame
    counts: pl.DataFrame
    held_out: pl.DataFrame


def _usable_mentions(
    mentions: pl.DataFrame, graph_cuis: pl.DataFrame, sources: Sequence[str], census: Census
) -> pl.DataFrame:
    """Mentions of the chosen sources with a concept of the graph that do not overlap: _KEY, start, end, cui."""
    tally = census.table("mentions")
    tally.rows_in += mentions.height
    chosen = mentions.filter(pl.col("source").is_in(list(sources)))
    tally.drop(OTHER_SOURCE, mentions.height - chosen.height)
    in_graph = chosen.join(graph_cuis, on="cui", how="semi").select(*_KEY, "start", "end", "cui", "source")
    tally.drop(NOT_IN_GRAPH, chosen.height - in_graph.height)
    kept = in_graph.clear()
    for source in sources:
        new = in_graph.filter(pl.col("source") == source)
        clashes = new.join(kept, on=_KEY, suffix="_kept").filter(
            (pl.col("start") < pl.col("end_kept")) & (pl.col("end") > pl.col("start_kept"))
        )
        kept = pl.concat([kept, new.join(clashes, on=[*_KEY, "start", "end"], how="anti")])
    tally.drop(OVERLAPS, in_graph.height - kept.height)
    return kept.drop("source")


def _cap(
    sentences: pl.DataFrame, mentions: pl.DataFrame, counts: pl.DataFrame, options: ExampleOptions
) -> pl.DataFrame:
    """Sentences that the cap on a concept's sentences lets through."""
    if options.max_sentences_per_concept is None:
        return sentences
    chosen = counts.filter(pl.col("source").is_in(list(options.sources)))
    totals = chosen.group_by("cui").agg(pl.col("num_sentences").sum())
    counted = mentions.join(totals, on="cui", how="left").with_columns(pl.col("num_sentences").fill_null(1))
    rarest = counted.group_by(_KEY).agg(pl.col("num_sentences").min())
    candidates = sentences.join(rarest, on=_KEY, how="left", maintain_order="left")
    number = stable_uniform(options.seed, _CAP_STREAM, *(candidates[column].to_numpy() for column in _KEY))
    share = options.max_sentences_per_concept / candidates["num_sentences"].to_numpy()
    return candidates.filter(pl.Series(number < share, dtype=pl.Boolean)).drop("num_sentences")


def _assemble(sentences: pl.DataFrame, mentions: pl.DataFrame, census: Census) -> pl.DataFrame:
    """Sentences with their mentions as a list, sorted by pmid and sentence_id."""
    kept = mentions.join(sentences, on=_KEY, how="semi").sort(*_KEY, "start", "end")
    tally = census.table("mentions")
    tally.rows_out += kept.height
    tally.drop(SENTENCE_DROPPED, mentions.height - kept.height)
    lists = kept.group_by(_KEY, maintain_order=True).agg(mentions=pl.struct("start", "end", "cui"))
    return sentences.select(*_KEY, "text").join(lists, on=_KEY).sort(_KEY)
