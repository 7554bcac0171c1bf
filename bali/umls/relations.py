"""MRREL.RRF -> the relations between kept concepts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali import concept_ids
from bali.errors import InputError
from bali.io.census import Tally
from bali.io.dictionaries import dictionary_of
from bali.pair_keys import PairKeys
from bali.rrf.kinds import KindNumbers, Kinds
from bali.rrf.layouts import MRREL
from bali.rrf.reading import Block, map_blocks
from bali.rrf.source import RrfSource
from bali.sorting import Keys, changes, count_values, is_sorted, settle, sort_keys, take
from bali.umls.filters import RelationKind, UmlsFilters
from bali.umls.manifest import Manifest
from bali.umls.names import SLICE_ROWS
from bali.vocabulary import Sab

_KIND_COLUMNS = ("REL", "RELA", "SAB", "SUPPRESS")
_COLUMNS = ("CUI1", "CUI2", *_KIND_COLUMNS)

Label = tuple[str, str, Sab]  # REL, RELA, SAB


@dataclass(frozen=True)
class Relations:
    """The kept rows of MRREL, distinct and sorted by head, tail, REL, RELA, SAB.

    Attributes:
        keys: (num_relations,) position of the head in `concepts`, of the tail, of the label in `labels`.
        layout: of the keys.
        concepts: (num_concepts,) the kept concepts (`concept_ids`), in order.
        labels: REL, RELA and SAB, in order.
        source_levels: SAB -> restriction level.
        sources: the SABs of all rows of the file, kept or not.
    """

    keys: Keys
    layout: PairKeys
    concepts: concept_ids.Numbers
    labels: list[Label]
    source_levels: Mapping[Sab, int]
    sources: set[Sab]

    def slices(self) -> Iterator[pa.Table]:
        """The rows as `schemas.RELATIONS`, in pieces of `SLICE_ROWS`."""
        rel, rela, sab = (dictionary_of(label[part] for label in self.labels) for part in range(3))
        level = np.array([self.source_levels.get(source, 0) for _, _, source in self.labels], np.int8)
        for start in range(0, len(self.keys), SLICE_ROWS):
            keys = self.keys[start : start + SLICE_ROWS]
            label = self.layout.label(keys)
            yield pa.table(
                {
                    "head_cui": concept_ids.write_runs(take(self.concepts, self.layout.first(keys))),
                    "rel": rel(label),
                    "rela": rela(label),
                    "tail_cui": concept_ids.write(take(self.concepts, self.layout.second(keys))),
                    "sab": sab(label),
                    "srl": take(level, label),
                }
            )

    def num_loops(self) -> int:
        """Relations of a concept with itself."""
        pieces = (self.keys[start : start + SLICE_ROWS] for start in range(0, len(self.keys), SLICE_ROWS))
        return sum(int((self.layout.first(keys) == self.layout.second(keys)).sum()) for keys in pieces)

    def levels(self) -> list[int]:
        """The restriction levels of the kept relations' sources, sorted."""
        return sorted({self.source_levels.get(sab, 0) for sab in self.count_by_source()})

    def count_by_source(self) -> dict[Sab, int]:
        """SAB -> relations kept."""
        by_label = np.zeros(len(self.labels), np.int64)
        for start in range(0, len(self.keys), SLICE_ROWS):
            label = self.layout.label(self.keys[start : start + SLICE_ROWS])
            by_label += count_values(label, len(self.labels))
        counts: dict[Sab, int] = {}
        for (_, _, sab), count in zip(self.labels, by_label.tolist(), strict=True):
            if count:
                counts[sab] = counts.get(sab, 0) + count
        return counts


@dataclass(frozen=True)
class _Piece:
    """The kept rows of a block, concepts by position."""

    tally: Tally
    head: npt.NDArray[np.int32]
    tail: npt.NDArray[np.int32]
    kind: KindNumbers


class RelationReader:
    """Reads and filters MRREL.RRF. Relations of a concept with itself are kept; the graph decides on them.

    Drop reasons, in order: suppress, source, restriction level, relation, CUI without a kept name, duplicate row
    (equal in head, rel, rela, tail and source; MRREL relates atoms, so a relation of two concepts may have many rows).

    Args:
        filters: what to keep.
        concepts: (num_concepts,) the kept concepts (`concept_ids`), in order.
        source_levels: SAB -> restriction level; 0 for others.
        inverses: REL or RELA -> its inverse.
        tally: the census of the table.
    """

    def __init__(
        self,
        filters: UmlsFilters,
        concepts: concept_ids.Numbers,
        source_levels: Mapping[Sab, int],
        inverses: Mapping[str, str],
        tally: Tally,
    ) -> None:
        self._concepts = concepts
        self._index = concept_ids.index_of(concepts)
        self._layout = PairKeys.over(len(concepts))
        self._levels = source_levels
        self._tally = tally
        self._pieces = list[_Piece]()
        self._kinds = Kinds(
            _KIND_COLUMNS,
            RelationKind,
            lambda kind: filters.relation_fault(kind, source_levels.get(kind.sab, 0), inverses),
        )

    def read(self, file: RrfSource, manifest: Manifest, threads: int) -> None:
        """Read the file.

        Raises:
            InputError: as `map_blocks`, or a CUI is none.
        """
        for piece in map_blocks(file, manifest.layout(MRREL, _COLUMNS), self._keep, threads):
            self._tally.add(piece.tally)
            self._pieces.append(piece)

    def sort(self) -> Relations:
        """What was read; the reader forgets it.

        Raises:
            InputError: there are more labels than the keys hold.
        """
        rank, labels = self._kinds.rank(lambda kind: (kind.rel, kind.rela, kind.sab))
        ends = np.array([piece.tail[[0, -1]] for piece in self._pieces if len(piece.tail)], np.int32).ravel()
        if is_sorted(ends) and all(is_sorted(piece.tail) for piece in self._pieces):  # as NLM's files are
            keys = sort_keys(self._pack(rank, len(labels)), self._layout.concept_bits + self._layout.label_bits)
            settle(keys)  # the rows of two concepts
        else:
            keys = sort_keys(self._pack(rank, len(labels)))
        distinct = keys[changes(keys)]
        self._tally.drop("duplicate row", len(keys) - len(distinct))
        self._tally.rows_out = len(distinct)
        sources = {kind.sab for kind in self._kinds.all()}
        return Relations(distinct, self._layout, self._concepts, labels, self._levels, sources)

    def _keep(self, block: Block) -> _Piece:
        kind = self._kinds.read(block)
        head, tail = (take(self._index, block.concept_numbers(column)) for column in ("CUI2", "CUI1"))
        rows, tally = self._kinds.sieve(kind)
        known = rows[(head[rows] >= 0) & (tail[rows] >= 0)]
        tally.drop("CUI without a kept name", len(rows) - len(known))
        return _Piece(tally, head[known], tail[known], kind[known])

    def _pack(self, rank: npt.NDArray[np.int64], num_labels: int) -> Keys:
        """Keys of all rows; the pieces are forgotten one by one, so that both are not held at once."""
        if num_labels > self._layout.max_labels:
            raise InputError(
                f"MRREL.RRF: expected at most {self._layout.max_labels:,} labels (REL, RELA, SAB) beside"
                f" {len(self._concepts):,} concepts, got {num_labels:,}. Filter the release."
            )
        keys = np.empty(sum(len(piece.head) for piece in self._pieces), np.int64)
        end = len(keys)
        while self._pieces:
            piece = self._pieces.pop()
            start = end - len(piece.head)
            keys[start:end] = self._layout.pack(piece.head, piece.tail, take(rank, piece.kind))
            end = start
        return keys
