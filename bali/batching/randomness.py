"""Random numbers that depend on the seed and the place of use only, so that a resumed run draws what it would have."""

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What the numbers are for; part of every seed, so that no two uses share a sequence. Never renumber."""

    EPOCH = 1
    COLLATION = 2
    DROPOUT = 3
    INITIALISATION = 4
    VALIDATION = 5


def generator(seed: int, stream: Stream, *keys: int) -> np.random.Generator:
    """A numpy generator for `stream` at `keys` (e.g. the step), independent of all others (`SeedSequence`)."""
    return np.random.default_rng(np.random.SeedSequence([seed % (1 << 64), int(stream), *keys]))


def torch_seed(seed: int, stream: Stream, *keys: int) -> int:
    """A seed for `torch.manual_seed`, 0 <= seed < 2^63."""
    return int(generator(seed, stream, *keys).integers(1 << 63))
