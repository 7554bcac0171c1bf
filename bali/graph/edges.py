"""Relation rows -> distinct edges, with the mirrors that are missing or without those that repeat one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from bali.errors import InputError
from bali.graph.inverses import InverseTable, RelationPair, match_mirrored
from bali.graph.mirrors import count_mirrored, has_partner, mirror
from bali.graph.relation_rows import Label, RelationRows
from bali.graph.unpacking import count_edges, unpack_edges
from bali.io.census import Census
from bali.pair_keys import PairKeys
from bali.sorting import Keys, changes, count_values, sort_keys

MAX_RELATIONS = 1 << 13  # a table of all pairs of them is held; UMLS 2025 has about 1,100


@dataclass(frozen=True)
class Edges:
    """Distinct edges, sorted by target, source, relation.

    Attributes:
        source: (num_edges,) node ids.
        target: (num_edges,) node ids.
        relation: (num_edges,) position in `pairs`.
        source_set: (num_edges,) position in `source_names`.
        pairs: (REL, RELA), sorted; each has an edge.
        source_names: the SABs that assert an edge, sorted, joined by "|".
    """

    source: npt.NDArray[np.int32]
    target: npt.NDArray[np.int32]
    relation: npt.NDArray[np.int16]
    source_set: npt.NDArray[np.int32]
    pairs: list[RelationPair]
    source_names: list[str]

    def take(self, rows: npt.NDArray[np.int64]) -> "Edges":
        """Some of the edges, in order; relations that have none left lose their number."""
        source, target, source_set = (column[rows] for column in (self.source, self.target, self.source_set))
        return _without_unused(Edges(source, target, self.relation[rows], source_set, self.pairs, self.source_names))


def make_edges(rows: RelationRows, table: InverseTable, inverse_edges: bool, census: Census) -> Edges:
    """The edges that the rows state, once each.

    With `inverse_edges` every edge gets its mirror where the rows do not state it; otherwise, of an edge and its mirror
    the one with the lower (REL, RELA) in sorted order is kept, and where both have the same, the one from the lower to
    the higher node id. Drop reasons of the table `relations`: mirror of a kept edge, same edge from another source.

    Raises:
        InputError: there are more than `MAX_RELATIONS` relations.
    """
    mirrored, layout = rows.keys, rows.layout
    by_target = sort_keys(mirror(mirrored, layout), layout.concept_bits + layout.label_bits)  # the rest is in order
    rows = replace(rows, keys=by_target)
    inverses = _find_inverses(rows, mirrored, table)
    labels = _Labels.closed(rows.labels, inverses)
    for keys in (rows.keys, mirrored):
        rows.layout.relabel(keys, labels.renumber(rows.labels))  # in the same order, so both stay sorted
    tally = census.table("relations")
    if inverse_edges:
        num_stated = labels.count_edges(rows.keys, rows.layout)
        tally.drop("same edge from another source", len(rows.keys) - num_stated)
        keys = _add_missing(rows.keys, mirrored, rows.layout, labels)
        census.notes["inverse edges added"] = labels.count_edges(keys, rows.layout) - num_stated
    else:
        keys = _drop_redundant(rows.keys, mirrored, rows.layout, labels)
        num_stated = labels.count_edges(keys, rows.layout)
        tally.drop("mirror of a kept edge", len(rows.keys) - len(keys))
        tally.drop("same edge from another source", len(keys) - num_stated)
    tally.rows_out = num_stated
    return _join_sources(keys, rows.layout, labels)


@dataclass(frozen=True)
class _Labels:
    """Labels closed under inversion.

    Attributes:
        labels: sorted.
        pairs: their (REL, RELA), sorted.
        sabs: their sources, sorted.
        pair: (num_labels,) position in `pairs`.
        sab: (num_labels,) position in `sabs`.
        inverse: (num_labels,) the label of the inverse relation from the same source, -1 for one without edges.
    """

    labels: list[Label]
    pairs: list[RelationPair]
    sabs: list[str]
    pair: npt.NDArray[np.int32]
    sab: npt.NDArray[np.int32]
    inverse: npt.NDArray[np.int32]

    @classmethod
    def closed(cls, stated: Sequence[Label], inverses: dict[RelationPair, RelationPair]) -> "_Labels":
        """The stated labels and those of their inverses."""
        back = {(rel, rela, sab): (*inverses[rel, rela], sab) for rel, rela, sab in stated}
        labels = sorted({*back, *back.values()})
        pairs, sabs = sorted({(rel, rela) for rel, rela, _ in labels}), sorted({sab for _, _, sab in labels})
        number = {label: position for position, label in enumerate(labels)}
        pair_number = {pair: position for position, pair in enumerate(pairs)}
        sab_number = {sab: position for position, sab in enumerate(sabs)}
        columns = [
            [pair_number[rel, rela] for rel, rela, _ in labels],
            [sab_number[sab] for _, _, sab in labels],
            [number[back[label]] if label in back else -1 for label in labels],
        ]
        return cls(labels, pairs, sabs, *(np.array(column or [0], np.int32) for column in columns))

    def renumber(self, stated: Sequence[Label]) -> npt.NDArray[np.int64]:
        """(num_stated,) the position of each stated label."""
        number = {label: position for position, label in enumerate(self.labels)}
        return np.array([number[label] for label in stated] or [0], np.int64)

    def inverse_pair(self) -> npt.NDArray[np.int32]:
        """(num_labels,) the relation of each label's inverse, -1 where it has none."""
        return np.where(self.inverse >= 0, self.pair[self.inverse], -1).astype(np.int32)

    def count_edges(self, keys: Keys, layout: PairKeys) -> int:
        """Distinct edges."""
        return count_edges(keys, layout.label_bits, self.pair)


