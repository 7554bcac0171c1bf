"""k-hop subgraphs around the concepts that a corpus mentions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali import concept_ids
from bali.graph.csr import InEdges
from bali.graph.hashing import HashArray, hash_concepts
from bali.graph.walk import Adjacency, Walks, walk
from bali.io.census import Census
from bali.io.stable_hash import stable_hash

if TYPE_CHECKING:
    import networkx as nx

BATCH_ROOTS = 1 << 13  # subgraphs held in memory at once
_NOTES = ("subgraphs", "truncated subgraphs", "roots without neighbours", "nodes", "edges")


@dataclass(frozen=True)
class SubgraphOptions:
    """How far and how wide to walk.

    Attributes:
        fanout: neighbours taken per node, one number a hop; -1 takes all. No hops: the roots alone.
        seed: of the samples.
        hub_degree: nodes with more incoming edges are not walked through, roots excepted; None walks through all.
        walked: (num_relations,) which relations are followed; None follows all.
    """

    fanout: Sequence[int]
    seed: int = 0
    hub_degree: int | None = None
    walked: npt.NDArray[np.bool_] | None = None


def sample_subgraphs(
    in_edges: InEdges,
    concepts: concept_ids.Numbers,
    roots: npt.NDArray[np.int32],
    options: SubgraphOptions,
    census: Census,
) -> Iterator[pa.Table]:
    """Sample the subgraph of each root; rows as `schemas.SUBGRAPHS`, in the order of `roots`, in batches.

    The sample of a root depends on the seed, its CUI and the graph around it: neither on the other roots or their order
    nor on node numbers, since neighbours are drawn by hashes of CUIs (`walk`).

    Args:
        in_edges: the graph.
        concepts: of the nodes (`concept_ids`), in order of node id.
        roots: node ids.
        options: fan-out and seed.
        census: counts of nodes, edges, truncated and isolated subgraphs are noted here as they are made.
    """
    hashes = hash_concepts(concepts)
    adjacency = _adjacency(in_edges, hashes, options)
    seeds = stable_hash(options.seed, hashes[roots].view(np.int64))
    fanout = np.array(options.fanout, np.int64)
    notes = dict.fromkeys((*_NOTES, "hubs not walked through"), 0)
    start = 0
    while start < len(roots):
        stop = min(start + BATCH_ROOTS, len(roots))
        done, walks = walk(adjacency, roots[start:stop], seeds[start:stop], fanout)
        table = _to_table(walks, done, concepts, roots[start : start + done], len(fanout))
        notes["subgraphs"] += done
        notes["truncated subgraphs"] += int(walks.truncated[:done].sum())
        notes["roots without neighbours"] += int((np.diff(walks.node_ends[:done], prepend=0) == 1).sum())
        notes["nodes"] += int(walks.node_ends[done - 1])
        notes["edges"] += int(walks.edge_ends[done - 1])
        notes["hubs not walked through"] += int(walks.num_hubs[:done].sum())
        census.notes |= notes
        start += done
        yield table


def _adjacency(in_edges: InEdges, hashes: HashArray, options: SubgraphOptions) -> Adjacency:
    walked = np.ones(np.iinfo(np.int16).max, np.bool_) if options.walked is None else options.walked
    hub_degree = np.iinfo(np.int64).max if options.hub_degree is None else options.hub_degree
    return Adjacency(
        np.asarray(in_edges.indptr),
        np.asarray(in_edges.source),
        np.asarray(in_edges.relation),
        hashes,
        walked,
        hub_degree,
        in_edges.has_loops(),
    )


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
    walks: Walks, num_rows: int, concepts: concept_ids.Numbers, roots: npt.NDArray[np.int32], num_hops: int
) -> pa.Table:
    nodes, edges = walks.node_ends[:num_rows], walks.edge_ends[:num_rows]
    return pa.table(
        {
            "root_cui": concept_ids.write(concepts[roots]),
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
