"""A reader under attack: valid files, words of its format, and how a file is read wholly."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Content = str | bytes


@dataclass(frozen=True)
class Reader:
    """One target.

    Attributes:
        seeds: file name -> valid contents.
        tokens: what means something in the format; the mutations insert it.
        read: reads (the damaged file, its folder) to the end; the number of things found.
        whole: the folder holds the first seed of every file, one of them damaged; else the damaged one alone.
    """

    seeds: Mapping[str, Sequence[bytes]]
    tokens: Sequence[bytes]
    read: Callable[[Path, Path], int]
    whole: bool = False


def seeds_of(files: Mapping[str, Content | Sequence[Content]]) -> dict[str, list[bytes]]:
    """Contents as bytes, several for each file."""
    return {
        name: [_encode(one) for one in ([contents] if isinstance(contents, str | bytes) else contents)]
        for name, contents in files.items()
    }


def _encode(content: Content) -> bytes:
    return content.encode() if isinstance(content, str) else content
