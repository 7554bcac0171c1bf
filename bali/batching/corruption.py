"""Corruption of tokens for masked language modelling (Devlin et al., NAACL 2019, section 3.1)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bali.batching.ragged import IntArray
from bali.batching.randomness import Draws, Purpose

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


@dataclass(frozen=True)
class Corruption:
    """Chooses tokens and changes them; what happens to a token depends on its text and its place in it alone.

    Attributes:
        vocabulary: of the tokenizer.
        probability: that an ordinary token is chosen.
        purposes: of the draws of targets, kinds of change, and random tokens.
    """

    vocabulary: Vocabulary
    probability: float
    purposes: tuple[Purpose, Purpose, Purpose] = (Purpose.MLM_TARGET, Purpose.MLM_KIND, Purpose.MLM_TOKEN)

    def __call__(
        self, input_ids: IntArray, is_ordinary: npt.NDArray[np.bool_], text: IntArray, draws: Draws
    ) -> tuple[IntArray, IntArray]:
        """Corrupt padded texts.

        Args:
            input_ids: (num_texts, length), not changed.
            is_ordinary: (num_texts, length), false on padding and special tokens.
            text: (num_texts,) key of each text, e.g. its number in the batch of all processes.
            draws: of the batch.

        Returns:
            corrupted: a copy in which of the targets 80 % are [MASK], 10 % random tokens, 10 % unchanged.
            position: (num_targets,) flattened positions of the targets, in order.
        """
        row, column = np.nonzero(is_ordinary)
        is_target = draws.uniform(self.purposes[0], text[row], column) < self.probability
        row, column = row[is_target], column[is_target]
        kind, choice = (draws.uniform(purpose, text[row], column) for purpose in self.purposes[1:])
        random_ids = self.vocabulary.ordinary_ids[(choice * len(self.vocabulary.ordinary_ids)).astype(np.int64)]
        corrupted = input_ids.copy()
        is_random = (kind >= _MASK_SHARE) & (kind < _MASK_SHARE + _RANDOM_SHARE)
        corrupted[row[kind < _MASK_SHARE], column[kind < _MASK_SHARE]] = self.vocabulary.mask_id
        corrupted[row[is_random], column[is_random]] = random_ids[is_random]
        return corrupted, row * input_ids.shape[1] + column
