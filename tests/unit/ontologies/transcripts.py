"""Foreign releases written in a test, and the rows of their transcripts."""

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

from bali.ontologies.transcript import TranscribedFile
from bali.rrf import layouts

LAYOUTS = {layout.name: layout for layout in vars(layouts).values() if isinstance(layout, layouts.Layout)}


def write(path: Path, lines: Sequence[str], end: str = "\n") -> Path:
    """Write lines, gzipped where the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = "".join(line + end for line in lines).encode()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def rows_of(file: TranscribedFile, *columns: str) -> list[tuple[str, ...]]:
    """The rows of a transcript, read as the RRF text that it is; its tally is checked."""
    layout = LAYOUTS[file.name]
    with file.open() as stream:
        text = stream.read().decode()
    file.tally.check(file.name)
    rows = [dict(zip(layout.columns, line.split("|")[:-1], strict=True)) for line in text.split("\n")[:-1]]
    return [tuple(row[column] for column in columns or layout.columns) for row in rows]


def tallied(file: TranscribedFile) -> tuple[int, int, Mapping[str, int]]:
    """Rows in, rows out and drops after reading the transcript."""
    rows_of(file)
    return file.tally.rows_in, file.tally.rows_out, dict(file.tally.dropped)
