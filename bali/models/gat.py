"""`gat`: graph attention over name vectors, with relation embeddings as edge features."""

import torch
from torch import Tensor, nn
from torch_geometric.nn.conv.gatv2_conv import GATv2Conv

from bali.errors import ConfigError
from bali.models.graph_encoders import GraphEncoderOptions

_INITIAL_SCALE = 0.1  # ours: the first vectors are nearly the names', and the graph has to earn its share


class GatLayer(nn.Module):
    """One round of message passing with pre-normalisation and a scaled residual.

    x'_i = x_i + s * dropout(GATv2(LayerNorm(x))_i), s a learned vector that starts at 0.1 (LayerScale, Touvron et al.,
    ICCV 2021). GATv2: Brody et al., ICLR 2022, equations 7-8, attention over relation r of edge j -> i from
    a^T LeakyReLU(W_s x_j + W_t x_i + W_e r).
    """

    def __init__(self, options: GraphEncoderOptions) -> None:
        super().__init__()
        size = options.hidden_size
        self.norm = nn.LayerNorm(size)
        self.convolution = GATv2Conv(
            size,
            size // options.num_heads,
            heads=options.num_heads,
            dropout=options.dropout,
            edge_dim=size,
            add_self_loops=False,  # the encoder adds them with a relation of their own
        )
        self.dropout = nn.Dropout(options.dropout)
        self.scale = nn.Parameter(torch.full((size,), _INITIAL_SCALE))

    def forward(self, nodes: Tensor, edge_index: Tensor, edge_features: Tensor) -> Tensor:
        """(num_nodes, hidden) in and out; `edge_features` (num_edges, hidden)."""
        update = self.convolution(self.norm(nodes), edge_index, edge_features)
        return nodes + self.scale * self.dropout(update)


class GatEncoder(nn.Module):
    """Layers of GATv2 over the disjoint union of subgraphs; the roots' vectors come out.

    The root's vector stays its own name's vector plus what the graph adds. Only the language model is used later, so
    what aligns mentions with concepts should sit in it: with the residual, the gradient of the alignment reaches the
    root's name vector undiluted, and names themselves move to their mentions.

    Every node gets a self loop with its own relation id; without one, a node without in-edges would have no input,
    and two layers of GATv2 would forget the node itself.
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
        self.layers = nn.ModuleList(GatLayer(options) for _ in range(options.num_layers))

    def forward(self, nodes: Tensor, edge_index: Tensor, edge_relation: Tensor, root_index: Tensor) -> Tensor:
        """The vectors of the roots.

        Args:
            nodes: (num_nodes, hidden) name vectors.
            edge_index: (2, num_edges) int64, row 0 source, row 1 target; may be empty.
            edge_relation: (num_edges,) int64.
            root_index: (num_roots,) int64.

        Returns:
            (num_roots, hidden).
        """
        loops = torch.arange(len(nodes), device=nodes.device)
        edge_index = torch.cat([edge_index, loops.expand(2, -1)], dim=1)
        relation = torch.cat([edge_relation, torch.full_like(loops, self.self_loop)])
        features = self.relations(relation)  # (num_edges + num_nodes, hidden)
        for layer in self.layers:
            nodes = layer(nodes, edge_index, features)
        return nodes.index_select(0, root_index)
