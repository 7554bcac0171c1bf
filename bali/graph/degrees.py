"""A cap on the incoming edges of hubs."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from bali.graph.hashing import hash_strings
from bali.graph.inverses import RelationPair
from bali.graph.keys import Ints, Keys, unpack
from bali.io.stable_hash import stable_hash


def cap_degrees(keys: Keys, cuis: pa.ChunkedArray, pairs: Sequence[RelationPair], max_degree: int, seed: int) -> Ints:
    """Positions of the edges that are kept so that no node has more than `max_degree` incoming ones.

    A node keeps its edges of lowest hash of (seed, source, target, relation), all by their strings: a uniform sample
    that the node numbers and other concepts do not change.

    Args:
        keys: distinct edges, sorted.
        cuis: of the nodes, in order of node id.
        pairs: relation number -> (REL, RELA).
        max_degree: at least 1.
        seed: of the sample.
    """
    ends = unpack(keys)
    degree = np.bincount(ends.target, minlength=len(cuis))
    crowded = np.flatnonzero(degree[ends.target] > max_degree)
    names = pa.array([f"{rel}|{rela}" for rel, rela in pairs], pa.string())
    target = ends.target[crowded]
    nodes, relations = hash_strings(cuis).view(np.int64), hash_strings(names).view(np.int64)
    hashes = stable_hash(
        seed,
        nodes[ends.source[crowded]],
        nodes[target],
        relations[ends.relation[crowded]],
    )
    order = np.lexsort((hashes, target))
    starts = np.searchsorted(target, target)  # target is sorted: where the edges of each node begin
    over = crowded[order[np.arange(len(order)) - starts >= max_degree]]
    return np.delete(np.arange(len(keys)), over)
