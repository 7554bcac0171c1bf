"""MRSTY: one semantic type a concept, from the branch of the sources that its identifiers stand in.

The rules lie in `data/semantic_type_rules.tsv`, the first that holds decides. A branch is an identifier (it and what is
a kind of it), `prefix:` of identifiers, `tree:` of MeSH tree numbers, `subset:` of an ontology, `branch:` of a file, or
`any`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import polars as pl

from bali.metathesaurus.content import IS_A, Content
from bali.metathesaurus.registry import DATA
from bali.metathesaurus.resolution import CuiMap
from bali.ontologies.tables import read_table
from bali.vocabulary import Cui, Tui


def build_semantic_types(contents: Iterable[Content], cuis: CuiMap, concepts: Iterable[Cui]) -> pl.DataFrame:
    """The rows of MRSTY, sorted by CUI, with columns as in the layout; ATUI is made up, numbered after sorting."""
    rules = list(read_table(DATA / "semantic_type_rules.tsv", ("branch", "tui")))
    order = {branch: place for place, (branch, _) in enumerate(rules)}
    places = _place_of_identifiers(list(contents), order)
    best: dict[Cui, int] = {}
    for identifier, cui in [*cuis.best.items(), *((i, c) for i, found in cuis.secondary.items() for c in found)]:
        place = min(
            places.get(identifier, order["any"]), order.get(f"prefix:{identifier.partition(':')[0]}", order["any"])
        )
        best[cui] = min(best.get(cui, place), place)
    types = {cui: rules[best.get(cui, order["any"])][1] for cui in sorted(concepts)}
    return _tabulate(types)


def _place_of_identifiers(contents: Iterable[Content], order: Mapping[str, int]) -> dict[str, int]:
    """Identifier -> the first rule that one of its branches meets; absent where none does."""
    children: dict[str, list[str]] = defaultdict(list)
    places: dict[str, int] = {}
    for content in contents:
        for head, rela, tail in content.statements:
            if rela == IS_A and head.partition(":")[0] == tail.partition(":")[0] != "MESH":
                children[tail].append(head)
        for identifier, branch in content.branches:
            if branch in order:
                places[identifier] = min(places.get(identifier, order[branch]), order[branch])
    for branch, place in sorted(order.items(), key=lambda item: item[1]):
        for identifier in _descendants(branch, children):
            places[identifier] = min(places.get(identifier, place), place)
    return places


def _descendants(root: str, children: Mapping[str, list[str]]) -> set[str]:
    seen, waiting = {root}, [root]
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in seen:
                seen.add(child)
                waiting.append(child)
    return seen


def _tabulate(types: Mapping[Cui, Tui]) -> pl.DataFrame:
    known = {tui: (stn, name) for tui, stn, name in read_table(DATA / "semantic_types.tsv", ("tui", "stn", "name"))}
    rows = [(cui, tui, *known[tui], f"AT9{number:07d}") for number, (cui, tui) in enumerate(types.items(), start=1)]
    return pl.DataFrame(rows, schema=["CUI", "TUI", "STN", "STY", "ATUI"], orient="row")
