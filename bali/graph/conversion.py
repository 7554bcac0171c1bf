"""A whole graph as a networkx graph, for people who explore one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bali.errors import InputError
from bali.graph.folder import open_in_edges, read_relation_pairs
from bali.io.parquet import iterate_artefact
from bali.schemas import NODES

if TYPE_CHECKING:
    import networkx as nx

MAX_EDGES = 2_000_000  # about 1.4 GB of networkx
_BLOCK_NODES = 1 << 16


def to_networkx(graph_dir: Path, limit: int | None = MAX_EDGES) -> nx.MultiDiGraph:
    """The graph that `build-graph` wrote, whole.

    Nodes are node ids with the attributes `cui` and `preferred_name`; edges run from source to target, keyed by their
    relation id, with the attributes `rel` and `rela`. Nodes and edges come in the order of the artefacts. An edge takes
    about 0.7 KB: 53 million edges do not fit into any usual memory.

    Args:
        graph_dir: output folder of `build-graph`.
        limit: edges that are converted at most; None converts any number.

    Raises:
        ArtefactError: a file of the graph is missing, damaged, or of another graph.
        InputError: there are more than `limit` edges.
    """
    import networkx as nx  # noqa: PLC0415 - costs half a second that the stages need not pay

    in_edges = open_in_edges(graph_dir)
    if limit is not None and len(in_edges.source) > limit:
        raise InputError(
            f"{graph_dir}: expected at most {limit:,} edges to convert to networkx, found {len(in_edges.source):,}."
            " Pass limit=None where 0.7 KB of memory an edge is there, convert to PyTorch Geometric"
            " (bali.batching.pyg.graph_to_pyg), or sample subgraphs."
        )
    pairs = [{"rel": rel, "rela": rela} for rel, rela in read_relation_pairs(graph_dir / "relation_labels.parquet")]
    graph = nx.MultiDiGraph()
    for batch in iterate_artefact(graph_dir / "nodes.parquet", NODES, ["node_id", "cui", "preferred_name"]):
        graph.add_nodes_from((row.pop("node_id"), row) for row in batch.to_pylist())
    for start in range(0, in_edges.num_nodes, _BLOCK_NODES):
        indptr = in_edges.indptr[start : start + _BLOCK_NODES + 1]
        rows = slice(int(indptr[0]), int(indptr[-1]))
        targets = np.repeat(np.arange(start, start + len(indptr) - 1), np.diff(indptr)).tolist()
        sources, relations = in_edges.source[rows].tolist(), in_edges.relation[rows].tolist()
        graph.add_edges_from(
            (source, target, relation, pairs[relation])
            for source, target, relation in zip(sources, targets, relations, strict=True)
        )
    return graph
