"""A graph as `build-graph` left it: nodes.parquet, edges.parquet, relation_labels.parquet and in_edges/."""

from pathlib import Path

import numpy as np

from bali import concept_ids
from bali.errors import ArtefactError
from bali.graph.csr import InEdges
from bali.graph.inverses import RelationPair
from bali.io.parquet import check_artefact, iterate_artefact, read_artefact
from bali.schemas import NODES, RELATION_LABELS


def open_in_edges(graph_dir: Path) -> InEdges:
    """Map the edges of a graph by target into memory, after comparing them with its nodes.

    Raises:
        ArtefactError: a file is missing, damaged, or of another graph.
    """
    nodes_path, folder = graph_dir / "nodes.parquet", graph_dir / "in_edges"
    num_nodes = check_artefact(nodes_path, NODES).metadata.num_rows
    in_edges = InEdges.open(folder)
    if in_edges.num_nodes != num_nodes:
        raise ArtefactError(
            f"{folder}: expected the edges of the {num_nodes:,} nodes of {nodes_path.name}, found those of"
            f" {in_edges.num_nodes:,}. Run build-graph again."
        )
    return in_edges


def read_concepts(nodes_path: Path) -> concept_ids.Numbers:
    """The concepts of the nodes (`concept_ids`), in order of node id; their strings are not held.

    Raises:
        ArtefactError: nodes.parquet is missing, damaged or has other columns.
    """
    pieces = [concept_ids.parse(batch["cui"]) for batch in iterate_artefact(nodes_path, NODES, ["cui"])]
    return np.concatenate([np.empty(0, np.int32), *pieces])


def read_relation_pairs(labels_path: Path) -> list[RelationPair]:
    """(REL, RELA) by relation id.

    Raises:
        ArtefactError: relation_labels.parquet is missing, damaged or has other columns.
    """
    rows = read_artefact(labels_path, RELATION_LABELS, ["rel", "rela"]).to_pylist()
    return [(row["rel"], row["rela"]) for row in rows]
