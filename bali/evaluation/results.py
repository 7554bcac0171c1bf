"""What a task is given and what it gives back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from bali.config import Config
from bali.schemas import PREDICTIONS


class PredictionRow(NamedTuple):
    """What one example adds to the mean of one metric; the columns of `bali.schemas.PREDICTIONS`."""

    dataset: str
    split: str
    example_id: str
    metric: str
    value: float
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
        model_dir: Hugging Face folder of the model.
        seed: of the fine-tuned tasks; the zero-shot ones do not depend on it.
        umls_dir: what stage ingest wrote.
        graph_dir: what stage build_graph wrote.
        validation: validation examples.
    """

    config: Config
    model_dir: Path
    seed: int
    umls_dir: Path
    graph_dir: Path
    validation: Sequence[Path]


@dataclass
class TaskResult:
    """What a task found.

    Attributes:
        predictions: one row per example and metric; the mean of a metric's rows is its value.
        metrics: metrics that are no mean over examples (e.g. macro-F1), with their intervals.
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


def absent_files(key: str, files: Mapping[str, Sequence[str]], source: str) -> str | None:
    """One line about the first file that is absent, or None where all are there.

    Args:
        key: of the dataset in the configuration.
        files: key below it -> the files that it names.
        source: where such files come from.
    """
    for name, paths in files.items():
        for path in paths:
            if not Path(path).is_file():
                return f"{key}.{name}: no file {path}; {key.rsplit('.', 1)[-1]} is skipped. {source}"
    return None
