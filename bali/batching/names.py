"""The names of a batch, each encoded once, in parts of like length."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bali.batching.batch import Texts
from bali.batching.parts import PaddedTexts, cut, length_parts
from bali.batching.ragged import IntArray
from bali.batching.tokens import tokenise


def distinct(names: Sequence[str]) -> tuple[list[str], IntArray]:
    """The distinct names in order of first use, and the number of each name given."""
    numbers: dict[str, int] = {}
    index = np.fromiter((numbers.setdefault(name, len(numbers)) for name in names), np.int64, len(names))
    return list(numbers), index


def encode_names(
    tokenizer: Any, names: Sequence[str], max_length: int, tokens_at_once: int | None = None
) -> tuple[tuple[Texts, ...], IntArray]:
    """Tokenise distinct names; a name's vector is pooled from all its tokens, [CLS] and [SEP] among them.

    So the mean of a text's states, as encoders are commonly used, is what is trained.

    Returns:
        parts: names of at most 4, 8, 12, ... tokens, at most `tokens_at_once` together.
        number: (num_names,) the number of each name, counted through the parts.
    """
    texts = tokenise(tokenizer, names, max_length)
    lengths = texts.attention_mask.sum(axis=1)
    order = np.argsort(lengths, kind="stable")
    number = np.empty(len(order), np.int64)
    number[order] = np.arange(len(order))
    position = np.flatnonzero(texts.attention_mask[order])
    nothing = np.empty(0, np.int64)
    padded = PaddedTexts(
        input_ids=texts.input_ids[order],
        lengths=lengths[order],
        span_position=position,
        span_group=position // texts.input_ids.shape[1],
        group_text=np.arange(len(order)),
        target_position=nothing,
        target_token=nothing,
    )
    return cut(padded, length_parts(padded.lengths, tokens_at_once)), number
