"""Align a language model with the graph: one experiment."""

import argparse
import logging
from pathlib import Path

from bali.config import section_options
from bali.errors import ConfigError
from bali.fingerprint import code_digest
from bali.stages.options import add_option_arguments, read_config
from bali.training.experiment import Experiment, run_experiment
from bali.training.inputs import TrainingInputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `bali pretrain`."""
    add_option_arguments(parser)
    parser.add_argument("--experiment", required=True, help="key of the section `experiments`")
    parser.add_argument("--base-model", type=Path, required=True, help="Hugging Face directory")
    parser.add_argument("--train", type=Path, nargs="+", required=True, help="example artefacts")
    parser.add_argument("--validation", type=Path, nargs="+", required=True, help="example artefacts")
    parser.add_argument("--subgraphs", type=Path, required=True)
    parser.add_argument("--graph-dir", type=Path, required=True)
    parser.add_argument("--umls-dir", type=Path, required=True)
    parser.add_argument("--output-dir", type=Path, required=True, help="folder of the model, replaced as a whole")
    parser.add_argument("--checkpoint-dir", type=Path, required=True, help="emptied when the training is done")


def run(arguments: argparse.Namespace) -> None:
    """Train, or resume, and write the model folder."""
    config = read_config(arguments)
    name = arguments.experiment
    if name not in config.experiments:
        raise ConfigError(f"--experiment: expected one of {', '.join(config.experiments)}, got {name!r}.")
    resolved = config.model_copy(update={"pretraining": config.experiment(name).effective()})
    options = section_options(resolved, ["pretraining", "compute", "seed"])
    logging.getLogger(__name__).info("experiment %s: %s", name, options)
    inputs = TrainingInputs(
        base_model=arguments.base_model,
        train=tuple(arguments.train),
        validation=tuple(arguments.validation),
        subgraphs=arguments.subgraphs,
        graph_dir=arguments.graph_dir,
        umls_dir=arguments.umls_dir,
    )
    experiment = Experiment(name, resolved.pretraining, config.compute, config.seed, options, code_digest(__name__))
    run_experiment(experiment, inputs, arguments.output_dir, arguments.checkpoint_dir)
