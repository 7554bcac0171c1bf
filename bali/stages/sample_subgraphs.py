"""Sample a k-hop subgraph around every concept that the corpus mentions, and count its sentences."""

import argparse
import logging
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from bali import schemas
from bali.errors import ArtefactError, InputError
from bali.graph.csr import InEdges, in_edges_files
from bali.graph.mentions import count_mentions
from bali.graph.subgraphs import SubgraphOptions, sample_subgraphs
from bali.io.census import Census
from bali.io.parquet import derive, open_artefact, read_artefact, write_artefact
from bali.stages.options import add_option_arguments, read_config, stage_options

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
    nodes = read_artefact(nodes_path, schemas.NODES, ["cui"])
    in_edges = InEdges.open(edges_folder)
    if in_edges.num_nodes != nodes.num_rows:
        raise ArtefactError(
            f"{edges_folder}: expected the edges of the {nodes.num_rows} nodes of {nodes_path.name}, found those of"
            f" {in_edges.num_nodes}. Run build-graph again."
        )
    roots = find_roots(counts, nodes["cui"], census)
    inputs = [nodes_path, *in_edges_files(edges_folder), *arguments.mentions]
    settings = SubgraphOptions(config.subgraphs.fanout, config.seed)
    with open_artefact(arguments.output, schemas.SUBGRAPHS, derive("subgraphs", options, inputs)) as writer:
        for table in sample_subgraphs(in_edges, nodes["cui"], roots, settings, census):
            writer.write(table)
    provenance = derive("mention_counts", options, arguments.mentions)
    table = counts.select(schemas.MENTION_COUNTS.names).to_arrow(compat_level=pl.CompatLevel.oldest())
    write_artefact(arguments.counts, table, schemas.MENTION_COUNTS, provenance)
    logger.info("%s", census.notes)
    census.write(arguments.census)


def find_roots(
    counts: pl.DataFrame, cuis: pa.ChunkedArray, census: Census
) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """The node ids of the mentioned concepts, sorted; mentions and concepts that are no nodes are counted.

    Raises:
        InputError: none of them is a node.
    """
    index = pl.DataFrame({"cui": pl.Series(cuis), "node_id": np.arange(len(cuis), dtype=np.int32)})
    joined = counts.join(index, on="cui", how="left")
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
