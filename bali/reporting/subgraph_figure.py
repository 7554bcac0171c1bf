"""Pictures of a few sampled subgraphs: concepts as labelled dots, relations as labelled arrows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np

from bali.io.parquet import iterate_artefact
from bali.reporting.results import Results
from bali.reporting.svg import Drawing
from bali.schemas import EDGES, SUBGRAPHS

SIZE = (470.0, 360.0)
MARGIN = (96.0, 40.0)  # room for labels
MAX_NODES = 10
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


def _relation_names(results: Results) -> dict[int, str]:
    """relation_id -> RELA, or REL where RELA is empty."""
    path = results.path("graph/edges.parquet")
    names: dict[int, str] = {}
    if path is None:
        return names
    for batch in iterate_artefact(path, EDGES, ["relation_id", "rel", "rela"], 1 << 20):
        ids, first = np.unique(batch["relation_id"].to_numpy(), return_index=True)
        for relation_id, at in zip(ids.tolist(), first.tolist(), strict=True):
            names.setdefault(relation_id, batch["rela"][at].as_py() or batch["rel"][at].as_py())
    return names


def _figure(row: dict[str, Any], names: Sequence[str], relations: dict[int, str]) -> SubgraphFigure:
    shown = min(len(names), MAX_NODES)  # in order of discovery, so the root and the nearest hops
    graph = nx.Graph()
    graph.add_nodes_from(range(shown))
    labels: dict[tuple[int, int], list[str]] = {}
    for source, target, relation in zip(row["edge_source"], row["edge_target"], row["edge_relation"], strict=True):
        if source < shown and target < shown and source != target:
            graph.add_edge(source, target)
            labels.setdefault((source, target), []).append(relations.get(relation, str(relation)))
    title = f"Subgraph of {names[0]}: {len(names)} concepts, {len(row['edge_source'])} edges"
    drawing = Drawing(*SIZE, title)
    at = _layout(graph)
    for (source, target), found in sorted(labels.items()):
        _arrow(drawing, at[source], at[target], found)
    for node in range(shown):
        _node(drawing, at[node], names[node], row["node_hops"][node])
    return SubgraphFigure(row["root_cui"], names[0], len(names), len(row["edge_source"]), shown, drawing.markup())


def _layout(graph: nx.Graph) -> dict[int, tuple[float, float]]:
    """Pixels of each node: Kamada-Kawai, which is deterministic, stretched to the drawing."""
    raw = nx.kamada_kawai_layout(graph, pos=nx.circular_layout(graph))
    points = np.array([raw[node] for node in graph.nodes])  # (num_nodes, 2)
    low, high = points.min(axis=0), points.max(axis=0)
    unit = (points - low) / np.where(high > low, high - low, 1.0)
    margin = np.array(MARGIN)
    pixels = margin + unit * (np.array(SIZE) - 2 * margin)
    return {node: (float(x), float(y)) for node, (x, y) in zip(graph.nodes, pixels, strict=True)}


def _arrow(drawing: Drawing, start: tuple[float, float], end: tuple[float, float], labels: Sequence[str]) -> None:
    """An arrow between two dots, its label nearer to the source so that a pair of inverse relations stays readable."""
    length = math.hypot(end[0] - start[0], end[1] - start[1]) or 1.0
    x, y = (end[0] - start[0]) / length, (end[1] - start[1]) / length
    tip = (end[0] - 9 * x, end[1] - 9 * y)
    drawing.line((start[0] + 7 * x, start[1] + 7 * y), tip, "edge")
    for side in (0.45, -0.45):
        cos, sin = math.cos(side), math.sin(side)
        drawing.line(tip, (tip[0] - 7 * (x * cos - y * sin), tip[1] - 7 * (x * sin + y * cos)), "edge")
    text = labels[0].replace("_", " ") + (f" +{len(labels) - 1}" if len(labels) > 1 else "")
    middle = (start[0] + 0.5 * length * x, start[1] + 0.5 * length * y)
    shift = 11.0 if x < 0 or (x == 0 and y < 0) else -5.0  # inverse relations on either side of the line
    drawing.text((middle[0], middle[1] + shift), text, "edge-label halo", "middle")


def _node(drawing: Drawing, at: tuple[float, float], name: str, hop: int) -> None:
    drawing.circle(at, 7 if hop == 0 else 5.5, "dot root" if hop == 0 else "dot s1", name)
    short = name if len(name) <= LABEL_CHARACTERS else name[: LABEL_CHARACTERS - 1].rstrip() + "…"
    drawing.text((at[0], at[1] + 20), short, "node-label halo" + (" strong" if hop == 0 else ""), "middle")
