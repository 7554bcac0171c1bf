"""Texts and pairs of texts to token ids, as a model takes them."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from bali.evaluation.heads.item import Ints
from bali.evaluation.language_model import LanguageModel

_TOKENIZED_AT_ONCE = 1 << 6  # texts; of a long one the tokenizer makes every part that is cut off, megabytes of them
FIRST = np.zeros(1, dtype=np.int32)  # position of the state that stands for a whole sequence: [CLS], <s>


class Tokens:
    """A model's tokenizer, at one length.

    Args:
        language_model: its tokenizer, and how many positions and token types the encoder has.
        max_length: tokens that a text (or two) is cut to; never more than the model has positions for.
    """

    def __init__(self, language_model: LanguageModel, max_length: int) -> None:
        self._tokenizer = language_model.tokenizer
        self._max_length = min(max_length, language_model.max_length)
        # RoBERTa has one type only, DistilBERT none, whatever the tokenizer says.
        self._has_types = (getattr(language_model.model.config, "type_vocab_size", None) or 0) > 1

    def encode(self, firsts: Sequence[str], seconds: Sequence[str] | None = None) -> Iterator[Any]:
        """The tokenizer's encoding of each text, or pair of texts, of which the longer is cut first."""
        for start in range(0, len(firsts), _TOKENIZED_AT_ONCE):
            part = slice(start, start + _TOKENIZED_AT_ONCE)
            yield from self._tokenizer(
                list(firsts[part]),
                None if seconds is None else list(seconds[part]),
                truncation="longest_first",
                max_length=self._max_length,
            ).encodings

    def arrays(self, encoding: Any) -> tuple[Ints, tuple[Ints, ...]]:
        """Token ids of an encoding, and its token types as a tuple of one, or of none."""
        types = (np.array(encoding.type_ids, dtype=np.int32),) if self._has_types else ()
        return np.array(encoding.ids, dtype=np.int32), types
