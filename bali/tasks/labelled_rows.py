"""Rows of a text and its label, as most relation sets are passed on: JSON lines or TSV.

JSON lines: `{"text": ..., "label": ...}` (SciBERT) or `{"sentence": ..., "label": ...}` (LinkBERT). TSV: text, label,
or id, text, label, with a header (`index  sentence  label`; BLUE, BLURB, BioBERT's test files) or without one
(BioBERT's training files). Nothing is quoted.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bali.errors import InputError
from bali.pubmed.files import read_lines
from bali.tasks.files import read_json_lines, read_rows, require

_LABEL = "label"
_TEXTS = ("text", "sentence")


class LabelledRow(NamedTuple):
    """A row of a file; `row_id` is "" where the file has none."""

    line: int
    row_id: str
    text: str
    label: str


def read_labelled_rows(path: Path) -> Iterator[LabelledRow]:
    """The rows of a file, plain or gzipped; a header is no row.

    Raises:
        InputError: the file is missing or damaged, a row has other columns or keys, or an empty text or label.
    """
    rows = _json_rows(path) if _is_json(path) else _tsv_rows(path)
    for row in rows:
        if not row.text.strip() or not row.label.strip():
            raise InputError(f"{path} line {row.line}: expected a text and a label, got an empty one.")
        yield row


def _is_json(path: Path) -> bool:
    return next((line for _, line in read_lines(path) if line.strip()), "").lstrip().startswith("{")


def _json_rows(path: Path) -> Iterator[LabelledRow]:
    for number, row in read_json_lines(path):
        key = next((key for key in _TEXTS if key in row), _TEXTS[0])
        text, label = require(path, f"line {number}", row, (key, _LABEL))
        if not isinstance(text, str) or not isinstance(label, str | int):
            raise InputError(f"{path} line {number}: expected {key} and label as strings, got {row!r:.60}.")
        yield LabelledRow(number, str(row.get("id", "")), text, str(label))


def _tsv_rows(path: Path) -> Iterator[LabelledRow]:
    num_columns = 0
    for number, columns in read_rows(path, (2, 3)):
        if not num_columns:
            num_columns = len(columns)
            if columns[-1].strip().lower() == _LABEL:
                continue
        if len(columns) != num_columns:
            raise InputError(
                f"{path} line {number}: expected {num_columns} columns as in the first line, got {len(columns)}."
                " Is there a tab within a text?"
            )
        yield LabelledRow(number, columns[0] if num_columns > 2 else "", columns[-2], columns[-1].strip())
