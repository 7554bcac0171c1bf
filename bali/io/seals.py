"""Seals: what a stage wrote says what its bytes must be, so that a damaged file is noticed before a row of it is used.

| What | Where its seal lies |
|---|---|
| a Parquet artefact | in its footer, under `bali_seal`: SHA-256 of all its bytes, the seal's digits read as zeros |
| a JSON record | under `seal`: SHA-256 of the rest as `bali.io.files.digest_json` gives it |
| the files of a folder | in `digests.json`, itself a sealed record: SHA-256 of each |

A seal is no signature: it tells damage from health, not who wrote a file.
"""

import hashlib
import os
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bali.errors import ArtefactError
from bali.io.files import SEAL, digest_file, digest_json, read_json, write_json

PARQUET_KEY = b"bali_seal"
BLANK = b"0" * 64
DIGESTS = "digests.json"
_IN_FOOTER = re.compile(PARQUET_KEY + rb".{2}([0-9a-f]{64})", re.DOTALL)  # between the two a type and a length
_OWN = re.compile(rb'bali_seal|"schema_version"')  # either of them is left whatever byte changes
_BLOCK_BYTES = 1 << 20
_SETTLED_NS = 2_000_000_000  # a file older than this has another date once it is written again
_Stat = tuple[int, int, int, int]


class _Reading(NamedTuple):
    """One pass over a Parquet file.

    Attributes:
        digest: SHA-256 of the bytes as they are.
        digest_unsealed: of the bytes with a blank seal.
        seal: what the footer says `digest_unsealed` is; None where it says nothing.
        place: offset of the seal's digits.
        is_own: the file is one of ours, so that it must have a seal.
    """

    digest: str
    digest_unsealed: str
    seal: str | None
    place: int
    is_own: bool


_verified: dict[tuple[str, _Stat], str] = {}


def seal_parquet(path: Path) -> None:
    """Put the digest of a file that was just written in the place of its blank seal."""
    reading = _read(path)
    assert reading.seal == BLANK.decode(), f"{path} was written with a blank seal"
    with path.open("r+b") as file:
        file.seek(reading.place)
        file.write(reading.digest_unsealed.encode())


def verify_parquet(path: Path) -> str:
    """SHA-256 of a Parquet file, after its seal was compared with its bytes; a file of other tools has no seal.

    A process reads a file once for this, however often it asks.

    Raises:
        ArtefactError: the file is missing, is not Parquet, or its bytes are not those that the stage wrote.
    """
    stat = _stat(path)
    if (known := _verified.get((str(path), stat))) is not None:
        return known
    reading = _read(path)
    if reading.is_own and reading.seal != reading.digest_unsealed:
        found, version = ("others", "") if reading.seal else ("no seal", ", or is of an earlier version")
        raise ArtefactError(
            f"{path}: expected the bytes that its seal names, found {found}. The file was damaged or changed since its"
            f" stage wrote it{version}; delete it and run its stage again."
        )
    if time.time_ns() - stat[2] > _SETTLED_NS:
        _verified[str(path), stat] = reading.digest
    return reading.digest


def write_record(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object with its seal, atomically; `bali.io.files.read_json` checks the seal and takes it out."""
    write_json(path, {**value, SEAL: digest_json(value)})


def seal_folder(folder: Path) -> None:
    """Write the digests of all files below a folder into `digests.json`."""
    write_record(folder / DIGESTS, digest_folder(folder))


def check_folder(folder: Path, advice: str) -> None:
    """Compare the files of a folder with its `digests.json`; files that it does not name may be there too.

    Args:
        folder: a folder without `digests.json` was not sealed: nothing is compared.
        advice: what to do about a damaged folder.

    Raises:
        ArtefactError: a file is missing or has other bytes.
    """
    if not (folder / DIGESTS).is_file():
        return
    for name, digest in read_json(folder / DIGESTS).items():
        path = folder / name
        if not path.is_file() or digest_file(path) != digest:
            found = "another" if path.is_file() else "none"
            raise ArtefactError(f"{path}: expected the file that {DIGESTS} names, found {found}. {advice}")


def digest_folder(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder, by its path in it; names with a leading dot are left out."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): digest_file(path) for path in paths}


def _read(path: Path) -> _Reading:
    """One pass; the footer is read apart, for the seal lies in it."""
    try:
        with path.open("rb") as file:
            footer = _footer_start(file.seek(0, os.SEEK_END), _tail(file))
            file.seek(0)
            digest = hashlib.sha256()
            while footer > file.tell():
                digest.update(file.read(min(_BLOCK_BYTES, footer - file.tell())))
            tail = file.read()
    except FileNotFoundError:
        raise ArtefactError(f"{path}: no such file. Run the stage that writes it first.") from None
    except OSError as error:
        raise ArtefactError(f"{path}: expected a readable file: {error.strerror}.") from None
    unsealed = digest.copy()
    digest.update(tail)
    found = _IN_FOOTER.search(tail)
    place = found.start(1) if found else 0
    unsealed.update(tail[:place] + BLANK + tail[place + len(BLANK) :] if found else tail)
    seal = found.group(1).decode() if found else None
    return _Reading(digest.hexdigest(), unsealed.hexdigest(), seal, footer + place, _OWN.search(tail) is not None)


def _tail(file: Any) -> bytes:
    """The last 8 bytes: the length of the footer and the mark of a Parquet file."""
    file.seek(-min(8, file.seek(0, os.SEEK_END)), os.SEEK_END)
    return bytes(file.read())


def _footer_start(size: int, tail: bytes) -> int:
    """Offset of the footer; 0 where the file is too short to have one."""
    return max(0, size - 8 - int.from_bytes(tail[:4], "little"))


def _stat(path: Path) -> _Stat:
    try:
        stat = path.stat()
    except FileNotFoundError:
        raise ArtefactError(f"{path}: no such file. Run the stage that writes it first.") from None
    return stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_size
