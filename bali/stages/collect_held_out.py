"""Collect the PMIDs that stay out of training: those of the configuration and of the evaluation sets."""

import argparse
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa

from bali.config import Config
from bali.io.parquet import derive, write_artefact
from bali.pubmed.held_out import pubtator_pmids, question_pmids
from bali.schemas import HELD_OUT
from bali.stages.options import add_option_arguments, read_config
from bali.vocabulary import Pmid

logger = logging.getLogger(__name__)

CONFIG = "config"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    add_option_arguments(parser)
    parser.add_argument("--output", type=Path, required=True, help="held-out PMIDs to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the PMIDs with their reasons; an evaluation file that is absent is logged, its task is skipped later."""
    config = read_config(arguments)
    held_out = {(pmid, CONFIG) for pmid in config.corpus.held_out_pmids}
    read: list[Path] = []
    for reason, path, read_pmids in _evaluation_files(config):
        if not path.is_file():
            logger.warning("%s: no such file (%s); nothing of it is held out", path, reason)
            continue
        pmids = read_pmids(path)
        held_out |= {(pmid, reason) for pmid in pmids}
        read.append(path)
        logger.info("%s: %d PMIDs held out of training", path, len(pmids))
    rows = [{"pmid": pmid, "reason": reason} for pmid, reason in sorted(held_out)]
    options = {"held_out_pmids": sorted(config.corpus.held_out_pmids)}
    write_artefact(arguments.output, pa.Table.from_pylist(rows, HELD_OUT), HELD_OUT, derive("held_out", options, read))


def _evaluation_files(config: Config) -> Iterator[tuple[str, Path, Callable[[Path], set[Pmid]]]]:
    """(reason, file, reader) of each evaluation file whose documents are held out.

    Of entity linking only `test`: `train` documents are what others train on too, and only serve to find the mentions
    that were seen before. Of PubMedQA all questions, since its folds train on the others.
    """
    tasks = config.evaluation.tasks
    for name, dataset in sorted(tasks.entity_linking.datasets.items() if tasks.entity_linking else ()):
        for file in dataset.test:
            yield f"evaluation.entity_linking.{name}", Path(file), pubtator_pmids
    for name, questions in sorted(tasks.pubmedqa.datasets.items() if tasks.pubmedqa else ()):
        yield f"evaluation.pubmedqa.{name}", Path(questions.questions), question_pmids
