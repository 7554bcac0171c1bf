"""From the results of single evaluations to the tables of metrics and of paired comparisons."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa

from bali.errors import ArtefactError
from bali.evaluation.results import PredictionRow, TaskResult
from bali.evaluation.statistics import bootstrap_mean, paired_bootstrap
from bali.io.files import read_json
from bali.io.parquet import check_artefact
from bali.schemas import COMPARISONS, METRICS, PREDICTIONS
from bali.vocabulary import BASE_MODEL

_METRIC = ("task", "dataset", "split", "metric")


@dataclass(frozen=True)
class Evaluation:
    """The result of one (model, task, seed).

    Attributes:
        model: base or the name of an experiment.
        task: name of the task.
        seed: of the fine-tuning.
        metrics: rows with dataset, split, metric, value, ci_low, ci_high, n.
        predictions: artefact of schema PREDICTIONS.
    """

    model: str
    task: str
    seed: int
    metrics: Sequence[Mapping[str, Any]]
    predictions: Path


def metric_rows(result: TaskResult, num_bootstrap: int) -> list[dict[str, Any]]:
    """Every metric of a task's result with its 95 % interval: the means of the predictions, and the task's own."""
    values: dict[tuple[str, str, str], list[float]] = defaultdict(list)
    for row in result.predictions:
        values[row.dataset, row.split, row.metric].append(row.value)
    rows = []
    for key, group in sorted(values.items()):
        interval = bootstrap_mean(group, num_bootstrap)
        rows.append((*key, *interval, len(group)))
    names = ("dataset", "split", "metric", "value", "ci_low", "ci_high", "n")
    return [dict(zip(names, row, strict=True)) for row in sorted([*rows, *result.metrics])]


def read_evaluation(path: Path) -> Evaluation:
    """Read what stage evaluate wrote: the JSON file and, beside it, the predictions.

    Raises:
        ArtefactError: a file is missing, damaged or not from stage evaluate.
    """
    value = read_json(path)
    predictions = path.with_suffix(".predictions.parquet")
    check_artefact(predictions, PREDICTIONS)
    try:
        return Evaluation(value["model"], value["task"], value["seed"], value["datasets"], predictions)
    except (KeyError, TypeError) as error:
        raise ArtefactError(
            f"{path}: expected model, task, seed, datasets, got none: {error!r}. Run stage evaluate again."
        ) from error


def metrics_table(evaluations: Iterable[Evaluation], base_name: str) -> pa.Table:
    """All metrics as a table of schema METRICS, one row per seed, sorted.

    Raises:
        ArtefactError: two evaluations are of the same model, task and seed.
    """
    rows = [
        {"model": e.model, "base_model": base_name, "task": e.task, "seed": e.seed, **metric}
        for e in evaluations
        for metric in e.metrics
    ]
    key = ("model", *_METRIC, "seed")
    rows.sort(key=lambda row: [row[name] for name in key])
    for before, row in pairwise(rows):
        if all(before[name] == row[name] for name in key):
            raise ArtefactError(
                f"--results: {row['model']}, {row['task']}, seed {row['seed']} is there twice. Give each once."
            )
    return pa.Table.from_pylist(rows, schema=METRICS)


def comparisons_table(evaluations: Sequence[Evaluation], baselines: Sequence[str], num_bootstrap: int) -> pa.Table:
    """Each model against the base and the other baselines, on the examples' means over the seeds; schema COMPARISONS.

    Args:
        evaluations: of all models.
        baselines: models beside the base to compare with: those trained without a graph.
        num_bootstrap: resamples of the paired bootstrap.

    Raises:
        ArtefactError: two models were evaluated on different examples.
    """
    means = {key: _mean_over_seeds(group) for key, group in _by_model(evaluations).items()}
    rows = []
    for model, task in sorted(means):
        for baseline in dict.fromkeys([BASE_MODEL, *sorted(baselines)]):
            if model not in (BASE_MODEL, baseline) and (baseline, task) in means:
                pair = {"model": model, "baseline": baseline, "task": task}
                compared = _compare(means[model, task], means[baseline, task], pair, num_bootstrap)
                rows += [{**pair, **row} for row in compared]
    return pa.Table.from_pylist(rows, schema=COMPARISONS)


def _by_model(evaluations: Iterable[Evaluation]) -> dict[tuple[str, str], list[Path]]:
    groups: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for evaluation in evaluations:
        groups[evaluation.model, evaluation.task].append(evaluation.predictions)
    return groups


def _mean_over_seeds(paths: Sequence[Path]) -> pl.DataFrame:
    """The value of each example, mean over the files, sorted."""
    key = [name for name in PredictionRow._fields if name in ("dataset", "split", "metric", "example_id")]
    rows = pl.concat([pl.scan_parquet(path).select(*key, "value") for path in sorted(paths)])
    return rows.group_by(key).agg(pl.col("value").sort().mean()).sort(key).collect()


def _compare(
    model: pl.DataFrame, baseline: pl.DataFrame, pair: Mapping[str, str], num_bootstrap: int
) -> list[dict[str, Any]]:
    key = ["dataset", "split", "metric"]
    others = {group: rows for group, rows in baseline.group_by(key, maintain_order=True)}
    compared = []
    for group, rows in model.group_by(key, maintain_order=True):
        other = others.get(group)
        if other is None or not other["example_id"].equals(rows["example_id"]):
            raise ArtefactError(
                f"{pair['task']}, {', '.join(map(str, group))}: expected the same examples for {pair['model']} and"
                f" {pair['baseline']}, found others. Run stage evaluate again for both."
            )
        interval = paired_bootstrap(rows["value"].to_numpy(), other["value"].to_numpy(), num_bootstrap)
        names = {**dict(zip(key, group, strict=True)), "difference": interval.value}
        compared.append({**names, "ci_low": interval.low, "ci_high": interval.high, "n": len(rows)})
    return compared
