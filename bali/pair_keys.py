"""Two concepts and a label as one integer: sorting and comparing 60 million relations is arithmetic on int64."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from bali.sorting import Keys

KEY_BITS = 63  # of an int64 that is not negative


@dataclass(frozen=True)
class PairKeys:
    """How a key is made up: from the highest bit the first concept, the second concept, the label.

    Attributes:
        concept_bits: of each concept's number.
        label_bits: of the label's number.
    """

    concept_bits: int
    label_bits: int

    @classmethod
    def over(cls, num_concepts: int) -> "PairKeys":
        """The keys for so many concepts that leave most bits to the label."""
        concept_bits = max(1, num_concepts.bit_length())
        return cls(concept_bits, KEY_BITS - 2 * concept_bits)

    @property
    def max_labels(self) -> int:
        """How many labels have a number."""
        return 1 << self.label_bits

    def pack(self, first: npt.NDArray[Any], second: npt.NDArray[Any], label: npt.NDArray[Any]) -> Keys:
        """Keys whose order is that of (first, second, label); all non-negative integers."""
        keys: Keys = first.astype(np.int64)
        keys <<= self.concept_bits
        keys |= second
        keys <<= self.label_bits
        keys |= label
        return keys

    def first(self, keys: Keys) -> npt.NDArray[np.int32]:
        """The first concept of each key."""
        return (keys >> (self.concept_bits + self.label_bits)).astype(np.int32)

    def second(self, keys: Keys) -> npt.NDArray[np.int32]:
        """The second concept of each key."""
        return (keys >> self.label_bits & ((1 << self.concept_bits) - 1)).astype(np.int32)

    def label(self, keys: Keys) -> npt.NDArray[np.int32]:
        """The label of each key."""
        return (keys & (self.max_labels - 1)).astype(np.int32)

    def relabel(self, keys: Keys, labels: npt.NDArray[Any]) -> None:
        """Replace each label by `labels[label]`, in place."""
        if np.array_equal(labels, np.arange(len(labels))):
            return
        mask = self.max_labels - 1
        for start in range(0, len(keys), _SLICE):
            piece = keys[start : start + _SLICE]
            new = labels[piece & mask].astype(np.int64)
            piece &= ~mask
            piece |= new


_SLICE = 1 << 20  # keys worked on at once, so that temporary arrays stay small
