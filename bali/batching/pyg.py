"""A sampled subgraph as a PyTorch Geometric graph, for people who look at one."""

from collections.abc import Mapping
from typing import Any

import torch
from torch_geometric.data import Data


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
