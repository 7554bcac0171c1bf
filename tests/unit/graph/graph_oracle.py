"""The graph in plain Python, slow and plain: sets and dictionaries, to compare with."""

from collections import Counter
from collections.abc import Mapping, Sequence

from tests.unit.graph.graph_fixtures import Relation

Pair = tuple[str, str]
Edge = tuple[str, str, str, str]  # head, rel, rela, tail

REL_INVERSES = {"PAR": "CHD", "CHD": "PAR", "RB": "RN", "RN": "RB", "AQ": "QB", "QB": "AQ"}


def expected_edges(
    cuis: Sequence[str],
    relations: Sequence[Relation],
    inverses: Mapping[str, Mapping[str, str]],
    inverse_edges: bool,
    self_loops: bool,
) -> list[Relation]:
    """(head, rel, rela, tail, sources) of each edge, sorted by tail, head, rel, rela."""
    sources: dict[Edge, set[str]] = {}
    for head, rel, rela, tail, sab in relations:
        if {head, tail} <= set(cuis) and (self_loops or head != tail):
            sources.setdefault((head, rel, rela, tail), set()).add(sab)
    back = inverse_pairs(list(sources), inverses)
    if inverse_edges:
        for (head, rel, rela, tail), sabs in list(sources.items()):
            mirror = (tail, *back[rel, rela], head)
            if head != tail and not (mirror in sources and mirror not in _added(sources, relations)):
                sources.setdefault(mirror, set()).update(sabs)
    else:
        stated = set(sources)
        sources = {edge: sabs for edge, sabs in sources.items() if not _repeats_another(edge, stated, back)}
    edges = [(*edge, "|".join(sorted(sabs))) for edge, sabs in sources.items()]
    return sorted(edges, key=lambda edge: (edge[3], *edge[:3]))


def inverse_pairs(edges: Sequence[Edge], inverses: Mapping[str, Mapping[str, str]]) -> dict[Pair, Pair]:
    """The inverse of each (REL, RELA): as the table states it, else as the edges show it, else a name of its own."""
    rel_table, rela_table = {**REL_INVERSES, **inverses.get("rel", {})}, inverses.get("rela", {})
    pairs = sorted({(rel, rela) for _, rel, rela, _ in edges})
    found: dict[Pair, Pair] = {}
    for rel, rela in pairs:
        if rela in rela_table or (rela_table and not rela):
            found[rel, rela] = (rel_table.get(rel, rel), rela_table.get(rela, ""))
    proper = {edge for edge in edges if edge[0] != edge[3]}
    totals = Counter((rel, rela) for _, rel, rela, _ in proper)
    meetings = Counter(
        ((rel, rela), other)
        for head, rel, rela, tail in proper
        for other in pairs
        if (tail, *other, head) in proper and (rel, rela) not in found and other not in found
    )
    learnt: dict[Pair, Pair] = {}
    for (first, second), number in sorted(meetings.items(), key=lambda item: (-item[1], item[0])):
        is_inverse = second[0] == rel_table.get(first[0], first[0])
        often = 2 * number >= max(totals[first], totals[second])
        if is_inverse and often and first not in learnt and second not in learnt:
            learnt[first], learnt[second] = second, first
    for rel, rela in pairs:
        own = (rel_table.get(rel, rel), f"inverse:{rela}" if rela else "")
        found.setdefault((rel, rela), learnt.get((rel, rela), own))
    return found


def _added(sources: Mapping[Edge, set[str]], relations: Sequence[Relation]) -> set[Edge]:
    return set(sources) - {(head, rel, rela, tail) for head, rel, rela, tail, _ in relations}


def _repeats_another(edge: Edge, stated: set[Edge], back: Mapping[Pair, Pair]) -> bool:
    """Whether the mirror of an edge is stated and is the one to keep."""
    head, rel, rela, tail = edge
    inverse = back[rel, rela]
    is_mutual = back.get(inverse) == (rel, rela)
    is_later = (rel, rela) > inverse or ((rel, rela) == inverse and head > tail)
    return is_mutual and is_later and (tail, *inverse, head) in stated
