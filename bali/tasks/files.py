"""Reading the files of evaluation sets, plain or gzipped, with errors that say where."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bali.errors import InputError
from bali.io.json_text import decode_json
from bali.pubmed.files import open_input, read_lines


def read_json(path: Path) -> Any:
    """The value of a JSON file.

    Raises:
        InputError: the file is missing, damaged, or not JSON.
    """
    with open_input(path) as stream:
        content = stream.read()
    try:
        return decode_json(content)
    except ValueError as error:
        raise InputError(f"{path}: expected JSON or its gzip, got: {error}. Fetch the file again.") from error


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line number, object) of each line that is not blank.

    Raises:
        InputError: the file is missing or damaged, or a line is no JSON object.
    """
    for number, line in read_lines(path):
        if not line.strip():
            continue
        try:
            value = decode_json(line)
        except ValueError as error:
            raise InputError(f"{path} line {number}: expected a JSON object, got: {error}.") from error
        if not isinstance(value, dict):
            raise InputError(f"{path} line {number}: expected a JSON object, got {type(value).__name__}.")
        yield number, value


def read_rows(path: Path, num_columns: Sequence[int]) -> Iterator[tuple[int, list[str]]]:
    """(line number, columns) of each tab-separated line that is not blank; no quoting.

    Args:
        path: the file.
        num_columns: how many columns a line may have.

    Raises:
        InputError: the file is missing or damaged, or a line has another number of columns.
    """
    for number, line in read_lines(path):
        if not line.strip():
            continue
        columns = line.split("\t")
        if len(columns) not in num_columns:
            allowed = " or ".join(map(str, num_columns))
            raise InputError(f"{path} line {number}: expected {allowed} tab-separated columns, got {len(columns)}.")
        yield number, columns


def require(path: Path, where: str, row: Any, keys: Sequence[str]) -> list[Any]:
    """The values of keys that a JSON object must have.

    Raises:
        InputError: one is absent.
    """
    absent = [key for key in keys if not isinstance(row, dict) or key not in row]
    if absent:
        raise InputError(f"{path} {where}: expected {', '.join(keys)}, found no {absent[0]}.")
    return [row[key] for key in keys]
