"""Texts to vectors: [CLS] and mean pooling of an encoder's last layer, in batches of like length."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from bali.evaluation.language_model import LanguageModel

_TOKENIZED_AT_ONCE = 1 << 14
Span = tuple[int, int]  # start, end (exclusive), code points


class Vectors(NamedTuple):
    """Two poolings of the same texts, each (num_texts, hidden) float32, on the model's device."""

    cls: torch.Tensor
    mean: torch.Tensor


class SpanVectors(NamedTuple):
    """Vectors of the spans that are wholly within the tokens, (num_found, hidden) float32, and which ones those are."""

    vectors: torch.Tensor
    found: np.ndarray


class Encoder:
    """Encodes texts with a language model; a text's vector depends on no other text (up to the last bits of floats).

    Args:
        language_model: model and tokenizer.
        batch_size: texts per forward pass.
        max_length: tokens that a text is cut to; never more than the model has positions for.
    """

    def __init__(self, language_model: LanguageModel, batch_size: int, max_length: int) -> None:
        self._model, self._tokenizer = language_model.model, language_model.tokenizer
        self._batch_size = batch_size
        self._max_length = min(max_length, language_model.max_length)

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> Vectors:
        """[CLS] and mean-pooled vectors of texts, in the order given; the mean is over all tokens but the padding."""
        ids = self._token_ids(texts)
        size = (len(texts), self._model.config.hidden_size)
        cls, mean = (torch.empty(size, device=self._model.device) for _ in range(2))
        for rows in self._batches([len(row) for row in ids]):
            states, mask = self._forward([ids[row] for row in rows])
            index = torch.as_tensor(rows, device=states.device)
            cls[index] = states[:, 0]
            weights = mask.unsqueeze(-1).to(states.dtype)  # (batch, tokens, 1)
            mean[index] = (states * weights).sum(1) / weights.sum(1)
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
        tokens = [
            [_tokens_of(encoding, span) for span in spans_] for encoding, spans_ in zip(encodings, spans, strict=True)
        ]
        first = np.concatenate([[0], np.cumsum([len(row) for row in tokens])]).astype(np.int64)
        vectors = torch.zeros((int(first[-1]), self._model.config.hidden_size), device=self._model.device)
        for rows in self._batches([len(encoding.ids) for encoding in encodings]):
            states, _ = self._forward([encodings[row].ids for row in rows])
            for position, row in enumerate(rows):
                for offset, indices in enumerate(tokens[row]):
                    if indices:
                        vectors[first[row] + offset] = states[position, indices].mean(0)
        found = np.array([bool(indices) for row in tokens for indices in row], dtype=bool)
        return SpanVectors(vectors[torch.as_tensor(found, device=vectors.device)], found)

    def _token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        ids: list[list[int]] = []
        for start in range(0, len(texts), _TOKENIZED_AT_ONCE):
            part = list(texts[start : start + _TOKENIZED_AT_ONCE])
            ids += self._tokenizer(part, truncation=True, max_length=self._max_length)["input_ids"]
        return ids

    def _batches(self, lengths: Sequence[int]) -> Iterator[list[int]]:
        """Rows in batches of like length, longest first, so that a lack of memory shows at once."""
        order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable").tolist()
        for start in range(0, len(order), self._batch_size):
            yield order[start : start + self._batch_size]

    def _forward(self, ids: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        batch = self._tokenizer.pad({"input_ids": ids}, return_tensors="pt").to(self._model.device)
        states = self._model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
        return states, batch["attention_mask"]  # (batch, tokens, hidden), (batch, tokens)


def _tokens_of(encoding: Any, span: Span) -> list[int]:
    """Positions of the tokens that overlap a span; empty where the truncation cut it."""
    start, end = span
    offsets = encoding.offsets
    if encoding.overflowing and max(last for _, last in offsets) < end:
        return []
    return [i for i, (first, last) in enumerate(offsets) if first < last and first < end and last > start]
