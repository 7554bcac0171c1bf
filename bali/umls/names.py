"""MRCONSO.RRF -> names, the concepts they make up, and the codes of the sources."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from bali.errors import InputError
from bali.io.census import Tally
from bali.umls.codes import StringCodes
from bali.umls.filters import UmlsFilters, keep_rows
from bali.umls.locate import RrfFile
from bali.umls.rrf import read_mrconso
from bali.vocabulary import Sab

SLICE_ROWS = 1 << 20  # rows turned into strings and written at once
NO_CODE = "NOCODE"  # MRCONSO.CODE of atoms whose source gives none
HIGHEST_LEVEL = 9
_PREFERRED = 7  # all three bits of the preference
_COLUMNS = ("CUI", "LAT", "TS", "STT", "ISPREF", "AUI", "SAB", "TTY", "CODE", "STR", "SRL", "SUPPRESS")


@dataclass
class Names:
    """The kept rows of MRCONSO, sorted by cui and aui.

    Attributes:
        frame: cui, aui, name, sab and tty (ranks in `sabs` and `ttys`), preference (bits TS=P 4, STT=PF 2, ISPREF=Y 1),
            srl, suppress, code.
        sabs: the sources' abbreviations, sorted.
        ttys: the term types, sorted.
        source_levels: SAB -> highest restriction level of its rows in the file, kept or not.
    """

    frame: pl.DataFrame
    sabs: pl.Series
    ttys: pl.Series
    source_levels: dict[Sab, int] = field(default_factory=dict)

    def slices(self) -> Iterator[pl.DataFrame]:
        """The rows as `schemas.NAMES` wants them, in pieces of `SLICE_ROWS`."""
        for rows in self.frame.iter_slices(SLICE_ROWS):
            yield rows.with_columns(
                sab=self.sabs.gather(rows["sab"]),
                tty=self.ttys.gather(rows["tty"]),
                is_preferred=rows["preference"] == _PREFERRED,
            )

    def concepts(self) -> pl.DataFrame:
        """One row a concept, sorted by cui: cui, preferred_name, num_names.

        The preferred name is the concept's first in this order: TS=P before others, then STT=PF, then ISPREF=Y (all
        three: NLM's preferred name), then by SAB, TTY and AUI. So it depends on the concept's rows alone.
        """
        frame = self.frame
        changes = (frame["cui"] != frame["cui"].shift(1)).fill_null(True)
        starts = changes.arg_true().to_numpy().astype(np.int64)
        counts = np.diff(starts, append=frame.height)
        demerit = (_PREFERRED - frame["preference"].to_numpy()).astype(np.int64)
        key = (demerit << 32) | (frame["sab"].to_numpy().astype(np.int64) << 16) | frame["tty"].to_numpy()
        best = np.repeat(np.minimum.reduceat(key, starts), counts)
        hits = np.flatnonzero(key == best)  # rows of a concept lie in order of AUI: the first hit is the lowest
        first = hits[np.searchsorted(hits, starts)]
        return pl.DataFrame(
            {
                "cui": frame["cui"].gather(starts),
                "preferred_name": frame["name"].gather(first),
                "num_names": counts.astype(np.int32),
            }
        )

    def codes(self) -> pl.DataFrame:
        """Distinct sab, code, cui, sorted; names without a code (empty or NOCODE) have none."""
        frame = self.frame.filter(~pl.col("code").is_in(["", NO_CODE])).select("sab", "code", "cui").unique()
        frame = frame.sort("sab", "code", "cui")
        return frame.with_columns(sab=self.sabs.gather(frame["sab"]))

    def levels(self) -> list[int]:
        """The restriction levels of the kept names, sorted."""
        return sorted(self.frame["srl"].unique().to_list())

    def count_by_source(self) -> dict[Sab, int]:
        """SAB -> names kept."""
        counts = np.bincount(self.frame["sab"].to_numpy(), minlength=len(self.sabs))
        return {sab: int(count) for sab, count in zip(self.sabs.to_list(), counts, strict=True) if count}


def read_names(file: RrfFile, filters: UmlsFilters, types: pl.DataFrame, tally: Tally) -> Names:
    """Read and filter MRCONSO.RRF.

    Drop reasons, in order: language, suppress, source, term type, restriction level, semantic type, duplicate row.

    Args:
        file: MRCONSO.RRF.
        filters: what to keep.
        types: cui and tui of the release.
        tally: the census of the table.

    Raises:
        InputError: as `read_mrconso`; a restriction level is no digit; no name is left.
    """
    sabs, ttys, levels, pieces = StringCodes(), StringCodes(), dict[Sab, int](), list[pl.DataFrame]()
    for table in read_mrconso(file, _COLUMNS):
        rows = pl.DataFrame(pl.from_arrow(table.rows))
        tally.rows_in += rows.height
        rows = rows.with_columns(SRL=parse_levels(rows["SRL"], file, table.first_line))
        for sab, level in rows.group_by("SAB").agg(pl.col("SRL").max()).iter_rows():
            levels[sab] = max(level, levels.get(sab, 0))
        pieces.append(_compact(keep_rows(rows, filters.name_rules(), tally), sabs, ttys))
    frame = pl.concat(pieces)
    pieces.clear()
    if filters.tuis is not None:
        wanted = types.filter(pl.col("tui").is_in(sorted(filters.tuis))).select("cui").unique()
        kept = frame.join(wanted, on="cui", how="semi")
        tally.drop("semantic type", frame.height - kept.height)
        frame = kept
    frame = frame.with_columns(sab=sabs.rank(frame["sab"]), tty=ttys.rank(frame["tty"]))
    frame = _sort_distinct(frame, tally)
    tally.rows_out = frame.height
    _check_not_empty(tally)
    return Names(frame, sabs.sorted_strings(), ttys.sorted_strings(), levels)


def parse_levels(levels: pl.Series, file: RrfFile, first_line: int) -> pl.Series:
    """Restriction levels as int8.

    Raises:
        InputError: one is not a number 0-9.
    """
    parsed = levels.cast(pl.Int8, strict=False)
    wrong = (parsed.is_null() | ~parsed.is_between(0, HIGHEST_LEVEL)).fill_null(True).arg_true()
    if len(wrong):
        row = int(wrong[0])
        raise InputError(
            f"{file.name} line {first_line + row}: expected SRL to be a restriction level 0-9, got {levels[row]!r}."
            " The columns may be shifted; download the file again."
        )
    return parsed


def _compact(rows: pl.DataFrame, sabs: StringCodes, ttys: StringCodes) -> pl.DataFrame:
    return rows.select(
        cui="CUI",
        aui="AUI",
        name="STR",
        sab=sabs.encode(rows["SAB"]),
        tty=ttys.encode(rows["TTY"]),
        preference=sum(
            ((pl.col(column) == value).cast(pl.UInt8) * bit for column, value, bit in _PREFERENCE), pl.lit(0, pl.UInt8)
        ),
        srl="SRL",
        suppress="SUPPRESS",
        code="CODE",
    )


_PREFERENCE = (("TS", "P", 4), ("STT", "PF", 2), ("ISPREF", "Y", 1))


def _sort_distinct(frame: pl.DataFrame, tally: Tally) -> pl.DataFrame:
    """Sort by cui and aui; of rows that share both, the lowest in all columns is kept."""
    frame = frame.sort("cui", "aui")
    repeats = (frame["cui"] == frame["cui"].shift(1)) & (frame["aui"] == frame["aui"].shift(1))
    num_repeats = int(repeats.fill_null(False).sum())
    if num_repeats == 0:
        return frame
    tally.drop("duplicate row", num_repeats)
    return frame.sort(frame.columns).unique(["cui", "aui"], keep="first", maintain_order=True)


def _check_not_empty(tally: Tally) -> None:
    if tally.rows_out:
        return
    reasons = ", ".join(f"{reason} {count:,}" for reason, count in tally.dropped.most_common())
    raise InputError(
        f"MRCONSO.RRF: expected at least one name to pass the filters of the section umls, none of {tally.rows_in:,}"
        f" did: dropped by {reasons}. Relax these filters."
    )
