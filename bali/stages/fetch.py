"""Download PubMed's baseline and update files from NLM, or a model from the Hugging Face Hub; needs a network."""

import argparse
import logging
from pathlib import Path

from bali.errors import InputError
from bali.fetching.http import Client
from bali.fetching.models import MODELS_DIR
from bali.fetching.pubmed import BASE_URL, BASELINE, MAX_JOBS, UPDATES, fetch_files, list_files

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's arguments."""
    sources = parser.add_subparsers(dest="source", required=True, metavar="SOURCE")
    pubmed = "PubMed's baseline and update files, verified and resumable"
    _add_pubmed_arguments(sources.add_parser("pubmed", help=pubmed, description=pubmed))
    model = "a model for PyTorch by its id on the Hugging Face Hub, as a folder of plain files"
    _add_model_arguments(sources.add_parser("model", help=model, description=model))


def _add_pubmed_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of the files; may be kept on")
    parser.add_argument("--baseline", action="store_true", help="the yearly baseline; neither this nor --updates: both")
    parser.add_argument("--updates", action="store_true", help="the daily update files")
    parser.add_argument(
        "--files",
        nargs="+",
        default=[],
        metavar="WHICH",
        help="only these: names with * or ? (quoted), or ranges of running numbers like 1-20, 7 or 1300-",
    )
    parser.add_argument("--base-url", default=BASE_URL, metavar="URL", help="folder on the server (%(default)s)")
    parser.add_argument("--jobs", type=int, choices=range(1, MAX_JOBS + 1), default=2, help="connections at once")
    parser.add_argument("--verify", action="store_true", help="compare the MD5 of files that are there already, too")
    parser.add_argument("--dry-run", action="store_true", help="say how much there is to fetch, and stop")


def _add_model_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model_id", metavar="ORG/NAME", help="id of the model")
    parser.add_argument("--revision", metavar="REV", help="branch, tag or commit; default: the main branch")
    parser.add_argument(
        "--output", type=Path, default=MODELS_DIR, metavar="DIR", help="folder of models (%(default)s): DIR/ORG/NAME"
    )


def run(arguments: argparse.Namespace) -> None:
    """Fetch what is missing."""
    try:
        if arguments.source == "model":
            _fetch_model(arguments)
        else:
            _fetch_pubmed(arguments)
    except KeyboardInterrupt:
        raise InputError("stopped from the keyboard. The same command goes on where it stopped.") from None


def _fetch_model(arguments: argparse.Namespace) -> None:
    from bali.fetching.hub import fetch_model  # noqa: PLC0415 (its client takes half a second to import)

    model = fetch_model(arguments.model_id, arguments.output, arguments.revision)
    num_bytes = sum(file.size for file in model.files)
    folder = arguments.output / model.model_id
    logger.info("%s: commit %s, %d files, %.2f GiB", folder, model.commit, len(model.files), num_bytes / 2**30)


def _fetch_pubmed(arguments: argparse.Namespace) -> None:
    base = arguments.base_url.rstrip("/") + "/"
    folders = [f for f, wanted in ((BASELINE, arguments.baseline), (UPDATES, arguments.updates)) if wanted]
    client = Client(base)
    files = list_files(client, base, folders or [BASELINE, UPDATES], arguments.files)
    if arguments.dry_run:
        num_bytes = sum(file.size or 0 for file in files)
        logger.info("%d files, %s to %s: %.2f GiB", len(files), files[0].name, files[-1].name, num_bytes / 2**30)
        return
    receipts = fetch_files(client, files, arguments.output, arguments.jobs, verify=arguments.verify)
    logger.info("%s: %d files, %.2f GiB", arguments.output, len(receipts), sum(r.size for r in receipts) / 2**30)
