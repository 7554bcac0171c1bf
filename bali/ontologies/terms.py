"""A class of an ontology as every reader of this package gives it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Synonym:
    """Another name of a term.

    Attributes:
        text: the name.
        scope: EXACT, NARROW, BROAD or RELATED.
        kind: the ontology's synonym type (ABBREVIATION, LATIN, ...); "" where it gives none.
        xrefs: where the ontology took the name from.
    """

    text: str
    scope: str
    kind: str
    xrefs: tuple[str, ...]


@dataclass(frozen=True)
class Term:
    """A class of an ontology.

    Attributes:
        id: as in the file, e.g. DOID:0001816.
        name: preferred name; "" where the file gives none.
        synonyms: other names, in the order of the file.
        xrefs: ids of the same thing elsewhere, in the order of the file.
        parents: ids of the classes that it is a kind of (is_a).
        relationships: (type, target id) of its other relations, as in the file.
        definition: its text definition; "" where there is none.
        namespace: its branch; the default of the file where it has none of its own.
        is_obsolete: the ontology has withdrawn it.
        replaced_by: the ids that take the place of an obsolete term.
        alternative_ids: ids of terms merged into it.
        subsets: the subsets (slims) that hold it.
        definition_xrefs: where the ontology took the definition from.
    """

    id: str
    name: str
    synonyms: tuple[Synonym, ...]
    xrefs: tuple[str, ...]
    parents: tuple[str, ...]
    relationships: tuple[tuple[str, str], ...]
    definition: str
    namespace: str
    is_obsolete: bool
    replaced_by: tuple[str, ...]
    alternative_ids: tuple[str, ...]
    subsets: tuple[str, ...]
    definition_xrefs: tuple[str, ...] = ()
