"""OBO files (The OBO Flat File Format 1.2 and 1.4, owlcollab.github.io/oboformat) as a stream of terms.

Why not a library: fastobo refuses four of the eight files that this reader was tried on (free text among the xrefs of a
definition, a synonym without scope, a `%` in an address); obonet gives a whole graph and leaves synonyms unparsed.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bali.errors import InputError
from bali.ontologies.terms import Synonym, Term
from bali.ontologies.text_files import read_lines

__all__ = ["OboHeader", "Synonym", "Term", "read_header", "read_obo", "read_relation_types"]

Tags = dict[str, list[str]]  # tag -> its values, in the order of the stanza

_SCOPES = ("EXACT", "NARROW", "BROAD", "RELATED")
_SCOPED_TAGS = {f"{scope.lower()}_synonym": scope for scope in _SCOPES}  # OBO 1.0
_DEFAULT_SCOPE = "RELATED"  # OBO 1.2, section "synonym": "if not specified, RELATED is assumed"
_QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"\s*(.*)')
_XREF_LIST = re.compile(r"((?:[^\]\\]|\\.)*)\]")  # after its `[`
_XREF = re.compile(r'(?:\\.|"(?:[^"\\]|\\.)*"|[^,])+')  # commas stand between xrefs, and in descriptions in quotes
_WORD = re.compile(r"(?:[^\s\\]|\\.)+")
_ESCAPED = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t", "W": " "}
_EXACT_MATCH = "skos:exactMatch "


@dataclass(frozen=True)
class OboHeader:
    """What an OBO file says about itself.

    Attributes:
        ontology: its short name, e.g. doid; "" where the header has none.
        data_version: the release; "" where the header has none.
        default_namespace: the namespace of terms without one.
        remarks: the lines `remark:`; older ontologies state their licence there.
        licence: value of the property dcterms:license (or dc:, terms:); "" where the header has none.
    """

    ontology: str
    data_version: str
    default_namespace: str
    remarks: tuple[str, ...]
    licence: str


def read_obo(path: Path) -> Iterator[Term]:
    """The terms of an OBO file, in its order, one at a time; other stanzas (Typedef, Instance) are passed over.

    `xrefs` also holds the values of `property_value: skos:exactMatch`, as newer exports write them. A synonym without a
    scope is RELATED, as the format defines.

    Args:
        path: a file `.obo` or `.obo.gz`, UTF-8.

    Raises:
        InputError: the file is missing, damaged or not OBO: it starts with neither a tag nor a stanza, a term has no
            id, or a quoted value does not end.
    """
    yield from _terms(path, "Term")


def read_relation_types(path: Path) -> Iterator[Term]:
    """The relation types (stanzas Typedef) of an OBO file, with id, name and xrefs as a term has them.

    Raises:
        InputError: as `read_obo`.
    """
    yield from _terms(path, "Typedef")


def read_header(path: Path) -> OboHeader:
    """The header of an OBO file.

    Raises:
        InputError: as `read_obo`.
    """
    _, _, tags = next(_stanzas(path))
    values = [value for value in tags["property_value"] if re.match(r"(?:dcterms|terms|dc):license\b", value)]
    return OboHeader(
        ontology=_first(tags, "ontology"),
        data_version=_first(tags, "data-version"),
        default_namespace=_first(tags, "default-namespace"),
        remarks=tuple(map(_unescape, tags["remark"])),
        licence=_property_text(values[0]) if values else "",
    )


def _terms(path: Path, wanted: str) -> Iterator[Term]:
    namespace = ""
    for kind, line_number, tags in _stanzas(path):
        if not kind:
            namespace = _first(tags, "default-namespace")
        elif kind == wanted:
            yield _to_term(tags, namespace, f"{path} line {line_number}")


def _stanzas(path: Path) -> Iterator[tuple[str, int, Tags]]:
    """Kind ("" is the header, always first), line number and tags of each stanza."""
    kind, start = "", 1
    tags: Tags = defaultdict(list)
    for line_number, raw in read_lines(path):
        line = raw.strip()
        if line.startswith("[") and line.endswith("]"):
            yield kind, start, tags
            kind, start, tags = line[1:-1], line_number, defaultdict(list)
        elif line and not line.startswith("!"):
            tag, colon, value = line.partition(":")
            if not colon:
                raise InputError(
                    f"{path} line {line_number}: expected `tag: value` or a stanza like [Term], got {line[:60]!r}."
                    " Is this an OBO file?"
                )
            tags[tag].append(value.strip())
    if not kind and "format-version" not in tags:
        raise InputError(f"{path}: expected an OBO file, found neither a header nor a stanza like [Term].")
    yield kind, start, tags


def _to_term(tags: Tags, default_namespace: str, place: str) -> Term:
    term_id = _word(_first(tags, "id"))
    if not term_id:
        raise InputError(f"{place}: expected the tag `id` in the stanza, found none. Correct the file.")
    definition, rest = _quoted(tags["def"][0], place) if tags["def"] else ("", "")
    return Term(
        id=term_id,
        name=_unescape(_first(tags, "name")),
        synonyms=tuple(_synonyms(tags, place)),
        xrefs=tuple(_xrefs(tags)),
        parents=_words(tags["is_a"]),
        relationships=tuple(pair for value in tags["relationship"] if (pair := _pair(value))),
        definition=definition,
        namespace=_first(tags, "namespace") or default_namespace,
        is_obsolete=_first(tags, "is_obsolete").startswith("true"),
        replaced_by=_words(tags["replaced_by"]),
        alternative_ids=_words(tags["alt_id"]),
        subsets=_words(tags["subset"]),
        definition_xrefs=_split_xrefs(rest)[1],
    )


def _synonyms(tags: Tags, place: str) -> Iterator[Synonym]:
    for value in tags["synonym"]:
        text, rest = _quoted(value, place)
        words, xrefs = _split_xrefs(rest)
        scope = words.pop(0) if words and words[0] in _SCOPES else _DEFAULT_SCOPE
        yield Synonym(text, scope, words[0] if words else "", xrefs)
    for tag, scope in _SCOPED_TAGS.items():
        for value in tags[tag]:
            text, rest = _quoted(value, place)
            yield Synonym(text, scope, "", _split_xrefs(rest)[1])


def _xrefs(tags: Tags) -> Iterator[str]:
    yield from _words(tags["xref"])
    yield from _words(
        [value[len(_EXACT_MATCH) :] for value in tags["property_value"] if value.startswith(_EXACT_MATCH)]
    )


def _quoted(value: str, place: str) -> tuple[str, str]:
    """A quoted value without its escapes, and what follows it."""
    found = _QUOTED.match(value)
    if not found:
        raise InputError(f"{place}: expected a value in double quotes, got {value[:60]!r}. Correct the stanza.")
    return _unescape(found[1]), found[2]


def _split_xrefs(rest: str) -> tuple[list[str], tuple[str, ...]]:
    """The words before a bracketed list, and the list; a description in quotes after an xref is left out."""
    words, _, inside = rest.partition("[")
    found = _XREF_LIST.match(inside)
    if not found:
        return rest.split(), ()
    xrefs = (_unescape(part.partition(' "')[0].strip()) for part in _XREF.findall(found[1]))
    return words.split(), tuple(xref for xref in xrefs if xref)


def _pair(value: str) -> tuple[str, str] | None:
    """Type and target of a relationship; None where the line has no target."""
    words = _WORD.findall(value)
    return (_unescape(words[0]), _unescape(words[1])) if len(words) > 1 else None


def _property_text(value: str) -> str:
    """The value of a property_value line: `dcterms:license "CC0" xsd:string`, or an address without quotes."""
    _, _, text = value.partition(" ")
    found = _QUOTED.match(text)
    return _unescape(found[1] if found else _word(text))


def _words(values: list[str]) -> tuple[str, ...]:
    """The first word of each value: an id without its trailing comment, modifiers or description."""
    return tuple(word for value in values if (word := _word(value)))


def _word(value: str) -> str:
    found = _WORD.match(value)
    return _unescape(found[0]) if found else ""


def _first(tags: Tags, tag: str) -> str:
    return tags[tag][0] if tags[tag] else ""


def _unescape(text: str) -> str:
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), text) if "\\" in text else text
