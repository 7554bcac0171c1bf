"""`gat`: graph attention over name vectors, with relation embeddings as edge features."""

import torch
from torch import Tensor, nn
from torch_geometric.nn.conv.gatv2_conv import GATv2Conv

from bali.errors import ConfigError
from bali.models.graph_encoders import GraphEncoderOptions
from bali.models.message_passing import ResidualLayer


class GatEncoder(nn.Module):
    """Residual layers of GATv2 over the disjoint union of subgraphs.

    GATv2: Brody et al., ICLR 2022, equations 7-8, attention over relation r of edge j -> i from
    a^T LeakyReLU(W_s x_j + W_t x_i + W_e r).

    Every node gets a self loop with its own relation id; without one, a node without in-edges would have no input.
    """

    def __init__(self, options: GraphEncoderOptions) -> None:
        """Make the layers.

        Raises:
            ConfigError: the heads do not divide the hidden size.
        """
        super().__init__()
        if options.hidden_size % options.num_heads:
            raise ConfigError(
                f"pretraining.num_graph_heads: must divide the language model's hidden size {options.hidden_size}, "
                f"got {options.num_heads}."
            )
        self.self_loop = options.num_relations
        self.relations = nn.Embedding(options.num_relations + 1, options.hidden_size)
        self.layers = nn.ModuleList(
            ResidualLayer(_convolution(options), options.hidden_size, options.dropout)
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
        loops = torch.arange(len(nodes), device=nodes.device)
        edge_index = torch.cat([edge_index, loops.expand(2, -1)], dim=1)
        relation = torch.cat([edge_relation, torch.full_like(loops, self.self_loop)])
        features = self.relations(relation)  # (num_edges + num_nodes, hidden)
        for layer in self.layers:
            nodes = layer(nodes, edge_index, features)
        return nodes


def _convolution(options: GraphEncoderOptions) -> nn.Module:
    size = options.hidden_size
    convolution: nn.Module = GATv2Conv(
        size,
        size // options.num_heads,
        heads=options.num_heads,
        dropout=options.dropout,
        edge_dim=size,
        add_self_loops=False,  # the encoder adds them with a relation of their own
    )
    return convolution
