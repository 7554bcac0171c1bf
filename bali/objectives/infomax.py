"""Deep graph infomax: a node tells whether it belongs to its subgraph, or to a corrupted one."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from bali.objectives.numerics import at_least_float32, masked_mean, without_autocast


class DeepGraphInfomax(nn.Module):
    """Binary cross-entropy of real and corrupted nodes against the summary of the real subgraph.

    With h_i the N real and h~_i the N corrupted nodes of a subgraph, its summary s = sigmoid(1/N sum of h_i) and the
    discriminator D(h, s) = sigmoid(h^T W s), a subgraph costs

        -1/(2N) (sum of log D(h_i, s) + sum of log(1 - D(h~_i, s))).

    The mean is over subgraphs, so that a hub's large one does not outweigh the others.

    Source: Velickovic et al., ICLR 2019, arXiv 1809.10341, equation 1 (as a loss, hence the sign), section 4 for
    summary and discriminator.

    Args:
        hidden_size: of the node vectors.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(hidden_size, hidden_size))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, nodes: Tensor, corrupted: Tensor, subgraph: Tensor, num_subgraphs: int) -> Tensor:
        """The loss of a batch.

        Args:
            nodes: (num_nodes, hidden) vectors of the real subgraphs.
            corrupted: (num_nodes, hidden) vectors of the corrupted ones, node by node in the same subgraph.
            subgraph: (num_nodes,) int64, below num_subgraphs.
            num_subgraphs: one may be empty; it does not count.

        Returns:
            Scalar; 0 (with a gradient of 0) where there are no nodes.
        """
        nodes, corrupted = at_least_float32(nodes), at_least_float32(corrupted)
        sizes = nodes.new_zeros(num_subgraphs).index_add(0, subgraph, torch.ones_like(nodes[:, 0]))

        def mean_by_subgraph(values: Tensor) -> Tensor:
            """(num_nodes, size) -> (num_subgraphs, size)."""
            sums = values.new_zeros(num_subgraphs, values.shape[1]).index_add(0, subgraph, values)
            return sums / sizes.clamp(min=1).unsqueeze(1)

        summaries = torch.sigmoid(mean_by_subgraph(nodes))
        with without_autocast(nodes):
            projected = (summaries @ self.weight.T).index_select(0, subgraph)  # W s, (num_nodes, hidden)
        real, false = (nodes * projected).sum(dim=1), (corrupted * projected).sum(dim=1)
        node_losses = (functional.softplus(-real) + functional.softplus(false)) / 2
        return masked_mean(mean_by_subgraph(node_losses.unsqueeze(1)).squeeze(1), sizes > 0)
