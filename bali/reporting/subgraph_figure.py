"""Pictures of a few sampled subgraphs: concepts as labelled dots, relations as labelled arrows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np

from bali.graph.folder import read_relation_pairs
from bali.io.parquet import iterate_artefact
from bali.reporting.labels import CHARACTER, Placer, Point
from bali.reporting.results import Results
from bali.reporting.svg import Drawing
from bali.schemas import SUBGRAPHS

WIDTH, HEIGHT, ROW = 780.0, 170.0, 26.0  # CSS pixels; ROW is added per concept
MARGIN = (100.0, 40.0)  # room for labels
MAX_NODES = 12
NUM_FIGURES = 2
NUM_SCANNED = 20_000
LABEL_CHARACTERS = 26


@dataclass(frozen=True)
class SubgraphFigure:
    """A picture and what it shows."""

    root_cui: str
    root_name: str
    num_nodes: int
    num_edges: int
    num_shown: int
    figure: str


def subgraph_figures(results: Results, num_figures: int = NUM_FIGURES) -> list[SubgraphFigure]:
    """The richest subgraphs of the first ones (most relations, then nodes, then root id), one per semantic type."""
    path = results.path("subgraphs/subgraphs.parquet")
    nodes = results.table("graph/nodes.parquet", "nodes", ["preferred_name", "tuis"])
    if path is None or nodes is None:
        return []
    rows: list[dict[str, Any]] = next(
        (batch.to_pylist() for batch in iterate_artefact(path, SUBGRAPHS, batch_rows=NUM_SCANNED)), []
    )
    rows.sort(key=lambda row: (-len(set(row["edge_relation"])), abs(len(row["node_ids"]) - 7), row["root_id"]))
    chosen: dict[tuple[str, ...], dict[str, Any]] = {}
    for row in rows:
        if len(row["node_ids"]) > 1 and len(chosen) < num_figures:
            chosen.setdefault(tuple(nodes["tuis"][row["root_id"]].as_py()), row)
    relations = _relation_names(results)
    return [
        _figure(row, nodes["preferred_name"].take(row["node_ids"]).to_pylist(), relations) for row in chosen.values()
    ]


def _relation_names(results: Results) -> list[str]:
    """By relation id: RELA, or REL where RELA is empty."""
    path = results.path("graph/relation_labels.parquet")
    return [rela or rel for rel, rela in read_relation_pairs(path)] if path is not None else []


def _figure(row: dict[str, Any], names: Sequence[str], relations: Sequence[str]) -> SubgraphFigure:
    shown = min(len(names), MAX_NODES)  # in order of discovery, so the root and the nearest hops
    graph = nx.Graph()
    graph.add_nodes_from(range(shown))
    labels: dict[tuple[int, int], list[str]] = {}
    for source, target, relation in zip(row["edge_source"], row["edge_target"], row["edge_relation"], strict=True):
        if source < shown and target < shown and source != target:
            graph.add_edge(source, target)
            labels.setdefault((source, target), []).append(
                relations[relation] if relation < len(relations) else str(relation)
            )
    title = f"Subgraph of {names[0]}: {len(names)} concepts, {len(row['edge_source'])} edges"
    size = (WIDTH, HEIGHT + ROW * shown)
    figure = _draw(Drawing(*size, title), _layout(graph, size), labels, names, row["node_hops"])
    return SubgraphFigure(row["root_cui"], names[0], len(names), len(row["edge_source"]), shown, figure)


def _draw(
    drawing: Drawing,
    at: dict[int, Point],
    relations: dict[tuple[int, int], list[str]],
    names: Sequence[str],
    hops: Sequence[int],
) -> str:
    """Arrows below, then dots, then labels: those of the concepts are placed before those of the relations."""
    placer = Placer(drawing.width, drawing.height)
    for source, target in sorted(relations):
        _arrow(drawing, at[source], at[target])
    for node, point in at.items():
        drawing.circle(
            point, 7 if node == 0 else 5.5, "dot root" if node == 0 else f"dot hop{min(hops[node], 2)}", names[node]
        )
        placer.reserve(point, 8)
    for node, (x, y) in at.items():
        text = _shortened(names[node])
        side = 12 + len(text) * CHARACTER / 2
        candidates = [(x, y + 20), (x, y - 11), (x + side, y + 4), (x - side, y + 4), (x, y + 32), (x, y - 23)]
        drawing.text(
            placer.place(text, candidates), text, "node-label halo" + (" strong" if node == 0 else ""), "middle"
        )
    for (source, target), found in sorted(relations.items()):
        text = found[0].replace("_", " ") + (f" +{len(found) - 1}" if len(found) > 1 else "")
        drawing.text(placer.place(text, _along(at[source], at[target])), text, "edge-label halo", "middle")
    return drawing.markup()


def _shortened(name: str) -> str:
    return name if len(name) <= LABEL_CHARACTERS else name[: LABEL_CHARACTERS - 1].rstrip() + "…"


def _along(start: Point, end: Point) -> list[Point]:
    """Baselines for the label of an arrow: on it, near its middle first, on the line, above and below it."""
    shares = (0.5, 0.42, 0.58, 0.34, 0.66, 0.26, 0.74)
    spots = [(start[0] + t * (end[0] - start[0]), start[1] + t * (end[1] - start[1])) for t in shares]
    return [(x, y + shift) for shift in (4, -4, 12) for x, y in spots]


def _layout(graph: nx.Graph, size: tuple[float, float]) -> dict[int, Point]:
    """Pixels of each node: Kamada-Kawai, which is deterministic, stretched to the drawing."""
    raw = nx.kamada_kawai_layout(graph, pos=nx.circular_layout(graph))
    points = np.array([raw[node] for node in graph.nodes])  # (num_nodes, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    unit = (points - low) / np.where(high > low, high - low, 1.0)
    margin = np.array(MARGIN)
    pixels = margin + unit * (np.array(size) - 2 * margin)
    return {node: (float(x), float(y)) for node, (x, y) in zip(graph.nodes, pixels, strict=True)}


def _arrow(drawing: Drawing, start: Point, end: Point) -> None:
    """An arrow from dot to dot, without touching them."""
    length = math.hypot(end[0] - start[0], end[1] - start[1]) or 1.0
    x, y = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    tip = (end[0] - 9 * x, end[1] - 9 * y)
    drawing.line((start[0] + 7 * x, start[1] + 7 * y), tip, "edge")
    for side in (0.45, -0.45):
        cos, sin = math.cos(side), math.sin(side)
        drawing.line(tip, (tip[0] - 7 * (x * cos - y * sin), tip[1] - 7 * (x * sin + y * cos)), "edge")
