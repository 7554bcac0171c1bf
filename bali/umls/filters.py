"""Which rows of a release are kept: each row that is not gets the first reason, in a fixed order, that applies.

A filter looks at columns of few distinct values only, so it is asked once for each distinct combination, not for each
row (`bali.rrf.kinds`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bali.rrf.kinds import KEPT
from bali.umls.semantic_groups import expand_semantic_types
from bali.vocabulary import Sab, Tui


class NameKind(NamedTuple):
    """What rows of MRCONSO have in common."""

    lat: str
    suppress: str
    sab: Sab
    tty: str
    ts: str
    stt: str
    ispref: str
    srl: str


class RelationKind(NamedTuple):
    """What rows of MRREL have in common."""

    rel: str
    rela: str
    sab: Sab
    suppress: str


@dataclass(frozen=True)
class UmlsFilters:
    """What to keep of a release; None keeps all.

    Attributes:
        languages: MRCONSO.LAT.
        suppress: SUPPRESS of names, relations and definitions.
        sources: SAB of names, relations and definitions.
        exclude_sources: SAB that are dropped.
        term_types: MRCONSO.TTY.
        tuis: semantic types; a concept with at least one of them is kept, with all its types.
        relations: MRREL.REL or MRREL.RELA; a relation is kept if either, or the inverse of either, is named.
        max_srl: highest restriction level: of the row for names, of its source for relations and definitions.
        min_names: names that a concept must have after all other filters.
    """

    languages: frozenset[str] | None = None
    suppress: frozenset[str] | None = None
    sources: frozenset[Sab] | None = None
    exclude_sources: frozenset[Sab] = frozenset()
    term_types: frozenset[str] | None = None
    tuis: frozenset[Tui] | None = None
    relations: frozenset[str] | None = None
    max_srl: int = 9
    min_names: int = 1

    @property
    def named_sources(self) -> frozenset[Sab]:
        """The sources that the filters name, to keep or to drop."""
        return (self.sources or frozenset()) | self.exclude_sources

    def name_fault(self, kind: NameKind) -> str:
        """The first reason to drop a name, or `KEPT`; its SRL is a digit."""
        faults = [
            ("language", not _is_in(kind.lat, self.languages)),
            ("suppress", not _is_in(kind.suppress, self.suppress)),
            ("source", not self.keeps_source(kind.sab)),
            ("term type", not _is_in(kind.tty, self.term_types)),
            ("restriction level", int(kind.srl) > self.max_srl),
        ]
        return _first(faults)

    def relation_fault(self, kind: RelationKind, level: int, inverses: Mapping[str, str]) -> str:
        """The first reason to drop a relation, or `KEPT`.

        Args:
            kind: the row.
            level: restriction level of its source.
            inverses: REL or RELA -> its inverse.
        """
        labels = {kind.rel, kind.rela} - {""}
        labels |= {inverses[label] for label in labels if label in inverses}
        faults = [
            ("suppress", not _is_in(kind.suppress, self.suppress)),
            ("source", not self.keeps_source(kind.sab)),
            ("restriction level", level > self.max_srl),
            ("relation", self.relations is not None and not labels & self.relations),
        ]
        return _first(faults)

    def definition_fault(self, suppress: str, sab: Sab, level: int) -> str:
        """The first reason to drop a definition, or `KEPT`; `level` is that of its source."""
        faults = [
            ("suppress", not _is_in(suppress, self.suppress)),
            ("source", not self.keeps_source(sab)),
            ("restriction level", level > self.max_srl),
        ]
        return _first(faults)

    def keeps_source(self, sab: Sab) -> bool:
        """Whether rows of a source may be kept."""
        return _is_in(sab, self.sources) and sab not in self.exclude_sources


def choice(wanted: Iterable[str] | str) -> frozenset[str] | None:
    """A configured list as a set; the word `all` as None."""
    return None if wanted == "all" else frozenset(wanted)


def choose_tuis(wanted: Iterable[str] | str, key: str = "umls.semantic_types") -> frozenset[Tui] | None:
    """Configured TUIs and semantic groups as TUIs; the word `all` as None.

    Args:
        wanted: the value of a configuration key.
        key: its name, for the error.

    Raises:
        ConfigError: as `expand_semantic_types`.
    """
    return None if wanted == "all" else expand_semantic_types(wanted, key)


def _is_in(value: str, wanted: Collection[str] | None) -> bool:
    return wanted is None or value in wanted


def _first(faults: Sequence[tuple[str, bool]]) -> str:
    return next((reason for reason, is_found in faults if is_found), KEPT)
