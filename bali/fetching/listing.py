"""What a folder of NLM's server holds: the names in its HTML listing, and the choice of a user among them."""

import fnmatch
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bali.errors import InputError

# The names that NLM gives: year, running number. Anything else in a listing is passed over, so that no listing
# can name a file outside the output folder.
_NAME = r"pubmed([0-9]{2})n([0-9]{4,6})\.xml\.gz"
NAME = re.compile(_NAME)
_ROW = re.compile(
    rf'href="(?:[^"<>]*/)?({_NAME})"[^<>]*>[^<>]*</a>([^<>\n]*(?:</t[dh]>\s*<t[dh][^<>]*>[^<>\n]*){{0,3}})'
)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}|[0-9]{2}-[A-Z][a-z]{2}-[0-9]{4} [0-9]{2}:[0-9]{2}")
_SIZE = re.compile(r"(?<![\w:.-])([0-9]+(?:\.[0-9]+)?)([KMG]?)(?![\w:.-])")
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_RANGE = re.compile(r"([0-9]+)(?:(-)([0-9]*))?")


@dataclass(frozen=True)
class ListedFile:
    """A file that a listing names.

    Attributes:
        name: e.g. pubmed26n0001.xml.gz.
        folder: address of its folder, ends with "/".
        date: when it was last changed, as the listing says it; empty where it does not.
        size: bytes, rounded as the listing does; None where it does not say.
    """

    name: str
    folder: str
    date: str
    size: int | None

    @property
    def address(self) -> str:
        """Where it is downloaded from."""
        return self.folder + self.name


def parse_listing(html: str, folder: str) -> list[ListedFile]:
    """The PubMed files of an Apache or nginx listing, by name.

    Raises:
        InputError: the listing names none.
    """
    files = {}
    for match in _ROW.finditer(html):
        details = re.sub(r"<[^<>]*>", " ", match[4])
        date = _DATE.search(details)
        size = _SIZE.search(details, date.end() if date else 0)
        num_bytes = int(float(size[1]) * _UNITS[size[2]]) if size else None
        files[match[1]] = ListedFile(match[1], folder, date[0] if date else "", num_bytes)
    if not files:
        raise InputError(
            f"{folder}: expected a listing with files like pubmed26n0001.xml.gz, found none among"
            f" {len(html):,} characters. Check --base-url: it is the folder above baseline/ and updatefiles/."
        )
    return [files[name] for name in sorted(files)]


def choose_files(files: Iterable[ListedFile], patterns: Sequence[str]) -> list[ListedFile]:
    """The files that one of `patterns` names, in order; all of them where there is no pattern.

    Args:
        files: files of one or more listings.
        patterns: names with `*` and `?`, or running numbers: "7", "1-20", "1300-".

    Raises:
        InputError: a pattern names no file.
    """
    files = list(files)
    chosen = {file.name for file in files} if not patterns else set()
    for pattern in patterns:
        named = {file.name for file in files if _is_named(file.name, pattern)}
        if not named:
            raise InputError(
                f"--files {pattern}: names none of the {len(files):,} files from {files[0].name} to {files[-1].name}."
                " Give a name with * or ?, or a range of their numbers like 1-20."
            )
        chosen |= named
    return [file for file in files if file.name in chosen]


def _is_named(name: str, pattern: str) -> bool:
    numbers = _RANGE.fullmatch(pattern)
    if numbers is None:
        return fnmatch.fnmatchcase(name, pattern)
    match = NAME.fullmatch(name)
    assert match, "listed names match the pattern"
    first = int(numbers[1])
    last = first if not numbers[2] else int(numbers[3] or 10**9)
    return first <= int(match[2]) <= last
