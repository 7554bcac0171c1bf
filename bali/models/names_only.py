"""`names_only`: a concept is its name; the ablation that asks whether the graph matters."""

from torch import Tensor, nn


class NamesOnlyEncoder(nn.Module):
    """The root's name vector itself. It has no parameter: the language model alone carries the alignment."""

    def forward(self, nodes: Tensor, edge_index: Tensor, edge_relation: Tensor, root_index: Tensor) -> Tensor:
        """The name vectors of the roots, (num_roots, hidden); edges are not read."""
        return nodes.index_select(0, root_index)
