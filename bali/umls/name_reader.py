"""MRCONSO.RRF -> the kept names of the release."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bali import concept_ids
from bali.errors import InputError
from bali.io.census import Tally
from bali.rrf.kinds import KindNumbers, Kinds
from bali.rrf.layouts import MRCONSO, Layout
from bali.rrf.reading import Block, map_blocks
from bali.rrf.source import RrfSource
from bali.rrf.spans import equals_previous, sort_groups
from bali.rrf.texts import Texts, join
from bali.sorting import changes
from bali.umls.filters import NameKind, UmlsFilters
from bali.umls.manifest import Manifest
from bali.umls.names import Names, Rows
from bali.vocabulary import Sab

_KIND_COLUMNS = ("LAT", "SUPPRESS", "SAB", "TTY", "TS", "STT", "ISPREF", "SRL")
_TEXT_COLUMNS = ("STR", "AUI", "CODE")
_COLUMNS = ("CUI", *_TEXT_COLUMNS, *_KIND_COLUMNS)


@dataclass(frozen=True)
class NameTable:
    """Kept rows in the order of the file."""

    cui: concept_ids.Numbers
    kind: KindNumbers
    kinds: Kinds[NameKind]
    names: Texts
    auis: Texts
    codes: Texts


@dataclass(frozen=True)
class _Piece:
    """The kept rows of a block."""

    tally: Tally
    cui: concept_ids.Numbers
    kind: KindNumbers
    texts: tuple[Texts, ...]


class NameReader:
    """Reads and filters MRCONSO.RRF.

    Drop reasons, in order: language, suppress, source, term type, restriction level, semantic type, duplicate row,
    few names.

    Args:
        filters: what to keep.
        typed: (concept_ids.MAX_NUMBERS,) whether a concept has one of the types of `filters`; None keeps all.
        tally: the census of the table.
    """

    def __init__(self, filters: UmlsFilters, typed: npt.NDArray[np.bool_] | None, tally: Tally) -> None:
        self._typed = typed
        self._min_names = filters.min_names
        self._tally = tally
        self._kinds = Kinds(_KIND_COLUMNS, NameKind, filters.name_fault, _problem)

    def read(self, file: RrfSource, manifest: Manifest, threads: int) -> Names:
        """Read the file.

        Raises:
            InputError: as `map_blocks`; it is empty; a CUI or a restriction level is none; no name is left.
        """
        table = self._gather(file, manifest.layout(MRCONSO, _COLUMNS), threads)
        rows = self._drop_duplicates(table, sort_rows(table))
        counts = np.diff(concept_starts(table.cui[rows]))
        enough = np.repeat(counts >= self._min_names, counts)
        self._tally.drop("few names", len(rows) - int(enough.sum()))
        rows = rows[enough]
        self._tally.rows_out = len(rows)
        self._check_not_empty()
        cui = table.cui[rows]
        starts = concept_starts(cui)
        return Names(cui, table.kind[rows], rows, starts, table.kinds, table.names, table.auis, table.codes)

    def source_levels(self) -> dict[Sab, int]:
        """SAB -> highest restriction level of its rows in the file, kept or not."""
        levels: dict[Sab, int] = {}
        for kind in self._kinds.all():
            levels[kind.sab] = max(int(kind.srl), levels.get(kind.sab, 0))
        return levels

    def _gather(self, file: RrfSource, layout: Layout, threads: int) -> NameTable:
        pieces = list(map_blocks(file, layout, self._keep, threads))
        for piece in pieces:
            self._tally.add(piece.tally)
        if not self._tally.rows_in:
            raise InputError(f"{file}: expected the names of the release, found an empty file. Download it again.")
        cui, kind = (np.concatenate([getattr(piece, column) for piece in pieces]) for column in ("cui", "kind"))
        with ThreadPoolExecutor(threads) as pool:
            columns = ([piece.texts[number] for piece in pieces] for number in range(len(_TEXT_COLUMNS)))
            texts = pool.map(join, columns)
        return NameTable(cui, kind, self._kinds, *texts)

    def _keep(self, block: Block) -> _Piece:
        kind, cui = self._kinds.read(block), block.concept_numbers("CUI")
        rows, tally = self._kinds.sieve(kind)
        if self._typed is not None:
            typed = rows[self._typed[cui[rows]]]
            tally.drop("semantic type", len(rows) - len(typed))
            rows = typed
        return _Piece(tally, cui[rows], kind[rows], tuple(block.texts(column, rows) for column in _TEXT_COLUMNS))

    def _drop_duplicates(self, table: NameTable, rows: Rows) -> Rows:
        """Of rows that share CUI and AUI, the lowest in name, kind and code is kept."""
        cui = table.cui[rows]
        repeats = equals_previous(table.auis.data, table.auis.bounds, rows)
        repeats[1:] &= cui[1:] == cui[:-1]
        if not repeats.any():
            return rows
        self._tally.drop("duplicate row", int(repeats.sum()))
        kinds = table.kinds.all()
        firsts = np.flatnonzero(~repeats)
        ends = np.append(firsts[1:], len(rows))
        kept = rows[firsts]
        for group in np.flatnonzero(ends - firsts > 1).tolist():
            same = rows[firsts[group] : ends[group]].tolist()
            kept[group] = min(same, key=lambda row: (table.names[row], kinds[table.kind[row]], table.codes[row]))
        return kept

    def _check_not_empty(self) -> None:
        if self._tally.rows_out:
            return
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in self._tally.dropped.most_common())
        raise InputError(
            "MRCONSO.RRF: expected at least one name to pass the filters of the section umls, none of"
            f" {self._tally.rows_in:,} did: dropped by {reasons}. Relax these filters."
        )


def sort_rows(table: NameTable) -> Rows:
    """The rows in order of CUI and AUI."""
    in_order = bool(np.all(table.cui[1:] >= table.cui[:-1]))  # as NLM's files are
    rows = np.arange(len(table.cui)) if in_order else np.argsort(table.cui, kind="stable")
    sort_groups(table.auis.data, table.auis.bounds, concept_starts(table.cui[rows]), rows)
    return rows


def concept_starts(cui: concept_ids.Numbers) -> Rows:
    """(num_concepts + 1,) where each concept begins in the sorted column, and its length."""
    return np.append(np.flatnonzero(changes(cui)), len(cui))


def _problem(kind: NameKind) -> str:
    if len(kind.srl) == 1 and kind.srl.isascii() and kind.srl.isdigit():
        return ""
    return (
        f"expected SRL to be a restriction level 0-9, got {kind.srl!r}. The columns may be shifted; download the file"
        " again."
    )
