"""The terms of one or several OBO files and the UMLS concepts that they stand for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bali.ontologies.cross_references import umls_cuis
from bali.ontologies.terms import Term
from bali.vocabulary import Cui


@dataclass(frozen=True)
class OboTerms:
    """Terms by their id.

    Attributes:
        terms: id -> term; of an id that several files have (imports), the one that says most is kept.
        cuis: id -> concept, for the terms with a UMLS cross-reference.
        num_repeats: terms left out as another file has them.
        num_ambiguous: terms with several UMLS cross-references, of which the lowest is the concept.
    """

    terms: Mapping[str, Term]
    cuis: Mapping[str, Cui]
    num_repeats: int
    num_ambiguous: int
    _nearest: dict[str, frozenset[str]] = field(default_factory=dict)

    def nearest(self, term_id: str) -> frozenset[str]:
        """The term itself where it has a concept, else its nearest ancestors (is_a) that have one."""
        if term_id in self.cuis:
            return frozenset([term_id])
        if term_id not in self._nearest:
            self._nearest[term_id] = frozenset(self._search(term_id))
        return self._nearest[term_id]

    def _search(self, term_id: str) -> set[str]:
        found, seen, waiting = set[str](), {term_id}, [term_id]
        while waiting:
            for parent in self._parents(waiting.pop()):
                if parent in seen:
                    continue
                seen.add(parent)
                if parent in self.cuis:
                    found.add(parent)
                else:
                    waiting.append(parent)
        return found

    def ancestors(self, term_id: str) -> Iterable[list[str]]:
        """The term, its parents, their parents and so on, each level sorted, each term once."""
        level, seen = [term_id], {term_id}
        while level:
            yield level
            level = sorted({parent for one in level for parent in self._parents(one)} - seen)
            seen.update(level)

    def _parents(self, term_id: str) -> tuple[str, ...]:
        return self.terms[term_id].parents if term_id in self.terms else ()


def gather_terms(files: Iterable[Iterable[Term]]) -> OboTerms:
    """Gather the terms of several files, in any order of the files."""
    terms: dict[str, Term] = {}
    cuis: dict[str, Cui] = {}
    num_repeats = num_ambiguous = 0
    for term in (term for file in files for term in file):
        other = terms.get(term.id)
        num_repeats += other is not None
        if other is None or _weight(term) > _weight(other):
            terms[term.id] = term
    for term in terms.values():
        found = umls_cuis([term.id, *term.xrefs])
        num_ambiguous += len(found) > 1
        if found:
            cuis[term.id] = found[0]
    return OboTerms(terms, cuis, num_repeats, num_ambiguous)


def _weight(term: Term) -> tuple[int, str]:
    """How much a file says of a term; an import says less than the ontology itself."""
    said = len(term.xrefs) + len(term.synonyms) + len(term.parents) + len(term.relationships) + bool(term.definition)
    return said, repr(term)
