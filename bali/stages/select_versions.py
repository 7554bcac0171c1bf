"""Choose one record per PMID over all shards: the last update wins, deletions act."""

import argparse
import logging
from pathlib import Path

from bali.errors import InputError
from bali.io.census import Census
from bali.io.files import digest_file, digest_json
from bali.io.parquet import Provenance, read_artefact, write_artefact
from bali.pubmed.versions import ShardRecords, select_versions
from bali.schemas import DELETIONS, PARSED_DOCUMENTS, SELECTION
from bali.stages.options import add_option_arguments, read_config

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
    read_config(arguments)  # no key of it acts here, but a wrong one is refused
    shards: list[str] = arguments.shards
    twice = sorted({name for name in shards if shards.count(name) > 1})
    if twice:
        raise InputError(
            f"--shards: expected different shard names, got twice: {', '.join(twice)}. Rename an input file."
        )
    directories = [arguments.parsed_dir / name for name in shards]
    records = [
        ShardRecords(
            directory.name,
            read_artefact(directory / "documents.parquet", PARSED_DOCUMENTS, ["pmid", "version", "position"]),
            read_artefact(directory / "deletions.parquet", DELETIONS),
        )
        for directory in directories
    ]
    census = Census("select_versions")
    selection = select_versions(records, census.table("documents"))
    files = [directory / name for directory in directories for name in ("documents.parquet", "deletions.parquet")]
    provenance = Provenance(
        artefact="selection",
        config_digest=digest_json({}),
        input_digests={f"{path.parent.name}/{path.name}": digest_file(path) for path in files},
    )
    write_artefact(arguments.output, selection, SELECTION, provenance)
    census.write(arguments.census)
    logger.info("%d documents in %d shards", selection.num_rows, len(shards))
