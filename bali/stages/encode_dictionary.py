"""Encode the names of the dictionary with a model, once for all tasks that search it."""

import argparse
import logging
from pathlib import Path

from bali.evaluation.device import autocast_dtype, set_up_device
from bali.evaluation.dictionary_vectors import MAX_NAME_LENGTH, write_vectors
from bali.evaluation.encoder import Encoder
from bali.evaluation.language_model import load_language_model
from bali.stages.options import add_option_arguments, read_config, stage_options

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of stage encode-dictionary."""
    parser.add_argument("--model-dir", required=True, type=Path, help="Hugging Face folder of the model")
    parser.add_argument("--dictionary", required=True, type=Path, help="what stage build-dictionary wrote")
    parser.add_argument("--output-dir", required=True, type=Path, help="folder of the vectors")
    add_option_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the vectors of all names.

    Raises:
        ArtefactError: the dictionary is missing or damaged.
        ConfigError: `compute.accelerator` is cuda and there is no GPU.
        InputError: the model folder is broken.
    """
    config = read_config(arguments)
    stage_options(config, "compute")
    device = set_up_device(config.compute)
    model = load_language_model(arguments.model_dir, device)
    dtype = autocast_dtype(config.compute.precision, device)
    encoder = Encoder(model, config.evaluation.batch_size, MAX_NAME_LENGTH, dtype)
    manifest = write_vectors(arguments.output_dir, encoder, arguments.dictionary, arguments.model_dir)
    size = 2 * 2 * manifest.num_names * manifest.hidden_size / 1e9
    logger.info("%s names in %s, %.2f GB of vectors", f"{manifest.num_names:,}", manifest.precision, size)
