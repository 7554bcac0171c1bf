"""Tokens of texts, and which tokens a mention covers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bali.batching.ragged import IntArray, ranges

_TEXT_STRIDE = 1 << 32  # more than any text has characters: offsets of text t are counted from t * stride


@dataclass(frozen=True)
class TokenisedTexts:
    """Tokens of texts, padded on the right, with their character offsets.

    Attributes:
        input_ids: (num_texts, length).
        attention_mask: (num_texts, length), 0 on padding.
        is_special: (num_texts, length), true on padding, [CLS], [SEP].
        offsets: (num_texts, length, 2), start and exclusive end in code points.
        is_truncated: (num_texts,).
    """

    input_ids: IntArray
    attention_mask: IntArray
    is_special: npt.NDArray[np.bool_]
    offsets: IntArray
    is_truncated: npt.NDArray[np.bool_]

    def take(self, rows: IntArray) -> "TokenisedTexts":
        """The texts at `rows`, in that order."""
        return TokenisedTexts(
            self.input_ids[rows],
            self.attention_mask[rows],
            self.is_special[rows],
            self.offsets[rows],
            self.is_truncated[rows],
        )


def tokenise(tokenizer: Any, texts: Sequence[str], max_length: int) -> TokenisedTexts:
    """Tokenise texts with a fast Hugging Face tokenizer, padded to the longest."""
    encoded = tokenizer(
        list(texts),
        truncation=True,
        max_length=max_length,
        padding="longest",
        padding_side="right",
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
        return_attention_mask=True,
    )
    mask = np.array(encoded["attention_mask"], np.int64)
    return TokenisedTexts(
        input_ids=np.array(encoded["input_ids"], np.int64),
        attention_mask=mask,
        is_special=np.array(encoded["special_tokens_mask"], np.bool_) | (mask == 0),
        offsets=np.array(encoded["offset_mapping"], np.int64),
        is_truncated=np.array([bool(encoding.overflowing) for encoding in encoded.encodings], np.bool_),
    )


@dataclass(frozen=True)
class TokenRuns:
    """The tokens of each span: `length` flattened positions from `first` on; `is_cut` where truncation took a part."""

    first: IntArray
    length: IntArray
    is_cut: npt.NDArray[np.bool_]

    def positions(self) -> IntArray:
        """The flattened positions of all tokens, span after span."""
        return ranges(self.first, self.length)


def token_runs(texts: TokenisedTexts, spans: IntArray) -> TokenRuns:
    """The tokens that overlap character spans.

    Args:
        texts: tokenised texts; their tokens' offsets do not decrease.
        spans: (num_spans, 3): text, start, exclusive end in code points.

    Returns:
        Runs of tokens; a run is empty where the tokenizer kept nothing of the span.
    """
    text, start, end = (spans[:, column] for column in range(3))
    real = np.flatnonzero(~texts.is_special.ravel() & (texts.offsets[..., 1] > texts.offsets[..., 0]).ravel())
    base = real // texts.input_ids.shape[1] * _TEXT_STRIDE
    offsets = texts.offsets.reshape(-1, 2)[real]
    first = np.searchsorted(base + offsets[:, 1], text * _TEXT_STRIDE + start, side="right")
    stop = np.searchsorted(base + offsets[:, 0], text * _TEXT_STRIDE + end, side="left")
    length = np.maximum(stop - first, 0)
    last_end = texts.offsets[..., 1].max(axis=1, initial=0)
    positions = np.append(real, 0)
    return TokenRuns(
        positions[np.where(length > 0, first, len(real))], length, texts.is_truncated[text] & (end > last_end[text])
    )
