"""A column of strings as one array of bytes: 17 million names without 17 million objects."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali.rrf.scanning import Bytes
from bali.rrf.spans import copy_spans, equals_previous, pack_word
from bali.sorting import argsort_words

Rows = npt.NDArray[np.int64]
_WORD = 8  # bytes compared at once
_LONG = 1 << 10  # bytes; a pass over all rows for each word of one long text would take hours


@dataclass(frozen=True)
class Texts:
    """UTF-8 strings one after the other.

    Attributes:
        data: (num_bytes,) uint8.
        bounds: (num_texts + 1,) int64; text i is `data[bounds[i]:bounds[i + 1]]`.
    """

    data: Bytes
    bounds: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.bounds) - 1

    def __getitem__(self, row: int) -> bytes:
        return self.data[self.bounds[row] : self.bounds[row + 1]].tobytes()

    def take(self, rows: Rows) -> "Texts":
        """Some of the texts, in the order of `rows`."""
        return Texts(*copy_spans(self.data, self.bounds[:-1], self.bounds[1:], rows))

    def slice(self, rows: slice) -> "Texts":
        """Neighbouring texts."""
        return self.take(np.arange(len(self))[rows])

    def to_arrow(self) -> pa.StringArray:
        """As strings; at most 2 GiB of them."""
        assert self.bounds[-1] < 1 << 31, "an Arrow string array holds at most 2 GiB"
        offsets = self.bounds.astype(np.int32)
        return pa.StringArray.from_buffers(len(self), pa.py_buffer(offsets), pa.py_buffer(self.data))

    def equal(self, text: bytes) -> npt.NDArray[np.bool_]:
        """(num_texts,) which of them are `text`."""
        same = np.diff(self.bounds) == len(text)
        for offset, byte in enumerate(text):
            same[same] = self.data[self.bounds[:-1][same] + offset] == byte
        return same

    def equals_previous(self, rows: Rows) -> npt.NDArray[np.bool_]:
        """(num_rows,) whether the text of a row is that of the row before it in `rows`; the first is not."""
        return equals_previous(self.data, self.bounds, rows)

    def argsort(self, rows: Rows) -> Rows:
        """`rows` in order of their texts' bytes; equal ones keep their order."""
        lengths = np.diff(self.bounds)[rows]
        longest = int(lengths.max(initial=0))
        if longest > _LONG:
            return rows[sorted(range(len(rows)), key=lambda place: self[int(rows[place])])]
        if not self.data.all():  # a text that another one and zero bytes make up comes before it
            rows = rows[np.argsort(lengths, kind="stable")]
        for word in reversed(range(-(-longest // _WORD))):
            key = pack_word(self.data, self.bounds, rows, word)
            if np.any(key[1:] < key[:-1]):
                rows = rows[argsort_words(key)]
        return rows


def join(pieces: Sequence[Texts]) -> Texts:
    """The texts of all pieces, in order."""
    ends = np.cumsum([0, *(int(piece.bounds[-1]) for piece in pieces)])
    bounds = np.empty(sum(map(len, pieces)) + 1, np.int64)
    start = 0
    for piece, end in zip(pieces, ends[:-1], strict=True):
        np.add(piece.bounds[:-1], end, out=bounds[start : start + len(piece)])
        start += len(piece)
    bounds[-1] = ends[-1]
    return Texts(np.concatenate([np.empty(0, np.uint8), *(piece.data for piece in pieces)]), bounds)
