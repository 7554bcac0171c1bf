"""The names of a batch, each encoded once, in buckets of like length."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from bali.batching.batch import Names, Spans, Tokens
from bali.batching.ragged import IntArray
from bali.batching.tokens import TokenisedTexts, tokenise

_BUCKET_LENGTHS = (8, 16, 32, 64, 128, 256, 512)  # tokens; a bucket is padded to its own longest name


def distinct(names: Sequence[str]) -> tuple[list[str], IntArray]:
    """The distinct names in order of first use, and the number of each name given."""
    numbers: dict[str, int] = {}
    index = np.fromiter((numbers.setdefault(name, len(numbers)) for name in names), np.int64, len(names))
    return list(numbers), index


def encode_names(tokenizer: Any, names: Sequence[str], max_length: int) -> tuple[tuple[Names, ...], IntArray]:
    """Tokenise distinct names into buckets.

    Returns:
        buckets: names of at most 8, 16, 32, ... tokens.
        number: (num_names,) the number of each name, counted through the buckets.
    """
    texts = tokenise(tokenizer, names, max_length)
    lengths = texts.attention_mask.sum(axis=1)
    order = np.argsort(lengths, kind="stable")
    bucket = np.searchsorted(_BUCKET_LENGTHS, lengths[order])
    parts = np.split(order, np.flatnonzero(np.diff(bucket)) + 1)
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    return tuple(_bucket(texts, rows, int(lengths[rows].max())) for rows in parts), number


def _bucket(texts: TokenisedTexts, rows: IntArray, length: int) -> Names:
    """The names at `rows`; a name's vector is the mean over all its tokens, [CLS] and [SEP] among them.

    So the mean of a text's states, as encoders are commonly used, is what was trained.
    """
    position = np.flatnonzero(texts.attention_mask[rows, :length])
    return Names(
        Tokens(_tensor(texts.input_ids[rows, :length]), _tensor(texts.attention_mask[rows, :length])),
        Spans(_tensor(position), _tensor(position // length), len(rows)),
    )


def _tensor(values: IntArray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values))
