"""Collect the PMIDs that stay out of training: those of the configuration and of the evaluation sets."""

import argparse
import logging
from pathlib import Path

import pyarrow as pa

from bali.io.parquet import derive, write_artefact
from bali.schemas import HELD_OUT
from bali.stages.evaluation_sets import evaluation_sets
from bali.stages.options import add_option_arguments, read_config

logger = logging.getLogger(__name__)

CONFIG = "config"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    add_option_arguments(parser)
    parser.add_argument("--output", type=Path, required=True, help="held-out PMIDs to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the PMIDs with their reasons; nothing is held out of a set that lacks a file, for it is not evaluated.

    What of a set is held out, its task says (`bali.tasks.task.Task.texts`): as a rule the documents of its test part.

    Raises:
        InputError: a file of a set is broken.
    """
    config = read_config(arguments)
    held_out = {(pmid, CONFIG) for pmid in config.corpus.held_out_pmids}
    sets = evaluation_sets(config)
    for evaluated in sets:
        pmids = {text.pmid for text in evaluated.task.texts(evaluated.dataset) if text.pmid is not None}
        reason = f"evaluation.{evaluated.task.name}.{evaluated.name}"
        held_out |= {(pmid, reason) for pmid in pmids}
        logger.info("%s: %d PMIDs held out of training", reason, len(pmids))
    rows = [{"pmid": pmid, "reason": reason} for pmid, reason in sorted(held_out)]
    options = {"held_out_pmids": sorted(config.corpus.held_out_pmids)}
    provenance = derive("held_out", options, {path for evaluated in sets for path in evaluated.files()})
    write_artefact(arguments.output, pa.Table.from_pylist(rows, HELD_OUT), HELD_OUT, provenance)
