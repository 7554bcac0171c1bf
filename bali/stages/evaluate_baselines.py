"""Evaluate the baselines (majority, random, character trigrams) on one task, as stage evaluate does a model."""

import argparse
import logging
from pathlib import Path

from bali.errors import ConfigError
from bali.evaluation.registry import run_task
from bali.evaluation.systems.baselines import MAKE_BASELINE
from bali.stages.evaluation_output import EvaluationOutput, add_task_arguments, check_is_configured, task_inputs
from bali.stages.options import read_config, stage_options
from bali.tasks import TASKS

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of stage evaluate-baselines."""
    add_task_arguments(parser)
    parser.add_argument(
        "--output-dir", required=True, type=Path, help="gets BASELINE/TASK/SEED.json and ....predictions.parquet"
    )


def run(arguments: argparse.Namespace) -> None:
    """Run stage evaluate-baselines.

    Raises:
        ConfigError: the task is not configured, or no baseline can answer it.
        InputError: a file that is there is broken (absent ones are skipped and named).
    """
    config = read_config(arguments)
    options = stage_options(config, "evaluation", "compute")
    task = TASKS[arguments.task]
    check_is_configured(config, task.name)
    if not task.has_baselines:
        able = ", ".join(name for name, other in TASKS.items() if other.has_baselines)
        raise ConfigError(f"--task: expected a task that baselines can answer ({able}), got {task.name}.")
    for name, make in MAKE_BASELINE.items():
        logger.info("baseline %s", name)
        result = run_task(task, task_inputs(arguments, config, make(arguments.seed)))
        metrics = arguments.output_dir / name / task.name / f"{arguments.seed}.json"
        output = EvaluationOutput(name, task.name, arguments.seed, metrics, metrics.with_suffix(".predictions.parquet"))
        output.write(result, options)
