"""What a source family says, in the source's own identifiers, before CUIs are assigned."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import NamedTuple

from bali.io.census import Census, Tally
from bali.metathesaurus.identifiers import as_cui, normalise
from bali.ontologies.restricted import is_restricted
from bali.ontologies.terms import Synonym, Term
from bali.vocabulary import Sab

IS_A = "isa"
_SUPPRESS_OF_SCOPE = {"EXACT": "N", "NARROW": "Y", "BROAD": "Y", "RELATED": "Y"}


class Evidence(IntEnum):
    """Why two identifiers mean the same, the most trusted first."""

    MONDO_EXACT = 0  # an exact match curated by Mondo
    OWN = 1  # the source of the identifier says so itself
    CURATED = 2  # an exact match of another curated mapping set
    CROSS_REFERENCE = 3  # a cross-reference of another source, which may be a broader or narrower thing


class Name(NamedTuple):
    """A name of an identifier: term type, text, SUPPRESS (N, or Y for a synonym that is not exact, O for obsolete)."""

    identifier: str
    tty: str
    text: str
    suppress: str


class Match(NamedTuple):
    """Two identifiers that mean the same; `other` may be UMLS:CUI."""

    identifier: str
    other: str
    evidence: Evidence


class Statement(NamedTuple):
    """Head, relation, tail: `head` part_of `tail`."""

    head: str
    rela: str
    tail: str


@dataclass
class Content:
    """What one source says.

    Attributes:
        sab: the source.
        names: its names.
        matches: its cross-references.
        statements: its relations.
        definitions: (identifier, text).
        branches: (identifier, branch) for the rules of semantic types, e.g. a MeSH tree number.
    """

    sab: Sab
    names: list[Name] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    definitions: list[tuple[str, str]] = field(default_factory=list)
    branches: list[tuple[str, str]] = field(default_factory=list)


def add_term(content: Content, term: Term, census: Census) -> None:
    """Add a term of the source: names, cross-references, relations, definition, subsets; each row counted.

    A name or definition that the source took from a restricted vocabulary is dropped. An obsolete term gives its name
    (SUPPRESS=O) and cross-references, but no relations.
    """
    identifier = normalise(term.id)
    terms = _tally(census, content.sab, "terms")
    terms.rows_in += 1
    if not identifier:
        terms.drop("identifier of another vocabulary", 1)
        return
    terms.rows_out += 1
    if term.name:
        content.names.append(Name(identifier, "PT", _without_mark(term.name), "O" if term.is_obsolete else "N"))
    content.names.extend(_synonyms(content.sab, identifier, term, census))
    content.matches.extend(_matches(content.sab, identifier, term, census))
    content.matches.extend(Match(alternative, identifier, Evidence.CURATED) for alternative in _alternatives(term))
    content.branches.extend((identifier, f"subset:{subset}") for subset in term.subsets)
    _add_definition(content, identifier, term, census)
    if term.is_obsolete:
        return
    statements = [(IS_A, parent) for parent in term.parents] + list(term.relationships)
    for rela, target in statements:
        add_statement(content, identifier, rela, target, census)


def add_statement(content: Content, head: str, rela: str, tail: str, census: Census) -> None:
    """Add a relation; one whose end belongs to a vocabulary that is not used is dropped and counted."""
    tally = _tally(census, content.sab, "relations")
    tally.rows_in += 1
    ends = normalise(head), normalise(tail)
    if not all(ends):
        tally.drop("an end of another vocabulary", 1)
        return
    tally.rows_out += 1
    content.statements.append(Statement(ends[0], rela, ends[1]))


def add_match(content: Content, identifier: str, other: str, evidence: Evidence, census: Census) -> None:
    """Add a match of two identifiers; one of a vocabulary that is not used is dropped and counted."""
    tally = _tally(census, content.sab, "cross-references")
    tally.rows_in += 1
    ends = normalise(identifier), normalise(other)
    if not all(ends):
        tally.drop("restricted vocabulary" if is_restricted(other) else "another vocabulary", 1)
        return
    tally.rows_out += 1
    first, second = sorted(ends, key=lambda end: bool(as_cui(end)))  # a CUI stands second
    content.matches.append(Match(first, second, evidence))


def _tally(census: Census, sab: Sab, what: str) -> Tally:
    name = f"{sab}: {what}"
    return census.tables.get(name) or census.table(name)


def _synonyms(sab: Sab, identifier: str, term: Term, census: Census) -> Iterator[Name]:
    tally = _tally(census, sab, "synonyms")
    for synonym in term.synonyms:
        tally.rows_in += 1
        if any(map(is_restricted, synonym.xrefs)):
            tally.drop("from a restricted vocabulary", 1)
        else:
            tally.rows_out += 1
            yield _to_name(identifier, synonym, term.is_obsolete)


def _add_definition(content: Content, identifier: str, term: Term, census: Census) -> None:
    if not term.definition:
        return
    tally = _tally(census, content.sab, "definitions")
    tally.rows_in += 1
    if any(map(is_restricted, term.definition_xrefs)):
        tally.drop("from a restricted vocabulary", 1)
    else:
        tally.rows_out += 1
        content.definitions.append((identifier, term.definition))


def _alternatives(term: Term) -> list[str]:
    """Identifiers of terms that the source merged into this one."""
    return [identifier for other in term.alternative_ids if (identifier := normalise(other)) and not as_cui(identifier)]


def _to_name(identifier: str, synonym: Synonym, is_obsolete: bool) -> Name:
    suppress = "O" if is_obsolete else _SUPPRESS_OF_SCOPE[synonym.scope]
    return Name(identifier, "SY" if synonym.scope == "EXACT" else "RS", synonym.text, suppress)


def _matches(sab: Sab, identifier: str, term: Term, census: Census) -> Iterator[Match]:
    tally = _tally(census, sab, "cross-references")
    for xref in term.xrefs:
        tally.rows_in += 1
        other = normalise(xref)
        if not other:
            tally.drop("restricted vocabulary" if is_restricted(xref) else "another vocabulary", 1)
            continue
        tally.rows_out += 1
        yield Match(identifier, other, Evidence.OWN if as_cui(other) else Evidence.CROSS_REFERENCE)


def _without_mark(name: str) -> str:
    """The name without the mark that ontologies set before the name of an obsolete term."""
    for mark in ("obsolete ", "OBSOLETE: ", "obsolete: "):
        name = name.removeprefix(mark)
    return name
