"""From the results of single evaluations to the tables of metrics and of paired comparisons."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
import pyarrow as pa

from bali.errors import ArtefactError
from bali.evaluation.aggregates import Aggregate, Examples, aggregate, needs_labels
from bali.evaluation.statistics import (
    Estimate,
    bootstrap,
    holm,
    mean_estimate,
    paired_difference,
    percentile_interval,
)
from bali.io.files import read_json
from bali.io.parquet import check_artefact, read_artefact
from bali.schemas import COMPARISONS, METRICS, PREDICTIONS
from bali.vocabulary import BASE_MODEL

if TYPE_CHECKING:  # it would bring torch along, which stage summarise_metrics does without
    from bali.evaluation.results import TaskResult

_METRIC = ("task", "dataset", "split", "metric")
_KEY = ["dataset", "split", "metric"]
_NUMBERS = ["value", "weight"]
_LABELS = ["gold", "predicted"]

# (dataset, split, metric)
Key = tuple[str, str, str]
# task -> (split, metric) of its main measure, in order of preference
MainMeasures = Mapping[str, Sequence[tuple[str, str]]]


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


class _Measured(NamedTuple):
    """One metric of one model and seed.

    Attributes:
        key: dataset, split, metric.
        example_ids: sorted.
        aggregate: how the metric follows from these examples.
    """

    key: Key
    example_ids: pl.Series
    aggregate: Aggregate


class _Metric(NamedTuple):
    """One metric of one model, mean over seeds."""

    estimate: Estimate
    num_examples: int


def metric_rows(result: "TaskResult", num_bootstrap: int) -> list[dict[str, Any]]:
    """Every metric of a task's result with its 95 % interval: those of its predictions, and the task's own."""
    measured = _measure(pl.DataFrame(result.table()), "predictions")
    estimates = bootstrap([one.aggregate for one in measured], num_bootstrap)
    rows = [
        (*one.key, *percentile_interval(estimate), one.aggregate.num_examples)
        for one, estimate in zip(measured, estimates, strict=True)
    ]
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


def comparisons_table(
    evaluations: Sequence[Evaluation], baselines: Sequence[str], num_bootstrap: int, main_measures: MainMeasures
) -> pa.Table:
    """Each model against the base and the other baselines, metrics as means over the seeds; schema COMPARISONS.

    The p-values of the main measures of one model against one baseline are corrected together.

    Args:
        evaluations: of all models.
        baselines: models beside the base to compare with: those whose training saw no edge of the graph.
        num_bootstrap: resamples of the paired bootstrap.
        main_measures: of a dataset, the first of its task's that it has is the main one.

    Raises:
        ArtefactError: two models, or two seeds of one, were evaluated on different examples; predictions are damaged.
    """
    others = [BASE_MODEL, *sorted({*baselines} - {BASE_MODEL})]
    rows = []
    ordered = sorted(evaluations, key=lambda one: (one.task, one.model, one.seed))
    for task, group in groupby(ordered, key=lambda one: one.task):
        metrics = _bootstrap_task(list(group), num_bootstrap)  # the predictions of one task are in memory at a time
        for model, other in product(metrics, others):
            if other in metrics and model not in (BASE_MODEL, other):
                names = {"model": model, "baseline": other, "task": task}
                rows += [{**names, **row} for row in _compare(metrics[model], metrics[other])]
    rows.sort(key=lambda row: (row["model"], row["task"]))  # of these, baselines and metrics are in order already
    return pa.Table.from_pylist(_correct(rows, main_measures), schema=COMPARISONS)


def _bootstrap_task(evaluations: Sequence[Evaluation], num_bootstrap: int) -> dict[str, dict[Key, _Metric]]:
    """Model -> its metrics, mean over its seeds; models and metrics in order.

    Args:
        evaluations: of one task, sorted by model and seed.
        num_bootstrap: resamples.
    """
    first = evaluations[0]
    example_ids: dict[Key, pl.Series] = {}
    aggregates: dict[str, dict[Key, list[Aggregate]]] = {}
    for evaluation in evaluations:
        measured = _measure(_read_predictions(evaluation.predictions), evaluation.predictions)
        if evaluation is first:
            example_ids = {one.key: one.example_ids for one in measured}
        _check_same_examples(example_ids, measured, (first, evaluation))
        of_model = aggregates.setdefault(evaluation.model, {key: [] for key in example_ids})
        for one in measured:
            of_model[one.key].append(one.aggregate)
    flat = [one for of_model in aggregates.values() for seeds in of_model.values() for one in seeds]
    estimates = iter(bootstrap(flat, num_bootstrap))
    metrics: dict[str, dict[Key, _Metric]] = defaultdict(dict)
    for model, of_model in aggregates.items():
        for key, seeds in of_model.items():
            mean = mean_estimate([next(estimates) for _ in seeds])
            metrics[model][key] = _Metric(mean, len(example_ids[key]))
    return metrics


def _check_same_examples(
    expected: Mapping[Key, pl.Series], measured: Sequence[_Measured], pair: tuple[Evaluation, Evaluation]
) -> None:
    found = {one.key: one.example_ids for one in measured}
    for key in sorted({*expected, *found}):
        if key not in expected or key not in found or not expected[key].equals(found[key]):
            first, other = (f"{one.model}, seed {one.seed}," for one in pair)
            raise ArtefactError(
                f"{pair[0].task}, {', '.join(key)}: expected the same examples for {first} and {other} found others."
                " Run stage evaluate again for both."
            )


def _read_predictions(path: Path) -> pl.DataFrame:
    """What the metrics need of a file; the labels of a big file are not read where no metric needs them."""
    columns = [*_KEY, "example_id", *_NUMBERS]
    metrics = pl.DataFrame(read_artefact(path, PREDICTIONS, ["metric"]))["metric"].unique()
    if any(map(needs_labels, metrics)):
        columns += _LABELS
    return pl.DataFrame(read_artefact(path, PREDICTIONS, columns))


def _measure(predictions: pl.DataFrame, source: object) -> list[_Measured]:
    """Each metric of one model and seed, sorted by its key.

    Args:
        predictions: dataset, split, metric, example_id, value, weight, and gold, predicted if a metric needs them.
        source: where they are from, for the messages.
    """
    measured = []
    ordered = predictions.sort([*_KEY, "example_id"], maintain_order=True)
    for rows in ordered.partition_by(_KEY, maintain_order=True):
        dataset, split, metric = rows.select(_KEY).row(0)
        labels = [rows[name].to_list() for name in _LABELS] if needs_labels(metric) else [(), ()]
        examples = Examples(rows["value"].to_numpy(), rows["weight"].to_numpy(), *labels)
        try:
            found = aggregate(metric, examples)
        except ValueError as error:
            raise ArtefactError(
                f"{source}: {dataset}, {split}, {metric}: expected rows to compute it from, got: {error}."
                " Run stage evaluate again."
            ) from error
        measured.append(_Measured((dataset, split, metric), rows["example_id"], found))
    return measured


def _compare(model: Mapping[Key, _Metric], baseline: Mapping[Key, _Metric]) -> Iterator[dict[str, Any]]:
    """Rows of one model against one baseline on the metrics of one task."""
    for key, metric in model.items():
        difference = paired_difference(metric.estimate, baseline[key].estimate)
        names = ("dataset", "split", "metric", "difference", "ci_low", "ci_high", "p_value", "n")
        yield dict(zip(names, (*key, *difference, metric.num_examples), strict=True))


def _correct(rows: Sequence[dict[str, Any]], main_measures: MainMeasures) -> list[dict[str, Any]]:
    """The rows with `p_corrected`: Holm's over the main measures of one model and baseline, None for the others."""
    datasets: dict[tuple[str, str, str, str], dict[tuple[str, str], int]] = defaultdict(dict)
    for position, row in enumerate(rows):
        dataset = row["model"], row["baseline"], row["task"], row["dataset"]
        datasets[dataset][row["split"], row["metric"]] = position
    families: dict[tuple[str, str], list[int]] = defaultdict(list)
    for (model, baseline, task, _), measures in datasets.items():
        main = [measures[measure] for measure in main_measures.get(task, ()) if measure in measures]
        families[model, baseline] += main[:1]
    corrected: dict[int, float] = {}
    for family in families.values():
        p_values = holm([rows[position]["p_value"] for position in family])
        corrected.update(zip(family, p_values, strict=True))
    return [{**row, "p_corrected": corrected.get(position)} for position, row in enumerate(rows)]
