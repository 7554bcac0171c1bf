"""What the objectives on the graph itself need: held-out edges, corrupted edges, shuffled texts."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bali.batching.ragged import IntArray
from bali.batching.randomness import Draws, Purpose
from bali.batching.subgraph_store import DisjointUnion

HELD_OUT_SHARE = 0.15  # ours, as of the tokens: of the pairs of nodes that an edge joins
NUM_NEGATIVES = 16  # ours: ends that an edge is told from


@dataclass(frozen=True)
class KeyedUnion:
    """A disjoint union whose nodes and edges have keys that do not depend on the other subgraphs of the batch.

    Attributes:
        union: of the subgraphs.
        concepts: (num_concepts,) their subgraph rows.
    """

    union: DisjointUnion
    concepts: IntArray

    def node_keys(self, nodes: IntArray) -> tuple[IntArray, IntArray]:
        """(subgraph row, place in the subgraph) of some nodes."""
        subgraph = self.union.subgraph[nodes]
        return self.concepts[subgraph], nodes - self.union.root_index[subgraph]

    def edge_keys(self) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """(subgraph row, place of source, place of target, relation) of every edge."""
        source, target = self.union.edge_index
        row, source_place = self.node_keys(source)
        return row, source_place, self.node_keys(target)[1], self.union.edge_relation

    def without_edges(self, is_out: npt.NDArray[np.bool_]) -> "KeyedUnion":
        """The same nodes without some edges."""
        return replace(self, union=self.union.with_edges(~is_out))


def hold_out(keyed: KeyedUnion, draws: Draws) -> tuple[KeyedUnion, IntArray]:
    """Take edges out of message passing, with every other edge between the same two nodes: an inverse would tell them.

    Returns:
        The union that is left, and (3, num_triples) rows source, relation, target of the edges taken; no loop is.
    """
    source, target = keyed.union.edge_index
    low, high = np.minimum(source, target), np.maximum(source, target)
    row, low_place = keyed.node_keys(low)
    drawn = draws.uniform(Purpose.HELD_OUT_EDGE, row, low_place, keyed.node_keys(high)[1])
    is_out = (drawn < HELD_OUT_SHARE) & (source != target)
    triples = np.stack([source[is_out], keyed.union.edge_relation[is_out], target[is_out]])
    return keyed.without_edges(is_out), triples


def other_targets(keyed: KeyedUnion, triples: IntArray, draws: Draws) -> IntArray:
    """(num_triples, num_negatives) nodes of the batch in the place of each target, each with the same chance."""
    row, source = keyed.node_keys(triples[0])
    keys = (row, source, triples[1], keyed.node_keys(triples[2])[1])
    drawn = draws.uniform(Purpose.NEGATIVE, *(key[:, None] for key in keys), np.arange(NUM_NEGATIVES))
    return _choose(drawn, len(keyed.union.node_ids))


def corrupted_sources(keyed: KeyedUnion, draws: Draws) -> IntArray:
    """(num_edges,) a node of the batch in the place of each edge's source, each with the same chance."""
    drawn = draws.uniform(Purpose.CORRUPTED_SOURCE, *keyed.edge_keys())
    return _choose(drawn, len(keyed.union.node_ids))


def shuffled_nodes(keyed: KeyedUnion, draws: Draws) -> IntArray:
    """(num_nodes,) the nodes of the batch in another order (Velickovic et al., ICLR 2019: rows are shuffled)."""
    nodes = np.arange(len(keyed.union.node_ids))
    return np.argsort(draws.uniform(Purpose.SHUFFLED_TEXT, *keyed.node_keys(nodes)), kind="stable")


def _choose(drawn: npt.NDArray[np.float64], num_nodes: int) -> IntArray:
    chosen: IntArray = (drawn * num_nodes).astype(np.int64)
    return chosen
