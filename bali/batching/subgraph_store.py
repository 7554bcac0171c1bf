"""Sampled subgraphs by root concept, and their disjoint union for a batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from bali.batching.ragged import IntArray, from_list_column, positions
from bali.errors import ArtefactError
from bali.io.parquet import iterate_artefact, read_artefact
from bali.schemas import EDGES, SUBGRAPHS

_COLUMNS = ["root_cui", "node_ids", "edge_source", "edge_target", "edge_relation"]
ABSENT = -1  # row of a concept that has no subgraph


@dataclass(frozen=True)
class DisjointUnion:
    """Subgraphs side by side; nodes of different subgraphs stay apart even where they are the same concept.

    Attributes:
        node_ids: (num_nodes,) node id in the graph.
        edge_index: (2, num_edges) positions in `node_ids`, row 0 source, row 1 target.
        edge_relation: (num_edges,) relation ids.
        root_index: (num_roots,) position of each root in `node_ids`.
        root_in_degree: (num_roots,) edges from other nodes that end at each root.
    """

    node_ids: IntArray
    edge_index: IntArray
    edge_relation: IntArray
    root_index: IntArray
    root_in_degree: IntArray


class SubgraphStore:
    """All sampled subgraphs, in flat arrays."""

    def __init__(
        self,
        root_cuis: npt.NDArray[np.bytes_],
        nodes: tuple[IntArray, npt.NDArray[Any]],
        edges: tuple[IntArray, npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]],
    ) -> None:
        """Take CSR arrays: (indptr, node_ids) and (indptr, source, target, relation); `root_cuis` sorted."""
        self._root_cuis = root_cuis
        self._node_indptr, self._node_ids = nodes
        self._edge_indptr, self._edge_source, self._edge_target, self._edge_relation = edges

    @classmethod
    def read(cls, path: Path) -> "SubgraphStore":
        """Read the artefact that `sample-subgraphs` wrote.

        Raises:
            ArtefactError: it is missing, damaged, not sorted by CUI, or a subgraph is not whole.
        """
        table = read_artefact(path, SUBGRAPHS, _COLUMNS)
        cuis = np.array(table["root_cui"].to_pylist(), dtype=np.bytes_)
        nodes = from_list_column(table["node_ids"])
        edge_indptr, source = from_list_column(table["edge_source"])
        (target_indptr, target), (relation_indptr, relation) = (from_list_column(table[c]) for c in _COLUMNS[3:])
        whole = np.array_equal(edge_indptr, target_indptr) and np.array_equal(edge_indptr, relation_indptr)
        if not whole or np.any(cuis[1:] <= cuis[:-1]) or np.any(np.diff(nodes[0]) < 1):
            raise ArtefactError(
                f"{path}: expected distinct root_cui in order, a root in every node list and edge lists of one length; "
                "found otherwise. Delete the file and run sample-subgraphs again."
            )
        return cls(cuis, nodes, (edge_indptr, source, target, relation))

    def roots_only(self) -> "SubgraphStore":
        """The same roots, each alone: for encoders that read no edge."""
        roots = self._node_ids[self._node_indptr[:-1]]
        no_edges = np.zeros(len(roots) + 1, np.int64), *(np.empty(0, np.int64),) * 3
        return SubgraphStore(self._root_cuis, (np.arange(len(roots) + 1), roots), no_edges)

    def node_ids(self) -> IntArray:
        """The distinct node ids of all subgraphs, sorted."""
        return np.unique(self._node_ids).astype(np.int64)

    def num_relations(self) -> int:
        """One more than the highest relation id in use."""
        return int(self._edge_relation.max(initial=-1)) + 1

    def rows(self, cuis: Sequence[str]) -> IntArray:
        """The row of each concept, `ABSENT` where it has no subgraph."""
        wanted = np.array(cuis, dtype=np.bytes_)
        if not len(self._root_cuis) or not len(wanted):
            return np.full(len(wanted), ABSENT, np.int64)
        rows = np.searchsorted(self._root_cuis, wanted).clip(max=len(self._root_cuis) - 1)
        return np.where(self._root_cuis[rows] == wanted, rows, ABSENT)

    def union(self, rows: IntArray) -> DisjointUnion:
        """The disjoint union of the subgraphs at `rows`."""
        nodes, num_nodes = positions(self._node_indptr, rows)
        edges, num_edges = positions(self._edge_indptr, rows)
        root_index = np.cumsum(num_nodes) - num_nodes
        shift = np.repeat(root_index, num_edges)
        edge_index = np.stack([self._edge_source[edges], self._edge_target[edges]]).astype(np.int64) + shift
        in_degree = np.bincount(edge_index[1, edge_index[0] != edge_index[1]], minlength=len(nodes))
        return DisjointUnion(
            node_ids=self._node_ids[nodes].astype(np.int64),
            edge_index=edge_index,
            edge_relation=self._edge_relation[edges].astype(np.int64),
            root_index=root_index,
            root_in_degree=in_degree[root_index].astype(np.int64),
        )


def count_relations(graph_dir: Path) -> int:
    """Relation ids of a graph: one more than the highest in `edges.parquet`.

    Raises:
        ArtefactError: as `bali.io.parquet.iterate_artefact`.
    """
    path = graph_dir / "edges.parquet"
    highest = [pc.max(batch["relation_id"]).as_py() for batch in iterate_artefact(path, EDGES, ["relation_id"])]
    return max((value for value in highest if value is not None), default=-1) + 1
