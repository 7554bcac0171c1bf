"""Opening corpus files: plain or gzipped, line by line, and what format they hold."""

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from bali.errors import InputError
from bali.io.unpacking import BoundedStream
from bali.vocabulary import CorpusFormat

LONGEST_RECORD = 1 << 26  # characters of one line or JSON value: no abstract is longer, and memory stays bounded
_GZIP_MAGIC = b"\x1f\x8b"
_UTF8_MARK = b"\xef\xbb\xbf"
_SNIFFED_BYTES = 1 << 16
_PUBTATOR_START = re.compile(rb"\s*\d+\|[ta]\|")
_ANNOTATIONS_ONLY = re.compile(rb"\s*\d+\t")
_NO_PLAIN_TEXT = re.compile(rb"\s*(\S{1,80}\|[ta]\||PMID- )")  # PubTator of other identifiers, MEDLINE's tagged format
_JSON_START = re.compile(rb"\s*[\[{]")
_BIOC_KEY = re.compile(rb'"(passages|PubTator3)"\s*:\s*\[|"documents"\s*:\s*\[\s*\{')
_TEXT_NAME = re.compile(r".*\.txt(\.gz)?", re.IGNORECASE)


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
                bounded = BoundedStream(cast(BinaryIO, unpacked), path.stat().st_size, path)
                yield cast(BinaryIO, io.BufferedReader(bounded, 1 << 17))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path}: expected a complete gzip file, got: {error}. Fetch the file again.") from error
    except OSError as error:
        raise InputError(f"{path}: expected a readable file: {error.strerror or error}.") from error


def read_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Numbered lines of a UTF-8 file, cut at line feeds only: U+2028 and their like are part of the text.

    Raises:
        InputError: as `open_input`; a line is not UTF-8, or longer than `LONGEST_RECORD` bytes.
    """
    with open_input(path) as stream:
        number = 0
        while raw := stream.readline(LONGEST_RECORD + 1):
            number += 1
            if len(raw) > LONGEST_RECORD:
                raise InputError(
                    f"{path} line {number}: expected at most {LONGEST_RECORD} bytes, got more. Cut the document."
                )
            try:
                line = raw.removeprefix(_UTF8_MARK if number == 1 else b"").decode("utf-8")
            except UnicodeDecodeError as error:
                raise InputError(f"{path} line {number}: expected UTF-8, got: {error}. Convert the file.") from error
            yield number, line.removesuffix("\n").removesuffix("\r")


def detect_format(path: Path) -> CorpusFormat:
    """The format of a corpus file by its first characters; plain text, which has no mark, by its name (.txt).

    Raises:
        InputError: the file is missing, empty, damaged, or in no format that is read here.
    """
    if path.is_dir():
        return "text"
    with open_input(path) as stream:
        head = stream.read(_SNIFFED_BYTES).removeprefix(_UTF8_MARK)
    if head.lstrip().startswith(b"<"):
        return "pubmed_xml"
    if _PUBTATOR_START.match(head):
        return "pubtator"
    if _ANNOTATIONS_ONLY.match(head):
        raise InputError(
            f"{path}: expected documents with their text, got annotations only (number, tab, ...)."
            " Take PubTator's file with offsets and texts (PMID|t|title), not its list of concepts."
        )
    if _JSON_START.match(head):
        return "bioc_json" if _BIOC_KEY.search(head) else "jsonl"
    if _TEXT_NAME.fullmatch(path.name) and _is_text(head):
        return "text"
    found = repr(head[:40].decode("utf-8", "replace")) if head else "an empty file"
    raise InputError(
        f"{path}: expected PubMed XML ('<?xml ...'), PubTator ('PMID|t|title'), JSON ('{{...') or a plain text named"
        f" .txt, got {found}. Convert the file, or take it out of corpus.inputs."
    )


def _is_text(head: bytes) -> bool:
    """Whether bytes, which may end within a character, are UTF-8 without the byte 0, and in no other format."""
    try:
        head[: max(len(head) - 3, 1)].decode("utf-8")
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    return bool(head) and b"\0" not in head and not _NO_PLAIN_TEXT.match(head)
