"""Edges and the same edges read backwards, compared by one pass over both in order."""

from typing import Any

import numpy as np
import numpy.typing as npt

from bali.compiled import compiled
from bali.pair_keys import PairKeys
from bali.sorting import Keys

_SLICE = 1 << 20


def mirror(keys: Keys, layout: PairKeys) -> Keys:
    """The keys with first and second concept exchanged."""
    mirrored = np.empty_like(keys)
    for start in range(0, len(keys), _SLICE):
        piece = keys[start : start + _SLICE]
        mirrored[start : start + _SLICE] = layout.pack(layout.second(piece), layout.first(piece), layout.label(piece))
    return mirrored


@compiled
def count_mirrored(
    keys: Keys, mirrored: Keys, label_bits: int, pair_of_label: npt.NDArray[Any], num_pairs: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Edges of each relation, and edges of each that another one runs back along.

    Args:
        keys: sorted edges without loops; an edge that several sources assert counts once.
        mirrored: the same as `mirror` gives them, sorted.
        label_bits: of the keys.
        pair_of_label: (num_labels,) the relation of each label.
        num_pairs: number of relations.

    Returns:
        counts: (num_pairs, num_pairs).
        totals: (num_pairs,).
    """
    counts = np.zeros((num_pairs, num_pairs), np.int64)
    totals = np.zeros(num_pairs, np.int64)
    mask = (1 << label_bits) - 1
    other_start = 0
    start = 0
    while start < len(keys):
        ends = keys[start] >> label_bits
        stop = start
        while stop < len(keys) and keys[stop] >> label_bits == ends:
            stop += 1
        while other_start < len(mirrored) and mirrored[other_start] >> label_bits < ends:
            other_start += 1
        other_stop = other_start
        while other_stop < len(mirrored) and mirrored[other_stop] >> label_bits == ends:
            other_stop += 1
        previous = -1
        for place in range(start, stop):
            pair = pair_of_label[keys[place] & mask]
            if pair == previous:
                continue
            previous = pair
            totals[pair] += 1
            other_previous = -1
            for other in range(other_start, other_stop):
                other_pair = pair_of_label[mirrored[other] & mask]
                if other_pair != other_previous:
                    counts[pair, other_pair] += 1
                other_previous = other_pair
        start = stop
        other_start = other_stop
    return counts, totals


@compiled
def has_partner(
    keys: Keys, others: Keys, label_bits: int, wanted: npt.NDArray[Any], pair_of_label: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    """Which keys have a partner: the same concepts among `others`, with the relation that their label wants.

    Args:
        keys: sorted.
        others: sorted.
        label_bits: of both.
        wanted: (num_labels,) a relation for each label of `keys`.
        pair_of_label: (num_labels,) the relation of each label of `others`.
    """
    found = np.zeros(len(keys), np.bool_)
    mask = (1 << label_bits) - 1
    start = 0
    for place in range(len(keys)):
        ends = keys[place] >> label_bits
        while start < len(others) and others[start] >> label_bits < ends:
            start += 1
        other = start
        while other < len(others) and others[other] >> label_bits == ends:
            if pair_of_label[others[other] & mask] == wanted[keys[place] & mask]:
                found[place] = True
                break
            other += 1
    return found
