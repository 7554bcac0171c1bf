"""The columns of a foreign table: found by their names, whatever their order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from bali.errors import InputError
from bali.rrf.source import RrfFile


@dataclass(frozen=True)
class Wanted:
    """The columns to read.

    Attributes:
        required: an error where one is missing.
        optional: "" in every row where the table lacks them.
        aliases: other name -> wanted name, used where the table lacks the wanted name; earlier ones first.
    """

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """All of them, the required ones first."""
        return self.required + self.optional

    def complete(self, rows: pl.DataFrame) -> pl.DataFrame:
        """`rows` with exactly the wanted columns, in their order; absent ones are empty."""
        return rows.select(pl.col(name) if name in rows.columns else pl.lit("").alias(name) for name in self.names)


@dataclass(frozen=True)
class Block:
    """Some rows of a foreign table.

    Attributes:
        rows: string columns without nulls.
        first_line: the line number of row 0 (in CSV at least that, as a row may span lines).
    """

    rows: pl.DataFrame
    first_line: int


def match_header(header: Sequence[str], wanted: Wanted, file: RrfFile, line: int = 1) -> list[str]:
    """The column names of a table, those that are wanted under their wanted name.

    Names are compared without case, spaces, underscores, a leading `#` (MedGen), the prefix `biolink:` and a type after
    a colon (`id:ID`, as Neo4j writes it).

    Raises:
        InputError: a required column is missing or a column is there twice.
    """
    names = {_bare(name): name for name in wanted.names}
    columns = [names.get(_bare(column), column) for column in header]
    for alias, name in wanted.aliases.items():
        if name not in columns:
            columns = [name if _bare(column) == _bare(alias) else column for column in columns]
    missing = [name for name in wanted.required if name not in columns]
    if missing:
        raise InputError(
            f"{file} line {line}: expected a header with the columns {', '.join(wanted.required)}; {', '.join(missing)}"
            f" not found among {', '.join(header)[:200]}. Add the header or rename the columns."
        )
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    if repeated:
        raise InputError(f"{file} line {line}: expected each column once, found {repeated[0]} twice. Remove one.")
    return columns


def _bare(name: str) -> str:
    name = name.strip().lstrip("#").strip().lower().removeprefix("biolink:")
    return name.partition(":")[0].replace("_", "").replace(" ", "")
