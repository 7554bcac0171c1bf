"""Find and link the mentions in one shard's sentences; its own annotations become mentions too."""

import argparse
import logging
from pathlib import Path

import polars as pl

from bali.config import Linking
from bali.io.census import Census
from bali.io.parquet import derive, iterate_artefact, open_artefact, read_artefact
from bali.linking.candidates import CandidateFinder, MatcherOptions, open_finder
from bali.linking.filters import MentionFilters
from bali.linking.identifiers.resolving import resolve_identifiers
from bali.linking.index_files import check_inputs
from bali.linking.mentions import LinkOptions, annotation_mentions, shard_mentions
from bali.linking.similarity import Matching
from bali.schemas import ANNOTATIONS, CANDIDATES, MENTIONS, SEMANTIC_TYPES, SENTENCES
from bali.stages.linking_types import kept_types, matcher_types
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
    parser.add_argument(
        "--candidates", type=Path, help="candidates to write, no row unless kept; default: a folder beside"
    )
    parser.add_argument("--census", type=Path, required=True, help="census to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the shard's mentions, their candidates and the census."""
    config = read_config(arguments)
    options = stage_options(config, "linking")
    release = {name: arguments.umls_dir / f"{name}.parquet" for name in RELEASE}
    link_options = _link_options(config.linking)
    finder = _finder(arguments.index_dir, config.linking, {name: release[name] for name in ("names", "semantic_types")})
    census = Census("link_mentions")
    annotated = _annotated(arguments, census)
    inputs = [arguments.sentences, arguments.annotations, *release.values()]
    candidates_path = arguments.candidates or arguments.output.parent / "candidates" / arguments.output.name
    batches = iterate_artefact(arguments.sentences, SENTENCES, batch_rows=SENTENCES_PER_BATCH)
    with (
        open_artefact(arguments.output, MENTIONS, derive("mentions", options, inputs)) as mentions,
        open_artefact(candidates_path, CANDIDATES, derive("candidates", options, inputs)) as candidates,
    ):
        for linked in shard_mentions(finder, batches, annotated, link_options, census):
            mentions.write(linked.mentions)
            candidates.write(linked.candidates)
            logger.info("%d sentences, %d mentions", census.table("sentences").rows_in, mentions.num_rows)
    census.write(arguments.census)
    if not mentions.num_rows:
        logger.warning(
            "%s: nothing links; do the names fit the texts, linking.semantic_types the release?", arguments.sentences
        )


def _finder(index_dir: Path, linking: Linking, inputs: dict[str, Path]) -> CandidateFinder:
    """The back end on its index, which must be one of the release that stands there."""
    options = MatcherOptions(
        threshold=linking.threshold,
        similarity=linking.similarity,
        window=linking.window,
        min_match_length=linking.min_match_length,
        overlapping=linking.overlapping,
        semantic_types=matcher_types(linking),
        keep_uppercase=linking.keep_uppercase,
        ignore_syntax=linking.ignore_syntax,
    )
    finder = open_finder(linking.backend, index_dir, options)
    check_inputs(index_dir, finder.manifest, inputs)
    return finder


def _link_options(linking: Linking) -> LinkOptions:
    filters = MentionFilters(
        types=kept_types(linking),
        min_letters=linking.min_letters,
        stop_terms=linking.stop_terms,
        ambiguous_words=linking.short_and_ambiguous,
        max_candidates=linking.max_candidates,
    )
    matching = Matching(linking.similarity, linking.lowercase, linking.normalize_unicode, linking.keep_uppercase)
    return LinkOptions(filters, matching, linking.keep_candidates or linking.ranker == "context")


def _annotated(arguments: argparse.Namespace, census: Census) -> pl.DataFrame:
    """The shard's annotations as mentions."""
    annotations = pl.DataFrame(read_artefact(arguments.annotations, ANNOTATIONS))
    spans = read_artefact(arguments.sentences, SENTENCES, ["pmid", "sentence_id", "start", "end"])
    resolved = resolve_identifiers(annotations["identifier"], arguments.umls_dir)
    census.notes["identifiers with several concepts"] = resolved.filter(pl.col("num_cuis") > 1).height
    rows = pl.DataFrame(read_artefact(arguments.umls_dir / "semantic_types.parquet", SEMANTIC_TYPES, ["cui", "tui"]))
    types = rows.join(resolved, on="cui", how="semi").group_by("cui").agg(tuis=pl.col("tui").unique().sort())
    return annotation_mentions(annotations, pl.DataFrame(spans), resolved, types, census)
