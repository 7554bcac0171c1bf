"""An encoder with a linear head over some of its states."""

from typing import Any

import torch
from torch import nn

from bali.batching.randomness import Stream, torch_seed
from bali.evaluation.heads.item import Batch

_DROPOUT = 0.1  # BERT's own (Devlin et al. 2019, appendix A.2)
_DEVIATION = 0.02  # of the initial weights, BERT's own


class EncoderWithHead(nn.Module):
    """An encoder and a linear head over the dropped-out states that a batch names.

    Args:
        encoder: model whose `last_hidden_state` has shape (num_sequences, tokens, hidden).
        head: linear, of the encoder's width.
    """

    def __init__(self, encoder: Any, head: nn.Linear) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(_DROPOUT)
        self.head = head

    def forward(self, batch: Batch) -> torch.Tensor:
        """(num_read, num_outputs) float32 logits of the states that the batch names."""
        states = self.encoder(**batch.inputs).last_hidden_state[batch.rows, batch.columns]  # (num_read, hidden)
        return self.head(self.dropout(states)).float()


def initial_head(hidden_size: int, num_outputs: int, seed: int) -> nn.Linear:
    """A head with BERT's initial weights, drawn by `seed` alone: no other random number is used or changed."""
    head = nn.Linear(hidden_size, num_outputs, device="meta").to_empty(device="cpu")
    generator = torch.Generator().manual_seed(torch_seed(seed, Stream.INITIALISATION))
    nn.init.normal_(head.weight, std=_DEVIATION, generator=generator)
    nn.init.zeros_(head.bias)
    return head
