"""Multiple-choice questions in JSON lines, in the two forms that they are published in.

- MedQA, MedAgentsBench, MMLU: `question`, `options` (letter -> text), `answer_idx` (a letter); `realidx` or `id`.
- MedMCQA: `question`, `opa`, `opb`, `opc`, `opd`, `cop`, `id`. `cop` counts from 1 in the original release and from 0
  in the copy of Hugging Face: a 4 in a file tells the one, a 0 the other, and a file with neither counts from 1.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bali.errors import InputError
from bali.tasks.examples import ChoiceQuestion, Splits
from bali.tasks.files import read_json_lines, require
from bali.tasks.options import SplitFiles
from bali.tasks.parts import name_of, read_parts

_LETTERED = ("opa", "opb", "opc", "opd")
_NUMBER = "cop"
_IDS = ("id", "realidx")

_Row = tuple[int, dict[str, Any]]


def read_choices(dataset: SplitFiles) -> Splits[ChoiceQuestion]:
    """Read all questions of a set, plain or gzipped.

    Raises:
        InputError: a file is missing, damaged or in another form, an answer is none of the options or not published,
            or an id comes twice.
    """
    return read_parts(dataset, _read_file)


def _read_file(path: Path, _left_out: Counter[str]) -> Iterator[ChoiceQuestion]:
    rows = list(read_json_lines(path))
    offset = _first_number(path, rows)
    for number, row in rows:
        options, answer = _numbered(path, number, row, offset) if _NUMBER in row else _lettered(path, number, row)
        (question,) = require(path, f"line {number}", row, ("question",))
        if not isinstance(question, str) or not question.strip():
            raise InputError(f"{path} line {number}: expected a question, got {question!r:.40}.")
        yield ChoiceQuestion(_id(path, number, row), question, options, answer)


def _first_number(path: Path, rows: Sequence[_Row]) -> int:
    """What `cop` counts from in a file."""
    found = {row[_NUMBER] for _, row in rows if isinstance(row.get(_NUMBER), int)}
    if {0, 4} <= found:
        raise InputError(
            f"{path}: expected cop to count from 0 or from 1, found both 0 and 4. Are rows of two releases in one file?"
        )
    return 0 if 0 in found else 1


def _numbered(path: Path, number: int, row: dict[str, Any], offset: int) -> tuple[tuple[str, ...], int]:
    options = require(path, f"line {number}", row, _LETTERED)
    answer = row[_NUMBER]
    if answer is None or answer == -1:
        raise InputError(
            f"{path} line {number}: expected the answer in cop, found none. MedMCQA's test answers are not published:"
            " name its dev file as test."
        )
    if isinstance(answer, bool) or not isinstance(answer, int) or not 0 <= answer - offset < len(options):
        raise InputError(f"{path} line {number}: expected cop from {offset} to {offset + 3}, got {answer!r:.40}.")
    return _texts(path, number, options), answer - offset


def _lettered(path: Path, number: int, row: dict[str, Any]) -> tuple[tuple[str, ...], int]:
    options, letter = require(path, f"line {number}", row, ("options", "answer_idx"))
    if not isinstance(options, dict) or len(options) < 2:
        raise InputError(f"{path} line {number}: expected at least two options by letter, got {options!r:.40}.")
    letters = sorted(options)
    if letter not in letters:
        raise InputError(f"{path} line {number}: expected answer_idx among {', '.join(letters)}, got {letter!r:.40}.")
    return _texts(path, number, [options[key] for key in letters]), letters.index(letter)


def _texts(path: Path, number: int, options: Sequence[Any]) -> tuple[str, ...]:
    if any(isinstance(option, bool) or not isinstance(option, str | int | float) for option in options):
        raise InputError(f"{path} line {number}: expected texts as options, got {options!r:.60}.")
    return tuple(str(option) for option in options)


def _id(path: Path, number: int, row: dict[str, Any]) -> str:
    found = next((row[key] for key in _IDS if row.get(key) is not None), None)
    return f"{name_of(path)}:{number}" if found is None else str(found)
