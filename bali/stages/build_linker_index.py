"""Build the linker's index from the names and semantic types of the release."""

import argparse
import logging
from pathlib import Path

from bali.linking.building import build_index
from bali.linking.terms import TermOptions
from bali.stages.options import add_option_arguments, read_config, stage_options

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    add_option_arguments(parser)
    parser.add_argument("--umls-dir", type=Path, required=True, help="folder of the ingested release")
    parser.add_argument("--output-dir", type=Path, required=True, help="folder of the index")


def run(arguments: argparse.Namespace) -> None:
    """Write the database, its manifest and the census."""
    config = read_config(arguments)
    stage_options(config, "linking")
    linking = config.linking
    options = TermOptions(linking.lowercase, linking.normalize_unicode, tuple(linking.source_rank))
    census = build_index(arguments.umls_dir, arguments.output_dir, linking.backend, options)
    logger.info("%s terms of %s concepts", census.notes["terms"], census.notes["concepts"])
