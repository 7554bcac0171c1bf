"""Pairs of terms with a rating from 1 to 4, in the line format of MayoSRS: term, term, rating."""

from pathlib import Path

from source.dice import Dice
from source.knowledge import Knowledge

_SEED = 97
_NUM_PAIRS = 30  # of each rating
Pair = tuple[str, str]


def write_similarity(knowledge: Knowledge, names: dict[str, list[str]], path: Path) -> None:
    """Write the pairs: two names of a concept (4), concepts of one fact (3), of one kind (2), of two kinds (1).

    The ratings are made up of the facts; nobody gave them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    dice = Dice(_SEED)
    usable = {c.cui: c for c in knowledge.concepts if names.get(c.cui) and c.table != "odd"}
    related = {frozenset((fact.head.cui, fact.tail.cui)) for fact in knowledge.facts}
    groups: dict[int, list[Pair]] = {rating: [] for rating in (4, 3, 2, 1)}
    for concept in usable.values():
        groups[4] += [(concept.key, name) for name in names[concept.cui] if name.lower() != concept.key.lower()][:1]
    groups[3] = [(f.head.key, f.tail.key) for f in knowledge.facts if f.head.cui in usable and f.tail.cui in usable]
    concepts = dice.shuffled(list(usable.values()))
    for first, second in zip(concepts, dice.shuffled(concepts), strict=True):
        if first != second and frozenset((first.cui, second.cui)) not in related:
            groups[2 if first.table == second.table else 1].append((first.key, second.key))
    lines = []
    for rating, pairs in groups.items():
        chosen = dice.shuffled(list(dict.fromkeys(pairs)))[:_NUM_PAIRS]
        assert len(chosen) == _NUM_PAIRS, f"only {len(chosen)} pairs of rating {rating}"
        lines += [f"{first}\t{second}\t{rating}\n" for first, second in chosen]
    path.write_text("".join(dice.shuffled(lines)), encoding="utf-8", newline="\n")
