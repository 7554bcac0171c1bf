"""A cap on the incoming edges of hubs."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali.graph.edges import Edges
from bali.graph.hashing import hash_strings
from bali.io.stable_hash import stable_hash
from bali.sorting import count_values


def cap_degrees(edges: Edges, cuis: pa.ChunkedArray, max_degree: int, seed: int) -> npt.NDArray[np.int64]:
    """Positions of the edges that are kept so that no node has more than `max_degree` incoming ones.

    A node keeps its edges of lowest hash of (seed, source, target, relation), all by their strings: a uniform sample
    that the node numbers and other concepts do not change.

    Args:
        edges: sorted by target.
        cuis: of the nodes, in order of node id.
        max_degree: at least 1.
        seed: of the sample.
    """
    degree = count_values(edges.target, len(cuis))
    crowded = np.flatnonzero(degree[edges.target] > max_degree)
    names = pa.array([f"{rel}|{rela}" for rel, rela in edges.pairs], pa.string())
    target = edges.target[crowded]
    nodes, relations = hash_strings(cuis).view(np.int64), hash_strings(names).view(np.int64)
    hashes = stable_hash(
        seed,
        nodes[edges.source[crowded]],
        nodes[target],
        relations[edges.relation[crowded]],
    )
    order = np.lexsort((hashes, target))
    starts = np.searchsorted(target, target)  # target is sorted: where the edges of each node begin
    over = crowded[order[np.arange(len(order)) - starts >= max_degree]]
    return np.delete(np.arange(len(edges.source)), over)
