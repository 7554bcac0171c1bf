"""Random numbers by purpose: what is drawn depends on its keys alone, so a resumed run draws what it would have.

Order and batches of an epoch come from numpy generators. What happens to one example, node or edge comes from a hash of
the seed, the step and the thing itself: neither padding, nor the other rows of the batch, nor how a batch is dealt out
to processes or workers changes it.
"""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from bali.io.stable_hash import stable_uniform


class Stream(IntEnum):
    """What the numbers are for; part of every seed, so that no two uses share a sequence. Never renumber."""

    EPOCH = 1
    COLLATION = 2
    DROPOUT = 3
    INITIALISATION = 4
    VALIDATION = 5
    DRY_RUN = 6
    SHUFFLED_EDGES = 7


class Purpose(IntEnum):
    """What a number decides within a batch. Never renumber."""

    MLM_TARGET = 1
    MLM_KIND = 2
    MLM_TOKEN = 3
    MENTION_MASKING = 4
    NAME = 5
    CENTRE_MASKING = 6
    HELD_OUT_EDGE = 7
    NEGATIVE = 8
    CORRUPTED_SOURCE = 9
    SHUFFLED_TEXT = 10
    GRAPH_MLM_TARGET = 11
    GRAPH_MLM_KIND = 12
    GRAPH_MLM_TOKEN = 13


@dataclass(frozen=True)
class Draws:
    """The random numbers of one batch.

    Attributes:
        seed: of the run.
        stream: COLLATION, VALIDATION or DRY_RUN.
        batch: number of the batch in its stream.
    """

    seed: int
    stream: Stream
    batch: int

    def uniform(self, purpose: Purpose, *keys: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Numbers in [0, 1), one for each row of integer key columns (`bali.io.stable_hash`)."""
        return stable_uniform(self.seed, self.stream, self.batch, purpose, *keys)


def generator(seed: int, stream: Stream, *keys: int) -> np.random.Generator:
    """A numpy generator for `stream` at `keys` (e.g. the epoch), independent of all others (`SeedSequence`)."""
    return np.random.default_rng(np.random.SeedSequence([seed % (1 << 64), int(stream), *keys]))


def torch_seed(seed: int, stream: Stream, *keys: int) -> int:
    """A seed for `torch.manual_seed`, 0 <= seed < 2^63."""
    return int(generator(seed, stream, *keys).integers(1 << 63))
