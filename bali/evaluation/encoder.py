"""Texts to vectors: [CLS] and mean pooling of an encoder's last layer, in batches of like length."""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from bali.batching.ragged import positions
from bali.evaluation.language_model import LanguageModel

# Tokens of a batch on a CPU: with any number from 512 to 8,192 it encodes about as many a second, and the smaller the
# batch, the less is padded where few texts are encoded. A GPU takes as many as `batch_size` longest texts have.
_CPU_TOKENS = 1 << 11
_SMALLEST_NORM = 1e-12
Span = tuple[int, int]  # start, end (exclusive), code points
Ints = npt.NDArray[np.int64]


class Vectors(NamedTuple):
    """Two poolings of the same texts, each (num_texts, hidden), on one device; float32 from an encoder."""

    cls: torch.Tensor
    mean: torch.Tensor


class SpanVectors(NamedTuple):
    """Vectors of the spans that are wholly within the tokens, (num_found, hidden) float32, and which ones those are."""

    vectors: torch.Tensor
    found: np.ndarray


class TokenIds(NamedTuple):
    """Token ids of texts, one text after the other: those of text t are `ids[indptr[t]:indptr[t + 1]]`."""

    ids: Ints
    indptr: Ints


def rounded(vectors: Vectors) -> Vectors:
    """The vectors at unit length, rounded to float16: what is stored of names, and what queries are compared by.

    A component is off by at most 2^-12 of itself, a cosine of two such vectors by less than 0.001.
    """
    normalize = torch.nn.functional.normalize
    return Vectors(*(normalize(pooled.float(), dim=1, eps=_SMALLEST_NORM).half() for pooled in vectors))


