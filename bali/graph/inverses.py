"""Which relation is the inverse of which: by NLM's REL, and for RELA by what the release itself mirrors."""

from collections import Counter
from collections.abc import Sequence

import numpy as np

from bali.graph.keys import Ints, Keys, contains, pack, unpack

RelationPair = tuple[str, str]  # REL, RELA

# UMLS Reference Manual, appendix B.2 (abbreviations of REL); the others (RO, RQ, RL, SIB, SY, XR...) are symmetric.
_REL_INVERSES = {"PAR": "CHD", "CHD": "PAR", "RB": "RN", "RN": "RB", "AQ": "QB", "QB": "AQ"}
_PREFIX = "inverse:"
_SLICE_EDGES = 1 << 22


def inverse_rel(rel: str) -> str:
    """The REL of the same relation read in the other direction."""
    return _REL_INVERSES.get(rel, rel)


def named_inverse(pair: RelationPair) -> RelationPair:
    """The inverse of a pair that the release does not mirror: RELA gets the prefix `inverse:`, "" stays ""."""
    rel, rela = pair
    return inverse_rel(rel), f"{_PREFIX}{rela}" if rela else ""


def learn_inverses(keys: Keys, pairs: Sequence[RelationPair]) -> Ints:
    """The inverse of each relation, as the number of its pair in `pairs`.

    NLM releases state a relation in both directions, under two RELA. So p and q are inverses where q, of inverse REL,
    runs from t to s for at least half of the edges of p from s to t, and p for at least half of q's: what is mirrored
    at all is mirrored nearly everywhere, while two unrelated relations meet now and then. Pairs that meet most often
    are matched first (equally frequent ones in sorted order), each once. What is left gets its `named_inverse`.

    Args:
        keys: the distinct edges, sorted (`keys.pack`), with relations numbered by `pairs`.
        pairs: sorted (REL, RELA), closed under `named_inverse` for those that occur.

    Returns:
        (num_pairs,) int64; -1 for a pair without edges whose inverse is not in `pairs`.
    """
    numbers = {pair: number for number, pair in enumerate(pairs)}
    totals, mirrored = _count_mirrored(keys, pairs)
    matched: dict[int, int] = {}
    for first, second in sorted(mirrored, key=lambda both: (-mirrored[both], both)):
        often = 2 * mirrored[first, second] >= max(totals[first], totals[second])
        if often and first not in matched and second not in matched:
            matched[first], matched[second] = second, first
    inverses = [matched.get(number, numbers.get(named_inverse(pair), -1)) for number, pair in enumerate(pairs)]
    return np.array(inverses, np.int64)


def mirror(keys: Keys, inverses: Ints) -> Keys:
    """The same edges read in the other direction."""
    ends = unpack(keys)
    return pack(ends.target, ends.source, inverses[ends.relation])


def missing_mirrors(keys: Keys, distinct: Keys, inverses: Ints) -> Keys:
    """Positions in `keys` of the edges whose mirror is not among the sorted `distinct` edges; loops have none."""
    ends = unpack(keys)
    return np.flatnonzero((ends.source != ends.target) & ~contains(distinct, mirror(keys, inverses)))


def redundant_mirrors(keys: Keys, distinct: Keys, inverses: Ints) -> Keys:
    """Positions in `keys` of the edges that a kept edge states in the other direction.

    Of an edge and its mirror the one with the lower (REL, RELA) in sorted order is kept; where both have the same,
    the one from the lower to the higher node id.
    """
    ends = unpack(keys)
    inverse = inverses[ends.relation]
    mutual = inverses[inverse] == ends.relation
    later = (ends.relation > inverse) | ((ends.relation == inverse) & (ends.source > ends.target))
    return np.flatnonzero(mutual & later & contains(distinct, mirror(keys, inverses)))


def _count_mirrored(keys: Keys, pairs: Sequence[RelationPair]) -> tuple[Counter[int], Counter[tuple[int, int]]]:
    """Edges of each pair, and edges of each pair that another pair of inverse REL mirrors; loops do not count."""
    every_rel = sorted({form for rel, _ in pairs for form in (rel, inverse_rel(rel))})
    rel_numbers = {rel: number for number, rel in enumerate(every_rel)}
    rels = np.array([rel_numbers[rel] for rel, _ in pairs] or [0], np.int64)
    inverse_rels = np.array([rel_numbers[inverse_rel(rel)] for rel, _ in pairs] or [0], np.int64)
    totals, mirrored = Counter[int](), Counter[tuple[int, int]]()
    for start in range(0, len(keys), _SLICE_EDGES):
        ends = unpack(keys[start : start + _SLICE_EDGES])
        proper = ends.source != ends.target
        back = pack(ends.target[proper], ends.source[proper], ends.relation[proper])
        ends = unpack(np.sort(back))  # what runs back, in the order of `keys`: looked up fast
        relation = ends.relation
        _add(totals, np.unique(relation, return_counts=True))
        low = np.searchsorted(keys, pack(ends.source, ends.target, 0))
        counts = np.searchsorted(keys, pack(ends.source + 1, ends.target, 0)) - low
        first = np.repeat(relation, counts)
        offsets = np.arange(len(first)) - np.repeat(np.cumsum(counts) - counts, counts)
        second = unpack(keys[np.repeat(low, counts) + offsets]).relation
        fits = rels[second] == inverse_rels[first]
        both, number = np.unique(first[fits] * len(pairs) + second[fits], return_counts=True)
        for code, count in zip(both.tolist(), number.tolist(), strict=True):
            mirrored[divmod(code, len(pairs))] += count
    return totals, mirrored


def _add(counter: Counter[int], counts: tuple[Ints, Ints]) -> None:
    for value, count in zip(*(array.tolist() for array in counts), strict=True):
        counter[value] += count
