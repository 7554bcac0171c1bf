"""Two runs on the same examples: which measures have them, and the paired differences on those."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from bali.evaluation.statistics import holm
from bali.evaluation.summary import Evaluation, comparisons_table
from bali.io.parquet import Provenance, read_artefact, write_artefact
from bali.reporting.metric_names import MetricKey
from bali.reporting.metric_table import Difference
from bali.reporting.runs import Run
from bali.schemas import PREDICTIONS
from bali.vocabulary import BASE_MODEL, BASELINES

_KEY = ["dataset", "split", "metric"]
_WHAT_WAS_ASKED = ["example_id", "text"]
_OTHER = "other"  # stands for the second run's model while the first's stands as the base


@dataclass(frozen=True)
class Overlap:
    """The examples of one measure in two runs.

    Attributes:
        num_first: examples in the first run.
        num_other: examples in the other.
        num_common: examples of the other whose identifier and text the first has too.
        is_same: whether they are the same examples, so that the runs can be compared pairwise.
        num_other_gold: of the same examples, those whose gold answer differs, as it may between UMLS releases.
    """

    num_first: int
    num_other: int
    num_common: int
    is_same: bool
    num_other_gold: int


def overlaps(first: Run, other: Run) -> dict[MetricKey, Overlap]:
    """The examples of every measure that both runs have predictions of.

    All models of a run were evaluated on the same examples (stage summarise-metrics refuses others), so one is read.

    Raises:
        ArtefactError: predictions are damaged.
    """
    found: dict[MetricKey, Overlap] = {}
    for task in _tasks(first, other):  # one task's examples are in memory at a time
        ours, theirs = (_examples(run, task) for run in (first, other))
        found |= {key: _overlap(ours[key], theirs[key]) for key in ours if key in theirs}
    return found


def paired_differences(
    runs: tuple[Run, Run], same: Sequence[MetricKey], main: Sequence[MetricKey], num_bootstrap: int
) -> dict[tuple[str, MetricKey], Difference]:
    """(model, measure) -> the model in the second run minus itself in the first, mean over the seeds of each.

    Without the baselines.

    Args:
        runs: the run to compare with, and the one that is compared.
        same: measures with the same examples in both.
        main: measures whose p-values are corrected together, model by model.
        num_bootstrap: resamples of the paired bootstrap.

    Raises:
        ArtefactError: predictions are damaged, or differ in their examples between two seeds or models of a run.
    """
    first, other = runs
    shared = [pair for pair in sorted(other.evaluations) if pair in first.evaluations and pair[0] not in BASELINES]
    found: dict[tuple[str, MetricKey], Difference] = {}
    for model in dict.fromkeys(model for model, _ in shared):
        tasks = [task for name, task in shared if name == model]
        rows = _compare(model, {task: [key for key in same if key.task == task] for task in tasks}, runs, num_bootstrap)
        found |= {(model, key): difference for key, difference in _corrected(rows, main).items()}
    return found


def _compare(
    model: str, same: Mapping[str, Sequence[MetricKey]], runs: tuple[Run, Run], num_bootstrap: int
) -> dict[MetricKey, dict[str, float]]:
    """The row of schema COMPARISONS of each measure; `same` gives them by task."""
    with TemporaryDirectory() as folder:
        evaluations = [
            replace(evaluation, model=label, predictions=_same_only(evaluation, keys, Path(folder) / label))
            for task, keys in same.items()
            if keys
            for run, label in zip(runs, (BASE_MODEL, _OTHER), strict=True)
            for evaluation in run.evaluations[model, task]
        ]
        rows = comparisons_table(evaluations, [], num_bootstrap, {}).to_pylist()
    return {_metric_key(row["task"], row): row for row in rows}


def _corrected(rows: Mapping[MetricKey, Mapping[str, float]], main: Sequence[MetricKey]) -> dict[MetricKey, Difference]:
    """The differences of one model, with Holm's p over its main measures."""
    family = [key for key in main if key in rows]
    corrected = dict(zip(family, holm([rows[key]["p_value"] for key in family]), strict=True))
    return {
        key: Difference(row["difference"], row["ci_low"], row["ci_high"], row["p_value"], corrected.get(key))
        for key, row in rows.items()
    }


def _same_only(evaluation: Evaluation, keys: Sequence[MetricKey], folder: Path) -> Path:
    """The predictions of these measures only: the file itself if it has no others, else a copy in `folder`."""
    wanted = pl.DataFrame([key[1:] for key in keys], schema=_KEY, orient="row")
    present = pl.DataFrame(read_artefact(evaluation.predictions, PREDICTIONS, _KEY)).unique()
    if present.join(wanted, on=_KEY, how="anti").is_empty():
        return evaluation.predictions
    predictions = pl.DataFrame(read_artefact(evaluation.predictions, PREDICTIONS))
    kept = predictions.join(wanted, on=_KEY, how="semi")
    copy = folder / f"{evaluation.task}.{evaluation.seed}.parquet"
    write_artefact(copy, kept.to_arrow(), PREDICTIONS, Provenance("predictions"))
    return copy


def _tasks(first: Run, other: Run) -> Iterator[str]:
    """The tasks that both have predictions of, sorted."""
    yield from sorted({task for _, task in first.evaluations} & {task for _, task in other.evaluations})


def _examples(run: Run, task: str) -> dict[MetricKey, pl.DataFrame]:
    """Measure -> its examples, sorted: identifier, text and gold answer."""
    evaluation = next(
        run.evaluations[model, task][0] for model in run.table.columns if (model, task) in run.evaluations
    )
    columns = [*_KEY, *_WHAT_WAS_ASKED, "gold"]
    predictions = pl.DataFrame(read_artefact(evaluation.predictions, PREDICTIONS, columns))
    parts = predictions.sort([*_KEY, *_WHAT_WAS_ASKED], maintain_order=True).partition_by(_KEY, maintain_order=True)
    return {_metric_key(task, part.row(0, named=True)): part.drop(_KEY) for part in parts}


def _overlap(first: pl.DataFrame, other: pl.DataFrame) -> Overlap:
    is_same = first.select(_WHAT_WAS_ASKED).equals(other.select(_WHAT_WAS_ASKED))
    common = other if is_same else other.join(first, on=_WHAT_WAS_ASKED, how="semi", nulls_equal=True)
    num_other_gold = int(first["gold"].ne_missing(other["gold"]).sum()) if is_same else 0
    return Overlap(len(first), len(other), len(common), is_same, num_other_gold)


def _metric_key(task: str, row: Mapping[str, str]) -> MetricKey:
    return MetricKey(task, row["dataset"], row["split"], row["metric"])
