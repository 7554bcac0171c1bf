"""The account of rows: what a stage read, kept and dropped, and why."""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bali.errors import ArtefactError
from bali.io.files import read_json
from bali.io.seals import write_record


@dataclass
class Tally:
    """Rows of one input table: rows_in = rows_out + the sum of `dropped`."""

    rows_in: int = 0
    rows_out: int = 0
    dropped: Counter[str] = field(default_factory=Counter)

    def drop(self, reason: str, num_rows: int) -> None:
        """Count `num_rows` as dropped for `reason` (zero rows leave no entry)."""
        if num_rows:
            self.dropped[reason] += num_rows

    def add(self, other: "Tally") -> None:
        """Count the rows of another piece of the same table."""
        self.rows_in += other.rows_in
        self.rows_out += other.rows_out
        self.dropped.update(other.dropped)

    def check(self, table: str) -> None:
        """Assert that no row is unaccounted for."""
        accounted = self.rows_out + self.dropped.total()
        assert self.rows_in == accounted, f"{table}: read {self.rows_in} rows, accounted for {accounted}"


@dataclass
class Census:
    """The census of one stage: a tally per input table and free counts.

    `notes` holds counts that are not rows of a table (e.g. truncated subgraphs, retired CUIs seen).
    """

    stage: str
    tables: dict[str, Tally] = field(default_factory=dict)
    notes: dict[str, int | float | str] = field(default_factory=dict)

    def table(self, name: str) -> Tally:
        """The tally of a table, made on first use."""
        return self.tables.setdefault(name, Tally())

    def write(self, path: Path) -> None:
        """Check that every row is accounted for and write the census as JSON, atomically."""
        for name, tally in self.tables.items():
            tally.check(name)
        tables = {
            name: {"rows_in": t.rows_in, "rows_out": t.rows_out, "dropped": dict(t.dropped)}
            for name, t in self.tables.items()
        }
        write_record(path, {"stage": self.stage, "tables": tables, "notes": self.notes})

    @classmethod
    def read(cls, path: Path) -> "Census":
        """Read a census that a stage wrote.

        Raises:
            ArtefactError: the file is missing or is no census.
        """
        value: Any = read_json(path)
        try:
            tables = {
                str(name): Tally(int(rows["rows_in"]), int(rows["rows_out"]), _counts(rows["dropped"]))
                for name, rows in value["tables"].items()
            }
            return cls(str(value["stage"]), tables, dict(value["notes"]))
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise ArtefactError(
                f"{path}: expected the census of a stage, got something else. Delete the file and run its stage again."
            ) from error


def _counts(dropped: Any) -> Counter[str]:
    return Counter({str(reason): int(number) for reason, number in dropped.items()})
