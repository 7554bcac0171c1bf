"""Which concepts the corpus mentions, and in how many sentences."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from bali import schemas
from bali.errors import InputError
from bali.io.parquet import read_artefact

_COLUMNS = ["pmid", "sentence_id", "cui", "source"]


def count_mentions(paths: Sequence[Path]) -> pl.DataFrame:
    """Count mentions and sentences of each concept and source of mentions, one file at a time.

    A sentence lies in one file only (one document is in one shard), so counts of files add up.

    Returns:
        cui, source, num_sentences (distinct), num_mentions (rows); sorted by cui, source.

    Raises:
        ArtefactError: a file is missing or damaged.
        InputError: no file holds a mention.
    """
    counts = [_count_file(path) for path in paths]
    total = pl.concat(counts).group_by("cui", "source").sum().sort("cui", "source") if counts else pl.DataFrame()
    if total.is_empty():
        raise InputError(
            f"mentions: expected at least one linked mention, found none in {len(paths)} files: nothing in the corpus"
            " links to the release. Check the filters in section umls, and threshold and semantic_types in linking."
        )
    return total


def _count_file(path: Path) -> pl.DataFrame:
    rows = pl.DataFrame(pl.from_arrow(read_artefact(path, schemas.MENTIONS, _COLUMNS)))
    num_mentions = rows.group_by("cui", "source").agg(num_mentions=pl.len().cast(pl.Int64))
    sentences = rows.unique().group_by("cui", "source").agg(num_sentences=pl.len().cast(pl.Int64))
    return num_mentions.join(sentences, on=["cui", "source"]).select("cui", "source", "num_sentences", "num_mentions")
