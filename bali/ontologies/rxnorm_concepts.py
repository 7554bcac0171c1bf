"""The concepts of a RxNorm release: a RXCUI as the UMLS CUI that the release gives it, or as `R` and seven digits."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from bali.errors import InputError
from bali.ontologies.columns import Block, Wanted
from bali.ontologies.foreign_tables import read_table
from bali.rrf.layouts import MRCONSO
from bali.rrf.source import RrfFile

Numbers = npt.NDArray[np.int32]

CONSO, SAT = "RXNCONSO.RRF", "RXNSAT.RRF"
CONSO_COLUMNS = tuple({"CUI": "RXCUI", "AUI": "RXAUI"}.get(column, column) for column in MRCONSO.columns)
SAT_COLUMNS = ("RXCUI", "LUI", "SUI", "RXAUI", "STYPE", "CODE", "ATUI", "SATUI", "ATN", "SAB", "ATV", "SUPPRESS", "CVF")
MAX_RXCUIS = 10_000_000  # a RXCUI has at most seven digits here; the table of NLM's load scripts has room for eight
_NONE = -1


class RxnormConcepts:
    """Which concept a RXCUI or a RXAUI is; the files are read on first use.

    Args:
        files: name -> file; RXNCONSO.RRF, and RXNSAT.RRF where the release has it.
    """

    def __init__(self, files: Mapping[str, RrfFile]) -> None:
        self._files = files

    @cached_property
    def _umls_cuis(self) -> tuple[Numbers, pl.Series]:
        """Position of each RXCUI's CUI (-1: none), and the CUIs.

        RXNSAT rows with ATN `UMLSCUI` give it in ATV. Of several the one of SAB RXNORM, then the lowest, is taken.
        """
        rows = [self._no_attributes()]
        if file := self._files.get(SAT):
            for block in read_table(file, Wanted(("RXCUI", "ATN", "SAB", "ATV")), SAT_COLUMNS):
                given = (pl.col("ATN") == "UMLSCUI") & pl.col("ATV").str.contains(r"^C[0-9]{7}$")
                rows.append(numbered(block, "RXCUI", file).filter(given).select("RXCUI", "SAB", "ATV"))
        found = pl.concat(rows).sort("RXCUI", pl.col("SAB") != "RXNORM", "ATV").unique("RXCUI", keep="first")
        index = np.full(MAX_RXCUIS, _NONE, np.int32)
        index[found["RXCUI"].to_numpy()] = np.arange(found.height, dtype=np.int32)
        return index, found["ATV"]

    @cached_property
    def _atoms(self) -> pl.DataFrame:
        """RXAUI, RXCUI of the names, in order of RXAUI; of a RXAUI that is there twice the last row."""
        pieces = [pl.DataFrame(schema={"RXAUI": pl.Int32, "RXCUI": pl.Int32})]
        file = self._files[CONSO]
        for block in read_table(file, Wanted(("RXCUI", "RXAUI")), CONSO_COLUMNS):
            rows = numbered(block, "RXCUI", file)
            pieces.append(rows.select(_rxaui("RXAUI"), "RXCUI").drop_nulls())
        return pl.concat(pieces).unique("RXAUI", keep="last").sort("RXAUI")

    @cached_property
    def current(self) -> npt.NDArray[np.bool_]:
        """(MAX_RXCUIS,) whether a RXCUI has a name in the release."""
        is_current = np.zeros(MAX_RXCUIS, np.bool_)
        is_current[self._atoms["RXCUI"].to_numpy()] = True
        return is_current

    def of_atoms(self, rxauis: pl.Series) -> Numbers:
        """The RXCUI of each RXAUI (a string); -1 where RXNCONSO does not have it."""
        found = (
            pl.DataFrame({"RXAUI": rxauis})
            .select(_rxaui("RXAUI"))
            .join(self._atoms, on="RXAUI", how="left", maintain_order="left")
        )
        return found["RXCUI"].fill_null(_NONE).to_numpy()

    def has_umls_cui(self, rxcuis: Numbers) -> npt.NDArray[np.bool_]:
        """Whether the release gives each RXCUI a UMLS CUI."""
        return self._umls_cuis[0][rxcuis] != _NONE

    def write(self, rxcuis: pl.Series) -> pl.Series:
        """The concept id of each RXCUI (a number)."""
        index, cuis = self._umls_cuis
        positions = index[rxcuis.to_numpy()]
        own = pl.select("R" + rxcuis.cast(pl.String).str.zfill(7)).to_series()
        if cuis.is_empty():
            return own
        given = cuis.gather(np.maximum(positions, 0))
        return given.zip_with(pl.Series(positions != _NONE), own)

    @staticmethod
    def _no_attributes() -> pl.DataFrame:
        return pl.DataFrame(schema={"RXCUI": pl.Int32, "SAB": pl.String, "ATV": pl.String})


def _rxaui(column: str) -> pl.Expr:
    """A column of RXAUIs as numbers; null for what is none."""
    return pl.when(pl.col(column).str.contains(r"^[0-9]{1,9}$")).then(pl.col(column).cast(pl.Int32, strict=False))


def numbered(block: Block, column: str, file: RrfFile, may_be_empty: bool = False) -> pl.DataFrame:
    """The rows of a block with the RXCUIs of a column as int32, -1 for empty ones.

    Raises:
        InputError: a RXCUI is not a number of one to seven digits.
    """
    values = block.rows[column]
    wrong = ~values.str.contains(r"^[0-9]{0,7}$" if may_be_empty else r"^[0-9]{1,7}$")
    if wrong.any():
        row = int(wrong.arg_max() or 0)
        raise InputError(
            f"{file} line {block.first_line + row}: expected {column} to be a number of at most 7 digits, got"
            f" {values[row]!r}. The columns may be shifted; download the file again."
        )
    return block.rows.with_columns(pl.col(column).cast(pl.Int32, strict=False).fill_null(_NONE))
