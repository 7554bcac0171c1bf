"""`rgcn`: a matrix for each relation, mixed from a few bases that all relations share."""

import torch
from torch import Tensor, nn

from bali.models.graph_encoders import GraphEncoderOptions
from bali.models.message_passing import ResidualLayer


class RgcnEncoder(nn.Module):
    """Residual layers of R-GCN over the disjoint union of subgraphs."""

    def __init__(self, options: GraphEncoderOptions) -> None:
        super().__init__()
        size = options.hidden_size
        self.num_relations = options.num_relations
        self.layers = nn.ModuleList(
            ResidualLayer(RelationalConvolution(size, options.num_relations, options.num_bases), size, options.dropout)
            for _ in range(options.num_layers)
        )

    def forward(self, nodes: Tensor, edge_index: Tensor, edge_relation: Tensor) -> Tensor:
        """The vectors of all nodes.

        Args:
            nodes: (num_nodes, hidden) name vectors.
            edge_index: (2, num_edges) int64, row 0 source, row 1 target; may be empty.
            edge_relation: (num_edges,) int64.

        Returns:
            (num_nodes, hidden).
        """
        share = edge_shares(edge_index[1], edge_relation, len(nodes), self.num_relations)
        for layer in self.layers:
            nodes = layer(nodes, edge_index, edge_relation, share)
        return nodes


class RelationalConvolution(nn.Module):
    """The relational convolution with basis decomposition (Schlichtkrull et al., ESWC 2018, equations 2 and 3).

    x'_i = W_0 x_i + b + sum over relations r and edges j -> i of r of 1/c_{i,r} W_r x_j, with W_r = sum of a_{r,b} V_b
    over the bases b and c_{i,r} the number of those edges. The matrices W_r, hundreds for UMLS, are never built:
    sum_b (sum of a_{r,b} / c_{i,r} x_j over all edges) V_b is the same, and costs one product per basis.

    Args:
        hidden_size: of vectors that go in and come out.
        num_relations: relation ids are below it.
        num_bases: matrices that the relations share.
    """

    def __init__(self, hidden_size: int, num_relations: int, num_bases: int) -> None:
        super().__init__()
        self.self_connection = nn.Linear(hidden_size, hidden_size)
        self.bases = nn.Parameter(torch.empty(num_bases, hidden_size, hidden_size))
        self.coefficients = nn.Parameter(torch.empty(num_relations, num_bases))
        bound = hidden_size**-0.5  # as nn.Linear: with the coefficients below, W_r starts with the variance of W_0
        nn.init.uniform_(self.bases, -bound, bound)
        nn.init.normal_(self.coefficients, std=num_bases**-0.5)

    def forward(self, nodes: Tensor, edge_index: Tensor, edge_relation: Tensor, edge_share: Tensor) -> Tensor:
        """(num_nodes, hidden) in and out; `edge_share` (num_edges,) is 1/c_{i,r} of each edge, see `edge_shares`."""
        source, target = edge_index
        messages = nodes.index_select(0, source)  # (num_edges, hidden)
        weights = self.coefficients.index_select(0, edge_relation) * edge_share.unsqueeze(1)  # (num_edges, num_bases)
        sums = [
            torch.zeros_like(nodes).index_add(0, target, messages * weight.unsqueeze(1)) for weight in weights.unbind(1)
        ]
        relational = torch.cat(sums, dim=1) @ self.bases.flatten(0, 1)  # (num_nodes, hidden)
        return self.self_connection(nodes) + relational


def edge_shares(target: Tensor, relation: Tensor, num_nodes: int, num_relations: int) -> Tensor:
    """1 over the number of edges of the same relation into the same node.

    Counts all (node, relation) pairs in one vector, 4 bytes each: a few MB for a batch, and a GPU is never waited for.

    Args:
        target: (num_edges,) int64 node ids.
        relation: (num_edges,) int64.
        num_nodes: node ids are below it.
        num_relations: relation ids are below it.

    Returns:
        (num_edges,) float32.
    """
    pair = target * num_relations + relation
    ones = torch.ones(pair.shape, dtype=torch.float32, device=pair.device)
    counts = torch.zeros(num_nodes * num_relations, dtype=torch.float32, device=pair.device).index_add(0, pair, ones)
    return counts.index_select(0, pair).reciprocal()
