"""Similarity as people rate it: UMNSRS and MayoSRS (Pakhomov et al. 2010, 2011), BIOSSES (Soğancıoğlu et al. 2017).

Nothing is trained: the cosine of two texts is compared with their rating. Term pairs lie in files of comma-separated
values with a header, as published (conservancy.umn.edu/handle/11299/196265), or of three columns without one.
"""

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import Field

from bali.errors import InputError
from bali.pubmed.files import open_input
from bali.strict import Section
from bali.tasks.examples import RatedPair
from bali.tasks.options import Dataset
from bali.tasks.parts import name_of
from bali.tasks.task import Similarity as SimilarityTask

# Names of columns, lower-cased: those of the texts, and those whose mean is the rating; the first that a file has.
_TEXTS = (("term1", "term2"), ("sentence1", "sentence2"), ("text1", "text2"))
_RATINGS = (("mean",), ("score",), ("label",), ("physicians", "coders"), ("a", "b", "c", "d", "e"))
_SEPARATORS = re.compile(r"[\s_]")
_NO_HEADER = (0, 1, (2,))

_Columns = tuple[int, int, tuple[int, ...]]  # first text, second text, ratings


class SimilarityDataset(Dataset):
    """Files of rated pairs."""

    pairs: list[str] = Field(min_length=1, description="files, comma- or tab-separated")

    def files(self) -> Mapping[str, Sequence[str]]:
        """Key below the set -> the files that it names."""
        return {"pairs": self.pairs}


class Similarity(Section):
    """Zero-shot similarity of terms or sentences."""

    datasets: dict[str, SimilarityDataset] = Field({})


def read(dataset: SimilarityDataset) -> list[RatedPair]:
    """The pairs of all files, in their order.

    Raises:
        InputError: a file is missing, damaged or empty, lacks a column, or a row has an empty text or no number; two
            files have one name.
    """
    pairs: list[RatedPair] = []
    seen: set[str] = set()
    for path in map(Path, dataset.pairs):
        stem = _stem(path)
        if stem in seen:
            raise InputError(f"{path}: expected files of distinct names, got {stem} twice. Rename one.")
        seen.add(stem)
        pairs += _read_file(path, stem)
    return pairs


def _stem(path: Path) -> str:
    return Path(name_of(path)).stem


def _read_file(path: Path, stem: str) -> list[RatedPair]:
    rows = list(_rows(path))
    if not rows:
        raise InputError(f"{path}: expected at least one pair, found none.")
    header = _header(rows[0][1])
    data = rows if header is None else rows[1:]
    if not data:
        raise InputError(f"{path}: expected at least one pair below the header, found none.")
    columns = header or _NO_HEADER
    num_columns = len(rows[0][1])
    if header is None and num_columns != 3:
        raise InputError(
            f"{path} line {rows[0][0]}: expected a header such as Term1, Term2, Mean, or the columns text, text,"
            f" rating, got {', '.join(rows[0][1])!r:.60}."
        )
    for line, row in data:
        if len(row) != num_columns:
            raise InputError(f"{path} line {line}: expected {num_columns} columns, got {len(row)}.")
    return [_pair(path, line, row, f"{stem}:{number}", columns) for number, (line, row) in enumerate(data, start=1)]


def _rows(path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line number, columns) of the rows that are not blank; lines end in LF, CR LF or, as in old exports, CR."""
    with open_input(path) as stream:
        content = stream.read()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: expected UTF-8, got: {error}. Convert the file.") from error
    first = next(iter(text.strip().splitlines()), "")
    lines = io.StringIO(text, newline="")
    reader = (
        csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE) if "\t" in first else csv.reader(lines, strict=True)
    )
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                yield reader.line_num, row
    except csv.Error as error:
        raise InputError(f"{path} line {reader.line_num}: expected comma-separated values, got: {error}.") from error


def _header(row: Sequence[str]) -> _Columns | None:
    """Where the columns are, if this row is a header."""
    places = {_SEPARATORS.sub("", cell).lower(): place for place, cell in enumerate(row)}
    texts = next((names for names in _TEXTS if all(name in places for name in names)), None)
    ratings = next((names for names in _RATINGS if all(name in places for name in names)), None)
    if texts is None or ratings is None:
        return None
    return places[texts[0]], places[texts[1]], tuple(places[name] for name in ratings)


def _pair(path: Path, line: int, row: Sequence[str], example_id: str, columns: _Columns) -> RatedPair:
    first, second = row[columns[0]].strip(), row[columns[1]].strip()
    if not first or not second:
        raise InputError(f"{path} line {line}: expected two texts, got an empty one.")
    try:
        ratings = [float(row[place]) for place in columns[2]]
    except ValueError as error:
        raise InputError(f"{path} line {line}: expected a number as rating, got: {error}.") from error
    rating = sum(ratings) / len(ratings)
    if not math.isfinite(rating):
        raise InputError(f"{path} line {line}: expected a finite rating, got {rating}.")
    return RatedPair(example_id, first, second, rating)


TASK = SimilarityTask(
    name="similarity",
    title="similarity",
    section=Similarity,
    main=(("test", "spearman_mean"),),
    source="UMNSRS and MayoSRS are at conservancy.umn.edu/handle/11299/196265; any rated pairs of texts serve.",
    read=read,
)
