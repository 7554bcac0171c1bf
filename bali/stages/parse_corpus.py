"""Read one corpus file (PubMed XML or PubTator) into documents, annotations and deletions."""

import argparse
import logging
from pathlib import Path

from bali.io.census import Census
from bali.io.parquet import derive, open_artefact
from bali.pubmed.parsing import parse_file
from bali.schemas import DELETIONS, PARSED_ANNOTATIONS, PARSED_DOCUMENTS
from bali.stages.options import add_option_arguments, read_config, stage_options

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    add_option_arguments(parser)
    parser.add_argument("--input", type=Path, required=True, help="corpus file, plain or gzipped")
    parser.add_argument("--output-dir", type=Path, required=True, help="folder of the shard's artefacts")


def run(arguments: argparse.Namespace) -> None:
    """Write documents, annotations, deletions and census of the file into the output folder."""
    config = read_config(arguments)
    options = stage_options(config, "corpus")
    parents = [arguments.input] if arguments.input.is_file() else []  # a missing file is reported by the reader
    origin = {name: derive(name, options, parents) for name in ("parsed_documents", "parsed_annotations", "deletions")}
    directory = arguments.output_dir
    census = Census("parse_corpus")
    with (
        open_artefact(directory / "documents.parquet", PARSED_DOCUMENTS, origin["parsed_documents"]) as documents,
        open_artefact(
            directory / "annotations.parquet", PARSED_ANNOTATIONS, origin["parsed_annotations"]
        ) as annotations,
        open_artefact(directory / "deletions.parquet", DELETIONS, origin["deletions"]) as deletions,
    ):
        for piece in parse_file(arguments.input, config.corpus.format, census):
            for writer, table in zip((documents, annotations, deletions), piece.tables(), strict=True):
                writer.write(table)
    census.write(directory / "census.json")
    citations = census.table("citations")
    logger.info("%s: %d citations, %d documents", arguments.input.name, citations.rows_in, citations.rows_out)
