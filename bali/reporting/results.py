"""The results directory as a reader sees it: which artefacts are there, how many rows, what they say of themselves."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bali.errors import ArtefactError
from bali.io.census import Census
from bali.io.files import read_json
from bali.io.parquet import METADATA_KEY, check_artefact, count_rows, read_artefact, read_provenance
from bali.schemas import ARTEFACTS


@dataclass(frozen=True)
class Results:
    """Read access to a results directory. A missing artefact is None or empty; a broken one is an `ArtefactError`."""

    root: Path

    def path(self, name: str) -> Path | None:
        """The file or directory `name` below the root, or None where it is absent."""
        path = self.root / name
        return path if path.exists() else None

    def files(self, pattern: str) -> list[Path]:
        """Files below the root that match a glob, sorted."""
        return sorted(path for path in self.root.glob(pattern) if path.is_file() and not path.name.startswith("."))

    def table(self, name: str, kind: str, columns: list[str] | None = None) -> pa.Table | None:
        """A whole artefact of a kind in `bali.schemas.ARTEFACTS`, or None where it is absent."""
        path = self.path(name)
        return None if path is None else read_artefact(path, ARTEFACTS[kind], columns)

    def num_rows(self, pattern: str, kind: str) -> int | None:
        """Rows of all artefacts that match a glob, from their footers; None where there is no such file."""
        paths = self.files(pattern)
        return sum(count_rows(path, ARTEFACTS[kind]) for path in paths) if paths else None

    def json(self, name: str) -> Any:
        """A JSON file, or None where it is absent."""
        path = self.path(name)
        return None if path is None else read_json(path)

    def censuses(self, pattern: str) -> list[Census]:
        """The censuses that match a glob, added up by stage; sorted by stage name."""
        merged: dict[str, Census] = {}
        for path in self.files(pattern):
            census = Census.read(path)
            _add(merged.setdefault(census.stage, Census(census.stage)), census)
        return [merged[stage] for stage in sorted(merged)]

    def first_rows(self, path: Path, kind: str, columns: list[str], num_rows: int) -> pa.Table:
        """The first rows of an artefact; no more than they need is read.

        Raises:
            ArtefactError: the file is damaged or has other columns.
        """
        file = check_artefact(path, ARTEFACTS[kind])
        try:
            batches = file.iter_batches(num_rows, columns=columns)
            first = next(iter(batches), None)
        except (pa.ArrowException, OSError) as error:
            raise ArtefactError(f"{path}: damaged: {str(error).splitlines()[0]}. Run its stage again.") from error
        schema = pa.schema([ARTEFACTS[kind].field(name) for name in columns])
        return pa.Table.from_batches([first] if first is not None else [], schema)

    def provenances(self) -> list[tuple[str, dict[str, Any]]]:
        """(path below the root, what the stage wrote into its metadata) of every artefact, sorted by path."""
        return [
            (str(path.relative_to(self.root)), read_provenance(path))
            for path in self.files("**/*.parquet")
            if is_artefact(path)
        ]


def is_artefact(path: Path) -> bool:
    """Whether a Parquet file carries a stage's metadata; one that cannot be read counts, so that it is reported."""
    try:
        return METADATA_KEY in (pq.read_metadata(path).metadata or {})
    except (pa.ArrowException, OSError):
        return True


def _add(total: Census, census: Census) -> None:
    for name, tally in census.tables.items():
        total.table(name).add(tally)
    for name, value in census.notes.items():
        before = total.notes.get(name)
        if isinstance(value, int | float) and isinstance(before, int | float):
            total.notes[name] = before + value
        elif before is None:
            total.notes[name] = value
