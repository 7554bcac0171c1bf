"""Files that are whole or absent: atomic writing, digests."""

import glob
import hashlib
import json
import os
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from bali.errors import ArtefactError, InputError, OutputError
from bali.io.json_text import decode_json

SEAL = "seal"  # key of a JSON record: the digest of the rest (`bali.io.seals`)
_BLOCK_BYTES = 1 << 20
_HOST = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())
_MADE_BY = re.compile(rf"{re.escape(_HOST)}-(\d+)\.partial")  # what a process of this machine left


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`; what was written there takes `path`'s place when the block ends well.

    After an exception nothing is left: neither the temporary file (or directory) nor a changed `path`. What killed
    processes of this machine left is removed.

    Raises:
        OutputError: something in the block, or the renaming, could not be written.
    """
    partial = _partial(path.parent, f".{path.name}.")
    with _writing(path):
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(path.parent, f".{path.name}.")
            yield partial
            _take_place(partial, path)
        finally:
            _remove(partial)


@contextmanager
def atomic_files(folder: Path) -> Iterator[Path]:
    """Give a temporary folder inside `folder`; all that was written there moves up together when the block ends well.

    Files and folders of `folder` with other names stay. After an exception nothing is left of what was written.

    Raises:
        OutputError: as `atomic_path`.
    """
    partial = _partial(folder, ".")
    with _writing(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _remove_abandoned(folder, ".")
            partial.mkdir()
            yield partial
            for written in sorted(partial.iterdir()):
                _take_place(written, folder / written.name)
        finally:
            _remove(partial)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as indented JSON with sorted keys, atomically."""
    write_text(path, json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8, atomically."""
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8")


def read_json(path: Path) -> Any:
    """Read JSON that a stage wrote; the seal of a record is checked and left out.

    Raises:
        ArtefactError: the file is missing, is not JSON, or is not what its seal says.
    """
    try:
        value = decode_json(path.read_bytes())
    except FileNotFoundError:
        raise ArtefactError(f"{path}: no such file. Run the stage that writes it first.") from None
    except (OSError, ValueError) as error:
        raise ArtefactError(f"{path}: expected JSON, got: {error}. Delete the file and run its stage again.") from error
    if isinstance(value, dict) and SEAL in value and value.pop(SEAL) != digest_json(value):
        raise ArtefactError(
            f"{path}: expected the content that its seal names, found another. The file was damaged or changed since"
            " its stage wrote it; delete it and run its stage again."
        )
    return value


def digest_file(path: Path, algorithm: Literal["sha256", "md5"] = "sha256") -> str:
    """Digest of a file's bytes, as hexadecimal digits.

    Raises:
        InputError: it cannot be opened.
    """
    digest = hashlib.new(algorithm, usedforsecurity=False)
    try:
        stream = path.open("rb")
    except OSError as error:
        raise InputError(f"{path}: expected a readable file: {error.strerror}.") from None
    with stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
    return digest.hexdigest()


def digest_json(value: Any) -> str:
    """SHA-256 of a value's JSON with sorted keys, as hexadecimal digits."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _partial(folder: Path, prefix: str) -> Path:
    """A temporary name that no other living process gives."""
    return folder / f"{prefix}{_HOST}-{os.getpid()}.partial"


def _remove_abandoned(folder: Path, prefix: str) -> None:
    """Remove what this process and dead ones of this machine left under the temporary names of `prefix`."""
    for path in sorted(folder.glob(f"{glob.escape(prefix)}*.partial")):
        made_by = _MADE_BY.fullmatch(path.name.removeprefix(prefix))
        if made_by and (int(made_by[1]) == os.getpid() or not _is_alive(int(made_by[1]))):
            _remove(path)


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    return True


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or " ".join(str(error).split())  # NumPy and Arrow give no error number
        raise OutputError(
            f"{path}: cannot be written: {reason}. Free space on the disk, or give a folder that can be written."
        ) from error


def _take_place(written: Path, path: Path) -> None:
    if written.is_file():
        _flush(written)
    if path.is_dir():
        shutil.rmtree(path)
    os.replace(written, path)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
