import numpy as np
import pytest

from bali.config import Compute
from bali.evaluation.embedding_geometry import VectorSystem, centroid_distance, run, uniformity
from bali.evaluation.results import TaskResult
from bali.evaluation.statistics import percentile_interval, resample_counts
from bali.evaluation.summary import metric_rows
from bali.evaluation.systems.language_model import LanguageModelSystem
from bali.evaluation.systems.system import MentionInText
from bali.tasks.embedding_geometry import TASK
from tests.unit.evaluation.fixtures import write, write_examples, write_model
from tests.unit.evaluation.vector_system import VectorsOf, task_inputs

NUM_CONCEPTS = 6
CUIS = [f"C{number:07d}" for number in range(NUM_CONCEPTS)]
NAMES = {cui: [f"name {number}", f"other name {number}"] for number, cui in enumerate(CUIS)}
NAMES[CUIS[5]] = ["only name 5"]
EXAMPLES = [
    (1, "Word 0 and word 1", [(0, 6, CUIS[0]), (11, 17, CUIS[1])]),
    (2, "cut 2", [(0, 5, CUIS[2])]),
    (3, "not in the graph", [(0, 3, "C0009999")]),
    (4, "word 0", [(0, 6, CUIS[0])]),
]
UPWARDS = np.array([0, 0, 1])


def of_name(name: str) -> np.ndarray:
    """Concept n lies at n/4 of a right angle in the plane, at twice unit length; its other name a bit further."""
    turn = int(name[-1]) * np.pi / 8 + (0.1 if name.startswith("other") else 0)
    return 2 * np.array([np.cos(turn), np.sin(turn), 0])


def of_mention(surface: str) -> np.ndarray | None:
    """A mention lies half way from its concept's preferred name to the third axis."""
    return None if surface.startswith("cut") else of_name(surface.lower()) / 2 + UPWARDS


@pytest.fixture
def root(tmp_path):
    nodes = [
        {"node_id": i, "cui": cui, "preferred_name": f" {NAMES[cui][0].upper()}", "tuis": [], "degree": 0}
        for i, cui in enumerate(CUIS)
    ]
    write(tmp_path / "graph" / "nodes.parquet", "nodes", nodes)
    dictionary = sorted((name, [cui]) for cui, names in NAMES.items() for name in names)
    rows = [{"name": name, "cuis": cuis} for name, cuis in [*dictionary, ("shared name 3", [CUIS[5], "C0009999"])]]
    write(tmp_path / "dictionary.parquet", "dictionary", rows)
    write_examples(tmp_path / "examples.parquet", EXAMPLES)
    return tmp_path


def measured(root, system=None, **section) -> tuple[TaskResult, dict[tuple[str, str], dict[str, float]]]:
    result = run(TASK, task_inputs(root, {"embedding_geometry": section}, system or VectorsOf(of_name, of_mention)))
    return result, {(row["dataset"], row["metric"]): row for row in metric_rows(result, 200)}


def test_figures_in_closed_form(root):
    result, metrics = measured(root)
    assert {metric for _, metric in metrics} == {f"{m}_{p}" for m in TASK.descriptive for p in ("cls", "mean")}
    # five pairs 0.1 apart, and "only name 5" with "shared name 3"
    squared = np.mean([2 - 2 * np.cos(0.1)] * 5 + [2 - 2 * np.cos(np.pi / 4)])
    assert metrics["names", "alignment_mean"]["value"] == pytest.approx(squared)
    cosine = 1 / np.sqrt(2)  # of a mention and its name, which is 45 degrees away
    assert metrics["mentions", "mention_name_cosine_mean"]["value"] == pytest.approx(cosine)
    assert metrics["mentions", "mention_name_cosine_cls"]["value"] == pytest.approx(-cosine)
    mean_name = np.array([of_name(f"name {n}") / 2 for n in (0, 1, 0)]).mean(axis=0)
    mean_mention = (mean_name + UPWARDS) / np.sqrt(2)
    gap = metrics["mentions", "modality_gap_mean"]
    assert gap["value"] == pytest.approx(np.linalg.norm(mean_mention - mean_name))
    assert gap["n"] == 3
    assert gap["ci_low"] <= gap["value"] <= gap["ci_high"]
    names = [name for rows in NAMES.values() for name in rows] + ["shared name 3"]
    unit = np.array([of_name(name) for name in names]) / 2
    distances = ((unit[:, None] - unit[None]) ** 2).sum(-1)[np.triu_indices(len(names), 1)]
    assert metrics["names", "uniformity_mean"]["value"] == pytest.approx(np.log(np.exp(-2 * distances).mean()))
    assert metrics["names", "uniformity_cls"] == metrics["names", "uniformity_mean"] | {"metric": "uniformity_cls"}
    pairs = [row for row in result.predictions if row.metric == "anisotropy_mean"]
    assert len(pairs) == len(names) // 2
    drawn = [name for row in pairs for name in row.text.split(" | ")]
    assert len(set(drawn)) == len(drawn)
    for row in pairs:
        first, second = (of_name(name) / 2 for name in row.text.split(" | "))
        assert row.value == pytest.approx(first @ second)
    assert result.counts == {
        "names": {"random names": 12, "pairs of random names": 6, "pairs of names of one concept": 6},
        "mentions": {
            "mentions chosen": 4,
            "mentions cut off or without a token": 1,
            "mentions of concepts of the graph": 4,
        },
    }


