"""The metrics of all models side by side: mean over seeds, interval, paired difference to the base model."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bali.reporting.results import Results
from bali.vocabulary import BASE_MODEL

BETTER, WORSE, SAME = "better", "worse", "same"
MARKS = {BETTER: "▲", WORSE: "▼", SAME: "="}
# What the abstract and the first table show of a task: the first of these that the task has, in (split, metric).
MAIN_METRICS: dict[str, Sequence[tuple[str, str]]] = {
    "entity_linking": (("all", "accuracy@1_mean"), ("refined", "accuracy@1_mean")),
    "pubmedqa": (("test", "accuracy"),),
    "concept_retrieval": (("validation", "accuracy@1_mean"),),
}


class MetricKey(NamedTuple):
    """What was measured."""

    task: str
    dataset: str
    split: str
    metric: str


@dataclass(frozen=True)
class Difference:
    """Model minus baseline on the same examples, mean over seeds, with the interval of the paired bootstrap."""

    value: float
    ci_low: float
    ci_high: float

    @property
    def verdict(self) -> str:
        """`BETTER` or `WORSE` where the interval excludes zero, else `SAME`; higher is better in all metrics."""
        if self.ci_low > 0:
            return BETTER
        return WORSE if self.ci_high < 0 else SAME

    @property
    def mark(self) -> str:
        """The verdict as a sign."""
        return MARKS[self.verdict]


@dataclass(frozen=True)
class Cell:
    """A model's result: mean over its seeds, and the mean of the seeds' interval limits."""

    value: float
    ci_low: float
    ci_high: float
    num_seeds: int
    num_examples: int
    difference: Difference | None


@dataclass(frozen=True)
class MetricTable:
    """All results.

    Attributes:
        models: base first, then in the order of the configuration.
        keys: everything measured, main ones first within a dataset.
        main: the keys of the first table.
        cells: (key, model) -> result.
        differences: (key, model, baseline) -> paired difference, for every baseline that was compared with.
    """

    models: Sequence[str]
    keys: Sequence[MetricKey]
    main: Sequence[MetricKey]
    cells: dict[tuple[MetricKey, str], Cell]
    differences: dict[tuple[MetricKey, str, str], Difference] = field(default_factory=dict)

    def datasets(self) -> list[tuple[str, str]]:
        """The (task, dataset) pairs in order."""
        return list(dict.fromkeys((key.task, key.dataset) for key in self.keys))

    def of(self, task: str, dataset: str) -> list[MetricKey]:
        """The keys of one dataset."""
        return [key for key in self.keys if (key.task, key.dataset) == (task, dataset)]

    def is_best(self, key: MetricKey, model: str) -> bool:
        """Whether no other model has a higher value."""
        return all(self.cells[key, model].value >= cell.value for (k, _), cell in self.cells.items() if k == key)

    def num_examples(self, key: MetricKey) -> int:
        """Examples that the measure is a mean over."""
        return max(cell.num_examples for (k, _), cell in self.cells.items() if k == key)


def metric_table(results: Results, model_order: Sequence[str]) -> MetricTable | None:
    """The table of all metrics; None where nothing was evaluated."""
    metrics = results.table("report/metrics.parquet", "metrics")
    if metrics is None or not metrics.num_rows:
        return None
    rows = metrics.to_pylist()
    differences = _differences(results)
    groups: dict[tuple[MetricKey, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((_key(row), row["model"]), []).append(row)
    cells = {
        (key, model): _cell(group, differences.get((key, model, BASE_MODEL))) for (key, model), group in groups.items()
    }
    keys = sorted({key for key, _ in cells}, key=_rank)
    present = {model for _, model in cells}
    order = [BASE_MODEL, *(m for m in model_order if m != BASE_MODEL), *sorted(present - {*model_order, BASE_MODEL})]
    return MetricTable([m for m in order if m in present], keys, main_keys(keys), cells, differences)


def main_keys(keys: Sequence[MetricKey]) -> list[MetricKey]:
    """One key per dataset: the task's main metric, or its first where the task is not known here."""
    chosen: dict[tuple[str, str], MetricKey] = {}
    for key in sorted(keys, key=_rank):
        chosen.setdefault((key.task, key.dataset), key)
    return list(chosen.values())


def _rank(key: MetricKey) -> tuple[Any, ...]:
    tasks = list(MAIN_METRICS)
    wanted = list(MAIN_METRICS.get(key.task, ()))
    task = tasks.index(key.task) if key.task in tasks else len(tasks)
    at = wanted.index((key.split, key.metric)) if (key.split, key.metric) in wanted else len(wanted)
    return task, key.task, key.dataset, at, key.split, key.metric


def _key(row: dict[str, Any]) -> MetricKey:
    return MetricKey(row["task"], row["dataset"], row["split"], row["metric"])


def _cell(rows: Sequence[dict[str, Any]], difference: Difference | None) -> Cell:
    def mean(name: str) -> float:
        return float(sum(row[name] for row in rows) / len(rows))

    return Cell(mean("value"), mean("ci_low"), mean("ci_high"), len(rows), max(row["n"] for row in rows), difference)


def _differences(results: Results) -> dict[tuple[MetricKey, str, str], Difference]:
    table = results.table("report/comparisons.parquet", "comparisons")
    return {
        (_key(row), row["model"], row["baseline"]): Difference(row["difference"], row["ci_low"], row["ci_high"])
        for row in (table.to_pylist() if table is not None else [])
    }
