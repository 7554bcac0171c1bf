"""Linearised subgraphs as texts of a batch, corrupted where their tokens are to be predicted."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bali.batching.batch import Texts
from bali.batching.corruption import Corruption, Vocabulary
from bali.batching.graph_targets import KeyedUnion
from bali.batching.linearisation import LinearisedTexts, LinearLayout, Pieces, linearise, tokenise_pieces
from bali.batching.parts import PaddedTexts, cut, length_parts
from bali.batching.ragged import IntArray, ranges
from bali.batching.randomness import Draws, Purpose
from bali.vocabulary import LinearisedFormat

_PURPOSES = (Purpose.GRAPH_MLM_TARGET, Purpose.GRAPH_MLM_KIND, Purpose.GRAPH_MLM_TOKEN)
_PUNCTUATION = (":", ",")


@dataclass(frozen=True)
class LinearisedOptions:
    """How a subgraph is written as text.

    Attributes:
        format: see `bali.batching.linearisation`.
        max_length: tokens of a text.
        max_name_length: tokens of a name in it.
        mlm_probability: share of tokens to predict; 0 where none is.
        tokens_at_once: tokens, padding included, that go through the language model together; None sets no limit.
    """

    format: LinearisedFormat
    max_length: int
    max_name_length: int
    mlm_probability: float
    tokens_at_once: int | None = None


class LinearisedSide:
    """Writes subgraphs; a text's vector is the state of [CLS].

    Args:
        tokenizer: a fast Hugging Face tokenizer with [CLS], [SEP] and a mask token.
        options: how.
        phrases: words of each relation.
    """

    def __init__(self, tokenizer: Any, options: LinearisedOptions, phrases: Sequence[str]) -> None:
        self._tokenizer = tokenizer
        self._options = options
        self._phrases = tokenise_pieces(tokenizer, [*phrases, *_PUNCTUATION], options.max_name_length)
        self._corrupt = Corruption(Vocabulary.of(tokenizer), options.mlm_probability, _PURPOSES)

    def __call__(
        self, keyed: KeyedUnion, names: tuple[list[str], IntArray], draws: Draws, counts: dict[str, int]
    ) -> tuple[tuple[Texts, ...], IntArray]:
        """The text of each concept.

        Args:
            keyed: the subgraphs.
            names: distinct texts, and the number of each node's; the number after the last one stands for [MASK].
            draws: of the batch.
            counts: takes the edges that did not fit.

        Returns:
            Parts of texts, and the number of each concept's, counted through the parts.
        """
        texts, node_text = names
        pieces = self._pieces(texts)
        first_phrase = len(texts) + 1
        num_phrases = len(self._phrases.indptr) - 1 - len(_PUNCTUATION)
        layout = LinearLayout(
            format=self._options.format,
            cls_id=self._tokenizer.cls_token_id,
            sep_id=self._tokenizer.sep_token_id,
            mask_id=self._tokenizer.mask_token_id,
            max_length=self._options.max_length,
            colon_piece=first_phrase + num_phrases,
            comma_piece=first_phrase + num_phrases + 1,
        )
        written = linearise(keyed.union, node_text, first_phrase + np.arange(num_phrases), pieces, layout)
        counts["edges_cut_by_truncation"] = written.num_dropped_edges
        return self._parts(written, keyed.concepts, draws)

    def _pieces(self, texts: Sequence[str]) -> Pieces:
        """The batch's texts, [MASK], the phrases and punctuation, in this order."""
        names = tokenise_pieces(self._tokenizer, texts, self._options.max_name_length)
        mask = np.array([self._tokenizer.mask_token_id])
        after_mask = names.indptr[-1] + 1
        return Pieces(
            np.concatenate([names.indptr, self._phrases.indptr + after_mask]),
            np.concatenate([names.ids, mask, self._phrases.ids]),
        )

    def _parts(self, written: LinearisedTexts, concepts: IntArray, draws: Draws) -> tuple[tuple[Texts, ...], IntArray]:
        lengths = np.diff(written.indptr)
        order = np.argsort(lengths, kind="stable")
        number = np.empty(len(order), np.int64)
        number[order] = np.arange(len(order))
        lengths = lengths[order]
        shape = len(order), int(lengths.max(initial=1))
        tokens = ranges(written.indptr[:-1][order], lengths)
        places = ranges(np.arange(len(order)) * shape[1], lengths)
        input_ids = np.full(shape, self._tokenizer.pad_token_id, np.int64)
        is_ordinary = np.zeros(shape, np.bool_)
        input_ids.ravel()[places] = written.ids[tokens]
        is_ordinary.ravel()[places] = ~written.is_special[tokens]
        corrupted, targets = self._corrupt(input_ids, is_ordinary, concepts[order], draws)
        padded = PaddedTexts(
            input_ids=corrupted,
            lengths=lengths,
            span_position=np.arange(len(order)) * shape[1],
            span_group=np.arange(len(order)),
            group_text=np.arange(len(order)),
            target_position=targets,
            target_token=input_ids.ravel()[targets],
        )
        return cut(padded, length_parts(lengths, self._options.tokens_at_once)), number
