"""Several runs side by side: one table of all their metrics, paired differences to the first run, and both in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from bali.reporting.metric_names import MetricKey, task_name
from bali.reporting.metric_table import Cell, Difference, MetricTable, main_keys
from bali.reporting.run_pairs import Overlap, overlaps, paired_differences
from bali.reporting.runs import Run
from bali.reporting.verdict import Verdict, comparisons_between
from bali.tasks import TASKS
from bali.vocabulary import BASE_MODEL, BASELINES


@dataclass(frozen=True)
class Column:
    """A model of a run.

    Attributes:
        id: what the table calls it, e.g. `bali_gat in full`; no two columns have one.
        run: name of the run.
        model: name of the model or baseline.
    """

    id: str
    run: str
    model: str


@dataclass(frozen=True, kw_only=True)
class RunsTable(MetricTable):
    """The metrics of all runs; `Cell.difference` is to the same model in the first run.

    Attributes:
        groups: of each run, its columns: models, base first, then baselines.
        overlaps: (measure, name of a run but the first) -> its examples beside those of the first run.
    """

    groups: Sequence[Sequence[Column]]
    overlaps: Mapping[tuple[MetricKey, str], Overlap]

    def is_best(self, key: MetricKey, model: str) -> bool:
        """Whether no other column has a higher value; never where runs have other examples, or are not known to."""
        runs = {column.run for group in self.groups for column in group if (key, column.id) in self.cells}
        found = [self.overlaps.get((key, run)) for run in sorted(runs - {self.first})]
        is_same = all(overlap is not None and overlap.is_same for overlap in found)
        return (is_same or len(runs) == 1) and super().is_best(key, model)

    @property
    def first(self) -> str:
        """Name of the run that the others are compared with."""
        return self.groups[0][0].run

    def sizes(self, key: MetricKey) -> str:
        """How many examples a measure has: one number, or one for each run that has the measure where they differ."""
        numbers = {
            column.run: self.cells[key, column.id].num_examples
            for group in self.groups
            for column in group
            if (key, column.id) in self.cells
        }
        if len({*numbers.values()}) == 1:
            return f"{next(iter(numbers.values())):,}"
        return " / ".join(f"{num:,}" for num in numbers.values())

    def note(self, key: MetricKey) -> str:
        """What to know of the examples of a measure; "" where all runs have the same."""
        found = [(run, self.overlaps[of, run]) for of, run in self.overlaps if of == key]
        return " ".join(filter(None, (_note(overlap, run, self.first) for run, overlap in found)))


@dataclass(frozen=True)
class RunComparison:
    """What the page shows.

    Attributes:
        runs: the first is the one that the others are compared with.
        table: their metrics.
        verdicts: of each model and run but the first, against itself in the first; only models that both have.
        unpaired: sentences on what was not compared, and why.
        num_bootstrap: resamples of the paired bootstrap.
    """

    runs: Sequence[Run]
    table: RunsTable
    verdicts: Sequence[Verdict]
    unpaired: Sequence[str]
    num_bootstrap: int


def compare_runs(runs: Sequence[Run], num_bootstrap: int) -> RunComparison:
    """Put runs side by side.

    Args:
        runs: at least two, of different names; the first is what the others are compared with.
        num_bootstrap: resamples of the paired bootstrap.

    Raises:
        ArtefactError: predictions are damaged.
    """
    assert len({run.name for run in runs}) == len(runs) >= 2, "expected at least two runs of different names"
    first, *others = runs
    main = main_keys([key for run in runs for key in run.table.keys])
    found: dict[tuple[MetricKey, str], Overlap] = {}
    differences: dict[tuple[MetricKey, str, str], Difference] = {}
    for run in others:
        shared = overlaps(first, run)
        found |= {(key, run.name): overlap for key, overlap in shared.items()}
        same = [key for key, overlap in shared.items() if overlap.is_same]
        paired = paired_differences((first, run), same, main, num_bootstrap)
        differences |= {
            (key, column_id(model, run), column_id(model, first)): value for (model, key), value in paired.items()
        }
    table = _table(runs, found, differences)
    return RunComparison(runs, table, _verdicts(runs, table), _unpaired(runs), num_bootstrap)


def column_id(model: str, run: Run) -> str:
    """What the table calls a model of a run: the names of models have no blanks, so that no two columns have one id."""
    return f"{model} in {run.name}"


def _table(
    runs: Sequence[Run],
    found: Mapping[tuple[MetricKey, str], Overlap],
    differences: dict[tuple[MetricKey, str, str], Difference],
) -> RunsTable:
    groups = [[Column(column_id(model, run), run.name, model) for model in run.table.columns] for run in runs]
    to_first = {(key, model): difference for (key, model, _), difference in differences.items()}
    cells = {
        (key, column_id(model, run)): _cell(key, cell, to_first.get((key, column_id(model, run))))
        for run in runs
        for (key, model), cell in run.table.cells.items()
    }
    keys = _ordered({key for key, _ in cells})
    return RunsTable(
        models=[column.id for group in groups for column in group if column.model not in BASELINES],
        baselines=[column.id for group in groups for column in group if column.model in BASELINES],
        keys=keys,
        main=main_keys(keys),
        cells=cells,
        differences=differences,
        groups=groups,
        overlaps=found,
    )


def _ordered(keys: Iterable[MetricKey]) -> list[MetricKey]:
    """By task, in the order of the report, and dataset; of each the main measure first."""
    keys = sorted(keys)
    main, tasks = {*main_keys(keys)}, list(TASKS)
    position = {task: place for place, task in enumerate(tasks)}
    return sorted(keys, key=lambda key: (position.get(key.task, len(tasks)), key.task, key.dataset, key not in main))


def _cell(key: MetricKey, cell: Cell, difference: Difference | None) -> Cell:
    return replace(cell, difference=None if key.is_descriptive else difference)


def _verdicts(runs: Sequence[Run], table: RunsTable) -> list[Verdict]:
    """One verdict per model that the first run has too, run by run, the base model last."""
    first, *others = runs
    told = {(verdict.model, verdict.baseline): verdict for verdict in comparisons_between(table)}
    pairs = [
        (column_id(model, run), column_id(model, first))
        for run in others
        for model in sorted(run.table.models, key=lambda model: model == BASE_MODEL)
        if model in first.table.models
    ]
    return [told.get(pair) or _not_compared(*pair) for pair in pairs]


def _not_compared(model: str, other: str) -> Verdict:
    reason = "no measure has predictions of the same examples in both"
    return Verdict(model, other, f"{model} was not compared with {other}: {reason}.", [])


def _unpaired(runs: Sequence[Run]) -> list[str]:
    """The models that only one side has, and the evaluations without predictions."""
    first, *others = runs
    lines = []
    for run in others:
        for one, other in ((run, first), (first, run)):
            alone = [model for model in one.table.models if model not in other.table.models]
            if alone:
                lines.append(f"In {one.name}, but not in {other.name}: {', '.join(alone)}.")
    for run in runs:
        missing = [f"{model} ({task_name(task)})" for model, task in run.incomplete if model not in BASELINES]
        if missing:
            lines.append(f"Not compared, as predictions of it are missing in {run.name}: {', '.join(missing)}.")
    return lines


def _note(found: Overlap, run: str, first: str) -> str:
    if found.is_same and found.num_other_gold:
        return f"{found.num_other_gold:,} of the examples have another gold answer in {run} than in {first}."
    if found.is_same:
        return ""
    return (
        f"{run} has other test examples than {first} ({found.num_other:,} and {found.num_first:,},"
        f" {found.num_common:,} of them in both): no paired difference."
    )
