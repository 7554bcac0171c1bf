"""Make one shard's training and validation examples from its sentences and mentions."""

import argparse
import logging
from pathlib import Path

import polars as pl

from bali.io.census import Census
from bali.io.parquet import derive, read_artefact, write_artefact
from bali.linking.examples import ExampleOptions, Lookups, make_examples
from bali.schemas import EXAMPLES, HELD_OUT, MENTION_COUNTS, MENTIONS, NODES, SENTENCES
from bali.stages.options import add_option_arguments, read_config, stage_options

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    add_option_arguments(parser)
    parser.add_argument("--sentences", type=Path, required=True, help="sentences of the shard")
    parser.add_argument("--mentions", type=Path, required=True, help="mentions of the shard")
    parser.add_argument("--counts", type=Path, required=True, help="mention counts of the corpus")
    parser.add_argument("--held-out", type=Path, required=True, help="PMIDs that stay out")
    parser.add_argument("--graph-dir", type=Path, required=True, help="folder of the graph")
    parser.add_argument("--train", type=Path, required=True, help="training examples to write")
    parser.add_argument("--validation", type=Path, required=True, help="validation examples to write")
    parser.add_argument("--census", type=Path, required=True, help="census to write")


def run(arguments: argparse.Namespace) -> None:
    """Write the shard's examples and its census."""
    config = read_config(arguments)
    options = stage_options(config, "examples", "seed")
    nodes = arguments.graph_dir / "nodes.parquet"
    lookups = Lookups(
        graph_cuis=pl.DataFrame(read_artefact(nodes, NODES, ["cui"])),
        counts=pl.DataFrame(read_artefact(arguments.counts, MENTION_COUNTS)),
        held_out=pl.DataFrame(read_artefact(arguments.held_out, HELD_OUT, ["pmid"])).unique(),
    )
    section = config.examples
    choice = ExampleOptions(
        section.mention_sources, section.validation_fraction, section.max_sentences_per_concept, config.seed
    )
    sentences = pl.DataFrame(read_artefact(arguments.sentences, SENTENCES))
    mentions = pl.DataFrame(read_artefact(arguments.mentions, MENTIONS))
    census = Census("make_examples")
    examples = make_examples(sentences, mentions, lookups, choice, census)
    inputs = [arguments.sentences, arguments.mentions, arguments.counts, arguments.held_out, nodes]
    provenance = derive("examples", options, inputs)
    write_artefact(arguments.train, examples.train, EXAMPLES, provenance)
    write_artefact(arguments.validation, examples.validation, EXAMPLES, provenance)
    census.write(arguments.census)
    logger.info("%d training and %d validation sentences", examples.train.num_rows, examples.validation.num_rows)
