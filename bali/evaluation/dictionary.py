"""A dictionary of concept names: what mentions are linked to. Free of torch."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from bali.errors import InputError
from bali.io.parquet import ROW_GROUP_ROWS, Provenance, check_artefact, iterate_artefact, open_artefact
from bali.schemas import DICTIONARY, NAMES

NUM_NAMES_SEARCHED = 64  # names per query; the rank of a concept beyond them counts as infinite
Rows = npt.NDArray[np.int64]


class StoredRows(NamedTuple):
    """Where names lie in an artefact DICTIONARY: its path, and (num_names,) increasing row numbers."""

    path: Path
    rows: Rows


@dataclass(frozen=True)
class Dictionary:
    """Distinct names, sorted, each with its sorted CUIs. 17 million names take 1.4 GB.

    Attributes:
        names: strings.
        cuis: lists of strings.
        stored: of what artefact the names are; None where they are of none.
    """

    names: pl.Series
    cuis: pl.Series
    stored: StoredRows | None = None

    def __len__(self) -> int:
        return len(self.names)

    def named(self, cuis: Collection[str]) -> frozenset[str]:
        """Those of the concepts that have a name here."""
        wanted = pl.Series(sorted(cuis), dtype=pl.String)
        exploded = self.cuis.explode()
        return frozenset(exploded.filter(exploded.is_in(wanted.implode())).to_list())


class Hit(NamedTuple):
    """A concept near a query, and the name that is nearest."""

    cui: str
    name: str


def make_dictionary(names: pl.DataFrame) -> Dictionary:
    """A dictionary from the columns `name` and `cui`; empty names are left out."""
    frame = _grouped(names.lazy().select("name", "cui")).collect()
    return Dictionary(frame["name"], frame["cuis"])


def write_dictionary(names: Path, output: Path, provenance: Provenance) -> int:
    """Write the artefact DICTIONARY of a release: its names, stripped and lower-cased, with their concepts.

    17 million names take about a minute on 2 cores and 4 GiB of memory.

    Args:
        names: artefact NAMES.
        output: to write.
        provenance: of the output.

    Returns:
        The number of names.

    Raises:
        ArtefactError: the names are missing or damaged.
        InputError: there is no name.
    """
    check_artefact(names, NAMES)
    rows = pl.scan_parquet(names).select(pl.col("name").str.strip_chars().str.to_lowercase(), "cui")
    frame = _grouped(rows).collect(engine="streaming")
    if frame.is_empty():
        raise InputError(f"{names}: expected names to link to, found none. Check the filters of the section umls.")
    with open_artefact(output, DICTIONARY, provenance) as writer:
        for part in frame.iter_slices(ROW_GROUP_ROWS):
            writer.write(part.to_arrow())
    return len(frame)


def read_dictionary(path: Path, cuis: pl.Series | None = None) -> Dictionary:
    """Read a dictionary, or the names of some concepts with these concepts only.

    Raises:
        ArtefactError: the file is missing, damaged or does not hold a dictionary.
    """
    parts = [pl.DataFrame(schema={"row": pl.Int64, "name": pl.String, "cuis": pl.List(pl.String)})]
    first = 0
    for batch in iterate_artefact(path, DICTIONARY):
        frame = pl.DataFrame(batch).select(pl.int_range(first, first + batch.num_rows).alias("row"), "name", "cuis")
        first += batch.num_rows
        parts.append(frame if cuis is None else _of_concepts(frame, cuis))
    whole = pl.concat(parts)
    return Dictionary(whole["name"], whole["cuis"], StoredRows(path, whole["row"].to_numpy()))


def ranked_concepts(dictionary: Dictionary, rows: Rows) -> list[list[Hit]]:
    """The concepts of each query's names, best first, each once, by its best name.

    Args:
        dictionary: names.
        rows: (num_queries, num_names) rows of the nearest names, nearest first; -1 is none.
    """
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


def _grouped(rows: pl.LazyFrame) -> pl.LazyFrame:
    """`name` and `cuis`, both sorted, from `name` and `cui`."""
    distinct = rows.filter(pl.col("name") != "").unique().sort("name", "cui")
    return distinct.group_by("name", maintain_order=True).agg(pl.col("cui").alias("cuis"))


def _of_concepts(frame: pl.DataFrame, cuis: pl.Series) -> pl.DataFrame:
    """The names of some concepts, with these only."""
    rows = frame.explode("cuis").filter(pl.col("cuis").is_in(cuis.implode()))
    return rows.group_by("row", maintain_order=True).agg(pl.col("name").first(), "cuis").select(frame.columns)
