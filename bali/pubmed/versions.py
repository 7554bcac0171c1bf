"""Which record of each PMID counts: PubMed's update files repeat, revise and withdraw citations."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
import pyarrow as pa

from bali.errors import InputError
from bali.io.census import Tally

OLDER_VERSION = "older version"
DELETED = "deleted"


@dataclass(frozen=True)
class ShardRecords:
    """The keys of one shard's records.

    Attributes:
        shard: the shard's name.
        documents: columns pmid, version, position.
        deletions: columns pmid, position.
    """

    shard: str
    documents: pa.Table
    deletions: pa.Table


def select_versions(shards: Sequence[ShardRecords], tally: Tally) -> pa.Table:
    """One record per PMID: a later shard wins, within a shard the higher version, then the later position.

    A deletion takes away its PMID's records that stand before it in its shard and those of all earlier shards; a
    record after it counts again.

    Args:
        shards: in order of precedence, the last one wins.
        tally: counts the documents read, kept and dropped.

    Returns:
        A table in the schema SELECTION.

    Raises:
        InputError: no document is left.
    """
    documents, deletions = _concatenate(shards)
    withdrawn = (
        deletions.sort("order", "position").group_by("pmid").last().rename({"order": "d_order", "position": "d_at"})
    )
    documents = documents.join(withdrawn, on="pmid", how="left")
    is_deleted = (pl.col("order") < pl.col("d_order")) | (
        (pl.col("order") == pl.col("d_order")) & (pl.col("position") < pl.col("d_at"))
    )
    remaining = documents.filter(~is_deleted.fill_null(value=False))
    kept = remaining.sort("order", "version", "position").group_by("pmid").last()
    tally.rows_in += documents.height
    tally.rows_out += kept.height
    tally.drop(DELETED, documents.height - remaining.height)
    tally.drop(OLDER_VERSION, remaining.height - kept.height)
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


def _concatenate(shards: Sequence[ShardRecords]) -> tuple[pl.DataFrame, pl.DataFrame]:
    assert shards, "select_versions needs a shard"
    documents, deletions = [], []
    for order, shard in enumerate(shards):
        number = pl.lit(order, dtype=pl.Int32).alias("order")
        documents.append(pl.DataFrame(shard.documents).select("pmid", "version", "position", number))
        deletions.append(pl.DataFrame(shard.deletions).select("pmid", "position", number))
    return pl.concat(documents), pl.concat(deletions)
