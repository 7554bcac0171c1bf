"""Write the report: one HTML page, a model card per experiment, and SOURCES.md beside the results."""

import argparse
import logging
from pathlib import Path

from bali.errors import ArtefactError
from bali.io.files import write_text
from bali.reporting.encoding import name_encoder
from bali.reporting.model_card import model_card, sources_page
from bali.reporting.page import collect, page
from bali.reporting.results import Results
from bali.stages.options import add_option_arguments, read_config

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `bali report`."""
    parser.add_argument("--results-dir", type=Path, required=True, help="directory that the other stages wrote")
    parser.add_argument("--output-dir", type=Path, required=True, help="for index.html and model_cards/")
    add_option_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write index.html, model_cards/NAME.md and, in the results directory, SOURCES.md."""
    config = read_config(arguments)
    root: Path = arguments.results_dir
    if not root.is_dir():
        raise ArtefactError(f"{root}: expected a results directory, found none. Run the pipeline first.")
    report = collect(Results(root), config, name_encoder(config))
    for name in config.experiments:
        card = model_card(name, config, report.table, report.licences)
        write_text(arguments.output_dir / "model_cards" / f"{name}.md", card)
    write_text(root / "SOURCES.md", sources_page(report.licences))
    write_text(arguments.output_dir / "index.html", page(report))
    logger.info("wrote %s", arguments.output_dir / "index.html")
