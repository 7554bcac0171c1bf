"""What the aligned model fixed and broke: counts and examples against a plain recount."""

import pytest
from fake_artefacts import cui, write
from fake_evaluation import MEASURED, prediction
from fake_results import write_results

from bali.errors import ArtefactError
from bali.reporting.error_analysis import NUM_CHARACTERS, error_analysis, shortened
from bali.reporting.metric_names import MetricKey
from bali.reporting.predictions import read_pair
from bali.reporting.results import Results

LINKING = MetricKey(*MEASURED[1][:4])
PUBMEDQA = MetricKey(*MEASURED[3][:4])
SIMILARITY = MetricKey("similarity", "pairs", "test", "spearman_mean")
SPANS = MetricKey("ner", "bc2gm", "test", "span_f1")


@pytest.fixture
def results(tmp_path):
    return Results(write_results(tmp_path))


def analysed(results, *keys, show_text=True):
    return error_analysis(results, keys, "bali_gat", show_text)


def write_pair(results, key, base, model):
    for name, rows in (("base", base), ("bali_gat", model)):
        write(results.root, f"evaluation/{name}/{key.task}/0.predictions.parquet", "predictions", rows)


def test_fixed_and_broken_are_told_apart_and_add_up(results):
    (measure,) = analysed(results, LINKING).measures
    fixed, broken = measure.kinds
    assert (fixed.num, broken.num) == (20, 4)
    assert dict(measure.unchanged) == {"right before and after": 16, "wrong before and after": 0}
    assert measure.num_examples == 40
    first = fixed.examples[0]
    assert first.text == "the <text> of m20"
    assert first.gold == f"{cui(0)} fibrosis 0"
    assert (first.base, first.model) == (f"{cui(30)} name", f"{cui(0)} name")
    assert [example.text[-3:] for example in fixed.examples] == ["m20", "m24", "m28", "m32", "m36"]
    assert len(broken.examples) == 4


def test_with_seeds_most_of_them_decide_and_the_answer_is_theirs(results):
    (measure,) = analysed(results, PUBMEDQA).measures
    fixed, broken = measure.kinds
    assert (fixed.num, broken.num) == (1, 0)
    assert (fixed.examples[0].base, fixed.examples[0].model) == ("no", "yes")
    rows = read_pair(results, PUBMEDQA, ("base", "bali_gat"), True)
    assert rows["base_right"].to_list() == pytest.approx([1 / 3, 1, 1, 1, 1, 1])
    assert rows["model_right"].to_list() == pytest.approx([2 / 3, 1, 1, 1, 1, 1])


def test_nothing_to_find_and_nothing_found_is_right_and_half_is_wrong(results):
    def row(name, value, weight):
        return prediction(name, tuple(SPANS), value, "gene: A", "gene: B", weight)

    base = [row("empty", 0.0, 0.0), row("half", 2.0, 4.0), row("all", 2.0, 2.0)]
    write_pair(results, SPANS, base, [row("empty", 0.0, 2.0), row("half", 4.0, 4.0), row("all", 2.0, 2.0)])
    (measure,) = analysed(results, SPANS).measures
    texts = [[example.text for example in kind.examples] for kind in measure.kinds]
    assert texts == [["the <text> of half"], ["the <text> of empty"]]


def test_ranks_move_towards_and_away_from_those_of_people(results):
    def rows(scores):
        return [prediction(f"p{i}", tuple(SIMILARITY), score, f"{i}.5", "") for i, score in enumerate(scores)]

    write_pair(results, SIMILARITY, rows([0.4, 0.1, 0.2, 0.3]), rows([0.1, 0.2, 0.4, 0.3]))
    (measure,) = analysed(results, SIMILARITY).measures
    towards, away = measure.kinds
    assert measure.is_ranked
    # Ranks of people 1 2 3 4, of base 4 1 2 3, of the model 1 2 4 3: the last two pairs are as far off as before.
    found = [(e.text[-2:], e.gold, e.base, e.model) for e in towards.examples]
    assert found == [("p0", "1", "4", "1"), ("p1", "2", "1", "2")]
    assert (away.num, dict(measure.unchanged)) == (0, {"as far as before": 2})


def test_gold_of_a_correlation_that_is_no_number_is_an_error(results):
    rows = [prediction("p", tuple(SIMILARITY), 0.1, "high", "")]
    write_pair(results, SIMILARITY, rows, rows)
    with pytest.raises(ArtefactError, match="numbers as the gold"):
        analysed(results, SIMILARITY)


def test_gains_by_semantic_type_are_means_over_the_examples_of_the_type(results):
    ((task, gains),) = analysed(results, LINKING, PUBMEDQA).gains
    assert task == "entity_linking"
    assert [gain.name for gain in gains] == ["Body Part", "Disease or Syndrome", "Pharmacologic Substance", "Sign"]
    assert {(gain.num_examples, gain.base, gain.model) for gain in gains} == {(10, 0.5, 0.9)}


def test_without_text_only_counts_are_left(results):
    found = analysed(results, LINKING, PUBMEDQA, show_text=False)
    assert [kind.num for measure in found.measures for kind in measure.kinds] == [20, 4, 1, 0]
    assert not any(kind.examples for measure in found.measures for kind in measure.kinds)


def test_predictions_of_other_examples_are_an_error(results):
    rows = [prediction("another", tuple(LINKING), 1.0, cui(1), cui(1))]
    write(results.root, "evaluation/bali_gat/entity_linking/0.predictions.parquet", "predictions", rows)
    with pytest.raises(ArtefactError, match="expected the 40 examples of base in ncbi_disease, found 1"):
        analysed(results, LINKING)


def test_a_model_without_predictions_has_no_analysis(results):
    assert error_analysis(results, [LINKING], "mlm_only", True) is None
    assert error_analysis(results, [LINKING], None, True) is None


def test_a_long_text_is_one_line_with_an_ellipsis():
    text = shortened("word\n\t " * 500)
    assert len(text) == NUM_CHARACTERS
    assert text.endswith("…")
    assert shortened(" a\nb ") == "a b"