def test_a_mention_that_is_cut_off_stays_an_example_of_no_weight(root):
    result, _ = measured(root)
    rows = {row.example_id: row for row in result.predictions if row.metric == "mention_name_cosine_mean"}
    assert {example_id: row.weight for example_id, row in rows.items()} == {
        "1:0:0-6": 1, "1:0:11-17": 1, "2:0:0-5": 0, "4:0:0-6": 1,
    }  # fmt: skip
    assert rows["1:0:0-6"].gold == f"{CUIS[0]} name 0"
    assert rows["1:0:0-6"].text == "Word 0"


def test_all_models_are_measured_on_the_same_examples(root):
    other = VectorsOf(lambda name: [1.0, float(name[-1])], lambda surface: [1.0, -1.0])
    ids = [
        {
            (row.dataset, row.metric, row.example_id, row.text)
            for row in measured(root, system, max_names=4)[0].predictions
        }
        for system in (None, other)
    ]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 2 * (2 + 4 + 4)  # poolings: pairs of random names, pairs of one concept, mentions


def test_the_most_names_and_mentions_are_kept_to(root):
    result, metrics = measured(root, max_names=3, max_mentions=2)
    assert result.counts["names"] == {
        "random names": 3,
        "pairs of random names": 1,
        "pairs of names of one concept": 3,
    }
    assert metrics["names", "uniformity_mean"]["n"] == 3
    assert result.counts["mentions"]["mentions chosen"] == 2


def test_absent_parts_are_skipped_in_one_line_each(root):
    write_examples(root / "examples.parquet", EXAMPLES[2:3])
    write(root / "dictionary.parquet", "dictionary", [{"name": "name 1", "cuis": [CUIS[1]]}])
    result, metrics = measured(root)
    assert metrics == {}
    assert [line.split(": ")[1] for line in result.skipped] == [
        "the dictionary has fewer than two names; skipped.",
        "no validation example mentions a concept of the graph; skipped.",
    ]
    write(root / "dictionary.parquet", "dictionary", [{"name": f"name {n}", "cuis": [CUIS[n]]} for n in range(2)])
    write_examples(root / "examples.parquet", EXAMPLES[1:2])
    _, metrics = measured(root)
    assert {metric for _, metric in metrics} == {
        f"{metric}_{pooling}"
        for metric in ("uniformity", "anisotropy", "mention_name_cosine")
        for pooling in ("cls", "mean")
    }


def test_resamples_are_those_of_repeated_vectors():
    """The counts stand for a resample in which a vector occurs so often; pairs of a vector with itself are left out."""
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(6, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    others = generator.normal(size=(6, 4))
    counts = np.concatenate(list(resample_counts(6, 50))).astype(int)
    found, gaps = uniformity(vectors, 50), centroid_distance(vectors, others, 50)
    assert len(found.resampled) == len(gaps.resampled) == 50
    for row, value, gap in zip(counts, found.resampled, gaps.resampled, strict=True):
        drawn = np.repeat(np.arange(6), row)
        pairs = [(i, j) for i in drawn for j in drawn if i != j]
        kernel = [np.exp(-2 * np.sum((vectors[i] - vectors[j]) ** 2)) for i, j in pairs]
        assert value == pytest.approx(np.log(np.mean(kernel)))
        assert gap == pytest.approx(np.linalg.norm(vectors[drawn].mean(0) - others[drawn].mean(0)))
    low, high = percentile_interval(found)[1:]
    assert low < found.value < high


def test_uniformity_of_known_sets():
    assert uniformity(np.ones((3, 1)), 10).value == pytest.approx(0)  # all in one place
    assert uniformity(np.array([[1.0], [-1.0]]), 10).value == pytest.approx(-8)  # opposite: d^2 = 4
    two = uniformity(np.array([[1.0], [-1.0]]), 100)
    assert np.isfinite(two.resampled).all()  # also where a resample holds one vector only


def test_a_language_model_has_the_vectors_that_are_asked_for(root):
    write_model(root / "model")
    system = LanguageModelSystem(root / "model", Compute(accelerator="cpu"), 4)
    assert isinstance(system, VectorSystem)
    result, metrics = measured(root, system)
    assert {metric for _, metric in metrics} == {f"{m}_{p}" for m in TASK.descriptive for p in ("cls", "mean")}
    assert result.counts["mentions"]["mentions cut off or without a token"] == 0
    vectors, found = system.mention_vectors([MentionInText("Fever", 0, 5), MentionInText("fever " * 80, 470, 475)])
    assert found.tolist() == [True, False]
    names = system.name_vectors(["cough", "fever", "cough"])
    assert vectors.shape == (1, 16)
    assert names["cls"].shape == names["mean"].shape == (3, 16)
    np.testing.assert_array_equal(names["mean"][0], names["mean"][2])
    assert not np.allclose(names["mean"], names["cls"])
