"""Tables of text columns separated by tabs: header checked, every row counted in columns."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from bali.errors import InputError
from bali.ontologies.text_files import read_lines

Row = tuple[str, ...]


def read_table(path: Path, columns: Sequence[str]) -> Iterator[Row]:
    """The wanted columns of each row; comment lines (`#`) before the header are passed over, quotes are taken off.

    Args:
        path: tab-separated UTF-8 with a header line, plain, `.gz` or `.zip`.
        columns: names in the header; the rows are given in this order.

    Raises:
        InputError: as `read_lines`, a wanted column is missing, or a row has another number of columns.
    """
    header: list[str] = []
    places: list[int] = []
    for number, line in read_lines(path):
        if not header and line.startswith("#"):
            continue
        cells = line.split("\t")
        if not header:
            header, places = cells, _places(cells, columns, path)
            continue
        if len(cells) != len(header):
            raise InputError(
                f"{path} line {number}: expected {len(header)} columns, got {len(cells)}. Download it again."
            )
        yield tuple(cells[place].strip().strip('"') for place in places)
    if not header:
        raise InputError(f"{path}: expected the columns {', '.join(columns)}, found an empty file. Download it again.")


def read_rows(path: Path, num_columns: int) -> Iterator[Row]:
    """The rows of a table without a header.

    Raises:
        InputError: as `read_lines`, or a row has another number of columns.
    """
    for number, line in read_lines(path):
        cells = tuple(line.split("\t"))
        if len(cells) != num_columns:
            raise InputError(f"{path} line {number}: expected {num_columns} columns, got {len(cells)}.")
        yield cells


def _places(header: Sequence[str], columns: Sequence[str], path: Path) -> list[int]:
    missing = [column for column in columns if column not in header]
    if missing:
        raise InputError(
            f"{path}: expected the columns {', '.join(columns)}, found no {', '.join(missing)}"
            f" in {', '.join(header)[:120]!r}. Give the file of the version that the registry names."
        )
    return [header.index(column) for column in columns]
