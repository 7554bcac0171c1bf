"""Build RRF files with real CUIs from open ontologies: a graph for people without a UMLS licence."""

import argparse
import logging
from pathlib import Path

from bali.metathesaurus.build import build
from bali.metathesaurus.download import default_cache, download
from bali.metathesaurus.registry import choose_sources, locate_files, read_files

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    parser.add_argument(
        "--from",
        dest="folder",
        type=Path,
        metavar="FOLDER",
        help="folder of the ontologies, in the registry's sub-folders or all in one; left out: they are downloaded",
    )
    parser.add_argument("--output-dir", type=Path, required=True, help="folder of the RRF files; it is replaced")
    parser.add_argument(
        "--cache", type=Path, default=default_cache(), help="folder of downloads (default: %(default)s)"
    )
    parser.add_argument("--exclude", nargs="+", default=[], metavar="SAB", help="sources to leave out, e.g. PHARMGKB")
    parser.add_argument(
        "--compress", action=argparse.BooleanOptionalAction, default=True, help="write .gz (the default) or plain files"
    )


def run(arguments: argparse.Namespace) -> None:
    """Run the stage."""
    sources = choose_sources(arguments.exclude)
    files = [file for file in read_files() if file.sab in sources]
    folder = arguments.folder or download(files, arguments.cache)
    paths = locate_files(folder, files)
    for source in sources.values():
        logger.info("%s: %s, %s", source.sab, source.name, source.licence.name)
    census = build(paths, arguments.exclude, arguments.output_dir, arguments.compress)
    for note, value in census.notes.items():
        logger.info("%s: %s", note, value)
