"""Damage to a file that a stage wrote, with its date kept, as a disk would do it."""

import json
import os
import random
import re
from collections.abc import Callable
from pathlib import Path

from bali.io.seals import BLANK, PARQUET_KEY, seal_parquet

_PAGE = 4096


def _truncate(content: bytes, chance: random.Random) -> bytes:
    return content[: chance.randrange(len(content))]


def _flip(content: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(content))
    return content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1 :]


def _lose_page(content: bytes, chance: random.Random) -> bytes:
    start = _PAGE * chance.randrange(-(-len(content) // _PAGE))
    page = content[start : start + _PAGE]
    return content[:start] + bytes(len(page)) + content[start + _PAGE :]


def _empty(content: bytes, chance: random.Random) -> bytes:
    return b""


def _older(content: bytes, chance: random.Random) -> bytes:
    """Another version in the metadata, and a blank seal."""
    content = re.sub(PARQUET_KEY + rb"(.{2})[0-9a-f]{64}", PARQUET_KEY + rb"\g<1>" + BLANK, content, flags=re.DOTALL)
    return re.sub(rb'"schema_version": \d', b'"schema_version": 1', content)


DAMAGES: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "truncated": _truncate,
    "bit flipped": _flip,
    "page lost": _lose_page,
    "empty": _empty,
    "older version": _older,
}


def damage(path: Path, kind: str, chance: random.Random) -> bool:
    """Damage a file; whether it has other bytes now."""
    stat, content = path.stat(), path.read_bytes()
    path.write_bytes(DAMAGES[kind](content, chance))
    if kind == "older version":
        seal_parquet(path)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    return path.read_bytes() != content


def kinds_for(path: Path) -> list[str]:
    """The kinds of damage that a file can take."""
    return [kind for kind in DAMAGES if kind != "older version" or path.suffix == ".parquet"]


def meaning(path: Path) -> object:
    """A file's bytes; of JSON what it says, for blanks may change."""
    if path.suffix == ".json":
        return json.loads(path.read_bytes())
    return path.read_bytes()
