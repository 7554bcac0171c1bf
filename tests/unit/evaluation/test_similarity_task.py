import pytest
from scipy.stats import pearsonr, spearmanr

from bali.evaluation.similarity import run
from bali.tasks.examples import RatedPair
from bali.tasks.task import Similarity
from tests.unit.evaluation.answering import Told, value_of
from tests.unit.evaluation.fixtures import inputs, write_model

PAIRS = [
    RatedPair("p1", "fever", "cough", 3.5),
    RatedPair("p2", "renal failure", "kidney failure", 9.25),
    RatedPair("p3", "aspirin", "heart attack", 1.0),
    RatedPair("p4", "fever", "fever", 10.0),
]
SCORES = [0.2, 0.7, 0.3, 0.91234]


def ask(root, system=None):
    (root / "pairs.csv").touch()
    task = Similarity(name="similarity", title="", section=object, main=(), read=lambda _: PAIRS)
    section = {"datasets": {"toy": {"pairs": [str(root / "pairs.csv")]}}}
    return run(task, inputs(root, {"similarity": section}, system=system))


def test_correlations_of_scores_and_ratings(tmp_path):
    result = ask(tmp_path, Told(SCORES))
    assert len(result.predictions) == 4 * 4
    ratings = [pair.rating for pair in PAIRS]
    wanted = {"spearman": spearmanr(SCORES, ratings).statistic, "pearson": pearsonr(SCORES, ratings).statistic}
    for metric, expected in wanted.items():
        for pooling, sign in (("cls", 1), ("mean", -1)):
            assert value_of(result, f"{metric}_{pooling}") == pytest.approx(sign * expected)
    row = result.predictions[3]
    assert (row.dataset, row.split, row.example_id, row.weight) == ("toy", "test", "p4", 1.0)
    assert (row.value, row.gold, row.predicted, row.text) == (0.91234, "10.0", "0.9123", "fever | fever")
    assert result.counts == {"toy": {"pairs": 4}}
    assert [path.name for path in result.inputs] == ["pairs.csv"]


def test_equal_texts_are_most_alike_to_a_model(tmp_path):
    write_model(tmp_path / "model")
    result = ask(tmp_path)
    for metric in ("spearman_cls", "pearson_mean"):
        values = {row.example_id: row.value for row in result.predictions if row.metric == metric}
        assert values["p4"] == pytest.approx(1, abs=1e-12)
        assert max(values[name] for name in ("p1", "p2", "p3")) < 0.9999
