"""Build the graph of concepts and relations, with the incoming edges of every node as memory-mapped arrays.

Edges between held-out pairs of concepts (`graph.held_out_fraction`) are written beside it, in held_out_edges.parquet.
"""

import argparse
import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from bali import schemas
from bali.graph.build import Graph, GraphOptions, build_graph
from bali.io.ahead import ahead
from bali.io.census import Census
from bali.io.files import atomic_files
from bali.io.parquet import Provenance, derive, open_artefact, write_artefact
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
    inputs = [arguments.umls_dir / f"{name}.parquet" for name in ("concepts", "relations", "inverses")]
    census = Census("build_graph")
    with ThreadPoolExecutor(1) as background:  # the digests of the inputs are ready when the graph has been built
        derived = background.submit(derive, "", options, inputs)
        graph = build_graph(arguments.umls_dir, GraphOptions(**config.graph.model_dump(), seed=config.seed), census)
        provenance = derived.result()
    with atomic_files(arguments.output_dir) as folder:
        _write(graph, folder, provenance, census)
        census.write(folder / "census.json")
    logger.info("%s", census.notes)


def _write(graph: Graph, folder: Path, provenance: Provenance, census: Census) -> None:
    """Write all artefacts; the edges meanwhile in a thread, for they take longest."""
    with ThreadPoolExecutor(1) as background:
        written = background.submit(_write_edges, graph, folder, replace(provenance, artefact="edges"))
        in_edges = graph.in_edges()
        in_edges.save(folder / "in_edges")
        census.notes |= {"nodes": in_edges.num_nodes, "edges": len(in_edges.source)}
        census.notes["relations"] = len(graph.edges.pairs)
        census.notes["nodes without incoming edges"] = int((in_edges.indptr[1:] == in_edges.indptr[:-1]).sum())
        for artefact, table in (("nodes", graph.nodes()), ("relation_labels", graph.relation_labels())):
            schema = schemas.ARTEFACTS[artefact]
            write_artefact(folder / f"{artefact}.parquet", table, schema, replace(provenance, artefact=artefact))
        held_out = replace(provenance, artefact="held_out_edges")
        with open_artefact(folder / "held_out_edges.parquet", schemas.HELD_OUT_EDGES, held_out) as writer:
            for edges in graph.held_out_slices():
                writer.write(edges)
        written.result()


def _write_edges(graph: Graph, folder: Path, provenance: Provenance) -> None:
    with open_artefact(folder / "edges.parquet", schemas.EDGES, provenance) as writer:
        for edges in ahead(graph.edge_slices()):
            writer.write(edges)
