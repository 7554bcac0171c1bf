"""Annotations that came with a text: those whose offsets hold, and why the others are dropped."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from bali.pubmed.records import Annotation

OFFSET_MISMATCH = "offset mismatch"
BYTE_OFFSETS = "offset counts UTF-8 bytes"
DUPLICATE = "duplicate"
SEVERAL_SPANS = "several spans"
OUTSIDE = "outside the text"


@dataclass
class Placed:
    """Annotations of one document: the kept ones, and a reason for each other one."""

    kept: list[Annotation] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    @property
    def num_annotations(self) -> int:
        """All annotations, the dropped ones included."""
        return len(self.kept) + len(self.dropped)

    def add(self, other: "Placed", shift: int) -> None:
        """Take those of a part of the text that stands `shift` code points after the text's start."""
        self.kept.extend(replace(a, start=a.start + shift, end=a.end + shift) for a in other.kept)
        self.dropped.extend(other.dropped)

    def finish(self) -> "Placed":
        """The distinct annotations in the order of the text; repeated ones are dropped as duplicates."""
        distinct = set(self.kept)
        num_repeated = len(self.kept) - len(distinct)
        ordered = sorted(distinct, key=lambda a: (a.start, a.end, a.identifier, a.type))
        return Placed(ordered, self.dropped + [DUPLICATE] * num_repeated)


def place(text: str, annotations: Iterable[Annotation]) -> Placed:
    """Check each annotation against the text: `text[start:end] == surface`, code points.

    Nothing is moved: an annotation that does not hold is dropped, with a reason of its own where its offsets count
    the bytes of UTF-8.
    """
    placed = Placed()
    encoded: bytes | None = None
    for annotation in annotations:
        start, end = annotation.start, annotation.end
        if 0 <= start < end <= len(text) and text[start:end] == annotation.surface:
            placed.kept.append(annotation)
            continue
        encoded = text.encode() if encoded is None else encoded
        in_bytes = 0 <= start < end <= len(encoded) and encoded[start:end] == annotation.surface.encode()
        placed.dropped.append(BYTE_OFFSETS if in_bytes else OFFSET_MISMATCH)
    return placed
