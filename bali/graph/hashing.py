"""Stable 64-bit hashes of strings, and `bali.io.stable_hash` for compiled code: the only source of chance here."""

import numba
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali import concept_ids

HashArray = npt.NDArray[np.uint64]

_SLICE_ROWS = 1 << 16  # identifiers turned into strings at once
_OFFSET_BASIS, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)


def hash_strings(strings: pa.Array | pa.ChunkedArray) -> HashArray:
    """Hash of each string's UTF-8 bytes: FNV-1a (Fowler, Noll, Vo; 64 bit), finished by `mix`. Shape (num_strings,)."""
    chunks = strings.chunks if isinstance(strings, pa.ChunkedArray) else [strings]
    hashes = np.empty(len(strings), np.uint64)
    start = 0
    for chunk in chunks:
        hashes[start : start + len(chunk)] = _hash_array(chunk)
        start += len(chunk)
    return hashes


def hash_concepts(concepts: concept_ids.Numbers) -> HashArray:
    """Hashes of concept identifiers given as numbers: those of their strings. Shape (num_concepts,)."""
    hashes = np.empty(len(concepts), np.uint64)
    for start in range(0, len(concepts), _SLICE_ROWS):
        hashes[start : start + _SLICE_ROWS] = _hash_array(concept_ids.write(concepts[start : start + _SLICE_ROWS]))
    return hashes


def _hash_array(strings: pa.Array) -> HashArray:
    assert strings.null_count == 0, "strings to hash must not be null"
    _, offsets, data = strings.cast(pa.binary()).buffers()
    ends = np.frombuffer(offsets, np.int32)[strings.offset : strings.offset + len(strings) + 1]
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
def _hash_slices(characters: npt.NDArray[np.uint8], ends: npt.NDArray[np.int32]) -> HashArray:
    hashes = np.empty(len(ends) - 1, np.uint64)
    for row in range(len(hashes)):
        value = _OFFSET_BASIS
        for position in range(ends[row], ends[row + 1]):
            value = (value ^ np.uint64(characters[position])) * _PRIME
        hashes[row] = mix(value)
    return hashes
