"""Where the RRF files of a release lie (in a directory, gzipped, inside a zip), each opened as one stream of bytes."""

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from bali.errors import InputError

REQUIRED = ("MRCONSO.RRF", "MRREL.RRF", "MRSTY.RRF")
OPTIONAL = ("MRSAB.RRF", "MRCUI.RRF", "MRFILES.RRF")
_DAMAGED = (EOFError, gzip.BadGzipFile, zlib.error, zipfile.BadZipFile)


@dataclass(frozen=True)
class RrfFile:
    """One RRF file of the release.

    Attributes:
        name: NLM's name, e.g. MRCONSO.RRF; errors speak of it.
        path: the file on disk: the RRF file, its gzip, or the zip that holds it.
        member: its name inside the zip; "" where `path` is no zip.
    """

    name: str
    path: Path
    member: str = ""

    @contextmanager
    def open(self) -> Iterator[IO[bytes]]:
        """The decompressed bytes as a stream.

        Raises:
            InputError: the file cannot be opened, or its gzip or zip stream ends early or is corrupt (also while the
                block reads).
        """
        try:
            with self._open_container() as raw:
                gzipped = (self.member or self.path.name).endswith(".gz")
                yield io.BufferedReader(gzip.GzipFile(fileobj=raw)) if gzipped else raw
        except _DAMAGED as error:
            kind = "zip" if self.member else "gzip"
            what = "ends early" if isinstance(error, EOFError) else "is corrupt"
            raise InputError(f"{self}: the {kind} stream {what} ({_one_line(error)}). Download it again.") from error
        except (OSError, RuntimeError) as error:  # RuntimeError: an encrypted or unsupported zip member
            raise InputError(f"{self}: cannot be read: {_one_line(error)}.") from error

    @contextmanager
    def _open_container(self) -> Iterator[IO[bytes]]:
        if not self.member:
            with self.path.open("rb") as raw:
                yield raw
            return
        with zipfile.ZipFile(self.path) as archive, archive.open(self.member) as raw:
            yield raw

    def __str__(self) -> str:
        return f"{self.path}: {self.member}" if self.member else str(self.path)


def locate(inputs: Iterable[Path]) -> dict[str, RrfFile]:
    """Find the RRF files in a META directory, a zip (at any depth), or a list of files; each plain or as `.gz`.

    A directory is searched itself and in its `META` folder, as NLM's zips unpack. RRF files that are not read here
    (MRDEF.RRF, MRSAT.RRF, ...) are passed over.

    Returns:
        NLM's file name -> where it lies; the three required files are there, the optional ones where found.

    Raises:
        InputError: an input does not exist, a required file is missing, or a file is there twice.
    """
    inputs = list(inputs)
    found: dict[str, RrfFile] = {}
    for path in inputs:
        for file in _files_of(path):
            if file.name in found:
                raise InputError(
                    f"{file.name}: expected once, found as {found[file.name]} and as {file}. Give one of them."
                )
            found[file.name] = file
    missing = [name for name in REQUIRED if name not in found]
    if missing:
        looked = ", ".join(map(str, inputs)) or "nothing"
        raise InputError(
            f"{', '.join(missing)}: not found (nor as .gz) in {looked}."
            " Give the release's META directory, its zip, or the RRF files; MetamorphoSys makes them of a full release."
        )
    return found


def input_paths(files: Mapping[str, RrfFile]) -> list[Path]:
    """The files on disk that hold the release, each once, sorted."""
    return sorted({file.path for file in files.values()})


def _files_of(path: Path) -> Iterator[RrfFile]:
    if not path.exists():
        raise InputError(f"{path}: no such file or directory. Expected a META directory, a zip, or RRF files.")
    if path.is_dir():
        for folder in (path, path / "META"):
            yield from (RrfFile(_rrf_name(p.name), p) for p in sorted(folder.glob("*.RRF*")) if _rrf_name(p.name))
    elif path.name.removesuffix(".gz").endswith(".RRF"):
        yield from [RrfFile(name, path)] if (name := _rrf_name(path.name)) else []
    elif zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for member in sorted(archive.namelist()):
                if name := _rrf_name(PurePosixPath(member).name):
                    yield RrfFile(name, path, member)
    elif path.suffix == ".zip":
        raise InputError(
            f"{path}: expected a zip file, but its directory of contents is missing or damaged. Download it again."
        )
    else:
        raise InputError(
            f"{path}: expected a META directory, a zip, or one of {', '.join(REQUIRED + OPTIONAL)}, or its .gz."
        )


def _rrf_name(file_name: str) -> str:
    """NLM's name of a file we read, without `.gz`; "" for any other file."""
    name = file_name.removesuffix(".gz")
    return name if name in REQUIRED + OPTIONAL else ""


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
