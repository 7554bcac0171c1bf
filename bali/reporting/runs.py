"""A finished run as `bali compare` reads it: its metrics, what it is made of, and the predictions behind them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bali.errors import ArtefactError, InputError
from bali.evaluation.summary import Evaluation, Key, read_evaluation
from bali.io.parquet import read_artefact, read_provenance
from bali.reporting.metric_table import MetricTable, metric_table
from bali.reporting.results import Results
from bali.schemas import METRICS

METRICS_FILE = "report/metrics.parquet"

# (model, task)
Measured = tuple[str, str]


@dataclass(frozen=True)
class Run:
    """One results directory.

    Attributes:
        name: what the reader calls it; no two runs that are compared have one name.
        table: its metrics; `Cell.difference` is to the base model of this run.
        evaluations: (model, task) -> one evaluation per seed, where the predictions of all seeds are there.
        incomplete: the (model, task) with metrics, but not all predictions.
        base_models: names of the base model, almost always one.
        release: UMLS release that the metrics derive from; "" where none is known.
        num_documents: of the corpus; None where it is not there.
    """

    name: str
    table: MetricTable
    evaluations: Mapping[Measured, Sequence[Evaluation]]
    incomplete: Sequence[Measured]
    base_models: Sequence[str]
    release: str
    num_documents: int | None


def read_run(name: str, root: Path) -> Run:
    """Read a results directory.

    Raises:
        InputError: it has no report/metrics.parquet, or one without rows.
        ArtefactError: a file is damaged, or an evaluation is not the one that the metrics were gathered from.
    """
    results = Results(root)
    path = results.path(METRICS_FILE)
    if path is None:
        raise InputError(f"{root}: expected a results directory with {METRICS_FILE}, found none. Run its report first.")
    table = metric_table(results, [])
    if table is None:
        raise InputError(f"{path}: expected metrics, found no row. Evaluate a task of this run first.")
    rows = read_artefact(path, METRICS).to_pylist()
    evaluations, incomplete = _evaluations(root, rows)
    return Run(
        name=name,
        table=table,
        evaluations=evaluations,
        incomplete=incomplete,
        base_models=sorted({row["base_model"] for row in rows}),
        release=read_provenance(path)["umls_release"],
        num_documents=results.num_rows("corpus/documents/*.parquet", "documents"),
    )


def _evaluations(
    root: Path, rows: Sequence[Mapping[str, Any]]
) -> tuple[dict[Measured, list[Evaluation]], list[Measured]]:
    """The evaluations behind the metrics, and the (model, task) of which a file is absent."""
    values: dict[tuple[str, str, int], dict[Key, float]] = defaultdict(dict)
    for row in rows:
        values[row["model"], row["task"], row["seed"]][_key(row)] = row["value"]
    found: dict[Measured, list[Evaluation]] = defaultdict(list)
    absent: set[Measured] = set()
    for (model, task, seed), expected in sorted(values.items()):
        path = root / "evaluation" / model / task / f"{seed}.json"
        if path.is_file() and path.with_suffix(".predictions.parquet").is_file():
            found[model, task].append(_read(path, expected))
        else:
            absent.add((model, task))
    return {measured: seeds for measured, seeds in found.items() if measured not in absent}, sorted(absent)


def _read(path: Path, expected: Mapping[Key, float]) -> Evaluation:
    """An evaluation, seen to have these values."""
    evaluation = read_evaluation(path)
    try:
        found = {_key(row): row["value"] for row in evaluation.metrics}
    except (KeyError, TypeError) as error:
        raise ArtefactError(
            f"{path}: expected metrics with dataset, split, metric, value, got others: {error!r}."
            " Run stage evaluate again."
        ) from error
    if found != expected:
        raise ArtefactError(
            f"{path}: expected the values of {METRICS_FILE}, got others. Run stage summarise-metrics of this run again."
        )
    return evaluation


def _key(row: Mapping[str, Any]) -> Key:
    return row["dataset"], row["split"], row["metric"]