def _find_inverses(rows: RelationRows, mirrored: Keys, table: InverseTable) -> dict[RelationPair, RelationPair]:
    pairs = sorted({(rel, rela) for rel, rela, _ in rows.labels})
    if len(pairs) > MAX_RELATIONS:
        raise InputError(f"relations: expected at most {MAX_RELATIONS:,} pairs of REL and RELA, got {len(pairs):,}.")
    if all(table.stated(pair) for pair in pairs):
        counts = np.zeros((len(pairs), len(pairs)), np.int64)
        return match_mirrored(pairs, table, counts, counts.sum(axis=1))
    number = {pair: position for position, pair in enumerate(pairs)}
    pair_of_label = np.array([number[rel, rela] for rel, rela, _ in rows.labels], np.int32)
    keys, mirrored = (_without_loops(keys, rows.layout) for keys in (rows.keys, mirrored))
    return match_mirrored(
        pairs, table, *count_mirrored(keys, mirrored, rows.layout.label_bits, pair_of_label, len(pairs))
    )


def _without_loops(keys: Keys, layout: PairKeys) -> Keys:
    loops = layout.first(keys) == layout.second(keys)
    return keys[~loops] if loops.any() else keys


def _add_missing(keys: Keys, mirrored: Keys, layout: PairKeys, labels: _Labels) -> Keys:
    """The keys and, for each whose mirror is not among them, its mirror; a loop has none."""
    present = has_partner(mirrored, keys, layout.label_bits, labels.inverse_pair(), labels.pair)
    missing = _without_loops(mirrored[~present], layout)
    if not len(missing):
        return keys
    layout.relabel(missing, labels.inverse)
    keys = sort_keys(np.concatenate([keys, missing]))
    return keys[changes(keys)]  # two relations of one source may have the same inverse


def _drop_redundant(keys: Keys, mirrored: Keys, layout: PairKeys, labels: _Labels) -> Keys:
    """The keys without those that a kept edge states in the other direction."""
    inverse_pair = labels.inverse_pair()
    repeated = has_partner(keys, mirrored, layout.label_bits, inverse_pair, labels.pair)
    label = layout.label(keys)
    inverse_of = np.full(len(labels.pairs) + 1, -1, np.int32)  # by relation; the last place is that of none, -1
    inverse_of[labels.pair[labels.inverse >= 0]] = inverse_pair[labels.inverse >= 0]
    mutual = inverse_of[inverse_pair] == labels.pair
    upwards = layout.second(keys) > layout.first(keys)  # the key's second concept is the edge's source
    later = (labels.pair > inverse_pair)[label] | ((labels.pair == inverse_pair)[label] & upwards)
    return keys[~(repeated & mutual[label] & later)]


def _join_sources(keys: Keys, layout: PairKeys, labels: _Labels) -> Edges:
    """Distinct edges, each with the sources that assert it; sets of sources grow by one source a round."""
    columns, starts, counts = unpack_edges(keys, layout.concept_bits, layout.label_bits, labels.pair, labels.sab)
    source, target, relation, source_set, edges = columns
    names, depth = list(labels.sabs), 1
    while len(edges):
        sab = labels.sab[layout.label(keys[starts + depth])]
        codes = source_set[edges].astype(np.int64) * len(labels.sabs) + sab
        grown = np.flatnonzero(np.bincount(codes))  # few, and their range is small: counted, not sorted
        source_set[edges] = len(names) + np.searchsorted(grown, codes)
        parts = [divmod(code, len(labels.sabs)) for code in grown.tolist()]
        names += [f"{names[joined]}|{labels.sabs[added]}" for joined, added in parts]
        depth += 1
        edges, starts, counts = (values[counts > depth] for values in (edges, starts, counts))
    return _without_unused(Edges(source, target, relation, source_set, labels.pairs, names))


def _without_unused(edges: Edges) -> Edges:
    """The edges with numbers for those relations only that have one, in the same order."""
    used = np.flatnonzero(count_values(edges.relation, len(edges.pairs)))
    if len(used) == len(edges.pairs):
        return edges
    numbers = np.zeros(len(edges.pairs), np.int16)
    numbers[used] = np.arange(len(used))
    return replace(edges, relation=numbers[edges.relation], pairs=[edges.pairs[number] for number in used.tolist()])
