"""What the writers of all formats share: where documents go, and what is said of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from bali.exporting.documents import Document, Mention
from bali.io.census import Census
from bali.io.parquet import Provenance
from bali.vocabulary import Cui, Tui

UNKNOWN_TYPE = "UnknownType"  # as MedMentions calls a concept without semantic type
REPEATED = "same place and concept as a mention of another source"
DATABASE = "UMLS"  # the name of the vocabulary that the identifiers belong to

Label = Callable[[Sequence[Tui]], str]
Unaligned = Literal["drop", "expand"]


class Sink(Protocol):
    """Takes the documents of an export one by one."""

    def write(self, document: Document) -> None:
        """Write a document; its mentions are counted as written or dropped."""
        ...


@dataclass(frozen=True)
class Context:
    """What a writer needs besides the documents.

    Attributes:
        label: semantic types of a mention -> its type in the export.
        provenance: of the whole export.
        census: counts the mentions written (table "mentions").
        unaligned: what spaCy's writer does with mentions that do not end where tokens do.
    """

    label: Label
    provenance: Provenance
    census: Census
    unaligned: Unaligned = "drop"

    @property
    def notice(self) -> dict[str, str]:
        """Where the identifiers come from, for formats with room for it."""
        levels = ", ".join(map(str, self.provenance.restriction_levels))
        return {"umls_release": self.provenance.umls_release, "restriction_levels": levels}

    def count(self, num_mentions: int) -> None:
        """Count mentions as written."""
        self.census.table("mentions").rows_out += num_mentions

    def distinct(self, mentions: Sequence[Mention]) -> list[Mention]:
        """One mention for each place and concept, for formats that do not say who found it; the others are dropped."""
        first: dict[tuple[int, int, Cui], Mention] = {}
        for mention in mentions:
            first.setdefault((mention.start, mention.end, mention.cui), mention)
        self.census.table("mentions").drop(REPEATED, len(mentions) - len(first))
        return list(first.values())


def tui_label(tuis: Sequence[Tui]) -> str:
    """The semantic types joined by commas."""
    return ",".join(sorted(tuis)) or UNKNOWN_TYPE


def group_label(group_of: Mapping[Tui, str]) -> Label:
    """A label that joins the semantic groups by commas; a type in no group counts for none."""

    def label(tuis: Sequence[Tui]) -> str:
        """The groups of the types."""
        return ",".join(sorted({group_of[tui] for tui in tuis if tui in group_of})) or UNKNOWN_TYPE

    return label
