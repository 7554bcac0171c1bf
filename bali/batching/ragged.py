"""Rows of different lengths in flat arrays (CSR): row r is `values[indptr[r]:indptr[r + 1]]`."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

IntArray = npt.NDArray[np.int64]


def positions(indptr: npt.NDArray[Any], rows: IntArray) -> tuple[IntArray, IntArray]:
    """Where the values of some rows lie.

    Args:
        indptr: (num_rows + 1,) row boundaries.
        rows: (n,) rows wanted, in any order, repeats allowed.

    Returns:
        positions: (total,) positions in `values`, row after row.
        lengths: (n,) length of each row.
    """
    starts = indptr[rows].astype(np.int64)
    lengths = indptr[rows + 1].astype(np.int64) - starts
    return ranges(starts, lengths), lengths


def ranges(starts: IntArray, lengths: IntArray) -> IntArray:
    """The numbers start, start + 1, ... of each (start, length), one after the other."""
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()), dtype=np.int64)


def from_list_column(column: pa.ChunkedArray) -> tuple[IntArray, npt.NDArray[Any]]:
    """(indptr, values) of an Arrow list column without nulls."""
    lengths = np.concatenate([np.zeros(1, np.int64), *(_lengths(chunk) for chunk in column.chunks)])
    values = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in column.chunks]
    empty = np.empty(0, column.type.value_type.to_pandas_dtype())
    return np.cumsum(lengths), np.concatenate([empty, *values])


def _lengths(chunk: pa.ListArray) -> IntArray:
    return np.diff(chunk.offsets.to_numpy()).astype(np.int64)
