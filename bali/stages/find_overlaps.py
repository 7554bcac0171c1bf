"""Look for the documents and texts of the evaluation sets among the training examples."""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from bali.io.census import Census
from bali.io.parquet import check_artefact, derive, iterate_artefact, write_artefact
from bali.overlap.documents import COLUMNS, DocumentScan, index_texts
from bali.overlap.table import NEAR_DUPLICATE
from bali.overlap.texts import DatasetText, pmid_overlaps, text_overlaps
from bali.schemas import EXAMPLES, OVERLAPS
from bali.stages.evaluation_sets import evaluation_sets, set_options
from bali.stages.options import add_option_arguments, read_config

logger = logging.getLogger(__name__)

_BATCH_ROWS = 1 << 14


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    add_option_arguments(parser)
    parser.add_argument("--examples", type=Path, nargs="+", required=True, help="training examples of a shard or more")
    parser.add_argument("--output", type=Path, required=True, help="overlaps to write")
    parser.add_argument("--census", type=Path, required=True, help="census to write: how many texts were compared")


def run(arguments: argparse.Namespace) -> None:
    """Write what the shards hold of the sets.

    Raises:
        InputError: a file of a set is broken.
        ArtefactError: the examples are missing or damaged.
    """
    sets = evaluation_sets(read_config(arguments))
    texts = [DatasetText(task.name, name, text) for task, name, dataset in sets for text in task.texts(dataset)]
    index = index_texts([text.text.text for text in texts])
    logger.info("%d texts of %d sets, %d distinct shingles", len(texts), len(sets), len(index.hashes))
    scan = DocumentScan(index)
    for path in arguments.examples:
        scan.add(iterate_artefact(path, EXAMPLES, COLUMNS, _BATCH_ROWS))
    census = Census("find_overlaps")
    by_text = text_overlaps(texts, index, scan.best(), census)
    by_pmid = pmid_overlaps(texts, _trained(arguments.examples, texts), census)
    rows = pl.concat([by_text, by_pmid]).sort(OVERLAPS.names).to_arrow()
    files = {path for evaluated in sets for path in evaluated.files()}
    provenance = derive("overlaps", set_options(sets), [*arguments.examples, *files])
    write_artefact(arguments.output, rows, OVERLAPS, provenance)
    census.write(arguments.census)
    num_near = by_text.filter(pl.col("share") >= NEAR_DUPLICATE).height
    logger.info("%d PMIDs and %d near duplicates among the training examples", by_pmid.height, num_near)


def _trained(examples: Sequence[Path], texts: Sequence[DatasetText]) -> pl.Series:
    """The PMIDs of the texts that have an example."""
    for path in examples:
        check_artefact(path, EXAMPLES)
    wanted = pl.Series([text.text.pmid for text in texts], dtype=pl.Int64).drop_nulls().unique()
    rows = pl.scan_parquet(list(examples)).select("pmid").filter(pl.col("pmid").is_in(wanted.implode())).unique()
    return rows.collect(engine="streaming")["pmid"]
