"""Evaluate a model on one task: metrics with intervals as JSON, and what each example adds to them as Parquet."""

import argparse
import logging
import os
from pathlib import Path
from typing import Any

import torch

from bali.config import Compute, Tasks
from bali.errors import ConfigError
from bali.evaluation.registry import TASKS
from bali.evaluation.results import TaskInputs
from bali.evaluation.summary import metric_rows
from bali.io.files import write_json
from bali.io.parquet import derive, write_artefact
from bali.schemas import PREDICTIONS
from bali.stages.options import add_option_arguments, read_config, stage_options

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of stage evaluate."""
    parser.add_argument("--model", required=True, help="base, or the name of an experiment")
    parser.add_argument("--model-dir", required=True, type=Path, help="Hugging Face folder of the model")
    parser.add_argument("--task", required=True, choices=list(Tasks.model_fields))
    parser.add_argument("--seed", type=int, default=0, help="of the fine-tuned tasks")
    parser.add_argument("--umls-dir", required=True, type=Path, help="what stage ingest wrote")
    parser.add_argument("--graph-dir", required=True, type=Path, help="what stage build-graph wrote")
    parser.add_argument("--validation", nargs="*", default=[], type=Path, help="validation examples")
    parser.add_argument("--output", required=True, type=Path, help="JSON with the metrics")
    parser.add_argument("--predictions", required=True, type=Path, help="Parquet with a row per example and metric")
    add_option_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Run stage evaluate.

    Raises:
        ConfigError: the task is not configured.
        InputError: a file that is there is broken (absent ones are skipped and named).
    """
    config = read_config(arguments)
    options = stage_options(config, "evaluation", "compute")
    if getattr(config.evaluation.tasks, arguments.task) is None:
        raise ConfigError(f"evaluation.tasks.{arguments.task}: expected the section of the task to run, got null.")
    _prepare_torch(config.compute)
    inputs = TaskInputs(
        config, arguments.model_dir, arguments.seed, arguments.umls_dir, arguments.graph_dir, arguments.validation
    )
    result = TASKS[arguments.task](inputs)
    report: dict[str, Any] = {
        "model": arguments.model,
        "task": arguments.task,
        "seed": arguments.seed,
        "datasets": metric_rows(result, config.evaluation.num_bootstrap),
        "skipped": result.skipped,
        "counts": result.counts,
    }
    model_files = sorted(arguments.model_dir.glob("*.safetensors"))
    provenance = derive("predictions", options, [*result.inputs, *model_files])
    write_artefact(arguments.predictions, result.table(), PREDICTIONS, provenance)
    write_json(arguments.output, report)
    for row in report["datasets"]:
        logger.info("%(dataset)s %(split)s %(metric)s: %(value).4f (%(ci_low).4f to %(ci_high).4f, n = %(n)d)", row)


def _prepare_torch(compute: Compute) -> None:
    """Set the threads, and ask for the deterministic algorithms where there are two kinds."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read by cuBLAS; without it its sums may differ
    torch.set_num_threads(compute.cpu_threads)
    if torch.cuda.is_available():  # on the CPU all are deterministic, and the call costs seconds
        torch.use_deterministic_algorithms(True, warn_only=True)
