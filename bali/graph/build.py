"""Relations of a release -> a directed multigraph over its concepts."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from bali import concept_ids, schemas
from bali.errors import ArtefactError
from bali.graph.csr import InEdges
from bali.graph.degrees import cap_degrees
from bali.graph.edges import Edges, make_edges
from bali.graph.held_out import count_pairs, hold_out
from bali.graph.inverses import InverseTable
from bali.graph.relation_rows import read_relation_rows
from bali.io.census import Census
from bali.io.dictionaries import dictionary_of
from bali.io.parquet import read_artefact
from bali.sorting import count_values

SLICE_ROWS = 1 << 18


@dataclass(frozen=True)
class GraphOptions:
    """How relations become edges.

    Attributes:
        inverse_edges: give every edge its mirror where the release does not state it; else keep one of the two.
        self_loops: keep relations of a concept with itself.
        max_degree: incoming edges kept per node; None keeps all.
        held_out_fraction: expected share of the pairs of joined concepts whose edges are held out, at least 0, below 1.
        seed: of the choice of the kept edges and of the held-out pairs.
    """

    inverse_edges: bool = True
    self_loops: bool = False
    max_degree: int | None = None
    held_out_fraction: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Graph:
    """A directed multigraph.

    Attributes:
        concepts: `schemas.CONCEPTS`; the row is the node id.
        edges: from head to tail.
        held_out: edges that are not in the graph, with the same relation numbers.
    """

    concepts: pa.Table
    edges: Edges
    held_out: Edges

    def in_edges(self) -> InEdges:
        """The edges by target."""
        return InEdges.from_edges(self.edges.source, self.edges.target, self.edges.relation, self.concepts.num_rows)

    def nodes(self) -> pa.Table:
        """The nodes as `schemas.NODES`."""
        degree = count_values(self.edges.target, self.concepts.num_rows)
        columns = {name: self.concepts[name] for name in ("cui", "preferred_name", "tuis")}
        node_id = np.arange(self.concepts.num_rows, dtype=np.int32)
        return pa.table({"node_id": node_id, **columns, "degree": degree.astype(np.int32)})

    def relation_labels(self) -> pa.Table:
        """The relations as `schemas.RELATION_LABELS`."""
        counts = count_values(self.edges.relation, len(self.edges.pairs))
        rels, relas = (pa.array([pair[part] for pair in self.edges.pairs], pa.string()) for part in (0, 1))
        relation_id = np.arange(len(self.edges.pairs), dtype=np.int16)
        return pa.table({"relation_id": relation_id, "rel": rels, "rela": relas, "num_edges": counts})

    def edge_slices(self) -> Iterator[pa.Table]:
        """The edges as `schemas.EDGES`, in pieces of `SLICE_ROWS`."""
        return _slices(self.edges)

    def held_out_slices(self) -> Iterator[pa.Table]:
        """The held-out edges as `schemas.HELD_OUT_EDGES`, in pieces of `SLICE_ROWS`."""
        return _slices(self.held_out)


def build_graph(umls_dir: Path, options: GraphOptions, census: Census) -> Graph:
    """Build the graph: nodes are all concepts, numbered in order of their CUIs; an edge runs from head to tail.

    Drop reasons of relation rows: CUI not among the concepts, self loop, mirror of a kept edge, same edge from another
    source; of edges: over max_degree, held out.

    Args:
        umls_dir: holds concepts.parquet, relations.parquet and inverses.parquet.
        options: how.
        census: takes the tallies.

    Raises:
        ArtefactError: an input is missing or damaged.
        InputError: the release has more relations than the graph holds.
    """
    concepts_path = umls_dir / "concepts.parquet"
    concepts = read_artefact(concepts_path, schemas.CONCEPTS)
    numbers = concept_ids.parse(concepts["cui"])
    if np.any(numbers[1:] <= numbers[:-1]) or np.any(numbers == concept_ids.UNKNOWN):
        raise ArtefactError(
            f"{concepts_path}: expected distinct concept identifiers in order, found others. Delete the file and run"
            " ingest again."
        )
    tally = census.table("relations")
    rows = read_relation_rows(umls_dir / "relations.parquet", numbers, options.self_loops, tally)
    edges = make_edges(rows, _read_inverses(umls_dir / "inverses.parquet"), options.inverse_edges, census)
    del rows
    counts = census.table("edges")
    counts.rows_in = len(edges.source)
    if options.max_degree is not None:
        kept = cap_degrees(edges, concepts["cui"], options.max_degree, options.seed)
        counts.drop("over max_degree", len(edges.source) - len(kept))
        edges = edges.take(kept)
    edges, held_out = hold_out(edges, concepts["cui"], options.held_out_fraction, options.seed)
    counts.drop("held out", len(held_out.source))
    census.notes["held-out pairs of concepts"] = count_pairs(held_out)
    counts.rows_out = len(edges.source)
    return Graph(concepts, edges, held_out)


def _slices(edges: Edges) -> Iterator[pa.Table]:
    rel, rela = (dictionary_of(pair[part] for pair in edges.pairs) for part in (0, 1))
    sab = dictionary_of(edges.source_names)
    for start in range(0, len(edges.source), SLICE_ROWS):
        rows = slice(start, start + SLICE_ROWS)
        relation = edges.relation[rows]
        yield pa.table(
            {
                "source": edges.source[rows],
                "target": edges.target[rows],
                "relation_id": relation,
                "rel": rel(relation),
                "rela": rela(relation),
                "sab": sab(edges.source_set[rows]),
            }
        )


def _read_inverses(path: Path) -> InverseTable:
    tables: dict[str, dict[str, str]] = {"rel": {}, "rela": {}}
    for row in read_artefact(path, schemas.INVERSES).to_pylist():
        tables[row["column"]][row["label"]] = row["inverse"]
    return InverseTable(**tables)
