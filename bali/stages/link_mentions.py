"""Find and link the mentions in one shard's sentences; its own annotations become mentions too."""

import argparse
import logging
from pathlib import Path

import polars as pl

from bali.config import Linking
from bali.io.census import Census
from bali.io.parquet import derive, iterate_artefact, open_artefact, read_artefact
from bali.linking.identifiers import resolve_identifiers
from bali.linking.index_files import check_inputs
from bali.linking.mentions import annotation_mentions, shard_mentions
from bali.linking.quickumls_adapter import MatcherOptions, QuickUmlsLinker
from bali.schemas import ANNOTATIONS, MENTIONS, SEMANTIC_TYPES, SENTENCES
from bali.stages.options import add_option_arguments, read_config, stage_options

logger = logging.getLogger(__name__)

SENTENCES_PER_BATCH = 8192
RELEASE = ("names", "semantic_types", "codes", "retired_cuis")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    add_option_arguments(parser)
    parser.add_argument("--sentences", type=Path, required=True, help="sentences of the shard")
    parser.add_argument("--annotations", type=Path, required=True, help="annotations of the shard")
    parser.add_argument("--index-dir", type=Path, required=True, help="folder of the linker's index")
    parser.add_argument("--umls-dir", type=Path, required=True, help="folder of the ingested release")
    parser.add_argument("--output", type=Path, required=True, help="mentions to write")
    parser.add_argument("--census", type=Path, required=True, help="census to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the shard's mentions and its census."""
    config = read_config(arguments)
    options = stage_options(config, "linking")
    release = {name: arguments.umls_dir / f"{name}.parquet" for name in RELEASE}
    linker = QuickUmlsLinker(arguments.index_dir, _matcher_options(config.linking))
    check_inputs(arguments.index_dir, linker.manifest, {name: release[name] for name in ("names", "semantic_types")})
    census = Census("link_mentions")
    annotated = _annotated(arguments, census)
    provenance = derive("mentions", options, [arguments.sentences, arguments.annotations, *release.values()])
    batches = iterate_artefact(arguments.sentences, SENTENCES, batch_rows=SENTENCES_PER_BATCH)
    with open_artefact(arguments.output, MENTIONS, provenance) as writer:
        for table in shard_mentions(linker, batches, annotated, census):
            writer.write(table)
            logger.info("%d sentences, %d mentions", census.table("sentences").rows_in, writer.num_rows)
    census.write(arguments.census)
    if not writer.num_rows:
        logger.warning(
            "%s: nothing links; do the names fit the texts, linking.semantic_types the release?", arguments.sentences
        )


def _matcher_options(linking: Linking) -> MatcherOptions:
    return MatcherOptions(**linking.model_dump(exclude={"backend", "lowercase"}))


def _annotated(arguments: argparse.Namespace, census: Census) -> pl.DataFrame:
    """The shard's annotations as mentions."""
    annotations = pl.DataFrame(read_artefact(arguments.annotations, ANNOTATIONS))
    spans = read_artefact(arguments.sentences, SENTENCES, ["pmid", "sentence_id", "start", "end"])
    resolved = resolve_identifiers(annotations["identifier"], arguments.umls_dir)
    census.notes["identifiers with several concepts"] = resolved.filter(pl.col("num_cuis") > 1).height
    rows = pl.DataFrame(read_artefact(arguments.umls_dir / "semantic_types.parquet", SEMANTIC_TYPES, ["cui", "tui"]))
    types = rows.join(resolved, on="cui", how="semi").group_by("cui").agg(tuis=pl.col("tui").unique().sort())
    return annotation_mentions(annotations, pl.DataFrame(spans), resolved, types, census)
