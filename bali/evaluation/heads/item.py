"""Tokenised examples, and the padded tensors of a batch of them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

Ints = npt.NDArray[np.int32]


class Item(NamedTuple):
    """A tokenised example.

    Attributes:
        sequences: token ids of each of its sequences: one, or one per option of a question.
        types: token types of each of its sequences; empty where the model has none.
        positions: of each sequence, which states the head reads.
        targets: the right class of each answer: one, or one per position of a tagged sentence.
        words: of a tagged sentence, the number of the word of each position.
    """

    sequences: tuple[Ints, ...]
    types: tuple[Ints, ...]
    positions: tuple[Ints, ...]
    targets: Ints
    words: Ints | None = None

    @property
    def length(self) -> int:
        """Tokens of the longest sequence."""
        return max(len(sequence) for sequence in self.sequences)


class Batch(NamedTuple):
    """Padded sequences, and the states of them that the head reads.

    Attributes:
        inputs: what the encoder takes, each (num_sequences, tokens) int64.
        rows: (num_read,) sequence of each state.
        columns: (num_read,) its position.
    """

    inputs: dict[str, torch.Tensor]
    rows: torch.Tensor
    columns: torch.Tensor


def collate(items: Sequence[Item], pad_id: int, device: torch.device) -> Batch:
    """The batch of items, padded on the right; no item is changed."""
    sequences = [sequence for item in items for sequence in item.sequences]
    types = [row for item in items for row in item.types]
    positions = [row for item in items for row in item.positions]
    assert len(types) in (0, len(sequences)), "expected token types for every sequence or for none"
    masks = [np.ones_like(sequence) for sequence in sequences]
    inputs = {"input_ids": _padded(sequences, pad_id), "attention_mask": _padded(masks, 0)}
    if types:
        inputs["token_type_ids"] = _padded(types, 0)
    rows = np.repeat(np.arange(len(positions)), [len(row) for row in positions])
    return Batch(
        {name: torch.from_numpy(values).to(device) for name, values in inputs.items()},
        torch.from_numpy(rows).to(device),
        torch.from_numpy(np.concatenate(positions).astype(np.int64)).to(device),
    )


def targets(items: Sequence[Item], device: torch.device) -> torch.Tensor:
    """(num_answers,) the right class of every answer of the items, in order."""
    return torch.from_numpy(np.concatenate([item.targets for item in items]).astype(np.int64)).to(device)


def batches(items: Sequence[Item], max_tokens: int) -> Iterator[list[int]]:
    """Numbers of items of like length, longest first, of at most `max_tokens` padded tokens, or one item."""
    order = sorted(range(len(items)), key=lambda row: (-items[row].length, row))
    batch: list[int] = []
    num_sequences = 0
    for row in order:
        added = len(items[row].sequences)
        if batch and (num_sequences + added) * items[batch[0]].length > max_tokens:
            yield batch
            batch, num_sequences = [], 0
        batch.append(row)
        num_sequences += added
    if batch:
        yield batch


def _padded(rows: Sequence[Ints], value: int) -> npt.NDArray[np.int64]:
    padded = np.full((len(rows), max(map(len, rows))), value, dtype=np.int64)
    for number, row in enumerate(rows):
        padded[number, : len(row)] = row
    return padded
