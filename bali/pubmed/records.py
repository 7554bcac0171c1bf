"""What the readers of all corpus formats yield: citations, deletions, and what was passed over."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

TITLE = "TITLE"
ABSTRACT = "ABSTRACT"
TEXT = "TEXT"  # label of the paragraphs of a plain text
NO_ABSTRACT = "no abstract"
BOOK = "book, not an article"
FIRST_HASHED_PMID = 10**17  # PubMed's own numbers have eight digits
_PMID = re.compile(r"[0-9]{1,18}")


class Section(NamedTuple):
    """A part of a document's text: `text[start:end]`, code points."""

    label: str
    start: int
    end: int


@dataclass(frozen=True)
class Annotation:
    """A gold mention that came with the corpus: `text[start:end] == surface`."""

    start: int
    end: int
    surface: str
    identifier: str
    type: str


@dataclass(frozen=True)
class Citation:
    """A record of a corpus file; `position` counts all records and deletions of the file.

    `notes` names facts worth a count ("other abstract left out"), one entry each.
    """

    position: int
    pmid: int
    version: int
    title: str
    text: str
    sections: Sequence[Section]
    year: int | None = None
    mesh_headings: Sequence[str] = ()
    annotations: Sequence[Annotation] = ()
    num_annotations: int = 0  # as the file gives them, dropped ones included
    dropped_annotations: Sequence[str] = ()  # a reason for each one that is not in `annotations`
    notes: Sequence[str] = ()
    external_id: str = ""  # the file's identifier where it is no number; `pmid` is then made from it

    @property
    def drop_reason(self) -> str | None:
        """Why the citation is no document, or None where it is one: a document has an abstract."""
        return None if len(self.sections) > 1 else NO_ABSTRACT


@dataclass(frozen=True)
class Deletion:
    """A PMID that the file withdraws (DeleteCitation)."""

    position: int
    pmid: int


@dataclass(frozen=True)
class Skipped:
    """A record that is no citation, e.g. a book chapter."""

    position: int
    reason: str


Record = Citation | Deletion | Skipped


def compose_text(title: str, parts: Sequence[tuple[str, str]]) -> tuple[str, list[Section]]:
    """Join a title and labelled abstract parts with newlines; empty parts are left out, the title is always there.

    Returns:
        The document text and its sections, TITLE first.
    """
    texts = [title]
    sections = [Section(TITLE, 0, len(title))]
    start = len(title) + 1
    for label, part in parts:
        if part:
            texts.append(part)
            sections.append(Section(label, start, start + len(part)))
            start += len(part) + 1
    text = "\n".join(texts)
    return (text if len(texts) > 1 else text + "\n"), sections


def parse_pmid(text: str) -> int | None:
    """The PMID that `text` writes in digits, or None."""
    return int(text) if _PMID.fullmatch(text) else None


def number_of(identifier: str) -> tuple[int, str]:
    """The number that stands for a document in the column pmid, and the identifier that it was made from.

    An identifier of digits is the number. Of any other the number is a hash (SHA-256) between 10^17 and 10^18: it is
    the same in every run, no PMID of PubMed, and short enough for all formats. The stage select_versions refuses two
    identifiers of one number.

    Returns:
        The number, and "" or the identifier that is no number.
    """
    pmid = parse_pmid(identifier)
    if pmid is not None:
        return pmid, ""
    written = identifier.encode(errors="backslashreplace")  # a file's name may hold bytes that are no UTF-8
    digest = hashlib.sha256(written).digest()
    return FIRST_HASHED_PMID + int.from_bytes(digest) % (9 * FIRST_HASHED_PMID), written.decode()
