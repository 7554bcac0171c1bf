"""k-hop subgraphs around the concepts that a corpus mentions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali.graph.csr import InEdges
from bali.graph.hashing import hash_strings
from bali.graph.walk import Adjacency, Walks, walk
from bali.io.census import Census
from bali.io.stable_hash import stable_hash

if TYPE_CHECKING:
    import networkx as nx

BATCH_ROOTS = 4096  # subgraphs held in memory at once


@dataclass(frozen=True)
class SubgraphOptions:
    """How far and how wide to walk.

    Attributes:
        fanout: neighbours taken per node, one number a hop; -1 takes all. No hops: the roots alone.
        seed: of the samples.
    """

    fanout: Sequence[int]
    seed: int = 0


def sample_subgraphs(
    in_edges: InEdges, cuis: pa.ChunkedArray, roots: npt.NDArray[np.int32], options: SubgraphOptions, census: Census
) -> Iterator[pa.Table]:
    """Sample the subgraph of each root; rows as `schemas.SUBGRAPHS`, in the order of `roots`, in batches.

    The sample of a root depends on the seed, its CUI and the graph around it: neither on the other roots or their order
    nor on node numbers, since neighbours are drawn by hashes of CUIs (`walk`).

    Args:
        in_edges: the graph.
        cuis: of the nodes, in order of node id.
        roots: node ids.
        options: fan-out and seed.
        census: counts of nodes, edges, truncated and isolated subgraphs are noted here as they are made.
    """
    hashes = hash_strings(cuis)
    adjacency = Adjacency(
        np.asarray(in_edges.indptr), np.asarray(in_edges.source), np.asarray(in_edges.relation), hashes
    )
    seeds = stable_hash(options.seed, hashes[roots].view(np.int64))
    fanout = np.array(options.fanout, np.int64)
    notes = dict.fromkeys(("subgraphs", "truncated subgraphs", "roots without neighbours", "nodes", "edges"), 0)
    start = 0
    while start < len(roots):
        stop = min(start + BATCH_ROOTS, len(roots))
        done, walks = walk(adjacency, roots[start:stop], seeds[start:stop], fanout)
        table = _to_table(walks, done, cuis, roots[start : start + done], len(fanout))
        notes["subgraphs"] += done
        notes["truncated subgraphs"] += int(walks.truncated[:done].sum())
        notes["roots without neighbours"] += int((np.diff(walks.node_ends[:done], prepend=0) == 1).sum())
        notes["nodes"] += int(walks.node_ends[done - 1])
        notes["edges"] += int(walks.edge_ends[done - 1])
        census.notes |= notes
        start += done
        yield table


def to_networkx(row: Mapping[str, Any], nodes: pa.Table | None = None) -> nx.MultiDiGraph:
    """A row of `schemas.SUBGRAPHS` (e.g. of `Table.to_pylist`) as a networkx graph.

    Nodes are node ids with the attribute `hop`, and with `nodes` (`schemas.NODES`) also `cui` and `preferred_name`;
    edges run from source to target, with the attribute `relation_id`. The graph's attribute `root` is the root's id.
    """
    import networkx as nx  # noqa: PLC0415 - costs half a second that the stages need not pay

    graph = nx.MultiDiGraph(root=row["root_id"])
    for node, hop in zip(row["node_ids"], row["node_hops"], strict=True):
        names = {name: nodes[name][node].as_py() for name in ("cui", "preferred_name")} if nodes is not None else {}
        graph.add_node(node, hop=hop, **names)
    for source, target, relation in zip(row["edge_source"], row["edge_target"], row["edge_relation"], strict=True):
        graph.add_edge(row["node_ids"][source], row["node_ids"][target], relation_id=relation)
    return graph


def _to_table(
    walks: Walks, num_rows: int, cuis: pa.ChunkedArray, roots: npt.NDArray[np.int32], num_hops: int
) -> pa.Table:
    nodes, edges = walks.node_ends[:num_rows], walks.edge_ends[:num_rows]
    return pa.table(
        {
            "root_cui": cuis.take(pa.array(roots)),
            "root_id": roots,
            "num_hops": np.full(num_rows, num_hops, np.int8),
            "node_ids": _lists(walks.node_ids, nodes),
            "node_hops": _lists(walks.node_hops, nodes),
            "edge_source": _lists(walks.edge_source, edges),
            "edge_target": _lists(walks.edge_target, edges),
            "edge_relation": _lists(walks.edge_relation, edges),
            "truncated": walks.truncated[:num_rows],
        }
    )


def _lists(values: npt.NDArray[Any], ends: npt.NDArray[np.int64]) -> pa.ListArray:
    offsets = np.concatenate([np.zeros(1, np.int64), ends]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values[: offsets[-1]]))
