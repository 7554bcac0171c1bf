"""A random generator whose stream never changes with the version of Python or of a library."""

from collections.abc import MutableSequence, Sequence
from typing import TypeVar

_MASK = (1 << 64) - 1

T = TypeVar("T")


class Dice:
    """SplitMix64 (Steele, Lea and Flood, OOPSLA 2014, figure 17)."""

    def __init__(self, seed: int) -> None:
        self._state = seed & _MASK

    def below(self, limit: int) -> int:
        """An integer in [0, limit); the bias of the remainder is below limit / 2**64."""
        self._state = (self._state + 0x9E3779B97F4A7C15) & _MASK
        z = self._state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
        return (z ^ (z >> 31)) % limit

    def chance(self, percent: int) -> bool:
        """True in `percent` of 100 calls."""
        return self.below(100) < percent

    def pick(self, values: Sequence[T]) -> T:
        """One of the values."""
        return values[self.below(len(values))]

    def shuffle(self, values: MutableSequence[T]) -> None:
        """Shuffle in place (Fisher and Yates)."""
        for i in range(len(values) - 1, 0, -1):
            j = self.below(i + 1)
            values[i], values[j] = values[j], values[i]

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """A shuffled copy."""
        copy = list(values)
        self.shuffle(copy)
        return copy
