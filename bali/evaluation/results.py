"""What a task is given and what it gives back."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from bali.config import Config
from bali.evaluation.systems.system import System
from bali.schemas import PREDICTIONS
from bali.tasks.task import Task

logger = logging.getLogger(__name__)


class PredictionRow(NamedTuple):
    """What one example adds to one metric; the columns of `bali.schemas.PREDICTIONS`.

    The metric is the sum of the values over the sum of the weights, or what `bali.evaluation.aggregates` has under its
    name.
    """

    dataset: str
    split: str
    example_id: str
    metric: str
    value: float
    weight: float
    gold: str
    predicted: str
    text: str


class MetricRow(NamedTuple):
    """A metric with its 95 % interval, over `n` examples."""

    dataset: str
    split: str
    metric: str
    value: float
    ci_low: float
    ci_high: float
    n: int


@dataclass(frozen=True)
class TaskInputs:
    """What a task may read.

    Attributes:
        config: the configuration; a task reads `evaluation` and `compute`.
        system: who answers.
        seed: of the fine-tuned tasks; the zero-shot ones do not depend on it.
        umls_dir: what stage ingest wrote.
        graph_dir: what stage build_graph wrote.
        validation: validation examples.
        dictionary: what stage build_dictionary wrote.
    """

    config: Config
    system: System
    seed: int
    umls_dir: Path
    graph_dir: Path
    validation: Sequence[Path]
    dictionary: Path

    def section(self, task: Task) -> Any:
        """The task's own section of the configuration."""
        section = getattr(self.config.evaluation.tasks, task.name)
        assert section is not None, "the stage runs configured tasks only"
        return section


@dataclass
class TaskResult:
    """What a task found.

    Attributes:
        predictions: one row per example and metric.
        metrics: metrics that cannot be had from such rows (e.g. uniformity), with their intervals.
        skipped: a line per dataset whose files are absent.
        counts: dataset -> what was read, kept and dropped.
        inputs: the files that the result derives from.
    """

    predictions: list[PredictionRow] = field(default_factory=list)
    metrics: list[MetricRow] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    counts: dict[str, dict[str, int | float]] = field(default_factory=dict)
    inputs: list[Path] = field(default_factory=list)

    def table(self) -> pa.Table:
        """The predictions as a table of schema PREDICTIONS."""
        columns = zip(*self.predictions, strict=True) if self.predictions else [[] for _ in PREDICTIONS]
        return pa.Table.from_arrays(
            [pa.array(column, field.type) for column, field in zip(columns, PREDICTIONS, strict=True)],
            schema=PREDICTIONS,
        )


def present_datasets(task: Task, section: Any, result: TaskResult) -> Iterator[tuple[str, Any]]:
    """(name, dataset) of the datasets whose files are all there, by name; one that lacks a file is noted as skipped."""
    for name, dataset in sorted(section.datasets.items()):
        line = absent_files(f"evaluation.tasks.{task.name}.datasets.{name}", dataset.files(), task.source)
        if line is None:
            yield name, dataset
        else:
            logger.warning(line)
            result.skipped.append(line)


def absent_files(key: str, files: Mapping[str, Sequence[str]], source: str) -> str | None:
    """One line about the first file or folder that is absent, or None where all are there.

    Args:
        key: of the dataset in the configuration.
        files: key below it -> the files that it names.
        source: where such files come from.
    """
    for name, paths in files.items():
        for path in paths:
            if not Path(path).exists():
                return f"{key}.{name}: no file {path}; {key.rsplit('.', 1)[-1]} is skipped. {source}"
    return None
