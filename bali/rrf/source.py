"""One RRF file of a release as one stream of bytes, however it is packed."""

import gzip
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, cast

from bali.errors import InputError
from bali.io.census import Census
from bali.io.unpacking import DAMAGED, BoundedStream, check_unpacked


class RrfSource(Protocol):
    """A stream of RRF text, from a file or made on the fly."""

    @property
    def name(self) -> str:
        """NLM's name, e.g. MRCONSO.RRF; errors speak of it."""

    def open(self) -> AbstractContextManager[IO[bytes]]:
        """The text as a stream of bytes.

        Raises:
            InputError: the file cannot be read or is damaged (also while the block reads).
        """

    def paths(self) -> Sequence[Path]:
        """The files on disk behind it."""

    def account(self, census: Census) -> None:
        """Add what the text does not show, once it was read: a transcript counts the rows of its own format."""


@dataclass(frozen=True)
class Piece:
    """A file on disk, or a member of a zip.

    Attributes:
        path: the file on disk.
        members: the way inside: a member of the zip, then a member of the zip that this is, ...; none for a plain file.
    """

    path: Path
    members: tuple[str, ...] = ()

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The bytes as they are packed.

        Raises:
            InputError: a member of a zip says that it unpacks to more than any real one.
        """
        with ExitStack() as stack:
            if not self.members:
                yield stack.enter_context(self.path.open("rb", buffering=0))
                return
            archive = stack.enter_context(Piece(self.path, self.members[:-1]).open_zip())
            member = archive.getinfo(self.members[-1])
            check_unpacked(member.file_size, _size(self.path), self)  # zipfile gives no more than that
            yield stack.enter_context(archive.open(member))

    @contextmanager
    def open_zip(self) -> Iterator[zipfile.ZipFile]:
        """The piece as a zip.

        Raises:
            InputError: it is none, or is damaged.
        """
        with ExitStack() as stack:
            try:
                archive = zipfile.ZipFile(stack.enter_context(self.open()))
            except (*DAMAGED, OSError, RuntimeError, ValueError) as error:  # RuntimeError: encrypted, an unknown method
                raise InputError(f"{self}: expected a zip, got: {_one_line(error)}. Download it again.") from error
            yield stack.enter_context(archive)

    def __str__(self) -> str:
        return ": ".join([str(self.path), *self.members])


@dataclass(frozen=True)
class RrfFile:
    """One RRF file of a release.

    Attributes:
        name: NLM's name, e.g. MRCONSO.RRF.
        pieces: the file, or in order the pieces that it is split into.
    """

    name: str
    pieces: tuple[Piece, ...]

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The decompressed text of all pieces as one stream; errors as `RrfSource.open`."""
        try:
            with ExitStack() as stack:
                if len(self.pieces) == 1:
                    raw = stack.enter_context(self.pieces[0].open())
                else:  # gzip allows several streams in a row, so the pieces are joined before they are decompressed
                    openers = [lambda piece=piece: stack.enter_context(piece.open()) for piece in self.pieces]
                    raw = cast("IO[bytes]", io.BufferedReader(_Chain(openers), 1 << 20))
                yield self._unpacked(raw) if self._is_gzipped() else raw
        except DAMAGED as error:
            what = "ends early" if isinstance(error, EOFError) else "is corrupt"
            kind = "zip" if self.pieces[0].members and not self._is_gzipped() else "gzip"
            raise InputError(f"{self}: the {kind} stream {what} ({_one_line(error)}). Download it again.") from error
        except (OSError, RuntimeError) as error:  # RuntimeError: an encrypted or unsupported zip member
            raise InputError(f"{self}: cannot be read: {_one_line(error)}.") from error

    def paths(self) -> Sequence[Path]:
        """The files on disk that hold it."""
        return [piece.path for piece in self.pieces]

    def account(self, census: Census) -> None:
        """Nothing: every row of the file is in the text."""

    def _unpacked(self, raw: IO[bytes]) -> IO[bytes]:
        num_packed = sum(_size(path) for path in set(self.paths()))
        bounded = BoundedStream(cast("IO[bytes]", gzip.GzipFile(fileobj=raw)), num_packed, self)
        return io.BufferedReader(bounded, 1 << 20)

    def _is_gzipped(self) -> bool:
        return str(self.pieces[0]).endswith(".gz")

    def __str__(self) -> str:
        more = f" and {len(self.pieces) - 1} more pieces" if len(self.pieces) > 1 else ""
        return f"{self.pieces[0]}{more}"


class _Chain(io.RawIOBase):
    """Streams read one after the other, each opened when its turn comes."""

    def __init__(self, openers: Sequence[Callable[[], IO[bytes]]]) -> None:
        self._openers = list(openers)
        self._current: IO[bytes] | None = None

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]  # noqa: ANN001
        """Fill the buffer from the current stream; 0 after the last."""
        while self._current is not None or self._openers:
            if self._current is None:
                self._current = self._openers.pop(0)()
            data = self._current.read(len(buffer))
            if data:
                buffer[: len(data)] = data
                return len(data)
            self._current = None
        return 0


def _size(path: Path) -> int:
    return path.stat().st_size


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
