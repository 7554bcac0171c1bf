"""The graph in numbers and two figures: degrees and components, relations, semantic types, sources."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from bali.graph.folder import open_in_edges
from bali.graph.statistics import GraphStatistics, count_edges, graph_statistics
from bali.reporting.axes import Axes
from bali.reporting.results import Results

NUM_BARS = 10
Bars = Sequence[tuple[str, int, float]]  # label, count, percent of the longest bar


@dataclass(frozen=True)
class GraphFigures:
    """What the report says about the graph."""

    facts: Sequence[tuple[str, str]]
    degree_figure: str
    relations: Bars
    semantic_types: Bars
    sources: Bars


def graph_figures(results: Results) -> GraphFigures | None:
    """Figures of the whole graph, exact; None without a graph, or where it has no node."""
    folder = results.path("graph")
    nodes = results.table("graph/nodes.parquet", "nodes", ["tuis"])
    if folder is None or nodes is None or not nodes.num_rows:
        return None
    statistics, counts = graph_statistics(open_in_edges(folder)), count_edges(folder)
    relations: Counter[str] = Counter()
    for (rel, rela), count in counts.by_relation.items():
        relations[rela or rel] += count
    tuis = pc.value_counts(pc.list_flatten(nodes["tuis"])).to_pylist()
    names = type_names(results)
    return GraphFigures(
        facts=_facts(statistics, len(relations)),
        degree_figure=degree_figure(statistics.in_degree),
        relations=top_bars(relations),
        semantic_types=top_bars(Counter({names.get(row["values"], row["values"]): row["counts"] for row in tuis})),
        sources=top_bars(counts.by_source),
    )


def degree_figure(degrees: npt.NDArray[Any]) -> str:
    """How many concepts have each in-degree, both axes logarithmic; concepts without an edge are not drawn."""
    values, counts = np.unique(degrees[degrees > 0], return_counts=True)
    if not len(values):
        return ""
    points = [(float(v), float(c)) for v, c in zip(values, counts, strict=True)]
    axes = Axes.fit(points, (460, 270), "Number of concepts by in-degree, both axes logarithmic", log=True)
    axes.frame("in-degree (edges)", "concepts")
    drawn = {(round(x), round(y)): (value, count) for value, count in points for x, y in [axes.at((value, count))]}
    for value, count in drawn.values():  # of those that fall on one pixel the last
        axes.drawing.circle(axes.at((value, count)), 3, "dot s1", f"{count:.0f} concepts with {value:.0f} edges")
    return axes.drawing.markup()


def top_bars(counts: Counter[str], num_bars: int = NUM_BARS) -> Bars:
    """The most frequent labels; ties by label; the rest in one last row without a bar."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = ordered[num_bars:]
    longest = ordered[0][1] if ordered else 1
    bars = [(label, count, round(100 * count / longest, 2)) for label, count in ordered[:num_bars]]
    return [*bars, (f"{len(rest)} others", sum(count for _, count in rest), 0.0)] if rest else bars


def _facts(statistics: GraphStatistics, num_relations: int) -> list[tuple[str, str]]:
    degrees, sizes = statistics.in_degree, statistics.component_sizes
    return [
        ("concepts", f"{statistics.num_nodes:,}"),
        ("edges", f"{statistics.num_edges:,}"),
        ("relation types", f"{num_relations:,}"),
        ("in-degree, mean", f"{degrees.mean():.1f}"),
        ("in-degree, median", f"{np.median(degrees):.0f}"),
        ("in-degree, highest", f"{degrees.max():,}"),
        ("components", f"{len(sizes):,}"),
        ("concepts in the largest", f"{sizes[0] / statistics.num_nodes:.1%}"),
        ("concepts without an edge", f"{statistics.num_isolated:,}"),
    ]


def type_names(results: Results) -> dict[str, str]:
    """TUI -> its name."""
    table = results.table("umls/semantic_types.parquet", "semantic_types", ["tui", "sty"])
    if table is None:
        return {}
    pairs = table.group_by(["tui", "sty"]).aggregate([]).to_pylist()
    return {row["tui"]: row["sty"] for row in pairs}
