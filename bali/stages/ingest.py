"""Read a UMLS release: filter it and write names, concepts, relations, semantic types, sources, codes."""

import argparse
import logging
from dataclasses import replace
from pathlib import Path

from bali.config import Umls
from bali.io.parquet import derive
from bali.stages.options import add_option_arguments, read_config, stage_options
from bali.umls.filters import UmlsFilters, choice, choose_tuis
from bali.umls.ingest import ingest
from bali.umls.locate import input_paths, locate

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    parser.add_argument(
        "--input",
        type=Path,
        nargs="+",
        required=True,
        metavar="PATH",
        help="META directory, zip, or RRF files (.gz too)",
    )
    parser.add_argument("--output-dir", type=Path, required=True, help="folder of the artefacts")
    add_option_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Run the stage."""
    config = read_config(arguments)
    options = stage_options(config, "umls")
    filters = to_filters(config.umls)
    files = locate(arguments.input)
    for file in files.values():
        logger.info("reading %s", file)
    provenance = replace(derive("", options, input_paths(files)), umls_release=config.umls.release)
    census = ingest(files, filters, arguments.output_dir, provenance)
    for name, tally in census.tables.items():
        logger.info("%s: %d rows, %d kept, dropped: %s", name, tally.rows_in, tally.rows_out, dict(tally.dropped))
    for note, value in census.notes.items():
        logger.info("%s: %s", note, value)
    census.write(arguments.output_dir / "census.json")


def to_filters(umls: Umls) -> UmlsFilters:
    """The section `umls` as the filters of `bali.umls`.

    Raises:
        ConfigError: `semantic_types` holds neither a TUI nor a semantic group.
    """
    return UmlsFilters(
        languages=choice(umls.languages),
        suppress=frozenset(umls.suppress),
        sources=choice(umls.sources),
        exclude_sources=frozenset(umls.exclude_sources),
        term_types=choice(umls.term_types),
        tuis=choose_tuis(umls.semantic_types),
        relations=choice(umls.relations),
        max_srl=umls.max_srl,
    )
