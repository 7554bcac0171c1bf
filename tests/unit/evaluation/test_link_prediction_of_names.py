import numpy as np
import pytest

from bali.config import Compute
from bali.evaluation import link_prediction, sampling
from bali.evaluation.link_prediction import choose_questions, realistic_ranks, run
from bali.evaluation.sampling import candidate_rows, evenly_spaced, random_rows
from bali.evaluation.systems.baselines import MAKE_BASELINE
from bali.evaluation.systems.language_model import LanguageModelSystem
from bali.tasks.link_prediction import TASK
from tests.unit.evaluation.fixtures import write, write_model
from tests.unit.evaluation.vector_system import VectorsOf, task_inputs

NUM_NODES = 12
CUIS = [f"C{number:07d}" for number in range(NUM_NODES)]


def angle(name: str) -> tuple[float, float]:
    """Concept number n lies at n tenths of a radian: near numbers are near."""
    number = int(name.rsplit(maxsplit=1)[-1])
    return np.cos(number / 10), np.sin(number / 10)


def write_graph(root, edges, held_out, names=None):
    names = names or [f" Concept {number}" for number in range(NUM_NODES)]
    nodes = [
        {"node_id": i, "cui": cui, "preferred_name": name, "tuis": [], "degree": 0}
        for i, (cui, name) in enumerate(zip(CUIS, names, strict=True))
    ]
    write(root / "graph" / "nodes.parquet", "nodes", nodes)
    for kind, pairs in (("edges", edges), ("held_out_edges", held_out)):
        rows = [{"source": s, "target": t, "relation_id": 0, "rel": "RO", "rela": "", "sab": "X"} for s, t in pairs]
        write(root / "graph" / f"{kind}.parquet", kind, rows)


def answers(root, system=None, **section):
    result = run(TASK, task_inputs(root, {"link_prediction": section}, system or VectorsOf(angle)))
    return result, {(row.example_id, row.metric): row for row in result.predictions}


def test_ranks_in_closed_form(tmp_path):
    """From 0 the others lie in order: 1, 2, 3, ...; from 5 they lie 4 and 6, 3 and 7, ... with ties."""
    write_graph(tmp_path, [(0, 1), (3, 0)], [(0, 4), (4, 0), (5, 8)])
    result, rows = answers(tmp_path)
    questions = {example_id for example_id, _ in rows}
    assert questions == {f"{CUIS[h]}:{CUIS[t]}" for h, t in [(0, 4), (4, 0), (5, 8), (8, 5)]}
    ranks = {key: 1 / row.value for key, row in rows.items() if key[1] == "mrr_mean"}
    found = {example_id: rank for (example_id, _), rank in ranks.items()}
    assert found[f"{CUIS[0]}:{CUIS[4]}"] == pytest.approx(2)  # after 2; 1 and 3 are neighbours
    assert found[f"{CUIS[4]}:{CUIS[0]}"] == pytest.approx(7.5)  # after 1-3, 5-7; 0 and 8 are equally far
    assert found[f"{CUIS[5]}:{CUIS[8]}"] == pytest.approx(5.5)  # after 4, 6, 3, 7; 2 and 8 are equally far
    row = rows[f"{CUIS[0]}:{CUIS[4]}", "hits@10_cls"]
    assert (row.value, row.weight, row.gold, row.predicted, row.text) == (
        1.0,
        1.0,
        f"{CUIS[4]} concept 4",
        f"{CUIS[2]} concept 2",
        "concept 0",
    )
    assert rows[f"{CUIS[0]}:{CUIS[4]}", "hits@1_mean"].value == 0
    assert {key[1] for key in rows} == {f"{m}_{p}" for m in ("mrr", "hits@1", "hits@10") for p in ("cls", "mean")}
    assert result.counts["held_out_edges"] == {
        "held-out pairs of concepts": 2,
        "questions": 4,
        "candidate concepts": NUM_NODES,
    }
    assert [path.name for path in result.inputs] == ["nodes.parquet", "edges.parquet", "held_out_edges.parquet"]


@pytest.mark.parametrize("block_rows", [1, 2, 100])
def test_ranks_are_those_of_plain_python(tmp_path, block_rows):
    generator = np.random.default_rng(3)
    pairs = sorted({tuple(sorted(pair)) for pair in generator.integers(0, NUM_NODES, (40, 2)).tolist()})
    held_out = [pair for pair in pairs[::3] if pair[0] != pair[1]]
    edges = [pair[:: generator.choice([1, -1])] for pair in pairs if pair not in held_out]
    vectors = {f"concept {n}": generator.normal(size=3).round(0) + 0.1 for n in range(NUM_NODES)}
    write_graph(tmp_path, edges, held_out)
    _, rows = answers(tmp_path, VectorsOf(vectors.__getitem__, block_rows=block_rows))
    joined = {frozenset(pair) for pair in pairs}
    unit = [v / np.linalg.norm(v) for v in vectors.values()]
    checked = 0
    for pair in held_out:
        for head, tail in (pair, pair[::-1]):
            score = {n: round(float(unit[head] @ unit[n]) * 2**20) for n in range(NUM_NODES)}
            others = [n for n in range(NUM_NODES) if n != head and frozenset((head, n)) not in joined]
            ranks = [1 + sum(score[n] > score[tail] for n in others), 1 + sum(score[n] >= score[tail] for n in others)]
            row = rows[f"{CUIS[head]}:{CUIS[tail]}", "mrr_mean"]
            assert row.value == pytest.approx(2 / sum(ranks))
            best = max(score[n] for n in [*others, tail])
            assert score[int(row.predicted.split()[-1])] == best
            checked += 1
    assert checked == 2 * len(held_out) > 10


