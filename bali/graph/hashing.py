"""Stable 64-bit hashes of strings, and `bali.io.stable_hash` for compiled code: the only source of chance here."""

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

HashArray = npt.NDArray[np.uint64]

_OFFSET_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


def hash_strings(strings: pa.Array | pa.ChunkedArray) -> HashArray:
    """Hash of each string's UTF-8 bytes: FNV-1a (Fowler, Noll, Vo; 64 bit), finished by `mix`. Shape (num_strings,)."""
    if isinstance(strings, pa.ChunkedArray):
        strings = strings.combine_chunks()
    binary = strings.cast(pa.large_binary())
    assert binary.null_count == 0, "strings to hash must not be null"
    _, offsets, data = binary.buffers()
    ends = np.frombuffer(offsets, np.int64)[binary.offset : binary.offset + len(binary) + 1]
    characters = np.frombuffer(data, np.uint8) if data is not None and data.size else np.zeros(1, np.uint8)
    return _hash_slices(characters, ends)


@numba.njit(cache=False)
def mix(value: np.uint64) -> np.uint64:
    """The finisher of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): every input bit moves every output bit."""
    value += np.uint64(0x9E3779B97F4A7C15)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


@numba.njit(cache=False)
def combine(left: np.uint64, right: np.uint64) -> np.uint64:
    """A hash of two hashes, in this order: `stable_hash(left, right)`."""
    return mix(mix(left) ^ right)


@numba.njit(cache=False)
def _hash_slices(characters: npt.NDArray[np.uint8], ends: npt.NDArray[np.int64]) -> HashArray:
    hashes = np.empty(len(ends) - 1, np.uint64)
    for row in range(len(hashes)):
        value = _OFFSET_BASIS
        for position in range(ends[row], ends[row + 1]):
            value = (value ^ np.uint64(characters[position])) * _PRIME
        hashes[row] = mix(value)
    return hashes
