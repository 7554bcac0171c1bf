from collections import Counter
from xml.etree import ElementTree

import networkx as nx
import numpy as np
import pytest
from fake_results import TYPES, write_results

from bali.errors import ArtefactError
from bali.graph.csr import InEdges
from bali.io.parquet import read_artefact
from bali.reporting.axes import Axes, Scale
from bali.reporting.embedding_figure import geometry, principal_plane
from bali.reporting.graph_figures import degree_figure, graph_figures, top_bars
from bali.reporting.rendering import duration
from bali.reporting.results import Results
from bali.reporting.samples import cut
from bali.reporting.svg import Drawing, short, ticks
from bali.schemas import EDGES


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 17), (0.012, 0.019), (5, 123456), (1e-7, 2e-7)])
def test_ticks_are_round_few_and_inside(low, high):
    found = ticks(low, high)
    assert 2 <= len(found) <= 6
    assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in found)
    steps = np.diff(found)
    assert np.allclose(steps, steps[0])


def test_short_numbers():
    assert [short(v) for v in (1_200_000, 25_000, 0.25, 3, 2e9)] == ["1.2M", "25k", "0.25", "3", "2G"]


def test_drawing_escapes_text():
    drawing = Drawing(10, 10, 'a "title" <x>')
    drawing.text((1, 1), "<script>&", "tick")
    drawing.circle((1, 1), 2, "dot", "<i>")
    markup = drawing.markup()
    assert "<script>" not in markup
    assert ElementTree.fromstring(markup).find("text").text == "<script>&"


def test_scale_maps_ends_to_ends_linear_and_logarithmic():
    assert Scale(0, 10, 100, 200)(5) == 150
    log = Scale(1, 100, 0, 200, is_log=True)
    assert log(10) == pytest.approx(100)
    assert log.ticks() == pytest.approx([1, 10, 100])


def test_points_lie_within_the_axes():
    points = [(1.0, 5.0), (10.0, -3.0), (4.0, 4.0)]
    axes = Axes.fit(points, (300, 200), "t")
    for x, y in map(axes.at, points):
        assert 0 < x < 300
        assert 0 < y < 200


def test_graph_figures_are_those_of_the_whole_graph(tmp_path):
    figures = graph_figures(Results(write_results(tmp_path)))
    edges = read_artefact(tmp_path / "graph/edges.parquet", EDGES).to_pylist()
    assert len(edges) > 60
    facts = dict(figures.facts)
    degrees = np.bincount([edge["target"] for edge in edges], minlength=40)
    assert facts["edges"] == str(len(edges))
    assert facts["in-degree, highest"] == str(degrees.max())
    assert facts["in-degree, mean"] == f"{len(edges) / 40:.1f}"
    assert (facts["concepts"], facts["concepts without an edge"]) == ("40", "10")
    graph = nx.Graph([(edge["source"], edge["target"]) for edge in edges])
    sizes = [len(component) for component in nx.connected_components(graph)]
    assert facts["components"] == str(len(sizes) + 10)
    assert facts["concepts in the largest"] == f"{max(sizes) / 40:.1%}"
    expected = Counter(edge["rela"] or edge["rel"] for edge in edges)
    assert {label: count for label, count, _ in figures.relations} == expected
    expected = Counter(sab for edge in edges for sab in edge["sab"].split("|"))
    assert {label: count for label, count, _ in figures.sources} == expected
    assert {label: count for label, count, _ in figures.semantic_types} == {sty: 10 for _, sty in TYPES}


def test_edges_of_another_graph_are_an_error(tmp_path):
    results = Results(write_results(tmp_path))
    InEdges.from_edges(*np.zeros((3, 1), np.int64), 7).save(tmp_path / "graph/in_edges")
    with pytest.raises(ArtefactError, match=r"edges of the 40 nodes of nodes\.parquet, found those of 7"):
        graph_figures(results)


def test_degree_figure_has_a_dot_per_distinct_degree():
    markup = degree_figure(np.array([0, 1, 1, 5, 300], np.int32))
    assert markup.count("<circle") == 3
    assert "2 concepts with 1 edges" in markup
    assert degree_figure(np.zeros(4, np.int32)) == ""


def test_top_bars_keep_the_total():
    counts = Counter({f"r{i}": i for i in range(1, 20)})
    bars = top_bars(counts, 5)
    assert bars[0] == ("r19", 19, 100)
    assert (bars[-1][0], bars[-1][2]) == ("14 others", 0)
    assert sum(count for _, count, _ in bars) == counts.total()


def test_geometry_by_hand():
    vectors = np.array([[1.0, 0], [1, 0], [0, 1], [0, 1]])
    assert geometry(vectors, np.array([0, 0, 1, 1])) == (1.0, 0.0, 1.0)
    assert geometry(vectors, np.array([0, 1, 0, 1])) == (0.0, 0.5, 0.0)


def test_principal_plane_is_sklearns_up_to_sign():
    from sklearn.decomposition import PCA  # noqa: PLC0415

    points = np.random.default_rng(1).normal(size=(30, 6)) * np.array([5, 3, 1, 1, 1, 1])
    ours, theirs = principal_plane(points), PCA(2).fit_transform(points)
    assert np.allclose(np.abs(ours), np.abs(theirs))
    assert np.allclose(ours, principal_plane(points.copy()))


def test_cut_pieces_join_to_the_sentence_and_overlaps_go():
    text = "Aspirin helps in myocardial infarction."
    mentions = [
        {"start": 17, "end": 38, "cui": "b"},
        {"start": 0, "end": 7, "cui": "a"},
        {"start": 28, "end": 38, "cui": "c"},
    ]
    pieces = cut(text, mentions)
    assert "".join(piece.text for piece in pieces) == text
    assert [(p.text, p.mention["cui"]) for p in pieces if p.mention] == [
        ("Aspirin", "a"),
        ("myocardial infarction", "b"),
    ]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.44, "0.4 s"), (12.4, "12 s"), (185, "3 min 5 s"), (7440, "2 h 4 min")]
)
def test_duration(seconds, text):
    assert duration(seconds) == text
