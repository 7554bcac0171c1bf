"""Which sentences form the batch of a step: a function of the seed and the step, so a run resumes anywhere."""

from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bali.batching.ragged import IntArray
from bali.batching.randomness import Stream, generator

BATCHES_PER_WINDOW = 50  # sentences are sorted by length within a window: little padding, and still well mixed


class BatchSampler:
    """Batches of row numbers, every row at most once per epoch, sentences of like length together.

    An epoch is a permutation of all rows. Windows of 50 batches of it are sorted by length and cut into batches, and
    the batches of a window are shuffled. Rows that do not fill a last batch wait for another epoch.

    Args:
        lengths: (num_rows,) length of each row in any unit; at least one row.
        batch_size: rows per batch; all rows where there are fewer.
        seed: of the permutations.
    """

    def __init__(self, lengths: npt.NDArray[np.int32], batch_size: int, seed: int) -> None:
        assert len(lengths) > 0, "a sampler needs at least one row"
        self._lengths = lengths
        self._seed = seed
        self.batch_size = min(batch_size, len(lengths))
        self.batches_per_epoch = len(lengths) // self.batch_size
        self._permutation = lru_cache(maxsize=1)(self._make_permutation)
        self._window = lru_cache(maxsize=2)(self._make_window)

    def rows(self, step: int) -> IntArray:
        """The (batch_size,) row numbers of the batch of `step`, which counts from 0 and may pass any epoch."""
        epoch, batch = divmod(step, self.batches_per_epoch)
        window, position = divmod(batch, BATCHES_PER_WINDOW)
        return self._window(epoch, window)[position]

    def longest_rows(self) -> IntArray:
        """(batch_size,) the longest rows, shortest first: the largest batch there could be."""
        return np.argsort(self._lengths, kind="stable")[-self.batch_size :]

    def _make_permutation(self, epoch: int) -> IntArray:
        return generator(self._seed, Stream.EPOCH, epoch).permutation(len(self._lengths))

    def _make_window(self, epoch: int, window: int) -> IntArray:
        """The (num_batches, batch_size) rows of a window."""
        first = window * BATCHES_PER_WINDOW
        num_batches = min(BATCHES_PER_WINDOW, self.batches_per_epoch - first)
        rows = self._permutation(epoch)[first * self.batch_size : (first + num_batches) * self.batch_size]
        rows = rows[np.argsort(self._lengths[rows], kind="stable")].reshape(num_batches, self.batch_size)
        return rows[generator(self._seed, Stream.EPOCH, epoch, window + 1).permutation(num_batches)]
