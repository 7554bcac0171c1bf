"""A file of another format as the stream of an RRF file: its rows are made while they are read, none is kept."""

import io
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, cast

import polars as pl

from bali.io.census import Census, Tally
from bali.rrf.layouts import Layout
from bali.rrf.writing import encode_rows


@dataclass
class ForeignTally(Tally):
    """Rows of the foreign file (see `Tally`), and counts that are not rows of it.

    Attributes:
        notes: e.g. how many concepts have a UMLS CUI.
    """

    notes: Counter[str] = field(default_factory=Counter)


Pieces = Callable[[ForeignTally], Iterator[pl.DataFrame]]


@dataclass
class TranscribedFile:
    """An RRF file made of the rows of another format.

    Attributes:
        layout: the RRF file.
        files: the files on disk that it is made of.
        pieces: makes its rows, as `encode_rows` takes them, and counts the rows of the foreign file.
        tally: that count, valid after the stream was read to its end; each `open` starts a new one.
    """

    layout: Layout
    files: Sequence[Path]
    pieces: Pieces
    tally: ForeignTally = field(default_factory=ForeignTally)

    @property
    def name(self) -> str:
        """NLM's name, e.g. MRCONSO.RRF."""
        return self.layout.name

    def paths(self) -> Sequence[Path]:
        """The files on disk behind it, sorted."""
        return sorted(set(self.files))

    def account(self, census: Census) -> None:
        """Add the rows of the foreign file, what became of them, and its notes."""
        census.tables[f"{self.name}, transcribed"] = self.tally
        census.notes |= dict(sorted(self.tally.notes.items()))

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The RRF text as a stream of bytes.

        Raises:
            InputError: the foreign file is damaged (also while the block reads).
        """
        self.tally = ForeignTally()
        with io.BufferedReader(_PieceStream(self, self.tally), io.DEFAULT_BUFFER_SIZE) as stream:
            yield cast("IO[bytes]", stream)

    def __str__(self) -> str:
        return f"{self.name} of {', '.join(map(str, self.paths()))}"


class _PieceStream(io.RawIOBase):
    """The pieces of a transcript, one after the other, as bytes."""

    def __init__(self, file: TranscribedFile, tally: ForeignTally) -> None:
        self._layout, self._tally = file.layout, tally
        self._pieces = file.pieces(tally)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill the buffer from the current piece; 0 after the last, when all rows must be accounted for."""
        while not self._rest:
            rows = next(self._pieces, None)
            if rows is None:
                self._tally.check(self._layout.name)
                return 0
            self._rest = memoryview(encode_rows(self._layout, rows))
        num_bytes = min(len(buffer), len(self._rest))
        buffer[:num_bytes] = self._rest[:num_bytes]
        self._rest = self._rest[num_bytes:]
        return num_bytes
