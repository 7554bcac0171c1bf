"""Make a small BERT from the corpus, for runs without a base model."""

import argparse
from pathlib import Path

from bali.io.census import Census
from bali.io.files import atomic_path
from bali.io.seals import seal_folder
from bali.models.language_model import save_language_model
from bali.stages.options import add_option_arguments, read_config, stage_options
from bali.training.base_model import read_sentences, train_base_model
from bali.training.device import set_up_device


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `bali build-base-model`."""
    add_option_arguments(parser)
    parser.add_argument("--sentences", type=Path, nargs="+", required=True, help="sentence artefacts")
    parser.add_argument("--held-out", type=Path, required=True, help="documents whose sentences are left out")
    parser.add_argument("--output-dir", type=Path, required=True, help="Hugging Face folder, replaced as a whole")


def run(arguments: argparse.Namespace) -> None:
    """Learn vocabulary and weights, and write them with a census as a Hugging Face folder."""
    config = read_config(arguments)
    stage_options(config, "base_model", "compute", "seed")
    census = Census("build_base_model")
    texts = read_sentences(arguments.sentences, arguments.held_out, census)
    model, tokenizer = train_base_model(texts, config.base_model, set_up_device(config.compute), config.seed)
    census.notes["vocabulary_size"] = len(tokenizer)
    census.notes["num_parameters"] = model.num_parameters()
    with atomic_path(arguments.output_dir) as partial:
        save_language_model(model, tokenizer, partial)
        census.write(partial / "census.json")
        seal_folder(partial)
