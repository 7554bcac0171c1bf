"""Build the dictionary that mentions are linked to: the distinct lower-cased names of the release, with concepts."""

import argparse
import logging
from pathlib import Path

from bali.evaluation.dictionary import write_dictionary
from bali.io.parquet import derive

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of stage build-dictionary."""
    parser.add_argument("--names", required=True, type=Path, help="names.parquet of the ingested release")
    parser.add_argument("--output", required=True, type=Path, help="Parquet to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the dictionary.

    Raises:
        ArtefactError: the names are missing or damaged.
        InputError: there is no name.
    """
    provenance = derive("dictionary", {}, [arguments.names])
    num_names = write_dictionary(arguments.names, arguments.output, provenance)
    logger.info("%s distinct names", f"{num_names:,}")
