"""The metrics of all models side by side: mean over seeds, interval, paired differences to other models."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bali.reporting.metric_names import MetricKey
from bali.reporting.results import Results
from bali.tasks import TASKS
from bali.vocabulary import BASE_MODEL, BASELINES

BETTER, WORSE, SAME = "better", "worse", "same"
MARKS = {BETTER: "▲", WORSE: "▼", SAME: "="}
SIGNIFICANCE = 0.05  # of the corrected p


@dataclass(frozen=True)
class Difference:
    """Model minus baseline on the same examples, mean over seeds, with the interval of the paired bootstrap.

    Attributes:
        value: the difference.
        ci_low: lower limit of the 95 % interval.
        ci_high: upper limit.
        p_value: two-sided, of the paired bootstrap.
        p_corrected: Holm's, over the main measures; None for the other measures.
    """

    value: float
    ci_low: float
    ci_high: float
    p_value: float | None = None
    p_corrected: float | None = None

    @property
    def verdict(self) -> str:
        """`BETTER`, `WORSE` or `SAME`: by the corrected p where there is one, else by whether the interval excludes 0.

        Higher is better; a descriptive measure has no verdict, see `Cell.difference`.
        """
        excludes_zero = self.ci_low > 0 or self.ci_high < 0
        is_clear = excludes_zero if self.p_corrected is None else self.p_corrected < SIGNIFICANCE
        if not is_clear or self.value == 0:
            return SAME
        return BETTER if self.value > 0 else WORSE

    @property
    def mark(self) -> str:
        """The verdict as a sign."""
        return MARKS[self.verdict]


@dataclass(frozen=True)
class Cell:
    """A model's result: mean over its seeds, and the mean of the seeds' interval limits.

    Attributes:
        value: the mean.
        ci_low: mean lower limit of the 95 % interval.
        ci_high: mean upper limit.
        num_seeds: how many seeds.
        deviation: standard deviation over the seeds (divided by their number less one); None of one seed.
        num_examples: what the value is a mean over.
        difference: to the base model; None for a measure of which neither more nor less is better.
    """

    value: float
    ci_low: float
    ci_high: float
    num_seeds: int
    deviation: float | None
    num_examples: int
    difference: Difference | None


@dataclass(frozen=True)
class MetricTable:
    """All results.

    Attributes:
        models: base first, then in the order of the configuration, then others; without the baselines.
        baselines: majority, random, trigrams: those that were evaluated.
        keys: everything measured, main ones first within a dataset.
        main: the keys of the first table.
        cells: (key, model) -> result.
        differences: (key, model, baseline) -> paired difference, for every baseline that was compared with.
    """

    models: Sequence[str]
    baselines: Sequence[str]
    keys: Sequence[MetricKey]
    main: Sequence[MetricKey]
    cells: dict[tuple[MetricKey, str], Cell]
    differences: dict[tuple[MetricKey, str, str], Difference] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """Models, then baselines."""
        return [*self.models, *self.baselines]

    def main_by_task(self) -> list[tuple[str, list[MetricKey]]]:
        """The main keys of each task, in order."""
        tasks = dict.fromkeys(key.task for key in self.main)
        return [(task, [key for key in self.main if key.task == task]) for task in tasks]

    def datasets(self) -> list[tuple[str, str]]:
        """The (task, dataset) pairs in order."""
        return list(dict.fromkeys((key.task, key.dataset) for key in self.keys))

    def of(self, task: str, dataset: str) -> list[MetricKey]:
        """The keys of one dataset."""
        return [key for key in self.keys if (key.task, key.dataset) == (task, dataset)]

    def is_best(self, key: MetricKey, model: str) -> bool:
        """Whether no other model or baseline has a higher value, where higher is better."""
        cells = [self.cells[key, other] for other in self.columns if (key, other) in self.cells]
        return not key.is_descriptive and all(self.cells[key, model].value >= cell.value for cell in cells)

    def num_examples(self, key: MetricKey) -> int:
        """Examples that the measure is a mean over."""
        return max(self.cells[key, m].num_examples for m in self.columns if (key, m) in self.cells)

    def num_seeds(self, key: MetricKey) -> int:
        """Seeds that the models were fine-tuned with."""
        return max(self.cells[key, m].num_seeds for m in self.columns if (key, m) in self.cells)


def metric_table(results: Results, model_order: Sequence[str]) -> MetricTable | None:
    """The table of all metrics; None where nothing was evaluated."""
    metrics = results.table("report/metrics.parquet", "metrics")
    if metrics is None or not metrics.num_rows:
        return None
    differences = _differences(results)
    groups: dict[tuple[MetricKey, str], list[dict[str, Any]]] = {}
    for row in metrics.to_pylist():
        groups.setdefault((_key(row), row["model"]), []).append(row)
    cells = {
        (key, model): _cell(group, differences.get((key, model, BASE_MODEL))) for (key, model), group in groups.items()
    }
    keys = sorted({key for key, _ in cells}, key=_rank)
    present = {model for _, model in cells}
    order = [BASE_MODEL, *(m for m in model_order if m != BASE_MODEL), *sorted(present - {*model_order, BASE_MODEL})]
    return MetricTable(
        models=[m for m in order if m in present and m not in BASELINES],
        baselines=[name for name in BASELINES if name in present],
        keys=keys,
        main=main_keys(keys),
        cells=cells,
        differences=differences,
    )


def main_keys(keys: Sequence[MetricKey]) -> list[MetricKey]:
    """One key per dataset: the first that its task calls main; a dataset without one has no main measure."""
    chosen: dict[tuple[str, str], MetricKey] = {}
    for key in sorted(keys, key=_rank):
        if key.task in TASKS and (key.split, key.metric) in TASKS[key.task].main:
            chosen.setdefault((key.task, key.dataset), key)
    return list(chosen.values())


def _rank(key: MetricKey) -> tuple[Any, ...]:
    tasks = list(TASKS)
    wanted = list(TASKS[key.task].main) if key.task in TASKS else []
    task = tasks.index(key.task) if key.task in tasks else len(tasks)
    at = wanted.index((key.split, key.metric)) if (key.split, key.metric) in wanted else len(wanted)
    return task, key.task, key.dataset, at, key.split, key.metric


def _key(row: dict[str, Any]) -> MetricKey:
    return MetricKey(row["task"], row["dataset"], row["split"], row["metric"])


def _cell(rows: Sequence[dict[str, Any]], difference: Difference | None) -> Cell:
    def mean(name: str) -> float:
        return float(sum(row[name] for row in rows) / len(rows))

    return Cell(
        value=mean("value"),
        ci_low=mean("ci_low"),
        ci_high=mean("ci_high"),
        num_seeds=len(rows),
        deviation=statistics.stdev(row["value"] for row in rows) if len(rows) > 1 else None,
        num_examples=max(row["n"] for row in rows),
        difference=None if _key(rows[0]).is_descriptive else difference,
    )


def _differences(results: Results) -> dict[tuple[MetricKey, str, str], Difference]:
    table = results.table("report/comparisons.parquet", "comparisons")
    columns = ("difference", "ci_low", "ci_high", "p_value", "p_corrected")
    return {
        (_key(row), row["model"], row["baseline"]): Difference(*(row[name] for name in columns))
        for row in (table.to_pylist() if table is not None else [])
    }
