"""`names_only` and `linearised`: a concept's vector is what the language model read."""

from torch import Tensor, nn


class IdentityEncoder(nn.Module):
    """The nodes as they are. It has no parameter: the language model alone carries the alignment.

    For `names_only` a node is the vector of its name: the ablation that asks whether the graph matters. For
    `linearised` it is the vector of its serialised subgraph, whose edges the language model has read as text.
    """

    def forward(self, nodes: Tensor, edge_index: Tensor, edge_relation: Tensor) -> Tensor:
        """`nodes`, (num_nodes, hidden); edges are not read."""
        return nodes
