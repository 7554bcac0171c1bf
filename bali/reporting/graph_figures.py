"""The graph in numbers and two figures: degrees and components, relations, semantic types, sources."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from bali.io.parquet import iterate_artefact
from bali.reporting.axes import Axes
from bali.reporting.results import Results
from bali.schemas import EDGES

NUM_BARS = 10
Bars = Sequence[tuple[str, int, float]]  # label, count, percent of the longest bar


@dataclass(frozen=True)
class GraphStatistics:
    """What the report says about the graph."""

    facts: Sequence[tuple[str, str]]
    degree_figure: str
    relations: Bars
    semantic_types: Bars
    sources: Bars


def graph_statistics(results: Results) -> GraphStatistics | None:
    """Statistics of the whole graph, exact; None without a graph.

    Components by scipy (Pearce's algorithm on the CSR), which takes millions of edges a second; so nothing is sampled.
    """
    nodes = results.table("graph/nodes.parquet", "nodes", ["tuis", "degree"])
    path = results.path("graph/edges.parquet")
    if nodes is None or path is None or not nodes.num_rows:
        return None
    relations: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    pairs = []
    for batch in iterate_artefact(path, EDGES, ["source", "target", "rel", "rela", "sab"], 1 << 20):
        pairs.append(np.stack([batch["source"].to_numpy(), batch["target"].to_numpy()]))
        relations.update(_count(batch, ["rel", "rela"]))
        for sab, count in _count(batch, ["sab"]).items():
            sources.update(dict.fromkeys(sab.split("|"), count))
    edges = np.concatenate(pairs, axis=1) if pairs else np.empty((2, 0), np.int32)  # (2, num_edges)
    degrees = nodes["degree"].to_numpy()
    tuis = Counter(tui for value in nodes["tuis"].to_pylist() for tui in value or ())
    names = _type_names(results)
    return GraphStatistics(
        facts=_facts(nodes.num_rows, edges, degrees, len(relations)),
        degree_figure=degree_figure(degrees),
        relations=top_bars(relations),
        semantic_types=top_bars(Counter({names.get(tui, tui): count for tui, count in tuis.items()})),
        sources=top_bars(sources),
    )


def components(num_nodes: int, edges: npt.NDArray[np.int32]) -> npt.NDArray[np.int64]:
    """Sizes of the weakly connected components, largest first; edges (2, num_edges)."""
    matrix = coo_array((np.ones(edges.shape[1], np.int8), (edges[0], edges[1])), shape=(num_nodes, num_nodes))
    _, labels = connected_components(matrix.tocsr(), directed=False)
    return np.sort(np.bincount(labels))[::-1]


def degree_figure(degrees: npt.NDArray[np.int32]) -> str:
    """How many concepts have each in-degree, both axes logarithmic; concepts without an edge are not drawn."""
    values, counts = np.unique(degrees[degrees > 0], return_counts=True)
    if not len(values):
        return ""
    points = [(float(v), float(c)) for v, c in zip(values, counts, strict=True)]
    axes = Axes.fit(points, (460, 270), "Number of concepts by in-degree, both axes logarithmic", log=True)
    axes.frame("in-degree (edges)", "concepts")
    for value, count in points:
        axes.drawing.circle(axes.at((value, count)), 3, "dot s1", f"{count:.0f} concepts with {value:.0f} edges")
    return axes.drawing.markup()


def top_bars(counts: Counter[str], num_bars: int = NUM_BARS) -> Bars:
    """The most frequent labels; ties by label; the rest in one last row without a bar."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = ordered[num_bars:]
    longest = ordered[0][1] if ordered else 1
    bars = [(label, count, round(100 * count / longest, 2)) for label, count in ordered[:num_bars]]
    return [*bars, (f"{len(rest)} others", sum(count for _, count in rest), 0.0)] if rest else bars


def _facts(
    num_nodes: int, edges: npt.NDArray[np.int32], degrees: npt.NDArray[np.int32], num_relations: int
) -> list[tuple[str, str]]:
    sizes = components(num_nodes, edges)
    isolated = int((np.bincount(edges.ravel(), minlength=num_nodes) == 0).sum())
    return [
        ("concepts", f"{num_nodes:,}"),
        ("edges", f"{edges.shape[1]:,}"),
        ("relation types", f"{num_relations:,}"),
        ("in-degree, mean", f"{degrees.mean():.1f}"),
        ("in-degree, median", f"{np.median(degrees):.0f}"),
        ("in-degree, highest", f"{degrees.max():,}"),
        ("components", f"{len(sizes):,}"),
        ("concepts in the largest", f"{sizes[0] / num_nodes:.1%}"),
        ("concepts without an edge", f"{isolated:,}"),
    ]


def _count(batch: pa.RecordBatch, columns: Iterable[str]) -> dict[str, int]:
    """Rows of a batch by the last non-empty of the columns' values (RELA, or REL where RELA is empty)."""
    names = list(columns)
    table = pa.Table.from_batches([batch]).select(names).group_by(names).aggregate([([], "count_all")])
    result: Counter[str] = Counter()
    for row in table.to_pylist():
        result[next((row[name] for name in reversed(names) if row[name]), "")] += row["count_all"]
    return dict(result)


def _type_names(results: Results) -> dict[str, str]:
    """TUI -> its name."""
    table = results.table("umls/semantic_types.parquet", "semantic_types", ["tui", "sty"])
    if table is None:
        return {}
    pairs = table.group_by(["tui", "sty"]).aggregate([]).to_pylist()
    return {row["tui"]: row["sty"] for row in pairs}
