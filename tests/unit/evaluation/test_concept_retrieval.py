import numpy as np
import polars as pl
import pytest

from bali.evaluation import concept_retrieval
from bali.evaluation.concept_retrieval import evenly_spaced, run
from tests.unit.evaluation.fixtures import inputs, write_examples, write_graph, write_model, write_umls

EXAMPLES = [
    (1, "Fever", [(0, 5, "C0000001")]),
    (2, "renal failure", [(0, 13, "C0000006")]),
    (3, "severe asthma and cough", [(7, 13, "C0000003"), (18, 23, "C0000002")]),
    (4, "not in the graph", [(0, 3, "C0009999")]),
    (5, "fever " * 80, [(0, 5, "C0000001"), (470, 475, "C0000001")]),
]


@pytest.fixture
def root(tmp_path):
    write_model(tmp_path / "model")
    write_umls(tmp_path / "umls")
    write_graph(tmp_path / "graph")
    write_examples(tmp_path / "examples.parquet", EXAMPLES)
    return tmp_path


def test_metrics_and_counts(root):
    result = run(inputs(root, {"concept_retrieval": {}}))
    assert {(row.dataset, row.split) for row in result.predictions} == {
        ("preferred_names", "validation"),
        ("all_names", "validation"),
    }
    assert len(result.predictions) == 2 * 2 * 3 * 5  # datasets, poolings, metrics, mentions
    counts = result.counts["all_names"]
    assert counts["mentions of concepts of the graph"] == 6
    assert counts["mentions left out: cut or without a token"] == 1
    assert counts["candidate concepts"] == 6
    ranks = [row.value for row in result.predictions if row.metric == "mrr_mean"]
    assert all(0 < value <= 1 for value in ranks)  # six candidates are all within the names searched
    assert len(set(ranks)) > 1


def test_all_names_reach_what_the_preferred_name_does_not(root):
    """The sentence "renal failure" is a name of its concept, so nothing is nearer than that name."""
    rows = run(inputs(root, {"concept_retrieval": {}})).predictions
    best = {row.dataset: row for row in rows if row.example_id == "2:0:0-13" and row.metric == "mrr_mean"}
    assert best["all_names"].predicted.startswith("C0000006")
    assert best["preferred_names"].predicted.split(" ", 1)[1] in {
        "Fever", "Cough", "Asthma", "Aspirin", "Heart attack", "Kidney failure",
    }  # fmt: skip


def test_max_mentions(root):
    rows = run(inputs(root, {"concept_retrieval": {"max_mentions": 2}})).predictions
    assert len({row.example_id for row in rows}) == 2


def test_evenly_spaced():
    assert evenly_spaced(10, 5).tolist() == [0, 2, 4, 6, 8]
    assert evenly_spaced(3, 5).tolist() == [0, 1, 2]
    assert evenly_spaced(0, 5).tolist() == []
    assert len(np.unique(evenly_spaced(1_000_003, 5000))) == 5000


def test_large_graphs_are_sampled_but_keep_what_is_mentioned(monkeypatch):
    monkeypatch.setattr(concept_retrieval, "MAX_OTHER_CONCEPTS", 20)
    nodes = pl.DataFrame({"cui": [f"C{i:07d}" for i in range(1000)]})
    mentioned = pl.Series(["C0000500", "C0000003", "C0000003"])
    first, again = (concept_retrieval._candidates(nodes, mentioned)["cui"].to_list() for _ in range(2))
    assert first == again == sorted(first)
    assert len(first) == 22
    assert {"C0000500", "C0000003"} <= set(first)


def test_nothing_to_score_is_skipped_in_one_line(root):
    write_examples(root / "examples.parquet", EXAMPLES[3:4])
    result = run(inputs(root, {"concept_retrieval": {}}))
    assert result.predictions == []
    assert len(result.skipped) == 1
