"""Which record of each PMID counts: PubMed's update files repeat, revise and withdraw citations."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from bali.errors import InputError
from bali.io.census import Census, Tally
from bali.pubmed.duplicate_texts import first_of_each_text
from bali.vocabulary import DuplicateTexts

OLDER_VERSION = "older version"
DELETED = "deleted"
NUM_DUPLICATES = "documents with the text of a lower PMID"


@dataclass(frozen=True)
class ShardRecords:
    """The keys of one shard's records.

    Attributes:
        shard: the shard's name.
        documents: columns pmid, version, position, text_digest.
        deletions: columns pmid, position.
        identifiers: columns pmid, external_id of the documents whose PMID was made from an identifier.
    """

    shard: str
    documents: pa.Table
    deletions: pa.Table
    identifiers: pa.Table


def select_versions(shards: Sequence[ShardRecords], duplicate_texts: DuplicateTexts, census: Census) -> pa.Table:
    """One record per PMID: a later shard wins, within a shard the higher version, then the later position.

    A deletion takes away its PMID's records that stand before it in its shard and those of all earlier shards; a
    record after it counts again. Among the records that won, those whose text a lower PMID has are counted, and
    dropped where `duplicate_texts` says so.

    Args:
        shards: in order of precedence, the last one wins.
        duplicate_texts: what becomes of documents that have one text under several PMIDs.
        census: counts the documents read, kept and dropped.

    Returns:
        A table in the schema SELECTION.

    Raises:
        InputError: no document is left, or one PMID was made from two identifiers.
    """
    _check_identifiers(shards)
    documents, deletions = _concatenate(shards)
    tally = census.table("documents")
    tally.rows_in += documents.height
    newest = _newest(documents, deletions, tally)
    kept, num_duplicates = first_of_each_text(newest, drop=duplicate_texts == "drop", tally=tally)
    tally.rows_out += kept.height
    census.notes[NUM_DUPLICATES] = num_duplicates
    if not kept.height:
        raise InputError(
            f"The corpus must hold at least one document with an abstract; of {documents.height} documents in"
            f" {len(shards)} shard(s) none is left. Check corpus.inputs."
        )
    names = pl.DataFrame(
        {"order": range(len(shards)), "shard": [s.shard for s in shards]}, {"order": pl.Int32, "shard": pl.String}
    )
    selected = kept.join(names, on="order").select("shard", "position", "pmid").sort("shard", "position")
    return selected.to_arrow()


def _newest(documents: pl.DataFrame, deletions: pl.DataFrame, tally: Tally) -> pl.DataFrame:
    """The record of each PMID that counts."""
    withdrawn = (
        deletions.sort("order", "position").group_by("pmid").last().rename({"order": "d_order", "position": "d_at"})
    )
    marked = documents.join(withdrawn, on="pmid", how="left")
    is_deleted = (pl.col("order") < pl.col("d_order")) | (
        (pl.col("order") == pl.col("d_order")) & (pl.col("position") < pl.col("d_at"))
    )
    remaining = marked.filter(~is_deleted.fill_null(value=False))
    newest = remaining.sort("order", "version", "position").group_by("pmid").last()
    tally.drop(DELETED, documents.height - remaining.height)
    tally.drop(OLDER_VERSION, remaining.height - newest.height)
    return newest


def _check_identifiers(shards: Sequence[ShardRecords]) -> None:
    """Refuse two identifiers of one number; seen once in a thousand corpora of 37 million documents."""
    identifiers = pl.concat([pl.DataFrame(shard.identifiers) for shard in shards]).unique()
    twice = identifiers.filter(pl.col("pmid").is_duplicated()).sort("pmid", "external_id")
    if twice.height:
        first, second = twice["external_id"].head(2)
        raise InputError(
            f"Identifiers of documents must have different hashes, found {first!r} and {second!r} with"
            f" {twice['pmid'][0]}. Rename one of the two."
        )


def _concatenate(shards: Sequence[ShardRecords]) -> tuple[pl.DataFrame, pl.DataFrame]:
    assert shards, "select_versions needs a shard"
    documents, deletions = [], []
    for order, shard in enumerate(shards):
        number = pl.lit(order, dtype=pl.Int32).alias("order")
        documents.append(pl.DataFrame(shard.documents).select("pmid", "version", "position", "text_digest", number))
        deletions.append(pl.DataFrame(shard.deletions).select("pmid", "position", number))
    return pl.concat(documents), pl.concat(deletions)
