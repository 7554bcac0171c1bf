"""`sage`: the mean of the neighbours' name vectors, whatever relation joins them."""

from torch import Tensor, nn
from torch_geometric.nn.conv.sage_conv import SAGEConv

from bali.models.graph_encoders import GraphEncoderOptions
from bali.models.message_passing import ResidualLayer


class SageEncoder(nn.Module):
    """Residual layers of GraphSAGE with the mean aggregator over the disjoint union of subgraphs.

    W_1 x_i + W_2 mean(x_j for all edges j -> i) + b (Hamilton et al., NeurIPS 2017, algorithm 1, lines 4-5); a node
    without in-edges keeps W_1 x_i + b. Vectors are not scaled to unit length (line 7): the residual keeps the
    language model's scale.

    The network is blind to relations: a parent and a child count alike, and two edges of different relations between
    the same nodes count twice. Against `gat` and `rgcn` it shows what relations are worth.
    """

    def __init__(self, options: GraphEncoderOptions) -> None:
        super().__init__()
        size = options.hidden_size
        self.layers = nn.ModuleList(
            ResidualLayer(SAGEConv(size, size, aggr="mean"), size, options.dropout) for _ in range(options.num_layers)
        )

    def forward(self, nodes: Tensor, edge_index: Tensor, edge_relation: Tensor) -> Tensor:
        """The vectors of all nodes.

        Args:
            nodes: (num_nodes, hidden) name vectors.
            edge_index: (2, num_edges) int64, row 0 source, row 1 target; may be empty.
            edge_relation: (num_edges,) int64, not read.

        Returns:
            (num_nodes, hidden).
        """
        for layer in self.layers:
            nodes = layer(nodes, edge_index)
        return nodes
