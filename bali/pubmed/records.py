"""What the readers of all corpus formats yield: citations, deletions, and what was passed over."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

TITLE = "TITLE"
ABSTRACT = "ABSTRACT"
NO_ABSTRACT = "no abstract"
BOOK = "book, not an article"
_PMID = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True)
class Section:
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

    @property
    def drop_reason(self) -> str | None:
        """Why the citation is no document, or None where it is one: a document has an abstract."""
        return None if any(section.label != TITLE for section in self.sections) else NO_ABSTRACT


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
    pieces = [(TITLE, title), *((label, part) for label, part in parts if part)]
    sections = []
    start = 0
    for label, piece in pieces:
        sections.append(Section(label, start, start + len(piece)))
        start += len(piece) + 1
    text = "\n".join(piece for _, piece in pieces)
    return (text if len(pieces) > 1 else text + "\n"), sections


def parse_pmid(text: str) -> int | None:
    """The PMID that `text` writes in digits, or None."""
    return int(text) if _PMID.fullmatch(text) else None
