"""Gather the evaluations of all models into the table of metrics and the table of paired comparisons."""

import argparse
from pathlib import Path

from bali.evaluation.summary import comparisons_table, metrics_table, read_evaluation
from bali.io.parquet import derive, write_artefact
from bali.schemas import COMPARISONS, METRICS
from bali.stages.options import add_option_arguments, read_config, stage_options
from bali.tasks import TASKS

_WITHOUT_EDGES = ("none", "names_only")  # models trained with these answer whether the graph matters


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of stage summarise-metrics."""
    parser.add_argument("--results", nargs="+", required=True, type=Path, help="JSON files of stage evaluate")
    parser.add_argument("--base-name", help="name of the base model in the table; default: pretraining.base_model")
    parser.add_argument("--output", required=True, type=Path, help="metrics, one row per seed")
    parser.add_argument("--comparisons", required=True, type=Path, help="paired differences")
    add_option_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Run stage summarise-metrics.

    Raises:
        ArtefactError: a result is missing or damaged, or two models were evaluated on different examples.
    """
    config = read_config(arguments)
    options = stage_options(config, "evaluation", "experiments", "pretraining")
    evaluations = [read_evaluation(path) for path in sorted(arguments.results)]
    base_name = arguments.base_name or Path(config.pretraining.base_model).name
    baselines = [name for name in config.experiments if config.experiment(name).graph_encoder in _WITHOUT_EDGES]
    main_measures = {task.name: task.main for task in TASKS.values()}
    metrics = metrics_table(evaluations, base_name)
    comparisons = comparisons_table(evaluations, baselines, config.evaluation.num_bootstrap, main_measures)
    inputs = [evaluation.predictions for evaluation in evaluations]
    write_artefact(arguments.output, metrics, METRICS, derive("metrics", options, inputs))
    write_artefact(arguments.comparisons, comparisons, COMPARISONS, derive("comparisons", options, inputs))
