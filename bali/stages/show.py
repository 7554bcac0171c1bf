"""Show an artefact: kind, columns, metadata, counts and a sample of rows; a directory; or a census."""

import argparse
import shutil
from pathlib import Path

from bali.reporting.artefact_view import view

DEFAULT_ROWS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `bali show`; it reads no configuration."""
    parser.add_argument(
        "artefact", type=Path, metavar="ARTEFACT", help=".parquet or .json file, or a directory of them"
    )
    parser.add_argument("--rows", type=int, default=DEFAULT_ROWS, metavar="N", help="rows of the sample (default 5)")


def run(arguments: argparse.Namespace) -> None:
    """Print what the file or directory holds."""
    width = shutil.get_terminal_size((100, 24)).columns
    print("\n".join(view(arguments.artefact, arguments.rows, width)))
