"""Identifier -> CUI, from what the sources say, by a rule that does not depend on the order of the files.

1. Mondo's curated exact match with UMLS. 2. Mondo's exact match with an identifier of rule 1. 3. The CUI that the
source itself gives. 4. The CUI of a curated mapping set. 5. An exact match of Mondo, 6. a curated match, 7. a
cross-reference of any source with an identifier that has a CUI by now; 5 to 7 twice. The first rule that gives an
identifier any CUI decides.

If it gives several: the one under which another identifier has the same preferred name, if that is exactly one; else by
rules 1 to 4 the one that most identifiers have, then the lowest; by rules 5 to 7 none, for a cross-reference to many
things is to a broader one. For the same reason rule 7 gives a CUI to one identifier of a vocabulary only: to none where
another has it by an earlier rule, and of several to the one whose preferred name the concept has already, if that is
exactly one. Ambiguous identifiers are counted. CUIs are never merged.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bali.io.census import Census
from bali.metathesaurus.content import Content, Evidence
from bali.metathesaurus.identifiers import as_cui
from bali.vocabulary import Cui, Sab

Pairs = dict[str, set[str]]  # identifier -> CUIs, or identifiers


Conflict = tuple[Cui, Cui, Sab, bool]


@dataclass(frozen=True)
class CuiMap:
    """Identifiers and their CUIs.

    Attributes:
        best: identifier -> the CUI that takes its names and relations.
        secondary: identifier -> further CUIs that its source gives, sorted.
        conflicts: (CUI, CUI, source, is direct): a source takes two concepts for one: direct, where it gives an
            identifier of the first also the CUI of the second; else by a match of their identifiers. Distinct, sorted.
    """

    best: Mapping[str, Cui]
    secondary: Mapping[str, tuple[Cui, ...]]
    conflicts: tuple[Conflict, ...]


def resolve(contents: Iterable[Content], census: Census) -> CuiMap:
    """Give each identifier its CUI by the rule above."""
    contents = list(contents)
    direct, neighbours = _collect(contents)
    resolver = _Resolver(_preferred_names(contents), direct, census)
    resolver.take(direct[Evidence.MONDO_EXACT], "Mondo's exact match with UMLS")
    resolver.take(resolver.through(neighbours[Evidence.MONDO_EXACT]), "an exact match of Mondo")
    resolver.take(direct[Evidence.OWN], "the source itself")
    resolver.take(direct[Evidence.CURATED], "a curated mapping set")
    for _ in range(2):
        for evidence in (Evidence.MONDO_EXACT, Evidence.CURATED):
            rule = "a curated match of another identifier"
            resolver.keep(resolver.choose(resolver.through(neighbours[evidence]), rule, is_indirect=True), rule)
        rule = "a cross-reference"
        taken = resolver.choose(resolver.through(neighbours[Evidence.CROSS_REFERENCE]), rule, is_indirect=True)
        resolver.keep_one_of_each_vocabulary(taken, rule)
    all_cuis: Pairs = defaultdict(set)
    for pairs in direct.values():
        for identifier, cuis in pairs.items():
            all_cuis[identifier] |= cuis
    secondary = {i: tuple(sorted(cuis - {resolver.best.get(i)})) for i, cuis in sorted(all_cuis.items())}
    secondary = {identifier: cuis for identifier, cuis in secondary.items() if cuis}
    census.notes["identifiers with a CUI"] = len(resolver.best)
    census.notes["identifiers with further CUIs"] = len(secondary)
    return CuiMap(resolver.best, secondary, _conflicts(contents, resolver.best))


def _collect(contents: Iterable[Content]) -> tuple[dict[Evidence, Pairs], dict[Evidence, Pairs]]:
    """By evidence: identifier -> CUIs given directly, and identifier -> matching identifiers (both ways)."""
    direct: dict[Evidence, Pairs] = {evidence: defaultdict(set) for evidence in Evidence}
    neighbours: dict[Evidence, Pairs] = {evidence: defaultdict(set) for evidence in Evidence}
    for content in contents:
        for identifier, other, evidence in content.matches:
            if cui := as_cui(other):
                direct[evidence][identifier].add(cui)
            else:
                neighbours[evidence][identifier].add(other)
                neighbours[evidence][other].add(identifier)
    return direct, neighbours


def _preferred_names(contents: Iterable[Content]) -> dict[str, str]:
    names: dict[str, str] = {}
    for content in contents:
        for name in content.names:
            if name.tty in ("PT", "MH"):
                text = name.text.casefold()
                names[name.identifier] = min(names.get(name.identifier, text), text)
    return names


class _Resolver:
    def __init__(self, names: Mapping[str, str], direct: Mapping[Evidence, Pairs], census: Census) -> None:
        self.best: dict[str, Cui] = {}
        self._names, self._census = names, census
        self._support: Counter[Cui] = Counter(c for pairs in direct.values() for cuis in pairs.values() for c in cuis)
        self._holders: dict[tuple[Cui, str], set[str]] = defaultdict(set)  # CUI and prefix -> identifiers
        self._cuis_of_name: Pairs = defaultdict(set)  # name -> CUIs of the identifiers that have it and a CUI so far

    def through(self, neighbours: Pairs) -> Pairs:
        """CUIs of the matching identifiers as they stand now."""
        return {i: {self.best[o] for o in others if o in self.best} for i, others in neighbours.items()}

    def keep_one_of_each_vocabulary(self, taken: Mapping[str, Cui], rule: str) -> None:
        """Let those choices stand whose CUI has no other identifier of the vocabulary."""
        rivals: Pairs = defaultdict(set)
        for identifier, cui in taken.items():
            rivals[f"{cui} {_prefix(identifier)}"].add(identifier)
        kept = {}
        for identifier, cui in taken.items():
            group = rivals[f"{cui} {_prefix(identifier)}"]
            named = {one for one in group if cui in self._cuis_of_name.get(self._names.get(one, ""), ())}
            if not self._holders[cui, _prefix(identifier)] and (group == {identifier} or named == {identifier}):
                kept[identifier] = cui
            else:
                self._note("left out: the CUI has another identifier of the vocabulary")
        self.keep(kept, rule)

    def choose(self, candidates: Pairs, rule: str, is_indirect: bool) -> dict[str, Cui]:
        """A CUI for each identifier that has none yet; only the state before the call counts."""
        taken: dict[str, Cui] = {}
        for identifier in sorted(candidates):
            cuis = candidates[identifier]
            if identifier in self.best or not cuis:
                continue
            cui = self._choose(identifier, cuis, is_indirect)
            if len(cuis) > 1:
                outcome = "left out" if not cui else "one taken"
                self._note(f"ambiguous by {rule}, {outcome}")
            if cui:
                taken[identifier] = cui
        return taken

    def take(self, candidates: Pairs, rule: str) -> None:
        """Give a CUI to the identifiers that have none yet, by a rule that is trusted."""
        self.keep(self.choose(candidates, rule, is_indirect=False), rule)

    def keep(self, taken: Mapping[str, Cui], rule: str) -> None:
        """Let the choices stand."""
        self.best |= taken
        for identifier, cui in taken.items():
            self._note(f"CUI by {rule}")
            self._holders[cui, _prefix(identifier)].add(identifier)
            if identifier in self._names:
                self._cuis_of_name[self._names[identifier]].add(cui)

    def _choose(self, identifier: str, cuis: set[Cui], is_indirect: bool) -> Cui:
        if len(cuis) == 1:
            return min(cuis)
        same_name = cuis & self._cuis_of_name.get(self._names.get(identifier, ""), set())
        if len(same_name) == 1:
            return min(same_name)
        return "" if is_indirect else min(cuis, key=lambda cui: (-self._support[cui], cui))

    def _note(self, what: str) -> None:
        key = f"identifiers: {what}"
        self._census.notes[key] = int(self._census.notes.get(key, 0)) + 1


def _prefix(identifier: str) -> str:
    return identifier.partition(":")[0]


def _conflicts(contents: Iterable[Content], best: Mapping[str, Cui]) -> tuple[Conflict, ...]:
    found: set[Conflict] = set()
    for content in contents:
        for identifier, other, _ in content.matches:
            direct = as_cui(other)
            first, second = best.get(identifier), direct or best.get(other)
            if first and second and first != second:
                found.add((first, second, content.sab, bool(direct)))
    return tuple(sorted(found))
