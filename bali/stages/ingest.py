"""Read a UMLS release: filter it and write names, concepts, relations, semantic types, sources, codes."""

import argparse
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from bali.config import Umls
from bali.io.parquet import derive
from bali.ontologies.formats import transcribe
from bali.rrf.locate import input_paths, locate
from bali.stages.options import add_option_arguments, available_cores, positive_number, read_config, stage_options
from bali.umls.filters import UmlsFilters, choice, choose_tuis
from bali.umls.ingest import ingest

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    parser.add_argument(
        "--input",
        type=Path,
        nargs="+",
        required=True,
        metavar="PATH",
        help="META directory, zip, or RRF files (.gz too); RxNorm, MedGen, OBO or KGX",
    )
    parser.add_argument("--output-dir", type=Path, required=True, help="folder of the artefacts")
    parser.add_argument(
        "--threads", type=positive_number, default=available_cores(), help="blocks read at once (default: cores)"
    )
    add_option_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Run the stage."""
    config = read_config(arguments)
    options = stage_options(config, "umls")
    filters = to_filters(config.umls)
    files = transcribe(arguments.input) or locate(arguments.input)
    for file in files.values():
        logger.info("reading %s", file)
    with ThreadPoolExecutor(1) as background:  # the digests of the files are ready when the names have been read
        derived = background.submit(derive, "", options, input_paths(files))
        census = ingest(
            files,
            filters,
            arguments.output_dir,
            lambda: replace(derived.result(), umls_release=config.umls.release),
            arguments.threads,
        )
    for name, tally in census.tables.items():
        logger.info("%s: %d rows, %d kept, dropped: %s", name, tally.rows_in, tally.rows_out, dict(tally.dropped))
    for note, value in census.notes.items():
        logger.info("%s: %s", note, value)


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
        min_names=umls.min_names,
    )
