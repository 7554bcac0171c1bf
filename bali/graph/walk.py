"""The walk that grows subgraphs: compiled, one root after the other, over the incoming edges."""

from typing import NamedTuple

import numba
import numpy as np
import numpy.typing as npt

from bali.graph.choosing import ALL, choose
from bali.graph.hashing import HashArray, combine

MAX_BATCH_EDGES = 1 << 26  # a batch of subgraphs ends after the root that reaches this many edges


class Adjacency(NamedTuple):
    """Incoming edges (`csr.InEdges`), a hash of each node's CUI, and what may be walked.

    `walked` tells for each relation whether edges of it are followed; nodes with more than `hub_degree` incoming edges
    are reached, but not walked through. `has_loops` tells whether any edge joins a node with itself.
    """

    indptr: npt.NDArray[np.int64]
    source: npt.NDArray[np.int32]
    relation: npt.NDArray[np.int16]
    hashes: HashArray
    walked: npt.NDArray[np.bool_]
    hub_degree: int
    has_loops: bool


class Walks(NamedTuple):
    """Subgraphs one after the other; of subgraph i the nodes end at `node_ends[i]`, the edges at `edge_ends[i]`.

    `edge_source` and `edge_target` are positions among the nodes of the subgraph; `truncated` tells whether neighbours
    were left out, `num_hubs` how many nodes were not walked through.
    """

    node_ids: npt.NDArray[np.int32]
    node_hops: npt.NDArray[np.int8]
    edge_source: npt.NDArray[np.int32]
    edge_target: npt.NDArray[np.int32]
    edge_relation: npt.NDArray[np.int16]
    node_ends: npt.NDArray[np.int64]
    edge_ends: npt.NDArray[np.int64]
    truncated: npt.NDArray[np.bool_]
    num_hubs: npt.NDArray[np.int32]


@numba.njit(cache=False)
def walk(
    adjacency: Adjacency, roots: npt.NDArray[np.int32], seeds: HashArray, fanout: npt.NDArray[np.int64]
) -> tuple[int, Walks]:
    """Grow the subgraph of each root; returns how many roots were done and their subgraphs.

    Every node is expanded once, at the hop at which it was found: of its neighbours (distinct sources of its incoming
    edges, itself excepted) `fanout[hop]` are taken, a uniform sample without replacement that depends on the seed, the
    node's CUI and its neighbours alone, with all their edges to the node. Loops come along.

    Args:
        adjacency: the graph.
        roots: (num_roots,) node ids.
        seeds: (num_roots,) a seed for each root.
        fanout: (num_hops,) neighbours taken per node at each hop, or `ALL`.
    """
    rows = len(roots)
    ends, edge_ends = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    truncated, num_hubs = np.zeros(rows, np.bool_), np.zeros(rows, np.int32)
    walks = _reserve(_no_walks(ends, edge_ends, truncated, num_hubs), 16 * rows, 16 * rows)
    state = _State(np.zeros(2, np.int64), np.full(len(adjacency.indptr) - 1, -1, np.int32))
    chosen = np.empty(max(1, fanout.max() if len(fanout) else 1) + 2, np.int64)
    done = 0
    while done < rows and state.used[1] < MAX_BATCH_EDGES:
        first = state.used[0]
        walks, truncated[done], num_hubs[done] = _grow(
            adjacency, walks, state, (roots[done], seeds[done], chosen), fanout
        )
        ends[done], edge_ends[done] = state.used
        for place in range(first, state.used[0]):
            state.position[walks.node_ids[place]] = -1
        done += 1
    return done, walks


class _State(NamedTuple):
    """What compiled code updates in place: numbers of nodes and edges written; node -> place in its subgraph or -1."""

    used: npt.NDArray[np.int64]
    position: npt.NDArray[np.int32]


@numba.njit(cache=False)
def _grow(adjacency, walks, state, root, fanout):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Write the subgraph of one root behind what is used; returns the buffers, and `truncated` and `num_hubs`."""
    root_id, seed, chosen = root
    first = start = state.used[0]
    walks = _reserve(walks, first + 1, state.used[1])
    _add_node(walks, state, first, root_id, 0)
    truncated, num_hubs = False, 0
    for hop in range(len(fanout)):
        stop = state.used[0]
        for place in range(start, stop):
            node = walks.node_ids[place]
            low, high = adjacency.indptr[node], adjacency.indptr[node + 1]
            if hop > 0 and high - low > adjacency.hub_degree:
                num_hubs += 1
                truncated = True
                continue
            number = ALL
            if fanout[hop] != ALL:
                number = choose(adjacency, node, combine(seed, adjacency.hashes[node]), fanout[hop], chosen)
            if number == ALL:
                walks = _reserve(walks, state.used[0] + high - low, state.used[1] + high - low)
                _write_edges(adjacency, walks, state, (first, place, hop + 1), (low, high))
                continue
            truncated = True
            for neighbour in range(number):
                edge = chosen[neighbour]
                end = edge + 1
                while end < high and adjacency.source[end] == adjacency.source[edge]:
                    end += 1
                walks = _reserve(walks, state.used[0] + 1, state.used[1] + end - edge)
                _write_edges(adjacency, walks, state, (first, place, hop + 1), (edge, end))
        start = stop
    return walks, truncated, num_hubs


@numba.njit(cache=False)
def _write_edges(adjacency, walks, state, where, edges):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Write the edges of a node at some positions that may be walked, and their sources that are new."""
    first, place, hop = where
    for edge in range(edges[0], edges[1]):
        if not adjacency.walked[adjacency.relation[edge]]:
            continue
        source = adjacency.source[edge]
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
def _no_walks(node_ends, edge_ends, truncated, num_hubs):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    i32, i16, i8 = np.empty(0, np.int32), np.empty(0, np.int16), np.empty(0, np.int8)
    return Walks(i32, i8, i32.copy(), i32.copy(), i16, node_ends, edge_ends, truncated, num_hubs)


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
        walks.num_hubs,
    )


@numba.njit(cache=False)
def _enlarge(array, size):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    if size <= len(array):
        return array
    larger = np.empty(max(size, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger
