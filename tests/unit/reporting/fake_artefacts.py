"""Writes rows as an artefact of the pipeline, with the real schemas."""

from pathlib import Path

import pyarrow as pa

from bali.io.parquet import Provenance, write_artefact
from bali.schemas import ARTEFACTS


def cui(i: int) -> str:
    return f"C99{i:05d}"


def write(
    root: Path, name: str, kind: str, rows: list[dict], release: str = "demo", levels: tuple[int, ...] = (0,)
) -> Path:
    schema = ARTEFACTS[kind]
    provenance = Provenance(kind, release, "ab" * 32, {"MRCONSO.RRF": "cd" * 32}, levels)
    path = root / name
    write_artefact(path, pa.Table.from_pylist(rows, schema), schema, provenance)
    return path
