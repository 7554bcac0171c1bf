"""Pairs of concepts whose edges stay out of the graph, to be predicted: the test set of link prediction."""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali.graph.edges import Edges
from bali.graph.hashing import hash_strings
from bali.io.stable_hash import stable_uniform

_SLICE_EDGES = 1 << 20  # worked on at once, so that temporary arrays stay small


def hold_out(edges: Edges, cuis: pa.ChunkedArray, fraction: float, seed: int) -> tuple[Edges, Edges]:
    """The edges that stay, and those between the pairs of concepts that are held out; both in order.

    All edges between two concepts go together: both directions, all relations and sources. Otherwise a mirror or a
    parallel relation would give away what is to be predicted (Toutanova and Chen, CVSC 2015). A pair is held
    out by a hash of the seed and its two CUIs: other concepts and edges change nothing, and a larger fraction holds out
    the same pairs and more. The choice does not look at degrees: a concept may be left without an edge, for a sample
    that spares such concepts would no longer be one of all pairs. Self loops stay.

    Args:
        edges: of the whole graph.
        cuis: of the nodes, in order of node id.
        fraction: expected share of the pairs, at least 0 and below 1.
        seed: of the choice.

    Returns:
        Edges of the graph, held-out edges. Both keep the numbers of all relations, also of one without an edge left.
    """
    assert 0 <= fraction < 1, f"the fraction of pairs must be at least 0 and below 1, got {fraction}"
    if not fraction:
        return edges, _take(edges, np.zeros(0, np.int64))
    nodes = hash_strings(cuis).view(np.int64)
    is_held_out = np.zeros(len(edges.source), np.bool_)
    for start in range(0, len(edges.source), _SLICE_EDGES):
        rows = slice(start, start + _SLICE_EDGES)
        first, second = _ends(edges, rows)
        chance = stable_uniform(seed, nodes[first], nodes[second])
        is_held_out[rows] = (chance < fraction) & (first != second)
    return _take(edges, ~is_held_out), _take(edges, is_held_out)


def count_pairs(edges: Edges) -> int:
    """Distinct unordered pairs of concepts that an edge joins."""
    first, second = _ends(edges, slice(None))
    return len(np.unique(first.astype(np.int64) << 32 | second))


def _ends(edges: Edges, rows: slice) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """The lower and the higher node id of each edge."""
    source, target = edges.source[rows], edges.target[rows]
    return np.minimum(source, target), np.maximum(source, target)


def _take(edges: Edges, rows: npt.NDArray[Any]) -> Edges:
    """Some of the edges, with the numbers of all relations."""
    source, target, relation = edges.source[rows], edges.target[rows], edges.relation[rows]
    return replace(edges, source=source, target=target, relation=relation, source_set=edges.source_set[rows])
