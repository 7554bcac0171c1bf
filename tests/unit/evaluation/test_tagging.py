import pytest
from seqeval.metrics import f1_score

from bali.evaluation.tagging import run
from bali.tasks.examples import Splits, TaggedSentence
from bali.tasks.task import Tagging
from tests.unit.evaluation.answering import Told, dataset_of, value_of
from tests.unit.evaluation.fixtures import inputs, write_model
from tests.unit.evaluation.toy import sentences

WORDS = ("aspirin", "for", "heart", "failure", "cough")
GOLD = [
    ("B-Chemical", "O", "B-Disease", "I-Disease", "B-Disease"),
    ("B-Chemical", "O", "O", "O", "O"),
    ("O", "O", "O", "O", "O"),
]
PREDICTED = [
    ("B-Chemical", "O", "B-Disease", "I-Chemical", "I-Disease"),
    ("B-Chemical", "O", "O", "O", "B-Disease"),
    ("O", "O", "O", "O", "O"),
]


def tagged(tags):
    return [TaggedSentence(f"id{i}", WORDS, row) for i, row in enumerate(tags)]


def ask(root, splits, system=None, **options):
    task = Tagging(name="ner", title="", section=object, main=(), read=lambda _: splits)
    section = {"datasets": {"toy": dataset_of(root)}, "dev_fraction": 0.2, **options}
    return run(task, inputs(root, {"ner": section}, system=system))


def reference(gold, predicted):
    return pytest.approx(f1_score(list(map(list, gold)), list(map(list, predicted))))


def only(kind, rows):
    return [[tag if tag.endswith(kind) else "O" for tag in row] for row in rows]


def test_rows_for_all_spans_and_for_each_type(tmp_path):
    system = Told(PREDICTED)
    result = ask(tmp_path, Splits(tagged(GOLD * 5), [], tagged(GOLD)), system)
    metrics = [row.metric for row in result.predictions]
    assert metrics == ["span_f1"] * 3 + ["span_f1.Chemical"] * 3 + ["span_f1.Disease"] * 3
    assert value_of(result, "span_f1") == reference(GOLD, PREDICTED)
    for kind in ("Chemical", "Disease"):
        assert 0 < value_of(result, f"span_f1.{kind}") == reference(only(kind, GOLD), only(kind, PREDICTED))
    first = result.predictions[0]
    assert first.gold == "Chemical: aspirin; Disease: heart failure; Disease: cough"
    assert first.predicted == "Chemical: aspirin; Disease: heart; Chemical: failure; Disease: cough"
    assert first.text == "aspirin for heart failure cough"
    assert [first.value, first.weight] == [4, 7]
    assert result.predictions[2].weight == 0
    assert result.counts["toy"] == {"train": 12, "dev": 3, "test": 3, "best epoch": 3, "dev score": 0.5}


def test_what_is_asked(tmp_path):
    system = Told(GOLD)
    ask(tmp_path, Splits(tagged(GOLD * 5), tagged(GOLD), tagged(GOLD)), system, num_epochs=7)
    ((splits, tags, training, score),) = system.asked
    assert len(splits.dev) == 3
    assert tags == ["B-Chemical", "B-Disease", "I-Disease", "O"]
    assert training.num_epochs == 7
    assert score(GOLD, GOLD) == 1
    assert score(GOLD, PREDICTED) == reference(GOLD, PREDICTED)


def test_one_type_has_one_metric(tmp_path):
    gold = only("Disease", GOLD)
    result = ask(tmp_path, Splits(tagged(gold * 5), [], tagged(gold)), Told(gold))
    assert {row.metric for row in result.predictions} == {"span_f1"}
    assert value_of(result, "span_f1") == 1


def test_a_model_tags_and_says_what_it_did_not_see(tmp_path):
    write_model(tmp_path / "model")
    long = TaggedSentence("long", ("fever",) * 60, ("B-Disease",) * 60)
    splits = Splits(sentences(16), [], [*sentences(4, 16), long])
    result = ask(tmp_path, splits, learning_rate=1e-2, num_epochs=1, batch_size=8)
    assert len([row for row in result.predictions if row.metric == "span_f1"]) == 5
    assert result.counts["toy"]["words cut off"] == 60 - 46
    assert result.counts["toy"]["words without a token"] == 0
