"""How long each rule took and how much memory it held, from the benchmark files that Snakemake writes."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bali.errors import ArtefactError
from bali.reporting.results import Results

FOLDER = "benchmarks"
MEASURED = ("s", "max_rss")  # Snakemake's columns: seconds of wall time, peak resident memory in MB


@dataclass(frozen=True)
class RuleCost:
    """One rule over all its jobs; memory is None where the job was too short to be measured."""

    rule: str
    num_jobs: int
    seconds: float
    longest_seconds: float
    peak_megabytes: float | None


def rule_costs(results: Results) -> list[RuleCost]:
    """The cost of each rule that left a benchmark file, the most expensive first.

    Raises:
        ArtefactError: a benchmark file lacks Snakemake's columns.
    """
    jobs: dict[str, list[tuple[float, float | None]]] = {}
    for path in results.files(f"{FOLDER}/**/*.tsv"):
        parts = path.relative_to(results.root / FOLDER).parts
        rule = parts[0].removesuffix(".tsv")
        jobs.setdefault(rule, []).extend(_read(path))
    costs = [_cost(rule, rows) for rule, rows in jobs.items() if rows]
    return sorted(costs, key=lambda cost: (-cost.seconds, cost.rule))


def _read(path: Path) -> list[tuple[float, float | None]]:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t"))
    return [(_seconds(row, path), _megabytes(row)) for row in rows]


def _seconds(row: dict[str, str], path: Path) -> float:
    try:
        return float(row["s"])
    except (KeyError, ValueError, TypeError):
        raise ArtefactError(
            f"{path}: expected Snakemake's benchmark columns {', '.join(MEASURED)}, got {row}."
        ) from None


def _megabytes(row: dict[str, str]) -> float | None:
    try:
        return float(row["max_rss"])
    except (KeyError, ValueError, TypeError):
        return None  # Snakemake writes "-" or "NA" for jobs that end before the first measurement


def _cost(rule: str, rows: Sequence[tuple[float, float | None]]) -> RuleCost:
    seconds = [row[0] for row in rows]
    return RuleCost(rule, len(rows), sum(seconds), max(seconds), _peak(row[1] for row in rows))


def _peak(values: Iterable[float | None]) -> float | None:
    return max((value for value in values if value is not None), default=None)
