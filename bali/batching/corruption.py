"""Corruption of sentences for masked language modelling (Devlin et al., NAACL 2019, section 3.1)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bali.batching.ragged import IntArray
from bali.batching.tokens import TokenisedTexts

_MASK_SHARE = 0.8  # of the chosen tokens become [MASK]
_RANDOM_SHARE = 0.1  # become another token; the rest stays as it is


@dataclass(frozen=True)
class Vocabulary:
    """The ids that corruption needs: [MASK], and the ordinary tokens from which random ones are drawn."""

    mask_id: int
    ordinary_ids: IntArray

    @classmethod
    def of(cls, tokenizer: Any) -> "Vocabulary":
        """The ids of a Hugging Face tokenizer that has a mask token."""
        return cls(tokenizer.mask_token_id, np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids))


def choose_targets(texts: TokenisedTexts, probability: float, generator: np.random.Generator) -> npt.NDArray[np.bool_]:
    """(num_texts, length) tokens to predict: each ordinary token with `probability`."""
    return (generator.random(texts.input_ids.shape) < probability) & ~texts.is_special


def corrupt(
    input_ids: IntArray, targets: npt.NDArray[np.bool_], vocabulary: Vocabulary, generator: np.random.Generator
) -> IntArray:
    """A copy of `input_ids` in which of the targets 80 % are [MASK], 10 % random tokens, 10 % unchanged."""
    kind = generator.random(input_ids.shape)
    random_ids = vocabulary.ordinary_ids[generator.integers(len(vocabulary.ordinary_ids), size=input_ids.shape)]
    is_random = targets & (kind >= _MASK_SHARE) & (kind < _MASK_SHARE + _RANDOM_SHARE)
    masked = np.where(targets & (kind < _MASK_SHARE), vocabulary.mask_id, input_ids)
    return np.where(is_random, random_ids, masked)
