"""The walk that grows subgraphs: compiled, one root after the other, over the incoming edges."""

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from bali.graph.hashing import HashArray, combine

ALL = -1  # fan-out that takes every neighbour
MAX_BATCH_EDGES = 1 << 26  # a batch of subgraphs ends after the root that reaches this many edges
_HIGHEST = np.uint64(0xFFFFFFFFFFFFFFFF)


class Adjacency(NamedTuple):
    """Incoming edges (`csr.InEdges`) and a hash of each node's CUI."""

    indptr: npt.NDArray[np.int64]
    source: npt.NDArray[np.int32]
    relation: npt.NDArray[np.int16]
    hashes: HashArray


class Walks(NamedTuple):
    """Subgraphs one after the other; of subgraph i the nodes end at `node_ends[i]`, the edges at `edge_ends[i]`.

    `edge_source` and `edge_target` are positions among the nodes of the subgraph.
    """

    node_ids: npt.NDArray[np.int32]
    node_hops: npt.NDArray[np.int8]
    edge_source: npt.NDArray[np.int32]
    edge_target: npt.NDArray[np.int32]
    edge_relation: npt.NDArray[np.int16]
    node_ends: npt.NDArray[np.int64]
    edge_ends: npt.NDArray[np.int64]
    truncated: npt.NDArray[np.bool_]


@numba.njit(cache=False)
def walk(
    adjacency: Adjacency, roots: npt.NDArray[np.int32], seeds: HashArray, fanout: npt.NDArray[np.int64]
) -> tuple[int, Walks]:
    """Grow the subgraph of each root; returns how many roots were done and their subgraphs.

    Every node is expanded once, at the hop at which it was found: of its neighbours (distinct sources of its incoming
    edges, itself excepted) the `fanout[hop]` with the lowest hash of (seed, node, neighbour) are taken, a uniform
    sample without replacement, with all their edges to the node.

    Args:
        adjacency: the graph.
        roots: (num_roots,) node ids.
        seeds: (num_roots,) a seed for each root.
        fanout: (num_hops,) neighbours taken per node at each hop, or `ALL`.
    """
    rows = len(roots)
    ends, edge_ends, truncated = np.zeros(rows, np.int64), np.zeros(rows, np.int64), np.zeros(rows, np.bool_)
    walks = _reserve(_no_walks(ends, edge_ends, truncated), 16 * rows, 16 * rows)
    state = _State(np.zeros(2, np.int64), np.full(len(adjacency.indptr) - 1, -1, np.int32))
    done = 0
    while done < rows and state.used[1] < MAX_BATCH_EDGES:
        first = state.used[0]
        walks, truncated[done] = _grow(adjacency, walks, state, (roots[done], seeds[done]), fanout)
        ends[done], edge_ends[done] = state.used
        for node in walks.node_ids[first : state.used[0]]:
            state.position[node] = -1
        done += 1
    return done, walks


class _State(NamedTuple):
    """What compiled code updates in place: numbers of nodes and edges written; node -> place in its subgraph or -1."""

    used: npt.NDArray[np.int64]
    position: npt.NDArray[np.int32]


@numba.njit(cache=False)
def _grow(adjacency, walks, state, root, fanout):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Write the subgraph of one root behind what is used; returns the buffers and whether neighbours were left out."""
    root_id, seed = root
    first = start = state.used[0]
    walks = _reserve(walks, first + 1, state.used[1])
    _add_node(walks, state, first, root_id, 0)
    truncated = False
    for hop in range(len(fanout)):
        stop = state.used[0]
        for place in range(start, stop):
            node = walks.node_ids[place]
            degree = adjacency.indptr[node + 1] - adjacency.indptr[node]
            walks = _reserve(walks, state.used[0] + degree, state.used[1] + degree)
            salt = combine(seed, adjacency.hashes[node])
            limit = _highest_hash(adjacency, node, salt, fanout[hop])
            truncated |= limit != _HIGHEST
            _expand(adjacency, walks, state, (first, place, hop + 1), (salt, limit))
        start = stop
    return walks, truncated


@numba.njit(cache=False)
def _expand(adjacency, walks, state, where, sample):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Write the edges from the neighbours of a node whose hash is at most the limit, and those that are new."""
    first, place, hop = where
    salt, limit = sample
    node = walks.node_ids[place]
    for edge in range(adjacency.indptr[node], adjacency.indptr[node + 1]):
        source = adjacency.source[edge]
        if source != node and combine(salt, adjacency.hashes[source]) > limit:
            continue
        if state.position[source] < 0:
            _add_node(walks, state, first, source, hop)
        end = state.used[1]
        walks.edge_source[end], walks.edge_target[end] = state.position[source], place - first
        walks.edge_relation[end] = adjacency.relation[edge]
        state.used[1] += 1


@numba.njit(cache=False)
def _add_node(walks, state, first, node, hop):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    end = state.used[0]
    walks.node_ids[end], walks.node_hops[end] = node, hop
    state.position[node] = end - first
    state.used[0] += 1


@numba.njit(cache=False)
def _highest_hash(adjacency, node, salt, fanout):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The highest hash of the neighbours to take; all ones where none has to be left out."""
    low, high = adjacency.indptr[node], adjacency.indptr[node + 1]
    if fanout == ALL or high - low <= fanout:
        return _HIGHEST
    lowest = np.full(fanout, _HIGHEST, np.uint64)  # sorted
    num_neighbours = 0
    previous = np.int32(-1)
    for edge in range(low, high):
        source = adjacency.source[edge]
        if source in (previous, node):
            continue
        previous = source
        num_neighbours += 1
        value = combine(salt, adjacency.hashes[source])
        place = fanout - 1
        if value >= lowest[place]:
            continue
        while place > 0 and lowest[place - 1] > value:
            lowest[place] = lowest[place - 1]
            place -= 1
        lowest[place] = value
    return lowest[fanout - 1] if num_neighbours > fanout else _HIGHEST


@numba.njit(cache=False)
def _no_walks(node_ends, edge_ends, truncated):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    i32, i16, i8 = np.empty(0, np.int32), np.empty(0, np.int16), np.empty(0, np.int8)
    return Walks(i32, i8, i32.copy(), i32.copy(), i16, node_ends, edge_ends, truncated)


@numba.njit(cache=False)
def _reserve(walks, num_nodes, num_edges):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Buffers with room for so many nodes and edges; they double when they grow."""
    if num_nodes <= len(walks.node_ids) and num_edges <= len(walks.edge_source):
        return walks
    return Walks(
        _enlarge(walks.node_ids, num_nodes),
        _enlarge(walks.node_hops, num_nodes),
        _enlarge(walks.edge_source, num_edges),
        _enlarge(walks.edge_target, num_edges),
        _enlarge(walks.edge_relation, num_edges),
        walks.node_ends,
        walks.edge_ends,
        walks.truncated,
    )


@numba.njit(cache=False)
def _enlarge(array, size):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    if size <= len(array):
        return array
    larger = np.empty(max(size, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger
