"""Build the linker's database from the names and semantic types of the release."""

import argparse
import logging
from pathlib import Path

from bali.io.census import Census
from bali.io.files import atomic_path, digest_file
from bali.linking.index_files import DATABASE, MANIFEST, Manifest, digest_folder, write_manifest
from bali.linking.quickumls_index import backend_version, build_database
from bali.stages.options import add_option_arguments, read_config, stage_options

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    add_option_arguments(parser)
    parser.add_argument("--umls-dir", type=Path, required=True, help="folder of the ingested release")
    parser.add_argument("--output-dir", type=Path, required=True, help="folder of the index")


def run(arguments: argparse.Namespace) -> None:
    """Write the database, its manifest and the census."""
    config = read_config(arguments)
    stage_options(config, "linking")
    inputs = {name: arguments.umls_dir / f"{name}.parquet" for name in ("names", "semantic_types")}
    index_dir = arguments.output_dir
    census = Census("build_linker_index")
    (index_dir / MANIFEST).unlink(missing_ok=True)  # an index without manifest is never opened
    with atomic_path(index_dir / DATABASE) as folder:
        build_database(inputs["names"], inputs["semantic_types"], folder, config.linking.lowercase, census)
    manifest = Manifest(
        backend=backend_version(),
        inputs={name: digest_file(path) for name, path in inputs.items()},
        lowercase=config.linking.lowercase,
        files=digest_folder(index_dir / DATABASE),
    )
    census.write(index_dir / "census.json")
    write_manifest(index_dir, manifest)
    logger.info("%s terms of %s concepts", census.notes["terms"], census.notes["concepts"])
