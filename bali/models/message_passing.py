"""The layer that all graph networks share: a round of message passing around which nodes keep their own vectors."""

import torch
from torch import Tensor, nn

_INITIAL_SCALE = 0.1  # ours: the first vectors are nearly the names', and the graph has to earn its share


class ResidualLayer(nn.Module):
    """One round of message passing with pre-normalisation and a scaled residual.

    x' = x + s * dropout(convolution(LayerNorm(x), ...)), s a learned vector that starts at 0.1 (LayerScale, Touvron et
    al., ICCV 2021).

    A node's vector stays its own name's vector plus what the graph adds. Only the language model is used later, so
    what aligns mentions with concepts should sit in it: with the residual, the gradient of the alignment reaches the
    root's name vector undiluted, and names themselves move to their mentions.

    The papers of the convolutions put a non-linearity after the sum; here the update is added to a vector of the
    language model's space and may point anywhere, so it has none. LayerNorm stands between the rounds.

    Args:
        convolution: called with the normalised nodes and whatever follows them.
        hidden_size: of the nodes.
        dropout: on the update.
    """

    def __init__(self, convolution: nn.Module, hidden_size: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(hidden_size)
        self.convolution = convolution
        self.dropout = nn.Dropout(dropout)
        self.scale = nn.Parameter(torch.full((hidden_size,), _INITIAL_SCALE))

    def forward(self, nodes: Tensor, *graph: Tensor) -> Tensor:
        """(num_nodes, hidden) in and out; `graph` is what the convolution takes after the nodes."""
        update = self.convolution(self.norm(nodes), *graph)
        return nodes + self.scale * self.dropout(update)
