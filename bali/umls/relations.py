"""MRREL.RRF -> the relations between kept concepts."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl

from bali.io.census import Tally
from bali.umls.codes import StringCodes
from bali.umls.filters import UmlsFilters, keep_rows
from bali.umls.locate import RrfFile
from bali.umls.names import SLICE_ROWS
from bali.umls.rrf import read_mrrel
from bali.vocabulary import Sab

BUFFER_ROWS = 1 << 22  # rows whose CUIs are looked up at once
_COLUMNS = ("CUI1", "REL", "CUI2", "RELA", "SAB", "SUPPRESS")
_KEY = ("head", "rel", "rela", "tail", "sab")


@dataclass
class Relations:
    """The kept rows of MRREL, distinct and sorted.

    Attributes:
        frame: head and tail (positions in `cuis`), rel, rela and sab (positions in the sorted strings), srl.
        cuis: the kept concepts, sorted.
        strings: column -> its sorted strings, for rel, rela and sab.
        sources: the SABs of all rows of the file, kept or not.
    """

    frame: pl.DataFrame
    cuis: pl.Series
    strings: dict[str, pl.Series]
    sources: set[Sab]

    def slices(self) -> Iterator[pl.DataFrame]:
        """The rows as `schemas.RELATIONS` wants them, in pieces of `SLICE_ROWS`."""
        for rows in self.frame.iter_slices(SLICE_ROWS):
            yield rows.select(
                head_cui=self.cuis.gather(rows["head"]),
                tail_cui=self.cuis.gather(rows["tail"]),
                srl=rows["srl"],
                **{column: strings.gather(rows[column]) for column, strings in self.strings.items()},
            )

    def levels(self) -> list[int]:
        """The restriction levels of the kept relations' sources, sorted."""
        return sorted(self.frame["srl"].unique().to_list())

    def count_by_source(self) -> dict[Sab, int]:
        """SAB -> relations kept."""
        sabs = self.strings["sab"].to_list()
        counts = np.bincount(self.frame["sab"].to_numpy(), minlength=len(sabs))
        return {sab: int(count) for sab, count in zip(sabs, counts, strict=True) if count}


class _Reader:
    """Gathers filtered rows and turns their strings into integers, `BUFFER_ROWS` at a time."""

    def __init__(self, cuis: pl.Series, tally: Tally) -> None:
        self._index = pl.DataFrame({"cui": cuis}).with_row_index("id").with_columns(pl.col("id").cast(pl.Int32))
        self._tally = tally
        self._buffer: list[pl.DataFrame] = []
        self._buffered = 0
        self._pieces: list[pl.DataFrame] = []
        self.codes = {column: StringCodes() for column in ("rel", "rela", "sab")}

    def add(self, rows: pl.DataFrame) -> None:
        """Take kept MRREL rows; they are held as numbers."""
        codes = {column: code.encode(rows[column.upper()]) for column, code in self.codes.items()}
        self._buffer.append(rows.select(head_cui="CUI2", tail_cui="CUI1", srl="SRL", **codes))
        self._buffered += rows.height
        if self._buffered >= BUFFER_ROWS:
            self._flush()

    def finish(self) -> pl.DataFrame:
        """All rows taken, as one table."""
        self._flush()
        frame = pl.concat(self._pieces)
        self._pieces.clear()
        return frame

    def _flush(self) -> None:
        rows = pl.concat(self._buffer)
        self._buffer, self._buffered = [], 0
        for end in ("head", "tail"):
            ids = self._index.rename({"cui": f"{end}_cui", "id": end})
            rows = rows.join(ids, on=f"{end}_cui", how="inner").drop(f"{end}_cui")
        self._pieces.append(rows)


def read_relations(
    file: RrfFile, filters: UmlsFilters, cuis: pl.Series, levels: Mapping[Sab, int], tally: Tally
) -> Relations:
    """Read and filter MRREL.RRF. Relations of a concept with itself are kept; the graph decides on them.

    Drop reasons, in order: suppress, source, restriction level, relation, CUI without a kept name, duplicate row
    (equal in head, rel, rela, tail and source; MRREL relates atoms, so a relation of two concepts may have many rows).

    Args:
        file: MRREL.RRF.
        filters: what to keep.
        cuis: the kept concepts, sorted.
        levels: SAB -> restriction level; 0 for others.
        tally: the census of the table.

    Raises:
        InputError: as `read_mrrel`.
    """
    reader, sources, num_filtered = _Reader(cuis, tally), set[Sab](), 0
    reader.add(_no_rows())
    for table in read_mrrel(file, _COLUMNS):
        rows = pl.DataFrame(pl.from_arrow(table.rows))
        tally.rows_in += rows.height
        sources.update(rows["SAB"].unique().to_list())
        rows = rows.with_columns(SRL=pl.col("SAB").replace_strict(dict(levels), default=0, return_dtype=pl.Int8))
        rows = keep_rows(rows, filters.relation_rules(), tally)
        num_filtered += rows.height
        reader.add(rows)
    frame = reader.finish()
    tally.drop("CUI without a kept name", num_filtered - frame.height)
    frame = frame.with_columns(**{column: codes.rank(frame[column]) for column, codes in reader.codes.items()})
    distinct = _sort_distinct(frame)
    tally.drop("duplicate row", frame.height - distinct.height)
    tally.rows_out = distinct.height
    strings = {column: codes.sorted_strings() for column, codes in reader.codes.items()}
    return Relations(distinct, cuis, strings, sources)


def _no_rows() -> pl.DataFrame:
    return pl.DataFrame(schema={**dict.fromkeys(_COLUMNS, pl.String), "SRL": pl.Int8})


def _sort_distinct(frame: pl.DataFrame) -> pl.DataFrame:
    frame = frame.sort(_KEY)
    repeats = pl.lit(True)
    for column in _KEY:
        repeats = repeats & (pl.col(column) == pl.col(column).shift(1))
    return frame.filter(~repeats.fill_null(False))
