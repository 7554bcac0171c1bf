import pytest

from bali.evaluation.concept_retrieval import run
from bali.evaluation.dictionary import Hit, write_dictionary
from bali.io.parquet import Provenance
from bali.tasks.concept_retrieval import TASK
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
    names = tmp_path / "umls" / "names.parquet"
    write_dictionary(names, tmp_path / "dictionary.parquet", Provenance("dictionary", "test"))
    write_graph(tmp_path / "graph")
    write_examples(tmp_path / "examples.parquet", EXAMPLES)
    return tmp_path


def test_metrics_and_counts(root):
    result = run(TASK, inputs(root, {"concept_retrieval": {}}))
    assert {(row.dataset, row.split) for row in result.predictions} == {
        ("preferred_names", "validation"),
        ("all_names", "validation"),
    }
    assert len(result.predictions) == 2 * 2 * 3 * 6  # datasets, poolings, metrics, mentions
    counts = result.counts["all_names"]
    assert counts["mentions of concepts of the graph"] == 6
    assert counts["mentions without an answer"] == 1
    assert counts["candidate concepts"] == 6
    ranks = [row.value for row in result.predictions if row.metric == "mrr_mean"]
    assert sorted(value > 0 for value in ranks) == [False, False, *[True] * 10]  # six candidates are all within reach
    assert len(set(ranks)) > 1


def test_all_names_reach_what_the_preferred_name_does_not(root):
    """The sentence "renal failure" is a name of its concept, so nothing is nearer than that name."""
    rows = run(TASK, inputs(root, {"concept_retrieval": {}})).predictions
    best = {row.dataset: row for row in rows if row.example_id == "2:0:0-13" and row.metric == "mrr_mean"}
    assert best["all_names"].predicted.startswith("C0000006")
    assert best["preferred_names"].predicted.split(" ", 1)[1] in {
        "Fever", "Cough", "Asthma", "Aspirin", "Heart attack", "Kidney failure",
    }  # fmt: skip


def test_max_mentions(root):
    rows = run(TASK, inputs(root, {"concept_retrieval": {"max_mentions": 2}})).predictions
    assert len({row.example_id for row in rows}) == 2


class Told:
    """Keeps what it was asked; answers every mention but the last with one concept."""

    def __init__(self):
        self.asked = []

    def nearest_in_context(self, dictionary, mentions):
        self.asked.append((dictionary, mentions))
        hits = [[Hit("C0000002", "cough")] for _ in mentions[:-1]] + [[]]
        return {"cls": hits, "mean": hits}


def test_any_system_is_asked_for_names_of_the_candidates_and_scored_on_every_mention(root):
    names = [("C0000002", "Cough"), ("C0000002", "shared"), ("C0009999", "shared"), ("C0009999", "of no node")]
    write_umls(root / "umls", names)
    write_dictionary(root / "umls" / "names.parquet", root / "dictionary.parquet", Provenance("dictionary", "test"))
    system = Told()
    result = run(TASK, inputs(root, {"concept_retrieval": {}}, system=system))
    (preferred, mentions), (all_names, same) = system.asked
    assert mentions == same
    assert len(mentions) == 6
    assert preferred.names.to_list() == sorted(
        ["Fever", "Cough", "Asthma", "Aspirin", "Heart attack", "Kidney failure"]
    )
    assert (all_names.names.to_list(), all_names.cuis.to_list()) == (["cough", "shared"], [["C0000002"]] * 2)
    assert all_names.stored.rows.tolist() == [0, 2]
    values = {row.example_id: row.value for row in result.predictions if row.metric == "accuracy@1_mean"}
    assert len(values) == 6
    assert {name for name, value in values.items() if value} == {"3:0:18-23"}
    assert result.counts["all_names"]["mentions without an answer"] == 1
    assert root / "dictionary.parquet" in result.inputs


def test_nothing_to_score_is_skipped_in_one_line(root):
    write_examples(root / "examples.parquet", EXAMPLES[3:4])
    result = run(TASK, inputs(root, {"concept_retrieval": {}}))
    assert result.predictions == []
    assert len(result.skipped) == 1
