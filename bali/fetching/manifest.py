"""`manifest.json` of a folder of downloads: what was fetched, so that a run can be cited and a second one is quick."""

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from bali.errors import InputError
from bali.io.files import read_json, write_json

FILE_NAME = "manifest.json"
_MD5_LINE = re.compile(r"MD5\s*\(([^()]+)\)\s*=\s*([0-9a-fA-F]{32})|([0-9a-fA-F]{32})\s+\*?(\S+)")


@dataclass(frozen=True)
class Receipt:
    """A file that was verified.

    Attributes:
        name: of the file.
        address: where it came from.
        size: bytes.
        md5: as NLM publishes it, hexadecimal digits.
        listed: when it was last changed, as the listing said it.
        last_modified: the same, as the server's header said it; empty where there was none.
        retrieved: day of the download, UTC, e.g. 2026-01-31.
    """

    name: str
    address: str
    size: int
    md5: str
    listed: str
    last_modified: str
    retrieved: str


def read_manifest(folder: Path) -> dict[str, Receipt]:
    """Receipts by name; none where the folder has no manifest.

    Raises:
        InputError: the manifest is damaged.
    """
    path = folder / FILE_NAME
    if not path.exists():
        return {}
    content: Any = read_json(path)
    try:
        return {entry["name"]: Receipt(**entry) for entry in content["files"]}
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{path}: expected a manifest of `bali fetch`, found another layout ({error}). Move it away; files beside"
            " it that are whole are kept."
        ) from None


def write_manifest(folder: Path, receipts: dict[str, Receipt]) -> None:
    """Write receipts by name, atomically."""
    write_json(folder / FILE_NAME, {"files": [asdict(receipts[name]) for name in sorted(receipts)]})


def parse_md5(text: str, name: str, address: str) -> str:
    """The checksum of `name` in an .md5 file: `MD5(NAME)= HEX` as NLM writes it, or `HEX  NAME` as md5sum does.

    Raises:
        InputError: the text has no such line.
    """
    for match in _MD5_LINE.finditer(text):
        if name in (match[1], match[4]):
            return (match[2] or match[3]).lower()
    found = " ".join(text.split())[:60]
    raise InputError(f"{address}: expected `MD5({name})= ` and 32 digits, found {found!r}. Try again later.")