def test_an_answerer_that_cannot_tell_concepts_apart_gets_the_rank_of_chance(tmp_path):
    write_graph(tmp_path, [(0, 1)], [(0, 4)])
    _, rows = answers(tmp_path, MAKE_BASELINE["majority"](0))
    assert rows[f"{CUIS[0]}:{CUIS[4]}", "mrr_mean"].value == pytest.approx(1 / 5.5)  # among 10 candidates
    assert rows[f"{CUIS[4]}:{CUIS[0]}", "mrr_mean"].value == pytest.approx(1 / 6)  # among 11


@pytest.mark.parametrize("name", sorted(MAKE_BASELINE))
def test_baselines_answer_the_same_questions(tmp_path, name):
    write_graph(tmp_path, [(0, 1)], [(0, 4), (7, 8)])
    _, rows = answers(tmp_path, MAKE_BASELINE[name](0))
    assert rows.keys() == answers(tmp_path)[1].keys()
    assert len(rows) == 4 * 6


def test_concepts_with_one_name_are_equally_near(tmp_path):
    write_graph(tmp_path, [], [(0, 1)], ["Fever 0", "Fever 1", *["fever 1 "] * 3, *[f"x {n}" for n in range(5, 12)]])
    _, rows = answers(tmp_path)
    assert rows[f"{CUIS[0]}:{CUIS[1]}", "mrr_mean"].value == pytest.approx(1 / 2.5)


def test_all_others_may_be_neighbours():
    assert realistic_ranks(np.array([1.0, 0.5, 0.2]), np.array([2]), np.array([0, 1, 2])).tolist() == [1.0]
    scores = np.array([1.0, 0.5, 0.5, 0.2, 0.5])
    assert realistic_ranks(scores, np.array([1, 3]), np.array([0, 1, 3])).tolist() == [2.0, 3.0]
    assert scores.tolist() == [1.0, 0.5, 0.5, 0.2, 0.5]


def test_at_most_max_edges_are_asked_and_both_directions_occur(tmp_path):
    write_graph(tmp_path, [], [(0, n) for n in range(1, 12)])
    result, rows = answers(tmp_path, max_edges=10)
    questions = {example_id for example_id, _ in rows}
    assert len(questions) == 10
    assert {question.startswith(CUIS[0]) for question in questions} == {True, False}
    assert result.counts["held_out_edges"]["questions"] == 10
    assert result.counts["held_out_edges"]["held-out pairs of concepts"] == 11


def test_a_graph_without_held_out_edges_is_skipped_in_one_line(tmp_path):
    write_graph(tmp_path, [(0, 1)], [])
    result, rows = answers(tmp_path)
    assert rows == {}
    assert len(result.skipped) == 1
    assert "graph.held_out_fraction is 0" in result.skipped[0]


def test_large_graphs_are_sampled_and_filtered_alike(tmp_path, monkeypatch):
    monkeypatch.setattr(sampling, "MAX_OTHER_CONCEPTS", 3)
    write_graph(tmp_path, [(0, n) for n in range(1, 12) if n != 4], [(0, 4)])
    folder = tmp_path / "graph"
    questions = choose_questions(folder / "edges.parquet", folder / "held_out_edges.parquet", NUM_NODES, 10)
    assert len(questions.concepts) == 5
    assert {0, 4} <= set(questions.concepts.tolist())
    _, rows = answers(tmp_path)
    assert rows[f"{CUIS[0]}:{CUIS[4]}", "mrr_mean"].value == 1  # all others are its neighbours
    assert rows[f"{CUIS[4]}:{CUIS[0]}", "mrr_mean"].value < 1


def test_samples_are_fixed():
    assert evenly_spaced(10, 5).tolist() == [0, 2, 4, 6, 8]
    assert evenly_spaced(3, 5).tolist() == [0, 1, 2]
    assert evenly_spaced(0, 5).tolist() == []
    assert len(np.unique(evenly_spaced(1_000_003, 5000))) == 5000
    rows = candidate_rows(200_000, np.array([7, 7, 199_999]))
    assert len(rows) == 50_002
    assert np.array_equal(rows, candidate_rows(200_000, np.array([7, 199_999])))
    assert (np.diff(rows) > 0).all()
    assert {7, 199_999} <= set(rows.tolist())
    assert candidate_rows(4, np.array([2])).tolist() == [0, 1, 2, 3]
    assert sorted(random_rows(np.array([3, 5, 9]), 10).tolist()) == [3, 5, 9]


def test_metrics_follow_from_the_rank():
    found = {rank: dict(link_prediction._metrics(rank)) for rank in (1, 1.5, 10, 10.5)}
    assert found[1] == {"mrr": 1, "hits@1": 1, "hits@10": 1}
    assert found[1.5] == {"mrr": 1 / 1.5, "hits@1": 0, "hits@10": 1}
    assert found[10]["hits@10"] == 1
    assert found[10.5]["hits@10"] == 0


def test_a_language_model_answers(tmp_path):
    write_graph(tmp_path, [(0, 1)], [(0, 4), (7, 8)], ["fever", "Fever", *[f"cough {n}" for n in range(10)]])
    write_model(tmp_path / "model")
    _, rows = answers(tmp_path, LanguageModelSystem(tmp_path / "model", Compute(accelerator="cpu"), 4))
    values = [row.value for (_, metric), row in rows.items() if metric.startswith("mrr")]
    assert len(values) == 8
    assert all(1 / NUM_NODES <= value <= 1 for value in values)
    assert len(set(values)) > 1
