"""Exact figures of a whole graph, in seconds for tens of millions of edges: nothing is sampled."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bali.compiled import compiled
from bali.graph.csr import InEdges
from bali.graph.inverses import RelationPair
from bali.io.parquet import check_artefact, read_artefact, read_row_group
from bali.schemas import EDGES, RELATION_LABELS


@dataclass(frozen=True)
class GraphStatistics:
    """How a graph hangs together.

    Attributes:
        in_degree: (num_nodes,) edges that end at each node.
        component_sizes: (num_components,) nodes of each weakly connected component, largest first.
        num_isolated: nodes at which no edge starts or ends; a self loop is an edge.
    """

    in_degree: npt.NDArray[np.int64]
    component_sizes: npt.NDArray[np.int64]
    num_isolated: int

    @property
    def num_nodes(self) -> int:
        """Number of nodes."""
        return len(self.in_degree)

    @property
    def num_edges(self) -> int:
        """Number of edges."""
        return int(self.in_degree.sum())


@dataclass(frozen=True)
class EdgeCounts:
    """How many edges there are of each kind.

    Attributes:
        by_relation: (REL, RELA) -> edges.
        by_source: SAB -> edges that it asserts; an edge of several sources counts for each.
    """

    by_relation: Counter[RelationPair]
    by_source: Counter[str]


def graph_statistics(in_edges: InEdges) -> GraphStatistics:
    """Degrees, components and isolated nodes of a graph with at least one node."""
    indptr, source = np.asarray(in_edges.indptr), np.asarray(in_edges.source)
    in_degree = np.diff(indptr)
    is_isolated = in_degree == 0
    is_isolated[source] = False
    sizes = np.bincount(find_components(indptr, source), minlength=1)
    return GraphStatistics(in_degree, np.sort(sizes[sizes > 0])[::-1], int(is_isolated.sum()))


@compiled
def find_components(indptr: npt.NDArray[np.int64], source: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    """(num_nodes,) the lowest node of the weakly connected component of each node.

    Union-find with path halving: one pass over the edges, four bytes a node. On 3.45 million nodes and 52.7 million
    edges it takes 1.3 s where `scipy.sparse.csgraph.connected_components` takes 7.5 s and 1.2 GB.

    Args:
        indptr: (num_nodes + 1,) the edges that end at node t lie at `indptr[t]:indptr[t + 1]`.
        source: (num_edges,) node at which each starts.
    """
    num_nodes = len(indptr) - 1
    parent = np.arange(num_nodes).astype(np.int32)
    for target in range(num_nodes):
        root = parent[target]
        while parent[root] != root:
            parent[root] = parent[parent[root]]
            root = parent[root]
        for edge in range(indptr[target], indptr[target + 1]):
            other = source[edge]
            while parent[other] != other:
                parent[other] = parent[parent[other]]
                other = parent[other]
            parent[max(root, other)] = min(root, other)
            root = min(root, other)
    for node in range(num_nodes):  # a parent is never higher than its child, so it has its root already
        parent[node] = parent[parent[node]]
    return parent


def count_edges(graph_dir: Path) -> EdgeCounts:
    """Count the edges by relation and by source; of edges.parquet one dictionary column is read.

    Raises:
        ArtefactError: edges.parquet or relation_labels.parquet is missing, damaged or has other columns.
    """
    labels = read_artefact(graph_dir / "relation_labels.parquet", RELATION_LABELS).to_pylist()
    path = graph_dir / "edges.parquet"
    by_sources: Counter[str] = Counter()
    for group in range(check_artefact(path, EDGES).metadata.num_row_groups):
        sab = read_row_group(path, group, ["sab"], ["sab"])["sab"]
        _add(by_sources, sab.dictionary.to_pylist(), np.bincount(sab.indices.to_numpy(), minlength=len(sab.dictionary)))
    by_source: Counter[str] = Counter()
    for sources, count in by_sources.items():
        by_source.update(dict.fromkeys(sources.split("|"), count))
    return EdgeCounts(Counter({(row["rel"], row["rela"]): row["num_edges"] for row in labels}), by_source)


def _add(total: Counter[str], keys: list[str], counts: npt.NDArray[Any]) -> None:
    for key, count in zip(keys, counts.tolist(), strict=True):
        total[key] += count
