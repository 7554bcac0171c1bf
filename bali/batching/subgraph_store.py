"""Sampled subgraphs by root concept, and their disjoint union for a batch."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali import concept_ids
from bali.batching.ragged import IntArray, from_list_column, positions
from bali.batching.randomness import Stream, generator
from bali.batching.scratch import ScratchArray
from bali.errors import ArtefactError
from bali.io.parquet import iterate_artefact
from bali.schemas import SUBGRAPHS

_LISTS = ["node_ids", "edge_source", "edge_target", "edge_relation"]
_CUI = np.dtype(f"S{concept_ids.LENGTH}")
_BATCH_ROWS = 1 << 13
_BLOCK = 1 << 20  # numbers looked at together
_Ragged = tuple[IntArray, npt.NDArray[Any]]  # indptr, values
ABSENT = -1  # row of a concept that has no subgraph


@dataclass(frozen=True)
class DisjointUnion:
    """Subgraphs side by side; nodes of different subgraphs stay apart even where they are the same concept.

    Attributes:
        node_ids: (num_nodes,) node id in the graph.
        edge_index: (2, num_edges) positions in `node_ids`, row 0 source, row 1 target.
        edge_relation: (num_edges,) relation ids.
        root_index: (num_roots,) position of each root in `node_ids`.
    """

    node_ids: IntArray
    edge_index: IntArray
    edge_relation: IntArray
    root_index: IntArray

    @property
    def subgraph(self) -> IntArray:
        """(num_nodes,) the subgraph that each node is in, counted from 0."""
        return np.repeat(np.arange(len(self.root_index)), np.diff(self.root_index, append=len(self.node_ids)))

    @property
    def root_has_edges(self) -> npt.NDArray[np.bool_]:
        """(num_roots,) whether an edge from another node ends at each root."""
        source, target = self.edge_index
        is_reached = np.zeros(len(self.node_ids), np.bool_)
        is_reached[target[source != target]] = True
        return is_reached[self.root_index]

    def with_edges(self, is_kept: npt.NDArray[np.bool_]) -> "DisjointUnion":
        """The same nodes with some of the edges."""
        return replace(self, edge_index=self.edge_index[:, is_kept], edge_relation=self.edge_relation[is_kept])


class SubgraphStore:
    """All sampled subgraphs, in flat arrays, those of nodes and edges mapped into memory."""

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
    def read(cls, path: Path, scratch: Path | None = None, max_hops: int | None = None) -> "SubgraphStore":
        """Copy the artefact that `sample-subgraphs` wrote into flat files that are mapped into memory.

        Parquet has to be decoded, whatever its compression, so it cannot be mapped itself. What is held in memory is 24
        bytes a subgraph; the operating system pages the rest in and out.

        Args:
            path: the artefact.
            scratch: folder for the files, about 4 bytes a node and 10 an edge of the subgraphs; see `ScratchArray`.
            max_hops: what lies farther from the root is left out; None keeps all that was sampled.

        Raises:
            ArtefactError: it is missing, damaged, not sorted by CUI, or a subgraph is not whole.
        """
        values = [ScratchArray(scratch, SUBGRAPHS.field(name).type.value_type.to_pandas_dtype()) for name in _LISTS]
        cuis, num_nodes, num_edges = [np.empty(0, _CUI)], [np.zeros(1, np.int64)], [np.zeros(1, np.int64)]
        for batch in iterate_artefact(path, SUBGRAPHS, ["root_cui", "node_hops", *_LISTS], _BATCH_ROWS):
            lists = [from_list_column(pa.chunked_array([batch[name]])) for name in _LISTS]
            nodes, *edges = (np.diff(indptr) for indptr, _ in lists)
            found = np.array(batch["root_cui"].to_pylist(), _CUI)
            _check(path, np.concatenate([cuis[-1][-1:], found]), nodes, edges)
            if max_hops is not None:
                _, hops = from_list_column(pa.chunked_array([batch["node_hops"]]))
                lists = _within(lists, hops <= max_hops)
                nodes, *edges = (np.diff(indptr) for indptr, _ in lists)
            for array, (_, content) in zip(values, lists, strict=True):
                array.append(content)
            cuis.append(found)
            num_nodes.append(nodes)
            num_edges.append(edges[0])
        node_ids, source, target, relation = (array.map() for array in values)
        node_indptr, edge_indptr = (np.cumsum(np.concatenate(lengths)) for lengths in (num_nodes, num_edges))
        return cls(np.concatenate(cuis), (node_indptr, node_ids), (edge_indptr, source, target, relation))

    def root_ids(self, rows: IntArray) -> IntArray:
        """(num_rows,) node id of the root of each subgraph."""
        return self._node_ids[self._node_indptr[rows]].astype(np.int64)

    def shuffled(self, seed: int) -> "SubgraphStore":
        """The same subgraphs with other concepts in the place of neighbours, one for one over the whole store.

        For the ablation that asks whether the right neighbours matter: roots, shapes, relations and how often a concept
        is a neighbour stay. The node ids are copied to memory.
        """
        is_neighbour = np.ones(len(self._node_ids), np.bool_)
        is_neighbour[self._node_indptr[:-1]] = False
        node_ids = np.array(self._node_ids)
        neighbours = node_ids[is_neighbour]
        node_ids[is_neighbour] = neighbours[generator(seed, Stream.SHUFFLED_EDGES).permutation(len(neighbours))]
        edges = self._edge_indptr, self._edge_source, self._edge_target, self._edge_relation
        return SubgraphStore(self._root_cuis, (self._node_indptr, node_ids), edges)

    def roots_only(self) -> "SubgraphStore":
        """The same roots, each alone: for encoders that read no edge."""
        roots = self._node_ids[self._node_indptr[:-1]]
        no_edges = np.zeros(len(roots) + 1, np.int64), *(np.empty(0, np.int64),) * 3
        return SubgraphStore(self._root_cuis, (np.arange(len(roots) + 1), roots), no_edges)

    def node_ids(self) -> IntArray:
        """The distinct node ids of all subgraphs, sorted."""
        is_used = np.zeros(int(self._node_ids.max(initial=-1)) + 1, np.bool_)
        for start in range(0, len(self._node_ids), _BLOCK):
            is_used[self._node_ids[start : start + _BLOCK]] = True
        return np.flatnonzero(is_used)

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
        return DisjointUnion(
            node_ids=self._node_ids[nodes].astype(np.int64),
            edge_index=edge_index,
            edge_relation=self._edge_relation[edges].astype(np.int64),
            root_index=root_index,
        )


def _within(lists: list[_Ragged], is_kept: npt.NDArray[np.bool_]) -> list[_Ragged]:
    """The lists of `_LISTS` without the nodes that are not kept; those come last in their subgraphs (order of hop)."""
    (node_indptr, node_ids), *edges = lists
    num_nodes = np.diff(np.append(0, np.cumsum(is_kept))[node_indptr])
    edge_indptr = edges[0][0]
    row = np.repeat(np.arange(len(num_nodes)), np.diff(edge_indptr))
    inside = (edges[0][1] < num_nodes[row]) & (edges[1][1] < num_nodes[row])
    edge_indptr = np.append(0, np.cumsum(inside))[edge_indptr]
    kept_edges = [(edge_indptr, values[inside]) for _, values in edges]
    return [(np.append(0, np.cumsum(num_nodes)), node_ids[is_kept]), *kept_edges]


def _check(path: Path, cuis: npt.NDArray[np.bytes_], num_nodes: IntArray, num_edges: Sequence[IntArray]) -> None:
    """Refuse rows that `sample-subgraphs` does not write.

    Args:
        path: of the artefact.
        cuis: of the rows, after that of the row before.
        num_nodes: (num_rows,) lengths of the node lists.
        num_edges: the lengths of each edge list.
    """
    whole = all(np.array_equal(lengths, num_edges[0]) for lengths in num_edges)
    if not whole or np.any(cuis[1:] <= cuis[:-1]) or np.any(num_nodes < 1):
        raise ArtefactError(
            f"{path}: expected distinct root_cui in order, a root in every node list and edge lists of one length; "
            "found otherwise. Delete the file and run sample-subgraphs again."
        )
