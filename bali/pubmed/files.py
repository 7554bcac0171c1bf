"""Opening corpus files: plain or gzipped, and what format they hold."""

import gzip
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from bali.errors import InputError
from bali.vocabulary import CorpusFormat

_GZIP_MAGIC = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_SNIFFED_BYTES = 1 << 12
_PUBTATOR_START = re.compile(rb"\s*\d+\|[ta]\|")
_SUFFIXES = re.compile(r"(\.(gz|xml|txt|pubtator|json))*$", re.IGNORECASE)


@contextmanager
def open_input(path: Path) -> Iterator[BinaryIO]:
    """Open a file for reading bytes; gzip is recognised by its content.

    Raises:
        InputError: the file is missing, or its gzip stream is damaged or cut (also raised while the block reads).
    """
    try:
        with path.open("rb") as raw:
            is_gzip = raw.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
            raw.seek(0)
            if not is_gzip:
                yield raw
                return
            with gzip.GzipFile(fileobj=raw) as unpacked:
                yield cast(BinaryIO, unpacked)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: expected a complete gzip file, got: {error}. Fetch the file again.") from error
    except (FileNotFoundError, IsADirectoryError, PermissionError) as error:
        raise InputError(f"{path}: expected a readable file: {error.strerror}.") from error


def detect_format(path: Path) -> CorpusFormat:
    """The format of a corpus file by its first characters.

    Raises:
        InputError: the file is missing, empty, damaged, or in no format that is read here.
    """
    with open_input(path) as stream:
        head = stream.read(_SNIFFED_BYTES).removeprefix(_UTF8_MARK)
    if head.lstrip().startswith(b"<"):
        return "pubmed_xml"
    if _PUBTATOR_START.match(head):
        return "pubtator"
    found = repr(head[:40].decode("utf-8", "replace")) if head else "an empty file"
    raise InputError(
        f"{path}: expected PubMed XML ('<?xml ...') or PubTator ('PMID|t|title'), got {found}."
        " Convert the file, or take it out of corpus.inputs."
    )


def shard_name(path: Path) -> str:
    """Name of a corpus file without directory and known suffixes: pubmed24n0001.xml.gz -> pubmed24n0001."""
    return _SUFFIXES.sub("", path.name)
