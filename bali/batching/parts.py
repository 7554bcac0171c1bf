"""Texts in parts: those of like length are padded together, and no part has more tokens than are asked for."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from bali.batching.batch import Spans, Targets, Texts, Tokens
from bali.batching.ragged import IntArray

_BUCKET_LENGTHS = (4, 8, 12, 16, 20, 24, 28, 32, 40, 48, 64, 96, 128, 192, 256, 384, 512)


@dataclass(frozen=True)
class PaddedTexts:
    """Texts in a matrix, shortest first, the vectors pooled from them, and tokens to predict.

    Attributes:
        input_ids: (num_texts, length) what the language model reads.
        lengths: (num_texts,) tokens of each text, not decreasing.
        span_position: (num_span_tokens,) flattened positions of the tokens that are pooled.
        span_group: (num_span_tokens,) the vector of each.
        group_text: (num_groups,) the text of each vector, not decreasing.
        target_position: (num_targets,) flattened positions of the tokens to predict.
        target_token: (num_targets,) what stood there.
    """

    input_ids: IntArray
    lengths: IntArray
    span_position: IntArray
    span_group: IntArray
    group_text: IntArray
    target_position: IntArray
    target_token: IntArray


def length_parts(lengths: IntArray, tokens_at_once: int | None) -> list[slice]:
    """Rows of like length: at most 4, 8, 12, ... tokens, and at most `tokens_at_once` of them padded (or one text).

    Args:
        lengths: (num_texts,) tokens of each text, not decreasing.
        tokens_at_once: None sets no limit.
    """
    bucket = np.searchsorted(_BUCKET_LENGTHS, lengths)
    bounds = [0, *(np.flatnonzero(np.diff(bucket)) + 1).tolist(), len(lengths)]
    parts = []
    for start, stop in pairwise(bounds):
        if start < stop:
            size = stop - start if tokens_at_once is None else max(1, tokens_at_once // int(lengths[stop - 1]))
            parts += [slice(first, min(first + size, stop)) for first in range(start, stop, size)]
    return parts


def row_parts(num_rows: int, rows_at_once: int | None) -> list[slice]:
    """Rows in order, at most `rows_at_once` together; None takes all of them together."""
    size = rows_at_once or max(1, num_rows)
    return [slice(first, min(first + size, num_rows)) for first in range(0, num_rows, size)]


def cut(texts: PaddedTexts, parts: list[slice]) -> tuple[Texts, ...]:
    """The texts in the given parts, which follow each other and cover all rows; each is padded to its longest text."""
    assert np.all(np.diff(texts.lengths) >= 0) or len(parts) == 1, "texts in parts are in order of length"
    return tuple(_part(texts, rows) for rows in parts)


def _part(texts: PaddedTexts, rows: slice) -> Texts:
    full_length = texts.input_ids.shape[1]
    length = int(texts.lengths[rows].max())
    in_part = [_within(position, rows, full_length) for position in (texts.span_position, texts.target_position)]
    span_position, target_position = (
        _moved(position[chosen], rows.start, full_length, length)
        for position, chosen in zip((texts.span_position, texts.target_position), in_part, strict=True)
    )
    first_group, stop_group = np.searchsorted(texts.group_text, [rows.start, rows.stop])
    mask = np.arange(length) < texts.lengths[rows, None]
    return Texts(
        Tokens(_tensor(texts.input_ids[rows, :length]), _tensor(mask.astype(np.int64))),
        Spans(
            _tensor(span_position), _tensor(texts.span_group[in_part[0]] - first_group), int(stop_group - first_group)
        ),
        Targets(_tensor(target_position), _tensor(texts.target_token[in_part[1]])),
    )


def _within(position: IntArray, rows: slice, length: int) -> IntArray:
    return np.flatnonzero((position >= rows.start * length) & (position < rows.stop * length))


def _moved(position: IntArray, first_row: int, old_length: int, new_length: int) -> IntArray:
    """Flattened positions after rows were cut off in front and columns behind."""
    return (position // old_length - first_row) * new_length + position % old_length


def _tensor(values: IntArray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(values))
