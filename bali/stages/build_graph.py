"""Build the graph of concepts and relations, with the incoming edges of every node as memory-mapped arrays."""

import argparse
import logging
from pathlib import Path

from bali import schemas
from bali.graph.build import GraphOptions, build_graph
from bali.io.census import Census
from bali.io.parquet import derive, open_artefact, write_artefact
from bali.stages.options import add_option_arguments, read_config, stage_options

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the stage's arguments."""
    parser.add_argument("--umls-dir", type=Path, required=True, help="output folder of ingest")
    parser.add_argument("--output-dir", type=Path, required=True, help="folder of the artefacts")
    add_option_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    """Run the stage."""
    config = read_config(arguments)
    options = stage_options(config, "graph", "seed")
    concepts, relations = arguments.umls_dir / "concepts.parquet", arguments.umls_dir / "relations.parquet"
    inputs = [concepts, relations]
    census = Census("build_graph")
    graph = build_graph(concepts, relations, GraphOptions(**config.graph.model_dump(), seed=config.seed), census)
    census.notes |= {"nodes": graph.concepts.num_rows, "edges": len(graph.keys), "relations": len(graph.pairs)}
    in_edges = graph.in_edges()
    census.notes["nodes without incoming edges"] = int((in_edges.indptr[1:] == in_edges.indptr[:-1]).sum())
    logger.info("%s", census.notes)
    output_dir = arguments.output_dir
    provenance = derive("nodes", options, inputs)
    write_artefact(output_dir / "nodes.parquet", graph.nodes(), schemas.NODES, provenance)
    with open_artefact(output_dir / "edges.parquet", schemas.EDGES, derive("edges", options, inputs)) as writer:
        for edges in graph.edge_slices():
            writer.write(edges)
    in_edges.save(output_dir / "in_edges")
    census.write(output_dir / "census.json")
