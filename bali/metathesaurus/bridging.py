"""Relations between identifiers -> relations between CUIs, also over classes that have no CUI.

A class without a CUI still carries what follows from it: `a isa x` and `x isa b` say `a isa b`; `a isa x` and
`x part_of b` say `a part_of b`; `a part_of x` and `x isa b` say `a part_of b`; with a transitive relation `x part_of b`
says it too. Such relations are called bridged. A path ends at the first class with a CUI, and nothing is bridged over a
class that has one. A relation that denies ("excludes", "lacks") is not carried on behind its object.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from bali.io.census import Tally
from bali.metathesaurus.content import IS_A, Content
from bali.metathesaurus.identifiers import as_cui
from bali.vocabulary import Cui

_TRANSITIVE = frozenset({IS_A, "part_of", "has_part"})
_DENYING = ("excludes", "lacks")


class CuiStatement(NamedTuple):
    """Head CUI, relation, tail CUI, and whether it follows from the source (bridged) or stands in it."""

    head: Cui
    rela: str
    tail: Cui
    is_bridged: bool


Targets = dict[str, set[tuple[str, str]]]  # identifier -> (relation, target)


def hierarchy(contents: Iterable[Content]) -> Targets:
    """The relations of all sources along which a path may go on behind an object without a CUI."""
    targets: Targets = defaultdict(set)
    for content in contents:
        for head, rela, tail in content.statements:
            if rela in _TRANSITIVE:
                targets[head].add((rela, tail))
    return targets


def bridge(content: Content, best: Mapping[str, Cui], paths: Targets, tally: Tally) -> list[CuiStatement]:
    """The relations of a source between different CUIs: distinct, sorted; stated where both stated and bridged.

    Args:
        content: the source.
        best: identifier -> CUI.
        paths: as `hierarchy` gives them; Mondo's objects are classes of Uberon.
        tally: counts the relations of the source (rows in) as kept or dropped; bridged ones are not among them.
    """
    graph = _Graph(content, best, paths)
    stated = _count_stated(graph, content, tally)
    bridged = {
        (head, rela, tail)
        for identifier in sorted(graph.targets)
        if (head := graph.cui(identifier))
        for rela, tail in graph.reach(identifier)
        if tail != head
    }
    return sorted(
        [CuiStatement(*statement, False) for statement in stated]
        + [CuiStatement(*statement, True) for statement in bridged - stated]
    )


class _Graph:
    """The relations of one source by head, with a way over classes without a CUI."""

    def __init__(self, content: Content, best: Mapping[str, Cui], paths: Targets) -> None:
        self._best, self._paths = best, paths
        self.targets: Targets = defaultdict(set)
        for head, rela, tail in content.statements:
            self.targets[head].add((rela, tail))

    def cui(self, identifier: str) -> Cui:
        """The CUI of an identifier; "" where it has none."""
        return as_cui(identifier) or self._best.get(identifier, "")

    def reach(self, identifier: str) -> Iterator[tuple[str, Cui]]:
        """(relation, CUI) that hold for an identifier, its classes without a CUI included."""
        for subject in self._and_classes_without_cui(identifier):
            for rela, target in self.targets.get(subject, ()):
                for cui in self._nearest(rela, target):
                    yield rela, cui

    def _and_classes_without_cui(self, identifier: str) -> set[str]:
        seen, waiting = {identifier}, [identifier]
        while waiting:
            for rela, target in self.targets.get(waiting.pop(), ()):
                if rela == IS_A and target not in seen and not self.cui(target):
                    seen.add(target)
                    waiting.append(target)
        return seen

    def _nearest(self, rela: str, target: str) -> set[Cui]:
        """The CUIs first met from `target` on along is_a, and along the relation itself where it is transitive."""
        if cui := self.cui(target):
            return {cui}
        if any(word in rela for word in _DENYING):
            return set()
        followed = {IS_A, rela} if rela in _TRANSITIVE else {IS_A}
        found, seen, waiting = set(), {target}, [target]
        while waiting:
            for step, further in self._paths.get(waiting.pop(), ()):
                if step not in followed or further in seen:
                    continue
                seen.add(further)
                if cui := self.cui(further):
                    found.add(cui)
                else:
                    waiting.append(further)
        return found


def _count_stated(graph: _Graph, content: Content, tally: Tally) -> set[tuple[Cui, str, Cui]]:
    """The relations with a CUI at both ends, each of the source's rows counted."""
    stated: set[tuple[Cui, str, Cui]] = set()
    for head, rela, tail in content.statements:
        tally.rows_in += 1
        statement = graph.cui(head), rela, graph.cui(tail)
        if not (statement[0] and statement[2]):
            tally.drop("an end has no CUI", 1)
        elif statement[0] == statement[2]:
            tally.drop("both ends are one concept", 1)
        elif statement in stated:
            tally.drop("duplicate", 1)
        else:
            stated.add(statement)
            tally.rows_out += 1
    return stated
