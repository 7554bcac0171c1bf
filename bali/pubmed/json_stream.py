"""JSON objects one after the other, in memory that does not grow with the file.

Read are objects that follow each other (JSONL: one a line; line breaks within one are no harm), objects in an array,
and objects in the array of a collection ({"documents": [...]} of BioC, {"PubTator3": [...]}). Beyond RFC 8259 the
words NaN and Infinity (BERN2 writes them) and control characters within strings are taken; half a surrogate pair,
which is no character, becomes U+FFFD.
"""

import codecs
import json
import re
from collections.abc import Iterator
from json.decoder import JSONDecodeError
from pathlib import Path
from typing import Any, BinaryIO

from bali.errors import InputError
from bali.io.json_text import shown
from bali.pubmed.files import LONGEST_RECORD, open_input

COLLECTION_KEYS = ("documents", "PubTator3")
_DECODER = json.JSONDecoder(strict=False)
_FIRST_BYTES = 1 << 16
_SPACE = re.compile(r"[ \t\r\n]*")
_LONGEST_TOKEN = 16  # a decoder's complaint this near to the end may be for want of the rest: -Infinity, a \u escape
_UNFINISHED = "Unterminated string"
_CLOSING = '}]"'

JsonObject = dict[str, Any]


def read_objects(path: Path) -> Iterator[tuple[int, JsonObject]]:
    """The objects of a JSON file, plain or gzipped, each with the line that it begins in (from 1).

    Raises:
        InputError: the file is missing, cut, not UTF-8 or not JSON, something that is no object stands where a
            document is expected, or a document is longer than `LONGEST_RECORD` characters.
    """
    with open_input(path) as stream:
        scanner = _Scanner(path, stream)
        while following := scanner.peek():
            if following == "[":
                yield from _array(scanner)
            elif following == "{":
                yield from _object(scanner)
            else:
                raise scanner.wrong("expected a JSON object or an array of them", following)


def _array(scanner: "_Scanner") -> Iterator[tuple[int, JsonObject]]:
    scanner.take("[")
    while scanner.peek() != "]":
        line = scanner.line()
        value = scanner.value()
        if not isinstance(value, dict):
            raise InputError(f"{scanner.path} line {line}: expected a JSON object, got {shown(value, 40)}.")
        yield line, value
        if scanner.peek() != "]":
            scanner.take(",")
    scanner.take("]")


def _object(scanner: "_Scanner") -> Iterator[tuple[int, JsonObject]]:
    """An object, or the objects of the collection that it is."""
    line = scanner.line()
    members: JsonObject = {}
    is_collection = False
    scanner.take("{")
    while scanner.peek() != "}":
        key = scanner.value()
        if not isinstance(key, str):
            raise InputError(f"{scanner.path} line {line}: expected a key in quotes, got {shown(key, 40)}.")
        scanner.take(":")
        if key in COLLECTION_KEYS and scanner.peek() == "[":
            is_collection = True
            yield from _array(scanner)
        else:
            members[key] = scanner.value()
        if scanner.peek() != "}":
            scanner.take(",")
    scanner.take("}")
    if not is_collection:
        yield line, members


class _Scanner:
    """A window on the file that slides over what has been read."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path = path
        self._stream = stream
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._text = ""
        self._at = 0
        self._lines_before = 0
        self._ended = False

    def line(self) -> int:
        """The line of the next character, from 1."""
        return self._lines_before + self._text.count("\n", 0, self._at) + 1

    def peek(self) -> str:
        """The next character that is no white space, "" at the end of the file."""
        while True:
            found = _SPACE.match(self._text, self._at)
            assert found is not None, "the pattern matches the empty string"
            self._at = found.end()
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._read_on():
                return ""

    def take(self, character: str) -> None:
        """Pass over the character that must come next."""
        found = self.peek()
        if found != character:
            raise self.wrong(f"expected {character!r}", found)
        self._at += 1

    def value(self) -> Any:
        """Decode the next value."""
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except JSONDecodeError as error:
                if not (self._may_be_unfinished(error) and self._read_on()):
                    self._at = error.pos
                    raise self.wrong("expected JSON", error.msg) from error
            except (ValueError, RecursionError) as error:  # a number of thousands of digits, thousands of brackets
                raise self.wrong("expected JSON", str(error)) from error
            else:
                if end == len(self._text) and self._text[end - 1] not in _CLOSING and self._read_on():
                    continue  # a number may go on
                self._at = end
                return value

    def wrong(self, expected: str, found: str) -> InputError:
        """The refusal of what stands at the present place."""
        got = found if found else "the end of the file"
        return InputError(
            f"{self.path} line {self.line()}: {expected}, got {got}. The file may be cut; fetch it again."
        )

    def _may_be_unfinished(self, error: JSONDecodeError) -> bool:
        return error.msg.startswith(_UNFINISHED) or error.pos >= len(self._text) - _LONGEST_TOKEN

    def _read_on(self) -> bool:
        """Drop what was read and take in at least as much as is left, so that long values cost no more than twice."""
        if self._ended:
            return False
        rest = len(self._text) - self._at
        if rest > LONGEST_RECORD:
            raise InputError(
                f"{self.path} line {self.line()}: expected documents of at most {LONGEST_RECORD} characters, got a"
                " longer one. Cut the document."
            )
        self._lines_before += self._text.count("\n", 0, self._at)
        block = self._stream.read(max(_FIRST_BYTES, rest))
        self._ended = not block
        try:
            self._text = self._text[self._at :] + self._decode(block, self._ended)
        except UnicodeDecodeError as error:
            raise InputError(
                f"{self.path} line {self.line()} or after it: expected UTF-8, got: {error.reason}. Convert the file."
            ) from error
        self._at = 0
        return True