class Encoder:
    """Encodes texts with a language model; a text's vector depends on no other text (up to the last bits of floats).

    Args:
        language_model: model and tokenizer.
        batch_size: texts of `max_length` tokens in a forward pass; of shorter ones more are taken.
        max_length: tokens that a text is cut to; never more than the model has positions for.
        autocast_dtype: of matrix products (`bali.evaluation.device`); None is float32.
    """

    def __init__(
        self,
        language_model: LanguageModel,
        batch_size: int,
        max_length: int,
        autocast_dtype: torch.dtype | None = None,
    ) -> None:
        self._model, self._tokenizer = language_model.model, language_model.tokenizer
        self._autocast_dtype = autocast_dtype
        self._max_length = min(max_length, language_model.max_length)
        max_tokens = batch_size * self._max_length
        self._max_tokens = max_tokens if self.device.type == "cuda" else min(max_tokens, _CPU_TOKENS)

    @property
    def device(self) -> torch.device:
        """Of the model, and of the vectors."""
        device: torch.device = self._model.device
        return device

    @property
    def hidden_size(self) -> int:
        """Length of a vector."""
        return int(self._model.config.hidden_size)

    @property
    def precision(self) -> str:
        """Of matrix products, in words."""
        return str(self._autocast_dtype or torch.float32).removeprefix("torch.")

    def encode(self, texts: Sequence[str]) -> Vectors:
        """[CLS] and mean-pooled vectors of texts, in the order given; the mean is over all tokens but the padding."""
        return self.encode_tokens(self.tokenize(texts))

    def tokenize(self, texts: Sequence[str]) -> TokenIds:
        """Token ids of texts, cut; many at once, and without what the vectors do not need (offsets, masks)."""
        backend = self._tokenizer.backend_tokenizer
        backend.enable_truncation(self._max_length, direction=self._tokenizer.truncation_side)
        backend.no_padding()
        return _flat([encoding.ids for encoding in backend.encode_batch_fast(list(texts))])

    @torch.inference_mode()
    def encode_tokens(self, tokens: TokenIds) -> Vectors:
        """[CLS] and mean-pooled vectors of tokenised texts, in their order."""
        size = (len(tokens.indptr) - 1, self.hidden_size)
        cls, mean = (torch.empty(size, device=self.device) for _ in range(2))
        for rows in self._batches(tokens):
            states, mask = self._forward(tokens, rows)
            index = torch.from_numpy(rows).to(states.device)
            cls[index] = states[:, 0]
            mean[index] = _mean(states, mask)
        return Vectors(cls, mean)

    @torch.inference_mode()
    def encode_spans(self, texts: Sequence[str], spans: Sequence[Sequence[Span]]) -> SpanVectors:
        """The mean of the token states of each span, spans in order of the texts.

        Args:
            texts: e.g. sentences.
            spans: of each text.

        Returns:
            Vectors of the found spans in order; `found` is False for a span that the truncation cuts or that has no
            token.
        """
        encodings = self._tokenizer(list(texts), truncation=True, max_length=self._max_length).encodings
        in_tokens = [
            [_tokens_of(encoding, span) for span in spans_] for encoding, spans_ in zip(encodings, spans, strict=True)
        ]
        first = np.concatenate([[0], np.cumsum([len(row) for row in in_tokens])]).astype(np.int64)
        vectors = torch.zeros((int(first[-1]), self.hidden_size), device=self.device)
        tokens = _flat([encoding.ids for encoding in encodings])
        for rows in self._batches(tokens):
            states, _ = self._forward(tokens, rows)
            for position, row in enumerate(rows.tolist()):
                for offset, indices in enumerate(in_tokens[row]):
                    if indices:
                        vectors[first[row] + offset] = states[position, indices].mean(0)
        found = np.array([bool(indices) for row in in_tokens for indices in row], dtype=bool)
        return SpanVectors(vectors[torch.as_tensor(found, device=vectors.device)], found)

    def _batches(self, tokens: TokenIds) -> Iterator[Ints]:
        """Texts in batches of like length, longest first, so that a lack of memory shows at once."""
        lengths = np.diff(tokens.indptr)
        order = np.argsort(-lengths, kind="stable")
        start = 0
        while start < len(order):
            stop = start + max(1, self._max_tokens // max(1, int(lengths[order[start]])))
            yield order[start:stop]
            start = stop

    def _forward(self, tokens: TokenIds, rows: Ints) -> tuple[torch.Tensor, torch.Tensor | None]:
        """States (batch, tokens, hidden) float32 and mask (batch, tokens); the mask is None where nothing is padded."""
        where, lengths = positions(tokens.indptr, rows)
        is_token = np.arange(max(1, int(lengths.max()))) < lengths[:, None]
        ids = np.full(is_token.shape, self._tokenizer.pad_token_id or 0, np.int64)
        ids[is_token] = tokens.ids[where]
        mask = None if is_token.all() else torch.from_numpy(is_token.astype(np.int64)).to(self.device)
        with torch.autocast(self.device.type, self._autocast_dtype, enabled=self._autocast_dtype is not None):
            output = self._model(input_ids=torch.from_numpy(ids).to(self.device), attention_mask=mask)
        return output.last_hidden_state.float(), mask


def _flat(rows: Sequence[Sequence[int]]) -> TokenIds:
    indptr = np.zeros(len(rows) + 1, np.int64)
    np.cumsum([len(row) for row in rows], out=indptr[1:])
    return TokenIds(np.fromiter(chain.from_iterable(rows), np.int64, int(indptr[-1])), indptr)


def _mean(states: torch.Tensor, mask: torch.Tensor | None) -> torch.Tensor:
    """(batch, hidden) mean of the states of all tokens but the padding."""
    if mask is None:
        return states.mean(1)
    weights = mask.unsqueeze(-1).to(states.dtype)  # (batch, tokens, 1)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1)


def _tokens_of(encoding: Any, span: Span) -> list[int]:
    """Positions of the tokens that overlap a span; empty where the truncation cut it."""
    start, end = span
    offsets = encoding.offsets
    if encoding.overflowing and max(last for _, last in offsets) < end:
        return []
    return [i for i, (first, last) in enumerate(offsets) if first < last and first < end and last > start]
