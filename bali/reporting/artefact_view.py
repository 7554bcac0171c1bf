"""What `bali show` says about a file or directory, as lines of text that fit the terminal."""

import json
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from bali.errors import ArtefactError
from bali.io.census import Census
from bali.io.files import read_json
from bali.io.parquet import METADATA_KEY

DIGEST_DIGITS = 12
MAX_INPUTS = 8  # inputs named one by one
MIN_COLUMN = 6  # characters
GAP = "  "
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def view(path: Path, num_rows: int, width: int) -> list[str]:
    """The lines about a Parquet file, a JSON file, or a directory of them.

    Raises:
        ArtefactError: there is no such path, or it is neither of these.
    """
    if path.is_dir():
        return _directory(path, width)
    if not path.exists():
        raise ArtefactError(f"{path}: no such file or directory.")
    if path.suffix == ".parquet":
        return _parquet(path, num_rows, width)
    if path.suffix == ".json":
        return _json(path, width)
    raise ArtefactError(
        f"{path}: expected a .parquet file, a .json file or a directory of them. `bali show` reads these."
    )


def table(header: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """A plain table no wider than `width`: the widest columns give way first, what is cut off ends in an ellipsis."""
    cells = [[_flat(cell) for cell in row] for row in [header, *rows]]
    widths = [max(_columns(row[i]) for row in cells) for i in range(len(header))]
    while sum(widths) + len(GAP) * (len(widths) - 1) > width and max(widths) > MIN_COLUMN:
        widths[widths.index(max(widths))] -= 1
    lines = [GAP.join(_pad(cell, w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in cells]
    return [lines[0], GAP.join("─" * w for w in widths), *lines[1:]]


def size_text(num_bytes: float) -> str:
    """Bytes as a reader says them: 1536 -> 1.5 KiB."""
    power = 0
    while num_bytes >= 1024 and power < len(UNITS) - 1:
        num_bytes /= 1024
        power += 1
    return f"{num_bytes:.0f} B" if power == 0 else f"{num_bytes:.1f} {UNITS[power]}"


def _parquet(path: Path, num_rows: int, width: int) -> list[str]:
    file = _open(path)
    metadata, provenance = file.metadata, _provenance(file)
    head = f"{path.name}: {provenance.get('artefact', 'no artefact of bali')}"
    lines = [
        head,
        f"{metadata.num_rows:,} rows in {metadata.num_row_groups:,} row groups, {size_text(path.stat().st_size)}",
    ]
    lines += _metadata_lines(provenance)
    columns = [[field.name, str(field.type), *_statistics(metadata, field.name)] for field in file.schema_arrow]
    lines += ["", *table(["column", "type", "nulls", "least", "greatest"], columns, width)]
    sample = _first_rows(file, path, num_rows)
    if sample:
        names = file.schema_arrow.names
        rows = [[_value(row[name]) for name in names] for row in sample]
        lines += ["", f"First {len(rows)} rows", *table(names, rows, width)]
    return lines


def _metadata_lines(provenance: dict[str, Any]) -> list[str]:
    if not provenance:
        return ["no metadata of bali: another program wrote this file"]
    levels = ", ".join(map(str, provenance["restriction_levels"])) or "none recorded"
    digests = sorted(provenance["input_digests"].items())
    inputs = [f"  {digest[:DIGEST_DIGITS]}  {name}" for name, digest in digests[:MAX_INPUTS]]
    more = [f"  and {len(digests) - MAX_INPUTS} more"] if len(digests) > MAX_INPUTS else []
    return [
        f"schema version {provenance['schema_version']} · release {provenance['umls_release'] or '–'}"
        f" · restriction levels {levels} · options {provenance['config_digest'][:DIGEST_DIGITS] or '–'}",
        *(["made from", *inputs, *more] if digests else []),
    ]


def _statistics(metadata: pq.FileMetaData, column: str) -> list[str]:
    """Nulls, least and greatest value of a column from the footer alone; – where the file does not say."""
    found = []
    for group in range(metadata.num_row_groups):
        row_group = metadata.row_group(group)
        for i in range(row_group.num_columns):
            chunk = row_group.column(i)
            if chunk.path_in_schema == column and chunk.statistics is not None:
                found.append(chunk.statistics)
    if not found:
        return ["–", "–", "–"]
    nulls = f"{sum(s.null_count or 0 for s in found):,}"
    limits = [s for s in found if s.has_min_max]
    if not limits:
        return [nulls, "–", "–"]
    return [nulls, _value(min(s.min for s in limits)), _value(max(s.max for s in limits))]


def _json(path: Path, width: int) -> list[str]:
    value = read_json(path)
    if not (isinstance(value, dict) and {"stage", "tables", "notes"} <= value.keys()):
        return [f"{path.name}: JSON", *json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).splitlines()]
    return [f"{path.name}: census of {value['stage']}", "", *_census(Census.read(path), width)]


def _census(census: Census, width: int) -> list[str]:
    rows = []
    for name, tally in sorted(census.tables.items()):
        rows.append([name, "read", f"{tally.rows_in:,}"])
        rows.append(["", "kept", f"{tally.rows_out:,}"])
        rows += [["", f"dropped: {reason}", f"{count:,}"] for reason, count in sorted(tally.dropped.items())]
    rows += [[name, "noted", _value(value)] for name, value in sorted(census.notes.items())]
    return table(["input", "fate", "rows"], rows, width)


def _directory(path: Path, width: int) -> list[str]:
    """The artefacts below a directory, one line per folder and kind."""
    groups: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for file in sorted(path.rglob("*.parquet")):
        if not file.name.startswith("."):
            opened = _open(file)
            kind = _provenance(opened).get("artefact", "no artefact of bali")
            folder = str(file.parent.relative_to(path))
            groups.setdefault((folder, kind), []).append((opened.metadata.num_rows, file.stat().st_size))
    censuses = [file for file in sorted(path.rglob("*.json")) if "census" in str(file.relative_to(path))]
    if not groups and not censuses:
        raise ArtefactError(
            f"{path}: expected a directory with artefacts of bali, found no .parquet file and no census."
        )
    rows = [
        [folder, kind, f"{len(found):,}", f"{sum(n for n, _ in found):,}", size_text(sum(s for _, s in found))]
        for (folder, kind), found in sorted(groups.items())
    ]
    total = f"{path.name or path}: {sum(map(len, groups.values())):,} artefacts, {len(censuses):,} censuses"
    return [total, "", *table(["folder", "kind", "files", "rows", "size"], rows, width)]


def _open(path: Path) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise ArtefactError(
            f"{path}: expected a Parquet file, got: {reason} Run the stage that writes it again."
        ) from None


def _provenance(file: pq.ParquetFile) -> dict[str, Any]:
    value = (file.metadata.metadata or {}).get(METADATA_KEY)
    return {} if value is None else dict(json.loads(value))


def _first_rows(file: pq.ParquetFile, path: Path, num_rows: int) -> list[dict[str, Any]]:
    if num_rows < 1:
        return []
    try:
        batch = next(file.iter_batches(num_rows), None)
    except (pa.ArrowException, OSError) as error:
        raise ArtefactError(
            f"{path}: damaged: {str(error).splitlines()[0]} Run the stage that writes it again."
        ) from None
    return [] if batch is None else batch.to_pylist()


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False, default=str)
    return value if isinstance(value, str) else str(value)


def _flat(text: str) -> str:
    """One line without control characters, which could move the cursor."""
    return "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)


def _columns(text: str) -> int:
    """Terminal columns: wide characters take two, combining ones none."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _pad(text: str, width: int) -> str:
    if _columns(text) > width:
        while _columns(text) > width - 1:
            text = text[:-1]
        text += "…"
    return text + " " * (width - _columns(text))
