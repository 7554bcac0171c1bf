"""The candidates of all n-grams that a process has looked up."""

import numpy as np

from bali.linking.fast.selection import Groups
from bali.linking.fast.tables import Array


class CandidateMemory:
    """Candidates by number of the n-gram; n-grams are added in the order of their numbers."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Drop all n-grams."""
        self._num_ngrams = 0
        self._num_candidates = 0
        self._firsts: Array = np.zeros(0, np.int64)
        self._counts: Array = np.zeros(0, np.int32)
        self._rows: Array = np.zeros(0, np.int32)
        self._similarities: Array = np.zeros(0, np.float64)

    @property
    def by_ngram(self) -> tuple[Array, Array]:
        """First candidate, int64, and number of candidates, int32, of each n-gram."""
        return self._firsts[: self._num_ngrams], self._counts[: self._num_ngrams]

    @property
    def candidates(self) -> tuple[Array, Array]:
        """Row of `Concepts`, int32, and similarity, float64, of each candidate."""
        return self._rows[: self._num_candidates], self._similarities[: self._num_candidates]

    def add(self, groups: Groups) -> None:
        """Keep the candidates of the next n-grams."""
        start, end = self._num_ngrams, self._num_ngrams + groups.offsets.size - 1
        self._firsts, self._counts = _enlarged(self._firsts, end), _enlarged(self._counts, end)
        self._firsts[start:end] = groups.offsets[:-1] + self._num_candidates
        self._counts[start:end] = np.diff(groups.offsets)
        self._num_ngrams = end
        start, end = self._num_candidates, self._num_candidates + groups.rows.size
        self._rows, self._similarities = _enlarged(self._rows, end), _enlarged(self._similarities, end)
        self._rows[start:end] = groups.rows
        self._similarities[start:end] = groups.similarities
        self._num_candidates = end


def _enlarged(array: Array, least: int) -> Array:
    """An array of at least a length, with what stands in this one."""
    if len(array) >= least:
        return array
    larger = np.zeros(max(least, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger
