"""Hashes of integers that are the same on every machine and in every process: for splits and samples by key."""

import numpy as np
import numpy.typing as npt

_GOLDEN_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MULTIPLIER_1 = np.uint64(0xBF58476D1CE4E5B9)
_MULTIPLIER_2 = np.uint64(0x94D049BB133111EB)


def stable_hash(seed: int, *keys: npt.ArrayLike) -> npt.NDArray[np.uint64]:
    """Hash each row of integer columns: splitmix64 (Steele et al., OOPSLA 2014), chained over the columns.

    Args:
        seed: any integer; it is taken modulo 2^64.
        keys: integer columns of one shape (or broadcastable ones); their order matters.

    Returns:
        uint64 hashes of the columns' shape, at least one-dimensional.
    """
    state = _mix(np.atleast_1d(np.uint64(seed % (1 << 64))))
    for key in keys:
        column = np.atleast_1d(np.asarray(key))
        assert np.issubdtype(column.dtype, np.integer), f"stable_hash takes integers, got {column.dtype}"
        state = _mix(state ^ column.astype(np.int64).view(np.uint64))
    return state


def stable_uniform(seed: int, *keys: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Numbers in [0, 1) that depend on the seed and the keys only; the upper 53 bits of `stable_hash`."""
    return (stable_hash(seed, *keys) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(value: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """One step of splitmix64: add the golden gamma, then the finaliser; arithmetic is modulo 2^64."""
    value = value + _GOLDEN_GAMMA
    value = (value ^ (value >> np.uint64(30))) * _MULTIPLIER_1
    value = (value ^ (value >> np.uint64(27))) * _MULTIPLIER_2
    return value ^ (value >> np.uint64(31))
