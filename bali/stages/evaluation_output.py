"""What an evaluation leaves: metrics with intervals as JSON, and what each example adds to them as Parquet."""

import argparse
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bali.config import Config
from bali.errors import ConfigError
from bali.evaluation.results import TaskInputs, TaskResult
from bali.evaluation.summary import metric_rows
from bali.evaluation.systems.system import System
from bali.io.parquet import derive, write_artefact
from bali.io.seals import write_record
from bali.schemas import PREDICTIONS
from bali.stages.options import add_option_arguments
from bali.tasks import TASKS

logger = logging.getLogger(__name__)

_COLUMNS = ("dataset", "split", "metric", "value", "ci_low", "ci_high", "n")
_LINE = "%s: %s %s %s: %.4f (%.4f to %.4f, n = %d)"


@dataclass(frozen=True)
class EvaluationOutput:
    """One evaluation and its two files.

    Attributes:
        model: base, the name of an experiment, of another model or of a baseline.
        task: name of the task.
        seed: of the fine-tuning.
        metrics: JSON file.
        predictions: Parquet file of schema PREDICTIONS.
    """

    model: str
    task: str
    seed: int
    metrics: Path
    predictions: Path

    def write(self, result: TaskResult, options: Mapping[str, Any], model_files: Sequence[Path] = ()) -> None:
        """Write the predictions, then the metrics: where the JSON is there, both are.

        Args:
            result: of the task.
            options: sections of the configuration that it depends on, as `stage_options` gives them; its
                `evaluation.num_bootstrap` is the number of resamples.
            model_files: what the model was read from, for the provenance.
        """
        report: dict[str, Any] = {
            "model": self.model,
            "task": self.task,
            "seed": self.seed,
            "datasets": metric_rows(result, options["evaluation"]["num_bootstrap"]),
            "skipped": result.skipped,
            "counts": result.counts,
        }
        provenance = derive("predictions", options, [*result.inputs, *model_files])
        write_artefact(self.predictions, result.table(), PREDICTIONS, provenance)
        write_record(self.metrics, report)
        for row in report["datasets"]:
            logger.info(_LINE, self.model, *(row[key] for key in _COLUMNS))


def add_task_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name a task and what it may read."""
    parser.add_argument("--task", required=True, choices=list(TASKS))
    parser.add_argument("--seed", type=int, default=0, help="of the fine-tuned tasks")
    parser.add_argument("--umls-dir", required=True, type=Path, help="what stage ingest wrote")
    parser.add_argument("--graph-dir", required=True, type=Path, help="what stage build-graph wrote")
    parser.add_argument("--dictionary", required=True, type=Path, help="what stage build-dictionary wrote")
    parser.add_argument("--validation", nargs="*", default=[], type=Path, help="validation examples")
    add_option_arguments(parser)


def task_inputs(arguments: argparse.Namespace, config: Config, system: System) -> TaskInputs:
    """What the task may read, from the arguments of `add_task_arguments`."""
    return TaskInputs(
        config=config,
        system=system,
        seed=arguments.seed,
        umls_dir=arguments.umls_dir,
        graph_dir=arguments.graph_dir,
        validation=arguments.validation,
        dictionary=arguments.dictionary,
    )


def check_is_configured(config: Config, task: str) -> None:
    """See that a task has a section.

    Raises:
        ConfigError: its section is null.
    """
    if getattr(config.evaluation.tasks, task) is None:
        raise ConfigError(f"evaluation.tasks.{task}: expected the section of the task to run, got null.")
