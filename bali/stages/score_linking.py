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
    """Write precision, recall and F1 by shard and level; an empty table where the corpus has no annotation."""
    read_config(arguments)  # no key of it acts here, but a wrong one is refused
    shards = zip(arguments.annotations, arguments.sentences, arguments.mentions, strict=True)
    scores = [_score_shard(*paths, arguments.umls_dir) for paths in shards]
    inputs = [*arguments.annotations, *arguments.sentences, *arguments.mentions, arguments.umls_dir / "names.parquet"]
    table = pa.concat_tables(scores)
    write_artefact(arguments.output, table, LINKING_QUALITY, derive("linking_quality", {}, inputs))
    for row in table.to_pylist():
        logger.info("%(shard)s, %(level)s: precision %(precision).3f, recall %(recall).3f, F1 %(f1).3f", row)


def _score_shard(annotations_path: Path, sentences_path: Path, mentions_path: Path, umls_dir: Path) -> pa.Table:
    """The scores of the documents of one shard that have annotations; no row where none has."""
    assert annotations_path.stem == sentences_path.stem == mentions_path.stem, "the lists name the shards in one order"
    annotations = pl.DataFrame(read_artefact(annotations_path, ANNOTATIONS))
    pmids = annotations.select("pmid").unique()
    spans = ["pmid", "sentence_id", "start"]
    sentences = _of_documents(sentences_path, SENTENCES, spans, pmids)
    mentions = _of_documents(mentions_path, MENTIONS, [*spans, "end", "cui", "source"], pmids)
    resolved = resolve_identifiers(annotations["identifier"], umls_dir)
    return score_links(annotations_path.stem, annotations, resolved, document_spans(mentions, sentences))


def _of_documents(path: Path, schema: pa.Schema, columns: list[str], pmids: pl.DataFrame) -> pl.DataFrame:
    """Some columns of a shard, for the given documents."""
    return pl.DataFrame(read_artefact(path, schema, columns)).join(pmids, on="pmid", how="semi")
