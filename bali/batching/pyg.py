"""Sampled subgraphs and whole graphs as PyTorch Geometric graphs, for people who look at one or train on it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch_geometric.data import Data

from bali.graph.folder import open_in_edges


def to_pyg(row: Mapping[str, Any]) -> Data:
    """A row of `schemas.SUBGRAPHS` (e.g. of `Table.to_pylist`, or of NumPy arrays) as `torch_geometric.data.Data`.

    Returns:
        Data with node_id (num_nodes,), hop (num_nodes,), edge_index (2, num_edges), row 0 source, row 1 target,
        edge_type (num_edges,) relation ids, root_index (1,) the root's position, 0; all int64.
    """
    edges = [torch.as_tensor(row[end], dtype=torch.int64) for end in ("edge_source", "edge_target")]
    return Data(
        num_nodes=len(row["node_ids"]),
        node_id=torch.as_tensor(row["node_ids"], dtype=torch.int64),
        hop=torch.as_tensor(row["node_hops"], dtype=torch.int64),
        edge_index=torch.stack(edges),
        edge_type=torch.as_tensor(row["edge_relation"], dtype=torch.int64),
        root_index=torch.zeros(1, dtype=torch.int64),
    )


def graph_to_pyg(graph_dir: Path) -> Data:
    """The graph that `build-graph` wrote, whole, as `torch_geometric.data.Data`.

    PyTorch Geometric wants int64 node numbers and the artefact holds int32 and row boundaries, so `edge_index` is a
    copy: 16 bytes an edge, 0.84 GB for 53 million. `edge_type` is not copied: it is a memory map of
    in_edges/relation.npy, read page by page; what is written to it stays in memory and never reaches the file. Layers
    that use relation ids as indices want `edge_type.long()`. The names are in nodes.parquet, row for node.

    Returns:
        Data with num_nodes, edge_index (2, num_edges) int64, row 0 source, row 1 target, sorted by target, and
        edge_type (num_edges,) int16 relation ids.

    Raises:
        ArtefactError: a file of the graph is missing, damaged, or of another graph.
    """
    in_edges = open_in_edges(graph_dir)
    edge_index = np.empty((2, len(in_edges.source)), np.int64)
    edge_index[0] = in_edges.source
    edge_index[1] = np.repeat(np.arange(in_edges.num_nodes), np.diff(in_edges.indptr))
    return Data(
        num_nodes=in_edges.num_nodes,
        edge_index=torch.from_numpy(edge_index),
        edge_type=torch.from_numpy(_private(in_edges.relation)),
    )


def _private(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """A writable map of the file behind a read-only one: pages that are written to become the process's own."""
    assert isinstance(array, np.memmap), "in_edges are mapped files"
    assert array.filename is not None, "in_edges are files with a name"
    return np.memmap(array.filename, array.dtype, "c", array.offset, array.shape)
