"""Choose one record per PMID over all shards: the last update wins, deletions act."""

import argparse
import logging
from pathlib import Path

import pyarrow.compute as pc

from bali.errors import InputError
from bali.io.census import Census
from bali.io.files import digest_file, digest_json
from bali.io.parquet import Provenance, read_artefact, write_artefact
from bali.pubmed.versions import ShardRecords, select_versions
from bali.schemas import DELETIONS, PARSED_DOCUMENTS, SELECTION
from bali.stages.options import add_option_arguments, read_config, stage_options

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    add_option_arguments(parser)
    parser.add_argument("--parsed-dir", type=Path, required=True, help="folder with a folder per shard")
    parser.add_argument("--shards", nargs="+", required=True, help="names of the shards; a later one wins")
    parser.add_argument("--output", type=Path, required=True, help="selection to write")
    parser.add_argument("--census", type=Path, required=True, help="census to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the selection and its census."""
    config = read_config(arguments)
    shards: list[str] = arguments.shards
    twice = sorted({name for name in shards if shards.count(name) > 1})
    if twice:
        raise InputError(
            f"--shards: expected different shard names, got twice: {', '.join(twice)}. Rename an input file."
        )
    directories = [arguments.parsed_dir / name for name in shards]
    census = Census("select_versions")
    records = [_records(directory) for directory in directories]
    selection = select_versions(records, config.corpus.duplicate_texts, census)
    files = [directory / name for directory in directories for name in ("documents.parquet", "deletions.parquet")]
    provenance = Provenance(
        artefact="selection",
        config_digest=digest_json(stage_options(config, "corpus")),
        input_digests={f"{path.parent.name}/{path.name}": digest_file(path) for path in files},
    )
    write_artefact(arguments.output, selection, SELECTION, provenance)
    census.write(arguments.census)
    logger.info("%d documents in %d shards", selection.num_rows, len(shards))


def _records(directory: Path) -> ShardRecords:
    """The keys of a shard's records."""
    path = directory / "documents.parquet"
    documents = read_artefact(path, PARSED_DOCUMENTS, ["pmid", "version", "position", "text_digest"])
    identifiers = read_artefact(path, PARSED_DOCUMENTS, ["pmid", "external_id"])
    return ShardRecords(
        shard=directory.name,
        documents=documents,
        deletions=read_artefact(directory / "deletions.parquet", DELETIONS),
        identifiers=identifiers.filter(pc.not_equal(identifiers["external_id"], "")),
    )
