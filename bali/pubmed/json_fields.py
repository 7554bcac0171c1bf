"""Fields of a document in JSON: text and whole numbers, with refusals that name file, line and key."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bali.errors import InputError
from bali.io.json_text import shown

SURROGATE = "half of a surrogate pair replaced"
_SURROGATES = re.compile("[\ud800-\udfff]")
_REPLACEMENT = "\ufffd"


@dataclass
class Fields:
    """Reads the fields of one document.

    Attributes:
        path: the file.
        line: where the document begins.
        notes: facts worth a count, found while reading.
    """

    path: Path
    line: int
    notes: list[str] = field(default_factory=list)

    def text(self, value: Mapping[str, Any], *keys: str) -> str:
        """The string (or whole number) of the first key that is there and not null, else "".

        Half of a surrogate pair is no character: it becomes U+FFFD, which keeps all offsets, and is counted.
        """
        key, found = self._first(value, keys)
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        if not isinstance(found, str):
            raise self.wrong(key, "a string", found)
        if found.isascii():
            return found
        cleaned, num_replaced = _SURROGATES.subn(_REPLACEMENT, found)
        self.notes += [SURROGATE] * num_replaced
        return cleaned

    def joined(self, value: Mapping[str, Any], *keys: str) -> str:
        """As `text`, but the value may be a list of strings: they are joined by "|"."""
        key, found = self._first(value, keys)
        if isinstance(found, list):
            return "|".join(self.text({key: part}, key) for part in found)
        return self.text(value, *keys)

    def number(self, value: Mapping[str, Any], key: str) -> int:
        """The whole number of a key, which must be there; digits in quotes are taken, too."""
        found = value.get(key)
        if isinstance(found, str) and re.fullmatch(r"[0-9]{1,18}", found):
            return int(found)
        if isinstance(found, bool) or not isinstance(found, int):
            raise self.wrong(key, "a whole number", found)
        return found

    def objects(self, value: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
        """The list of objects of a key; empty where the key is absent or null."""
        found = value.get(key)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(part, dict) for part in found):
            raise self.wrong(key, "a list of objects", found)
        return found

    def mapping(self, value: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        """The object of a key; empty where the key is absent or null."""
        found = value.get(key)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise self.wrong(key, "an object", found)
        return found

    def wrong(self, key: str, expected: str, found: object) -> InputError:
        """The refusal of a field."""
        return InputError(f"{self.path} line {self.line}: expected {expected} as {key!r}, got {shown(found)}.")

    @staticmethod
    def _first(value: Mapping[str, Any], keys: Sequence[str]) -> tuple[str, Any]:
        return next(((key, value[key]) for key in keys if value.get(key) is not None), (keys[0], ""))
