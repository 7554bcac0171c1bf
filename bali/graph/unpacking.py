"""Sorted keys taken apart into edges: one pass, no arrays but those of the edges."""

from typing import Any

import numpy as np
import numpy.typing as npt

from bali.compiled import compiled
from bali.sorting import Keys


@compiled
def count_edges(keys: Keys, label_bits: int, pair_of_label: npt.NDArray[Any]) -> int:
    """Distinct edges among sorted keys; the sources that assert one edge lie side by side."""
    mask = (1 << label_bits) - 1
    number, ends, pair = 0, np.int64(-1), -1
    for key in keys:
        if key >> label_bits != ends or pair_of_label[key & mask] != pair:
            ends, pair = key >> label_bits, pair_of_label[key & mask]
            number += 1
    return number


def unpack_edges(
    keys: Keys,
    concept_bits: int,
    label_bits: int,
    pair_of_label: npt.NDArray[Any],
    sab_of_label: npt.NDArray[Any],
) -> Any:
    """The distinct edges of sorted keys (target, source, label).

    Args:
        keys: (num_keys,).
        concept_bits: of a key.
        label_bits: of a key.
        pair_of_label: (num_labels,) the relation of each label.
        sab_of_label: (num_labels,) the source of each label.

    Returns:
        columns: source, target (int32), relation (int16) and first SAB (int32) of each edge, (num_edges,) each; and the
            edges that several sources assert, int64.
        starts: of the latter, the first key of each.
        counts: and the number of its keys.
    """
    num_edges = count_edges(keys, label_bits, pair_of_label)
    columns = tuple(np.empty(num_edges, dtype) for dtype in (np.int32, np.int32, np.int16, np.int32))
    several, starts, counts = _unpack(keys, (concept_bits, label_bits), pair_of_label, sab_of_label, columns)  # type: ignore[no-untyped-call]
    return (*columns, several), starts, counts


@compiled
def _unpack(keys, bits, pair_of_label, sab_of_label, columns):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Fill the columns of the edges; returns the edges that several sources assert, and of these starts and counts."""
    concept_bits, label_bits = bits
    source, target, relation, sab = columns
    nothing = np.empty(0, np.int64)
    several, starts, counts = list(nothing), list(nothing), list(nothing)  # typed lists of int64
    mask, concept = (1 << label_bits) - 1, (1 << concept_bits) - 1
    number, start, ends, pair = -1, 0, np.int64(-1), -1
    for place in range(len(keys)):
        label = keys[place] & mask
        if keys[place] >> label_bits == ends and pair_of_label[label] == pair:
            if place == start + 1:
                several.append(np.int64(number))
                starts.append(np.int64(start))
                counts.append(np.int64(2))
            else:
                counts[-1] += 1
            continue
        number += 1
        start, ends, pair = place, keys[place] >> label_bits, pair_of_label[label]
        target[number], source[number] = ends >> concept_bits, ends & concept
        relation[number], sab[number] = pair, sab_of_label[label]
    edges = np.array(several, dtype=np.int64)
    return edges, np.array(starts, dtype=np.int64), np.array(counts, dtype=np.int64)
