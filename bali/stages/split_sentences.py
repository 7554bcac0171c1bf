"""Split the selected documents of one shard into sentences."""

import argparse
import logging
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from bali.errors import ArtefactError
from bali.io.census import Census
from bali.io.parquet import derive, open_artefact, read_artefact, write_artefact
from bali.pubmed.splitting import keep_selected, sentences_of
from bali.schemas import ANNOTATIONS, DOCUMENTS, PARSED_ANNOTATIONS, PARSED_DOCUMENTS, SELECTION, SENTENCES
from bali.stages.options import add_option_arguments, read_config

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    add_option_arguments(parser)
    parser.add_argument("--parsed-dir", type=Path, required=True, help="folder of the shard; its name is the shard's")
    parser.add_argument("--selection", type=Path, required=True, help="which records count")
    parser.add_argument("--documents", type=Path, required=True, help="documents to write")
    parser.add_argument("--sentences", type=Path, required=True, help="sentences to write")
    parser.add_argument("--annotations", type=Path, required=True, help="annotations to write")
    parser.add_argument("--census", type=Path, required=True, help="census to write")


def run(arguments: argparse.Namespace) -> None:
    """Write documents, sentences, annotations and census of the shard."""
    read_config(arguments)  # no key of it acts here, but a wrong one is refused
    parsed = arguments.parsed_dir
    inputs = [parsed / "documents.parquet", parsed / "annotations.parquet", arguments.selection]
    selection = _selection_of(arguments.selection, parsed.name)
    census = Census("split_sentences")
    documents = keep_selected(read_artefact(inputs[0], PARSED_DOCUMENTS), selection, DOCUMENTS, "documents", census)
    annotations = keep_selected(
        read_artefact(inputs[1], PARSED_ANNOTATIONS), selection, ANNOTATIONS, "annotations", census
    )
    if documents.num_rows != selection.num_rows:
        raise ArtefactError(
            f"{arguments.selection}: expected {selection.num_rows} documents of shard {parsed.name}, found"
            f" {documents.num_rows} in {parsed}. The shard was parsed again since: run select-versions again."
        )
    write_artefact(arguments.documents, documents, DOCUMENTS, derive("documents", {}, inputs))
    write_artefact(arguments.annotations, annotations, ANNOTATIONS, derive("annotations", {}, inputs))
    with open_artefact(arguments.sentences, SENTENCES, derive("sentences", {}, inputs)) as writer:
        for table in sentences_of(documents):
            writer.write(table)
    census.notes["sentences"] = writer.num_rows
    census.write(arguments.census)
    logger.info("%s: %d documents, %d sentences", parsed.name, documents.num_rows, writer.num_rows)


def _selection_of(path: Path, shard: str) -> pa.Table:
    selection = read_artefact(path, SELECTION)
    return selection.filter(pc.equal(selection["shard"], shard))
