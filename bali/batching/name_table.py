"""The names of the concepts in the subgraphs, by node id."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from bali.batching.ragged import IntArray
from bali.io.parquet import read_artefact
from bali.schemas import NAMES, NODES


class NameTable:
    """Names of nodes: distinct without regard to case, sorted, at least the preferred name.

    Args:
        node_ids: (num_nodes,) node ids in order.
        indptr: (num_nodes + 1,) boundaries of each node's names.
        names: all names, node after node.
    """

    def __init__(self, node_ids: IntArray, indptr: IntArray, names: pa.Array) -> None:
        self._node_ids = node_ids
        self._indptr = indptr
        self._names = names
        assert len(indptr) == len(node_ids) + 1, "one boundary more than nodes"
        assert np.all(np.diff(indptr) > 0), "every node has a name"

    @classmethod
    def read(cls, names_path: Path, nodes_path: Path, node_ids: IntArray) -> "NameTable":
        """Read the names of some nodes from the artefacts of `ingest` and `build-graph`.

        Of names that differ in case only, the first in the order of code points is kept.

        Raises:
            ArtefactError: an artefact is missing, damaged or has other columns.
        """
        nodes = _polars(read_artefact(nodes_path, NODES, ["node_id", "cui", "preferred_name"]))
        nodes = nodes.filter(pl.col("node_id").is_in(pl.Series(node_ids.astype(np.int32)).implode()))
        assert nodes.height == len(node_ids), f"{nodes_path}: {len(node_ids)} nodes wanted, {nodes.height} found"
        names = _polars(read_artefact(names_path, NAMES, ["cui", "name"])).join(nodes, on="cui", how="inner")
        preferred = nodes.select("node_id", pl.col("preferred_name").alias("name"))
        table = (
            pl.concat([names.select("node_id", "name"), preferred])
            .with_columns(pl.col("name").str.to_lowercase().alias("folded"))
            .sort("node_id", "folded", "name")
            .unique(["node_id", "folded"], keep="first", maintain_order=True)
        )
        counts = table.group_by("node_id", maintain_order=True).len()["len"].to_numpy().astype(np.int64)
        indptr = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
        return cls(np.sort(node_ids), indptr, table["name"].to_arrow())

    def draw(self, node_ids: IntArray, generator: np.random.Generator) -> list[str]:
        """One name of each node, each of its names with the same chance."""
        rows = np.searchsorted(self._node_ids, node_ids)
        assert np.array_equal(self._node_ids[rows], node_ids), "every node of a subgraph is in the name table"
        starts = self._indptr[rows]
        counts = self._indptr[rows + 1] - starts
        chosen: npt.NDArray[np.int64] = starts + (generator.random(len(rows)) * counts).astype(np.int64)
        return self._names.take(pa.array(chosen)).to_pylist()


def _polars(table: pa.Table) -> pl.DataFrame:
    frame = pl.from_arrow(table)
    assert isinstance(frame, pl.DataFrame), "a table becomes a frame"
    return frame
