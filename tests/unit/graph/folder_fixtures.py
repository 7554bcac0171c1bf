"""The folder of a small random graph as `build-graph` writes it."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from bali import schemas
from bali.graph.csr import InEdges
from bali.io.parquet import Provenance, open_artefact, write_artefact
from tests.unit.graph.graph_fixtures import random_edges

PAIRS = [("CHD", "isa"), ("PAR", ""), ("RO", "may_treat")]
SOURCES = ["MSH", "MSH|NCI", "NCI|SNOMEDCT_US"]
ROW_GROUP_ROWS = 40


def write_graph(folder: Path, seed: int, num_nodes: int, num_edges: int) -> list[tuple[int, int, int]]:
    """Write what `build-graph` writes, edges.parquet in several row groups; the edges (source, target, relation)."""
    in_edges, cuis = random_edges(seed, num_nodes, num_edges)
    in_edges.save(folder / "in_edges")
    degree = np.diff(in_edges.indptr)
    nodes = {
        "node_id": np.arange(num_nodes, dtype=np.int32),
        "cui": cuis,
        "preferred_name": [f"name of {cui}" for cui in cuis.to_pylist()],
        "tuis": pa.array([["T047"]] * num_nodes),
        "degree": degree.astype(np.int32),
    }
    write_artefact(folder / "nodes.parquet", pa.table(nodes), schemas.NODES, Provenance("nodes"))
    _write_edges(folder / "edges.parquet", in_edges)
    counts = np.bincount(in_edges.relation, minlength=len(PAIRS))
    labels = {"relation_id": range(len(PAIRS)), "rel": [rel for rel, _ in PAIRS], "rela": [rela for _, rela in PAIRS]}
    table = pa.table({**labels, "num_edges": counts})
    write_artefact(folder / "relation_labels.parquet", table, schemas.RELATION_LABELS, Provenance("relation_labels"))
    targets = np.repeat(np.arange(num_nodes), degree).tolist()
    return list(zip(in_edges.source.tolist(), targets, in_edges.relation.tolist(), strict=True))


def source_of(number: int) -> str:
    """SAB of the edge at a row."""
    return SOURCES[number % 3]


def _write_edges(path: Path, in_edges: InEdges) -> None:
    target = np.repeat(np.arange(in_edges.num_nodes, dtype=np.int32), np.diff(in_edges.indptr))
    columns = {"source": in_edges.source, "target": target, "relation_id": in_edges.relation}
    table = pa.table(
        {
            **columns,
            "rel": [PAIRS[relation][0] for relation in in_edges.relation.tolist()],
            "rela": [PAIRS[relation][1] for relation in in_edges.relation.tolist()],
            "sab": [source_of(number) for number in range(len(target))],
        }
    )
    with open_artefact(path, schemas.EDGES, Provenance("edges")) as writer:
        for start in range(0, table.num_rows, ROW_GROUP_ROWS):
            writer.write(table.slice(start, ROW_GROUP_ROWS))
