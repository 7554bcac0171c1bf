"""Text files of other makers, plain, gzipped or zipped: a missing or damaged one is an error of one line."""

import codecs
import gzip
import io
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from bali.errors import InputError
from bali.io.unpacking import DAMAGED, BoundedStream, check_unpacked

_LONGEST_LINE = 1 << 26  # bytes


def read_bytes(path: Path) -> bytes:
    """The decompressed bytes of a file: plain, `.gz`, or a `.zip` whose only file it is.

    Raises:
        InputError: the file is missing, cannot be read, or its gzip or zip stream is damaged.
    """
    with _open(path) as stream:
        return stream.read()


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Number (from 1) and text (without its end) of each line of a UTF-8 file: plain, `.gz` or `.zip`.

    Raises:
        InputError: the file is missing, cannot be read, its gzip or zip stream is damaged, or it is not UTF-8.
    """
    with _open(path) as stream:
        number = 0
        while raw := stream.readline(_LONGEST_LINE + 1):
            number += 1
            if len(raw) > _LONGEST_LINE:
                raise InputError(f"{path} line {number}: expected at most {_LONGEST_LINE} bytes, got more.")
            line = raw.removeprefix(codecs.BOM_UTF8 if number == 1 else b"").decode("utf-8")
            yield number, line.rstrip("\r\n")


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    try:
        with _container(path) as stream:
            yield stream
    except FileNotFoundError:
        raise InputError(f"{path}: no such file.") from None
    except DAMAGED as error:
        what = "ends early" if isinstance(error, EOFError) else "is corrupt"
        raise InputError(f"{path}: the compressed data {what} ({_one_line(error)}). Download it again.") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected UTF-8 text, found a byte that is not ({_one_line(error)}).") from error
    except (OSError, RuntimeError, ValueError) as error:  # RuntimeError: an encrypted zip, an unknown method
        raise InputError(f"{path}: cannot be read: {_one_line(error)}.") from error


@contextmanager
def _container(path: Path) -> Iterator[IO[bytes]]:
    if path.suffix == ".gz":
        with gzip.open(path, "rb") as stream:
            bounded = BoundedStream(cast("IO[bytes]", stream), path.stat().st_size, path)
            yield cast("IO[bytes]", io.BufferedReader(bounded, 1 << 17))
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            info = archive.getinfo(_only_member(archive, path))
            check_unpacked(info.file_size, path.stat().st_size, path)  # zipfile gives no more than that
            with archive.open(info) as member:
                yield member
    else:
        with path.open("rb") as raw:
            yield raw


def _only_member(archive: zipfile.ZipFile, path: Path) -> str:
    """The file that the archive is named after (UBERON.obo.zip holds UBERON.obo), or its only one."""
    members = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX")]
    named = [name for name in members if name.rpartition("/")[2] == path.stem]
    if len(named or members) != 1:
        raise InputError(f"{path}: expected a zip of one file, found {len(members)}: {', '.join(members)[:120]}.")
    return (named or members)[0]


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".") or type(error).__name__
