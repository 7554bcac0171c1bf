"""Score the linker against the annotations that came with the corpus."""

import argparse
import logging
from pathlib import Path

import polars as pl
import pyarrow as pa

from bali.io.parquet import derive, read_artefact, write_artefact
from bali.linking.identifiers import resolve_identifiers
from bali.linking.scoring import document_spans, score_links
from bali.schemas import ANNOTATIONS, LINKING_QUALITY, MENTIONS, SENTENCES
from bali.stages.options import add_option_arguments, read_config

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    add_option_arguments(parser)
    parser.add_argument("--annotations", type=Path, nargs="+", required=True, help="annotations of all shards")
    parser.add_argument("--sentences", type=Path, nargs="+", required=True, help="sentences of all shards")
    parser.add_argument("--mentions", type=Path, nargs="+", required=True, help="mentions of all shards")
    parser.add_argument("--umls-dir", type=Path, required=True, help="folder of the ingested release")
    parser.add_argument("--output", type=Path, required=True, help="scores to write")


def run(arguments: argparse.Namespace) -> None:
    """Write precision, recall and F1 by level; an empty table where the corpus has no annotation."""
    read_config(arguments)  # no key of it acts here, but a wrong one is refused
    annotations = pl.concat([pl.DataFrame(read_artefact(path, ANNOTATIONS)) for path in arguments.annotations])
    pmids = annotations.select("pmid").unique()
    spans = ["pmid", "sentence_id", "start"]
    sentences = _of_documents(arguments.sentences, SENTENCES, spans, pmids)
    mentions = _of_documents(arguments.mentions, MENTIONS, [*spans, "end", "cui", "source"], pmids)
    resolved = resolve_identifiers(annotations["identifier"], arguments.umls_dir)
    scores = score_links(annotations, resolved, document_spans(mentions, sentences))
    inputs = [*arguments.annotations, *arguments.sentences, *arguments.mentions, arguments.umls_dir / "names.parquet"]
    write_artefact(arguments.output, scores, LINKING_QUALITY, derive("linking_quality", {}, inputs))
    for row in scores.to_pylist():
        logger.info("%(level)s: precision %(precision).3f, recall %(recall).3f, F1 %(f1).3f", row)


def _of_documents(paths: list[Path], schema: pa.Schema, columns: list[str], pmids: pl.DataFrame) -> pl.DataFrame:
    """Some columns of all shards, for the given documents."""
    tables = (pl.DataFrame(read_artefact(path, schema, columns)) for path in paths)
    return pl.concat([table.join(pmids, on="pmid", how="semi") for table in tables])
