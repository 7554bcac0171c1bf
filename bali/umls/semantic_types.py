"""MRSTY.RRF -> the semantic types of the concepts."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bali import concept_ids
from bali.io.census import Tally
from bali.rrf.kinds import KindNumbers, Kinds
from bali.rrf.layouts import MRSTY
from bali.rrf.reading import Block, map_blocks
from bali.rrf.source import RrfSource
from bali.umls.manifest import Manifest
from bali.umls.names import SLICE_ROWS
from bali.vocabulary import Tui

NLM = "MTH"  # source of what NLM itself states: MRSTY has no SAB, its types are NLM's

_COLUMNS = ("CUI", "TUI", "STY")
_KIND_BITS = 32

TypeKind = tuple[Tui, str]  # TUI, STY


@dataclass(frozen=True)
class SemanticTypes:
    """Rows of MRSTY, sorted by concept, TUI and STY.

    Attributes:
        cui: (num_rows,) the concept (`concept_ids`).
        kind: (num_rows,) position in `kinds`.
        kinds: distinct TUI and STY, in order.
    """

    cui: concept_ids.Numbers
    kind: npt.NDArray[np.int64]
    kinds: list[TypeKind]

    def having(self, tuis: Collection[Tui]) -> npt.NDArray[np.bool_]:
        """(concept_ids.MAX_NUMBERS,) whether a concept has at least one of the types."""
        wanted = np.array([tui in tuis for tui, _ in self.kinds] or [False])
        found = np.zeros(concept_ids.MAX_NUMBERS, np.bool_)
        found[self.cui[wanted[self.kind]]] = True
        return found

    def keep(self, concepts: concept_ids.Numbers, level: int, max_level: int, tally: Tally) -> "SemanticTypes":
        """The types of the kept concepts, one row a concept and TUI.

        Drop reasons, in order: restriction level, CUI without a kept name, duplicate row.

        Args:
            concepts: the kept ones, in order.
            level: restriction level of the types, that of `NLM`.
            max_level: highest to keep.
            tally: the census of the table.
        """
        num_rows = len(self.cui) if level <= max_level else 0
        tally.drop("restriction level", len(self.cui) - num_rows)
        cui, kind = self.cui[:num_rows], self.kind[:num_rows]
        known = concept_ids.index_of(concepts)[cui] >= 0
        tally.drop("CUI without a kept name", num_rows - int(known.sum()))
        cui, kind = cui[known], kind[known]
        _, tui_of_kind = np.unique([tui for tui, _ in self.kinds] or [""], return_inverse=True)
        tui = tui_of_kind[kind]
        is_new = np.ones(len(cui), np.bool_)
        is_new[1:] = (cui[1:] != cui[:-1]) | (tui[1:] != tui[:-1])
        tally.drop("duplicate row", len(cui) - int(is_new.sum()))
        tally.rows_out = int(is_new.sum())
        return SemanticTypes(cui[is_new], kind[is_new], self.kinds)

    def slices(self) -> Iterator[pa.Table]:
        """The rows as `schemas.SEMANTIC_TYPES`, in pieces."""
        tuis, stys = (pa.array([kind[part] for kind in self.kinds], pa.string()) for part in (0, 1))
        for start in range(0, len(self.cui), SLICE_ROWS):
            kind = pa.array(self.kind[start : start + SLICE_ROWS])
            cui = concept_ids.write(self.cui[start : start + SLICE_ROWS])
            yield pa.table({"cui": cui, "tui": tuis.take(kind), "sty": stys.take(kind)})

    def tuis_of(self, concepts: concept_ids.Numbers) -> pa.ListArray:
        """The TUIs of some concepts, in order, as lists; empty where there are none."""
        bounds = np.searchsorted(self.cui, concepts, "left"), np.searchsorted(self.cui, concepts, "right")
        lengths = bounds[1] - bounds[0]
        offsets = np.concatenate([[0], np.cumsum(lengths)])
        rows = np.arange(offsets[-1]) + np.repeat(bounds[0] - offsets[:-1], lengths)
        tuis = pa.array([tui for tui, _ in self.kinds], pa.string())
        return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), tuis.take(pa.array(self.kind[rows])))


def read_semantic_types(file: RrfSource, manifest: Manifest, tally: Tally, threads: int) -> SemanticTypes:
    """All rows of MRSTY.

    Raises:
        InputError: as `map_blocks`, or a CUI is none.
    """
    kinds = Kinds(("TUI", "STY"), lambda tui, sty: (tui, sty))

    def read(block: Block) -> tuple[concept_ids.Numbers, KindNumbers]:
        """Concept and kind of each row of one block."""
        return block.concept_numbers("CUI"), kinds.read(block)

    pieces = list(map_blocks(file, manifest.layout(MRSTY, _COLUMNS), read, threads))
    cui, number = (np.concatenate([np.empty(0, np.int32), *(piece[part] for piece in pieces)]) for part in (0, 1))
    tally.rows_in = len(cui)
    rank, ordered = kinds.rank(lambda kind: kind)
    keys = cui.astype(np.int64) << _KIND_BITS | rank[number]
    keys.sort()
    return SemanticTypes((keys >> _KIND_BITS).astype(np.int32), keys & ((1 << _KIND_BITS) - 1), ordered)
