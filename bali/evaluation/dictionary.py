"""A dictionary of concept names, and which concepts its names nearest to a query stand for."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from bali.evaluation.encoder import Encoder, Vectors
from bali.evaluation.search import PooledTopK
from bali.io.parquet import check_artefact
from bali.schemas import NAMES

ENCODED_AT_ONCE = 1 << 15  # names; their vectors are the only part of the dictionary's that is in memory
NUM_NAMES_SEARCHED = 64  # names per query; the rank of a concept beyond them counts as infinite


@dataclass(frozen=True)
class Dictionary:
    """Distinct names, sorted, each with its sorted CUIs.

    Attributes:
        names: strings.
        cuis: lists of strings.
    """

    names: pl.Series
    cuis: pl.Series

    def __len__(self) -> int:
        return len(self.names)


class Hit(NamedTuple):
    """A concept near a query, and the name that is nearest."""

    cui: str
    name: str


def make_dictionary(names: pl.DataFrame) -> Dictionary:
    """A dictionary from the columns `name` and `cui`; empty names are left out."""
    distinct = names.select("name", "cui").filter(pl.col("name").str.len_bytes() > 0).unique().sort("name", "cui")
    grouped = distinct.group_by("name", maintain_order=True).agg("cui")
    return Dictionary(grouped["name"], grouped["cui"])


def read_names(path: Path, cuis: pl.Series | None = None) -> pl.DataFrame:
    """Lower-cased `name` and `cui` of a release's names (of some concepts), distinct.

    Raises:
        ArtefactError: the file is missing or does not hold names.
    """
    check_artefact(path, NAMES)
    rows = pl.scan_parquet(path).select(pl.col("name").str.strip_chars().str.to_lowercase(), "cui")
    if cuis is not None:
        rows = rows.filter(pl.col("cui").is_in(cuis.implode()))
    return rows.unique().collect()


def nearest_concepts(dictionary: Dictionary, queries: Vectors, encoder: Encoder) -> dict[str, list[list[Hit]]]:
    """The concepts of the names nearest to each query, best first, each concept once, by its best name.

    A name that several concepts share ranks them in the order of their CUIs. The dictionary is encoded block by block
    and searched at once, so its vectors never fill the memory.

    Args:
        dictionary: names, not empty.
        queries: vectors to compare with the [CLS] and the mean-pooled vectors of the names.
        encoder: of the names.

    Returns:
        Pooling -> one list per query; it holds the concepts of the `NUM_NAMES_SEARCHED` nearest names.
    """
    search = PooledTopK(queries, NUM_NAMES_SEARCHED)
    for start in range(0, len(dictionary), ENCODED_AT_ONCE):
        search.add(encoder.encode(dictionary.names[start : start + ENCODED_AT_ONCE].to_list()))
    return {pooling: _concepts(dictionary, rows.cpu().numpy()) for pooling, rows in search.rows().items()}


def _concepts(dictionary: Dictionary, rows: np.ndarray) -> list[list[Hit]]:
    needed = np.unique(rows[rows >= 0])
    names = dict(zip(needed.tolist(), dictionary.names.gather(needed).to_list(), strict=True))
    cuis = dict(zip(needed.tolist(), dictionary.cuis.gather(needed).to_list(), strict=True))
    hits = []
    for query in rows.tolist():
        found: dict[str, str] = {}
        for row in query:
            for cui in cuis.get(row, ()):
                found.setdefault(cui, names[row])
        hits.append([Hit(cui, name) for cui, name in found.items()])
    return hits
