"""Concepts that are no negatives of each other: joined by an edge of the graph, or with a name in common."""

from dataclasses import dataclass

import numpy as np

from bali.batching.name_table import NameTable
from bali.batching.ragged import IntArray, positions
from bali.batching.subgraph_store import SubgraphStore
from bali.graph.csr import InEdges


@dataclass(frozen=True)
class FalseNegatives:
    """Finds pairs of concepts that the contrastive objectives leave out.

    Attributes:
        subgraphs: of all concepts.
        in_edges: the whole graph; None where an edge is no reason.
        names: of all nodes, with keys; None where a name in common is no reason.
    """

    subgraphs: SubgraphStore
    in_edges: InEdges | None
    names: NameTable | None

    def __call__(self, concepts: IntArray) -> IntArray:
        """Pairs among some concepts.

        Args:
            concepts: (num_concepts,) subgraph rows, distinct and sorted.

        Returns:
            (2, num_pairs) subgraph rows, in both directions, sorted.
        """
        node_ids = self.subgraphs.root_ids(concepts)
        assert np.all(np.diff(node_ids) > 0), "subgraph rows and node ids are both in order of CUI"
        pairs = [np.empty((2, 0), np.int64)]
        if self.in_edges is not None:
            related = _related(self.in_edges, node_ids)
            pairs += [related, related[::-1]]
        if self.names is not None:
            pairs.append(self.names.sharing(node_ids))
        return np.ascontiguousarray(concepts[np.unique(np.concatenate(pairs, axis=1), axis=1)])


def _related(in_edges: InEdges, node_ids: IntArray) -> IntArray:
    """(2, num_pairs) positions in `node_ids` (sorted) of nodes that an edge of the graph joins, in its direction."""
    edges, num_edges = positions(in_edges.indptr, node_ids)
    source = in_edges.source[edges].astype(np.int64)
    target = np.repeat(np.arange(len(node_ids)), num_edges)
    is_inside = np.isin(source, node_ids) & (source != node_ids[target])
    return np.stack([np.searchsorted(node_ids, source[is_inside]), target[is_inside]])
