"""Read one corpus file (or folder of plain texts) into documents, annotations and deletions."""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

from bali.io.census import Census
from bali.io.parquet import derive, open_artefact
from bali.pubmed.checksums import check_md5
from bali.pubmed.parsing import parse_file
from bali.pubmed.plain_text import text_files
from bali.schemas import DELETIONS, PARSED_ANNOTATIONS, PARSED_DOCUMENTS
from bali.stages.options import add_option_arguments, read_config, stage_options

MD5_CHECKED = "MD5 files that agree"

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    add_option_arguments(parser)
    parser.add_argument(
        "--input", type=Path, required=True, help="corpus file, plain or gzipped, or a folder of plain texts"
    )
    parser.add_argument("--output-dir", type=Path, required=True, help="folder of the shard's artefacts")


def run(arguments: argparse.Namespace) -> None:
    """Write documents, annotations, deletions and census of the file into the output folder."""
    config = read_config(arguments)
    options = stage_options(config, "corpus")
    parents = _input_files(arguments.input)
    origin = {name: derive(name, options, parents) for name in ("parsed_documents", "parsed_annotations", "deletions")}
    directory = arguments.output_dir
    census = Census("parse_corpus")
    census.notes[MD5_CHECKED] = sum(check_md5(path) for path in parents)
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


def _input_files(path: Path) -> Sequence[Path]:
    """The files that are read; none where there is none, which the reader reports."""
    if path.is_dir():
        return text_files(path)
    return [path] if path.is_file() else []
