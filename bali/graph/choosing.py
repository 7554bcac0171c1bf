"""Which neighbours of a node are taken: a uniform sample without replacement, of hubs without reading all edges."""

import numba
import numpy as np

from bali.graph.hashing import combine

ALL = -1  # fan-out that takes every neighbour; also what `choose` says where none is left out
_LARGE = 64  # a node with more edges is drawn from, not read
_MAX_DRAWN = 16  # neighbours taken by drawing; more are found by reading
_MAX_DRAWS = 16  # for each neighbour to take; parallel edges and relations that are not walked cost draws


@numba.njit(cache=False)
def choose(adjacency, node, salt, fanout, chosen):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    """Choose `fanout` neighbours of a node, at random by `salt`.

    A neighbour is the source of an incoming edge that may be walked, other than the node itself. Of a node with few
    edges the neighbours of lowest hash are taken. From the edges of a larger one positions are drawn by hash, one after
    the other; a position counts if it is the first of its neighbour's, so that each neighbour has the same chance.

    Args:
        adjacency: the graph (`walk.Adjacency`).
        node: its id.
        salt: hash of the root's seed and the node.
        fanout: neighbours to take.
        chosen: takes the position of the first edge of each, in order, and that of the node's loops.

    Returns:
        How many positions `chosen` holds; `ALL` where the node has no more than `fanout` neighbours.
    """
    low, high = adjacency.indptr[node], adjacency.indptr[node + 1]
    if high - low <= fanout:
        return ALL
    number = -1
    if fanout <= _MAX_DRAWN and high - low > _LARGE:
        number = _draw(adjacency, node, salt, fanout, chosen)
    if number < 0:
        number = _read(adjacency, node, salt, fanout, chosen)
    if number == ALL:
        return ALL
    if adjacency.has_loops:
        place = low + np.searchsorted(adjacency.source[low:high], node)
        if place < high and adjacency.source[place] == node:
            chosen[number] = place
            number += 1
    for end in range(1, number):  # few: insertion sort
        edge, place = chosen[end], end
        while place > 0 and chosen[place - 1] > edge:
            chosen[place] = chosen[place - 1]
            place -= 1
        chosen[place] = edge
    return number


@numba.njit(cache=False)
def _draw(adjacency, node, salt, fanout, chosen):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Draw positions until there is one more neighbour than needed; -1 where the draws do not suffice."""
    low = adjacency.indptr[node]
    degree = np.uint64(adjacency.indptr[node + 1] - low)
    number = 0
    for draw in range(_MAX_DRAWS * (fanout + 1)):
        place = low + np.int64((combine(salt, np.uint64(draw)) >> np.uint64(32)) * degree >> np.uint64(32))
        if not _is_first(adjacency, node, low, place):
            continue
        is_new = True
        for other in range(number):
            is_new &= chosen[other] != place
        if is_new:
            if number == fanout:
                return number
            chosen[number] = place
            number += 1
    return -1


@numba.njit(cache=False)
def _read(adjacency, node, salt, fanout, chosen):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The neighbours of lowest hash; `ALL` where there are no more than `fanout`."""
    low, high = adjacency.indptr[node], adjacency.indptr[node + 1]
    lowest = np.empty(fanout, np.uint64)  # sorted, with `chosen` beside it
    number, num_neighbours = 0, 0
    for edge in range(low, high):
        if not _is_first(adjacency, node, low, edge):
            continue
        num_neighbours += 1
        value = combine(salt, adjacency.hashes[adjacency.source[edge]])
        if number == fanout and value >= lowest[fanout - 1]:
            continue
        place = min(number, fanout - 1)
        while place > 0 and lowest[place - 1] > value:
            lowest[place], chosen[place] = lowest[place - 1], chosen[place - 1]
            place -= 1
        lowest[place], chosen[place] = value, edge
        number = min(number + 1, fanout)
    return number if num_neighbours > fanout else ALL


@numba.njit(cache=False)
def _is_first(adjacency, node, low, edge):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Whether an edge may be walked, is no loop, and is the first such from its source."""
    source = adjacency.source[edge]
    if source == node or not adjacency.walked[adjacency.relation[edge]]:
        return False
    before = edge - 1
    while before >= low and adjacency.source[before] == source:
        if adjacency.walked[adjacency.relation[before]]:
            return False
        before -= 1
    return True
