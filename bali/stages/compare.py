"""Put several finished runs side by side: one HTML page, and its numbers as CSV beside it."""

import argparse
import logging
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bali.errors import InputError
from bali.io.files import write_text
from bali.reporting.comparison_page import comparison_csv, comparison_page
from bali.reporting.run_comparison import compare_runs
from bali.reporting.runs import read_run
from bali.stages.options import positive_number

logger = logging.getLogger(__name__)

MIN_BOOTSTRAP = 100  # as in evaluation.num_bootstrap


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `bali compare`; it reads no configuration."""
    parser.add_argument(
        "results", nargs="+", type=Path, metavar="RESULTS", help="results directories; the first is compared with"
    )
    parser.add_argument("--names", nargs="+", metavar="NAME", help="names of the runs; default: those of their folders")
    parser.add_argument(
        "--output", type=Path, default=Path("comparison.html"), help="the page; the CSV gets its name, with .csv"
    )
    parser.add_argument(
        "--num-bootstrap", type=positive_number, default=1000, metavar="N", help="resamples of the paired bootstrap"
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the page and the CSV.

    Raises:
        InputError: an argument is not as it must be, or a folder has no metrics.
        ArtefactError: a file of a run is damaged, or its metrics are not those of its evaluations.
    """
    page: Path = arguments.output
    if page.suffix != ".html":
        raise InputError(f"--output: expected a file name that ends in .html, got {page}.")
    if arguments.num_bootstrap < MIN_BOOTSTRAP:
        raise InputError(f"--num-bootstrap: expected at least {MIN_BOOTSTRAP}, got {arguments.num_bootstrap}.")
    names = _names(arguments.results, arguments.names)
    runs = [read_run(name, root) for name, root in zip(names, arguments.results, strict=True)]
    comparison = compare_runs(runs, arguments.num_bootstrap)
    table = page.with_suffix(".csv")
    write_text(table, comparison_csv(comparison))
    write_text(page, comparison_page(comparison, table.name))
    for verdict in comparison.verdicts:
        logger.info("%s", verdict.sentence)
    logger.info("wrote %s and %s", page, table)


def _names(results: Sequence[Path], given: Sequence[str] | None) -> list[str]:
    """A name for each run.

    Raises:
        InputError: there are fewer than two runs, or not as many names as runs, or two of one name.
    """
    if len(results) < 2:
        raise InputError(f"expected at least two results directories, got {len(results)}: {results[0]}.")
    if given is not None and len(given) != len(results):
        raise InputError(f"--names: expected {len(results)} names, one for each run, got {len(given)}.")
    names = [" ".join(name.split()) for name in given or (root.resolve().name for root in results)]
    name, num = Counter(names).most_common(1)[0]
    if num > 1:
        raise InputError(f"expected a name for each run, got {num} runs named {name!r}. Give others with --names.")
    if "" in names:
        raise InputError("expected a name for each run, got an empty one. Give it one with --names.")
    return names
