"""Evaluate a model on one task: metrics with intervals as JSON, and what each example adds to them as Parquet."""

import argparse
from pathlib import Path

from bali.evaluation.device import set_up_device
from bali.evaluation.registry import run_task
from bali.evaluation.systems.language_model import LanguageModelSystem
from bali.stages.evaluation_output import EvaluationOutput, add_task_arguments, check_is_configured, task_inputs
from bali.stages.options import read_config, stage_options
from bali.tasks import TASKS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of stage evaluate."""
    parser.add_argument("--model", required=True, help="base, or the name of an experiment or of another model")
    parser.add_argument("--model-dir", required=True, type=Path, help="Hugging Face folder of the model")
    parser.add_argument("--vectors", type=Path, help="what stage encode-dictionary wrote for the model")
    add_task_arguments(parser)
    parser.add_argument("--output", required=True, type=Path, help="JSON with the metrics")
    parser.add_argument("--predictions", required=True, type=Path, help="Parquet with a row per example and metric")


def run(arguments: argparse.Namespace) -> None:
    """Run stage evaluate.

    Raises:
        ConfigError: the task is not configured.
        InputError: a file that is there is broken (absent ones are skipped and named).
    """
    config = read_config(arguments)
    options = stage_options(config, "evaluation", "compute")
    task = TASKS[arguments.task]
    check_is_configured(config, task.name)
    set_up_device(config.compute)
    system = LanguageModelSystem(
        arguments.model_dir, config.compute, config.evaluation.batch_size, vectors=arguments.vectors
    )
    result = run_task(task, task_inputs(arguments, config, system))
    output = EvaluationOutput(arguments.model, task.name, arguments.seed, arguments.output, arguments.predictions)
    output.write(result, options, sorted(arguments.model_dir.glob("*.safetensors")))
