"""Sample a k-hop subgraph around every concept that the corpus mentions, and count its sentences."""

import argparse
import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from bali import concept_ids, schemas
from bali.errors import ConfigError, InputError
from bali.graph.csr import in_edges_files
from bali.graph.folder import open_in_edges, read_concepts
from bali.graph.mentions import count_mentions
from bali.graph.subgraphs import SubgraphOptions, sample_subgraphs
from bali.io.census import Census
from bali.io.parquet import derive, open_artefact, read_artefact, write_artefact
from bali.stages.options import add_option_arguments, read_config, stage_options
from bali.strict import suggest

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    parser.add_argument("--graph-dir", type=Path, required=True, help="output folder of build-graph")
    parser.add_argument("--mentions", type=Path, nargs="+", required=True, help="mentions of every shard")
    parser.add_argument("--output", type=Path, required=True, help="Parquet file of the subgraphs")
    parser.add_argument("--counts", type=Path, required=True, help="Parquet file of the mention counts")
    parser.add_argument("--census", type=Path, required=True, help="JSON file of the row counts")
    add_option_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Run the stage."""
    config = read_config(arguments)
    options = stage_options(config, "subgraphs", "seed")
    census = Census("sample_subgraphs")
    counts = count_mentions(arguments.mentions)
    nodes_path, edges_folder = arguments.graph_dir / "nodes.parquet", arguments.graph_dir / "in_edges"
    concepts, in_edges = read_concepts(nodes_path), open_in_edges(arguments.graph_dir)
    roots = find_roots(counts, concepts, census)
    labels_path = arguments.graph_dir / "relation_labels.parquet"
    inputs = [nodes_path, labels_path, *in_edges_files(edges_folder), *arguments.mentions]
    walked = find_walked(labels_path, config.subgraphs.relations)
    settings = SubgraphOptions(config.subgraphs.fanout, config.seed, config.subgraphs.hub_degree, walked)
    with open_artefact(arguments.output, schemas.SUBGRAPHS, derive("subgraphs", options, inputs)) as writer:
        for table in sample_subgraphs(in_edges, concepts, roots, settings, census):
            writer.write(table)
    provenance = derive("mention_counts", options, arguments.mentions)
    table = counts.select(schemas.MENTION_COUNTS.names).to_arrow(compat_level=pl.CompatLevel.oldest())
    write_artefact(arguments.counts, table, schemas.MENTION_COUNTS, provenance)
    logger.info("%s", census.notes)
    census.write(arguments.census)


def find_roots(
    counts: pl.DataFrame, concepts: concept_ids.Numbers, census: Census
) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """The node ids of the mentioned concepts, sorted; mentions and concepts that are no nodes are counted.

    Raises:
        InputError: none of them is a node.
    """
    mentioned = concept_ids.parse(counts["cui"].to_arrow())
    nodes = np.searchsorted(concepts, mentioned).astype(np.int32)
    is_node = concepts[np.minimum(nodes, len(concepts) - 1)] == mentioned
    joined = counts.with_columns(node_id=pl.Series(nodes).set(pl.Series(~is_node), None))
    found = joined.filter(pl.col("node_id").is_not_null())
    for table, column in (("mentions", pl.col("num_mentions").sum()), ("concepts", pl.col("cui").n_unique())):
        tally = census.table(table)
        tally.rows_in, tally.rows_out = (int(frame.select(column).item()) for frame in (joined, found))
        tally.drop("not in the graph", tally.rows_in - tally.rows_out)
    if found.is_empty():
        raise InputError(
            f"mentions: expected concepts of the graph, found none among the {joined['cui'].n_unique():,} mentioned"
            " ones. The mentions were made with another release or other filters; link the corpus again."
        )
    roots: np.ndarray[tuple[int], np.dtype[np.int32]] = found["node_id"].unique().sort().to_numpy()
    return roots


def find_walked(labels_path: Path, wanted: Sequence[str] | str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(num_relations,) which relations of the graph are followed: those whose REL or RELA is wanted, or `all`.

    Raises:
        ConfigError: a wanted one is no relation of the graph.
    """
    rows = read_artefact(labels_path, schemas.RELATION_LABELS).to_pylist()
    known = {label for row in rows for label in (row["rel"], row["rela"])} - {""}
    if wanted == "all":
        return np.ones(len(rows), np.bool_)
    for label in wanted:
        if label not in known:
            raise ConfigError(
                f"subgraphs.relations: {label!r} is no REL or RELA of the graph.{suggest(label, sorted(known))}"
            )
    return np.array([row["rel"] in wanted or row["rela"] in wanted for row in rows], np.bool_)
