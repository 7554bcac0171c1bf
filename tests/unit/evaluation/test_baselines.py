"""The baselines: closed forms on toy data, chance where chance is due, and the same answers under both poolings."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from bali.evaluation.dictionary import NUM_NAMES_SEARCHED, Dictionary, make_dictionary
from bali.evaluation.metrics import dev_score, span_f1
from bali.evaluation.systems import baseline_parts, trigram_vectors
from bali.evaluation.systems.baselines import MAKE_BASELINE
from bali.evaluation.systems.majority import Majority
from bali.evaluation.systems.random_choice import RandomChoice
from bali.evaluation.systems.system import POOLINGS, MentionInText, Training
from bali.evaluation.systems.trigram_vectors import fit_trigrams, nearest_rows
from bali.evaluation.systems.trigrams import Trigrams
from bali.tasks.examples import ChoiceQuestion, LabelledText, Splits, TaggedSentence
from bali.vocabulary import BASELINES

TRAINING = Training([2e-5], 1, None, 8, 64, seed=0)
DICTIONARY = make_dictionary(
    pl.DataFrame(
        {
            "cui": ["C0000001", "C0000001", "C0000001", "C0000002", "C0000003", "C0000004", "C0000005", "C0000005"],
            "name": ["fever", "pyrexia", "cold", "cold", "renal failure", "kidney stone", "ague", "febris"],
        }
    )
)
TAGS = ("B-Disease", "I-Disease", "O")


def accuracy(gold, predicted):
    return sum(g == p for g, p in zip(gold, predicted, strict=True)) / len(gold)


def spans_found(gold, predicted):
    return dev_score(*span_f1(gold, predicted))


def labelled(*rows):
    return [LabelledText(str(i), first, second, label) for i, (first, second, label) in enumerate(rows)]


def tagged(*sentences):
    rows = []
    for number, sentence in enumerate(sentences):
        words, tags = zip(*(word.rsplit("/", 1) for word in sentence.split()), strict=True)
        rows.append(TaggedSentence(str(number), words, tags))
    return rows


def choice(question, *options, answer=0):
    return ChoiceQuestion(question, question, options, answer)


def cuis(pooled):
    """The CUIs of each query, which must be the same under each pooling."""
    assert set(pooled) == set(POOLINGS)
    first, *others = pooled.values()
    assert first
    assert all(other == first for other in others)
    return [[hit.cui for hit in hits] for hits in first]


def scored(system, names, rows):
    """(num_rows, num_names) scores, which must be the same under each pooling."""
    blocks = list(system.scores(names, rows))
    assert all(set(block) == set(POOLINGS) for block in blocks)
    cls, mean = (np.concatenate([block[pooling] for block in blocks]) for pooling in POOLINGS)
    np.testing.assert_array_equal(cls, mean)
    assert cls.shape == (len(rows), len(names))
    assert cls.dtype == np.float64
    return cls


def all_answers(system):
    """One answer of each method, comparable."""
    texts = labelled(*[(f"text {i % 7} of {i}", None, "ab"[i % 2]) for i in range(40)])
    questions = [choice(f"question {i}", "fever", "cough", "pain", answer=i % 3) for i in range(40)]
    sentences = tagged(*["renal/B-Disease failure/I-Disease is/O bad/O", "no/O fever/B-Disease"] * 10)
    nearest = system.nearest(DICTIONARY, ["fever", "stone"] * 5)
    return {
        "classify": list(system.classify(Splits(texts, texts, texts), ("a", "b"), TRAINING, accuracy).predicted),
        "choose": list(system.choose(Splits(questions, questions, questions), TRAINING).predicted),
        "tag": list(system.tag(Splits(sentences, sentences, sentences), TAGS, TRAINING, spans_found).predicted),
        "similarities": system.similarities([("fever", "fevers"), ("a pain", "pain")])["cls"].tolist(),
        "nearest": nearest["mean"],
        "scores": scored(system, ["fever", "fevers", "pain"], [2, 0]).tolist(),
    }


def test_the_registry_has_the_names_of_the_vocabulary():
    assert tuple(MAKE_BASELINE) == BASELINES


@pytest.mark.parametrize("name", BASELINES)
def test_equal_seeds_give_equal_answers(name):
    first, second = (all_answers(MAKE_BASELINE[name](5)) for _ in range(2))
    assert first == second
    assert all(first.values())
    assert set(first["classify"]) <= {"a", "b"}
    assert set(first["choose"]) <= {0, 1, 2}
    assert [len(tags) for tags in first["tag"]] == [4, 2] * 10


@pytest.mark.parametrize(("name", "differs"), [("majority", False), ("random", True), ("trigrams", False)])
def test_only_guesses_depend_on_the_seed(name, differs):
    first, second = (all_answers(MAKE_BASELINE[name](seed)) for seed in (5, 6))
    assert [first[key] != second[key] for key in first] == [differs] * len(first)


def test_the_majority_label_is_the_most_frequent_of_train():
    train = labelled(("x", None, "yes"), ("y", None, "no"), ("z", None, "yes"))
    test = labelled(("x", None, "no"), ("q", None, "no"))
    assert Majority().classify(Splits(train, test, test), ("no", "yes"), TRAINING, accuracy).predicted == ["yes"] * 2


def test_the_first_of_equally_frequent_labels_counts():
    train = labelled(("x", None, "yes"), ("y", None, "no"))
    test = labelled(("x", None, "no"))
    for known in (train, train[::-1], []):
        assert Majority().classify(Splits(known, [], test), ("yes", "no"), TRAINING, accuracy).predicted == ["no"]


def test_the_majority_option_is_one_that_the_question_has():
    train = [choice("q", "a", "b", "c", answer=answer) for answer in (2, 2, 1)]
    test = [choice("q", "a", "b", "c"), choice("q", "a", "b"), choice("q", "a")]
    assert Majority().choose(Splits(train, [], test), TRAINING).predicted == [2, 1, 0]
    assert Majority().choose(Splits([], [], test), TRAINING).predicted == [0, 0, 0]


def test_the_majority_tag_finds_no_span():
    sentences = tagged("renal/B-Disease failure/I-Disease is/O bad/O", "no/O")
    (first, second) = Majority().tag(Splits(sentences, [], sentences), TAGS, TRAINING, spans_found).predicted
    assert (first, second) == (("O",) * 4, ("O",))
    assert spans_found([s.tags for s in sentences], [first, second]) == 0


def test_the_majority_concepts_have_the_most_names():
    expected = ["C0000001", "C0000005", "C0000002", "C0000003", "C0000004"]
    assert cuis(Majority().nearest(DICTIONARY, ["stone", "fever"])) == [expected] * 2
    assert cuis(Majority().nearest_in_context(DICTIONARY, [MentionInText("a stone", 2, 7)])) == [expected]
    assert Majority().nearest(DICTIONARY, ["x"])["cls"][0][0].name == "cold"  # the first of its sorted names


def test_the_majority_holds_nothing_nearer_than_anything_else():
    assert not Majority().similarities([("a", "a"), ("a", "b")])["mean"].any()
    assert not scored(Majority(), ["a", "b", "c"], [1, 1]).any()


def test_guesses_are_uniform():
    labels = ("maybe", "no", "yes")
    test = labelled(*[("one text", None, labels[i % 3]) for i in range(3000)])
    answers = RandomChoice(1).classify(Splits([], [], test), labels, TRAINING, accuracy).predicted
    within = 4 * np.sqrt(3000 * 1 / 3 * 2 / 3)  # four deviations of the binomial distribution
    assert abs(sum(a == example.label for a, example in zip(answers, test, strict=True)) - 1000) < within
    assert all(abs(count - 1000) < within for count in Counter(answers).values())
    assert set(answers) == set(labels)


def test_guessed_options_are_uniform_over_those_of_each_question():
    test = [choice(f"q{i}", *("abcd" if i % 2 else "ab")) for i in range(4000)]
    answers = RandomChoice(1).choose(Splits([], [], test), TRAINING).predicted
    for start, size in ((0, 2), (1, 4)):
        counts = Counter(answers[start::2])
        assert set(counts) == set(range(size))
        assert all(abs(count - 2000 / size) < 4 * np.sqrt(2000 / size) for count in counts.values())


def test_guessed_concepts_are_distinct_and_each_as_likely():
    names = pl.Series([f"name {i:03}" for i in range(200)])
    dictionary = Dictionary(names, pl.Series([[f"C{i:07}"] for i in range(200)]))
    found = cuis(RandomChoice(1).nearest(dictionary, ["same"] * 4000))
    assert all(len(set(hits)) == len(hits) == NUM_NAMES_SEARCHED for hits in found)
    right = sum(hits[0] == "C0000007" for hits in found)
    assert 0 < right < 20 + 4 * np.sqrt(20)
    assert found[0] != found[1]  # equal texts, two guesses
    assert cuis(RandomChoice(1).nearest(dictionary, ["other"] * 3)) == found[:3]
    assert {len(hits) for hits in cuis(RandomChoice(1).nearest(DICTIONARY, ["x"]))} == {5}


def test_a_guess_does_not_depend_on_how_many_are_made(monkeypatch):
    sentences = tagged(*["renal/O failure/O is/O bad/O"] * 9)
    few, many = (
        RandomChoice(3).tag(Splits([], [], test), TAGS, TRAINING, spans_found).predicted
        for test in (sentences[:2], sentences)
    )
    assert few == many[:2]
    names = [str(i) for i in range(50)]
    whole = scored(RandomChoice(3), names, range(20))
    monkeypatch.setattr(baseline_parts, "_BLOCK_CELLS", 150)
    assert len(list(RandomChoice(3).scores(names, range(20)))) == 7
    np.testing.assert_array_equal(scored(RandomChoice(3), names, range(20)), whole)
    assert len(np.unique(whole)) == whole.size


def test_trigram_cosines_are_their_closed_form():
    """ "ab" gives " ab" and "ab "; "ac" gives " ac" and "ac "; "ab" twice doubles each: 1 + ln 2."""
    vectors = fit_trigrams(["ab", "ac"])(["ab", "ab ab ac", "AB"]).toarray().astype(float)
    twice = 1 + np.log(2)
    expected = 2 * twice / (np.sqrt(2) * np.sqrt(2 * twice**2 + 2))  # each trigram is in one text: idf cancels
    assert vectors[0] @ vectors[1] == pytest.approx(expected, abs=1e-6)
    assert vectors[0] @ vectors[2] == pytest.approx(1, abs=1e-6)


def test_the_weights_are_those_of_scikit_learn():
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415

    texts = ["renal failure", "Renal stone", "fever", "", "renal renal colic"]
    theirs = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 3), sublinear_tf=True, dtype=np.float32)
    expected = theirs.fit_transform(texts).toarray()
    np.testing.assert_allclose(fit_trigrams(texts)(texts).toarray(), expected, atol=1e-6)
    assert expected.any()


def test_identical_names_come_first_and_strangers_not_at_all():
    found = Trigrams().nearest(DICTIONARY, ["Renal failure", "pyrexia", "zzz", "cold", ""])
    assert [hits[:1] for hits in cuis(found)] == [["C0000003"], ["C0000001"], [], ["C0000001"], []]
    assert cuis(found)[3] == ["C0000001", "C0000002"]  # a shared name ranks its concepts by CUI
    mention = MentionInText("A renal failure, not a stone.", 2, 15)
    assert cuis(Trigrams().nearest_in_context(DICTIONARY, [mention])) == cuis(found)[:1]


def test_the_search_is_a_sorted_product(monkeypatch):
    generator = np.random.default_rng(np.random.SeedSequence(2))
    words = ["renal", "kidney", "failure", "stone", "acute", "fever", "chronic", "colic", "pain"]
    texts = sorted({" ".join(generator.choice(words, generator.integers(1, 5))) for _ in range(600)})
    names, queries = pl.Series(texts), [*texts[::9], "xyzzy", "feverish"]
    whole = nearest_rows(names, queries, 20)
    vectors_of = fit_trigrams(texts)
    cosines = vectors_of(queries).toarray().astype(float) @ vectors_of(texts).toarray().astype(float).T
    steps = np.rint(cosines * 2**20)
    for found, score in zip(whole, steps, strict=True):
        best = np.lexsort((np.arange(len(texts)), -score))[:20]
        np.testing.assert_allclose(score[found[found >= 0]], score[best][score[best] > 0], atol=1)
    assert (whole[:-2, 0] >= 0).all()
    assert (whole[-2] == -1).all()
    monkeypatch.setattr(trigram_vectors, "_NAMES_AT_ONCE", 37)
    monkeypatch.setattr(trigram_vectors, "_QUERIES_AT_ONCE", 5)
    np.testing.assert_array_equal(nearest_rows(names, queries, 20), whole)


def test_of_equally_near_names_the_first_row_wins():
    names = pl.Series(["failure renal", "renal failure", "renal failure renal failure"])
    assert nearest_rows(names, ["renal failure"], 3).tolist() == [[0, 1, 2]]
    assert nearest_rows(names, ["fever"], 2).tolist() == [[-1, -1]]
    assert nearest_rows(pl.Series([], dtype=pl.String), ["fever"], 1).tolist() == [[-1]]


def test_trigrams_learn_a_label_from_either_text():
    rows = [(f"{i} {'renal' if i % 2 else 'gastric'}", "seen", "ab"[i % 2]) for i in range(30)]
    swapped = [(second, first, label) for first, second, label in rows]
    for part in (labelled(*rows), labelled(*swapped), labelled(*[(f, None, label) for f, _, label in rows])):
        answers = Trigrams().classify(Splits(part, part[:8], part), ("a", "b"), TRAINING, accuracy)
        assert answers.predicted == [example.label for example in part]
        assert answers.notes["dev score"] == 1
    assert "dev score" not in Trigrams().classify(Splits(part, [], part), ("a", "b"), TRAINING, accuracy).notes


def test_the_columns_of_two_texts_are_told_apart():
    part = labelled(*[("renal", "gastric", "a"), ("gastric", "renal", "b")] * 10)
    answers = Trigrams().classify(Splits(part, [], part), ("a", "b"), TRAINING, accuracy)
    assert answers.predicted == [example.label for example in part]


def test_one_label_or_no_train_is_answered_by_the_majority():
    part = labelled(("renal", None, "b"), ("gastric", None, "b"))
    assert Trigrams().classify(Splits(part, part, part), ("a", "b"), TRAINING, accuracy).predicted == ["b", "b"]
    sentences = tagged("no/O tags/O")
    assert Trigrams().tag(Splits(sentences, [], sentences), ("O",), TRAINING, spans_found).predicted == [("O", "O")]
    assert Trigrams().tag(Splits([], [], sentences), TAGS, TRAINING, spans_found).predicted == [("B-Disease",) * 2]


def test_without_train_questions_the_option_most_like_the_question_is_chosen():
    test = [
        choice("what is renal failure", "a fever", "a renal failure", "a colic"),
        choice("what is fever", "fevers", "stone"),
        choice("nothing alike", "xyz", "qrs"),
    ]
    assert Trigrams().choose(Splits([], [], test), TRAINING).predicted == [1, 0, 0]


def test_trigrams_learn_options():
    train = [choice(f"q {i}", "gastric", f"renal {i}", answer=1) for i in range(20)]
    train += [choice(f"q {i}", f"renal {i}", "gastric", "colic") for i in range(20)]
    test = [choice("new", "gastric", "colic", "renal"), choice("new", "renal", "colic")]
    answers = Trigrams().choose(Splits(train, train[:5], test), TRAINING)
    assert answers.predicted == [2, 0]
    assert answers.notes["dev score"] == 1


def test_trigrams_tag_by_the_word_and_its_neighbours():
    train = tagged(*["severe/O pain/B-Disease today/O", "pain/O clinic/O", "no/O pain/B-Disease today/O"] * 10)
    test = tagged("severe/O pain/B-Disease today/O", "pain/O clinic/O", "pain/O")
    answers = Trigrams().tag(Splits(train, train[:3], test), ("B-Disease", "O"), TRAINING, spans_found)
    assert answers.predicted[:2] == [sentence.tags for sentence in test[:2]]
    assert len(answers.predicted[2]) == 1
    assert answers.notes["dev score"] == 1


def test_trigram_similarities_and_scores_are_cosines():
    values = Trigrams().similarities([("fever", "Fever"), ("fever", "stone"), ("renal failure", "failure")])["cls"]
    assert values == pytest.approx([1, 0, values[2]], abs=1e-6)
    assert 0 < values[2] < 1
    assert Trigrams().similarities([])["mean"].shape == (0,)
    cosines = scored(Trigrams(), ["fever", "stone", "fevers"], [2, 0])
    np.testing.assert_allclose(cosines[[0, 1], [2, 0]], 1, atol=1e-6)
    assert cosines[0, 0] == cosines[1, 2] > 0
    assert cosines[0, 1] == 0


def test_nothing_to_answer_is_no_failure():
    part = labelled(("renal", None, "a"), ("colic", None, "b"))
    for make in MAKE_BASELINE.values():
        assert make(0).classify(Splits(part, [], []), ("a", "b"), TRAINING, accuracy).predicted == []
        assert make(0).choose(Splits([], [], []), TRAINING).predicted == []
        assert make(0).nearest(DICTIONARY, [])["cls"] == []
        assert list(make(0).scores([], [])) == []


def test_no_baseline_loads_torch():
    code = "import sys, bali.evaluation.systems.baselines; print('torch' in sys.modules, 'sklearn' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.split() == ["False", "True"]


@pytest.mark.real_data
def test_trigrams_find_diseases():
    folder = os.environ.get("BALI_DEVELOPMENT_DATA")
    if not folder:
        pytest.skip("BALI_DEVELOPMENT_DATA is not set")
    from bali.tasks.ner import TASK, NerDataset  # noqa: PLC0415

    files = {
        part: [str(Path(folder) / f"ner_mtl/BC5CDR-disease_{name}.tsv.gz")]
        for part, name in (("train", "train"), ("dev", "devel"), ("test", "test"))
    }
    splits = TASK.read(NerDataset(**files))
    assert len(splits.train) > 4000
    answers = Trigrams().tag(splits, TAGS, TRAINING, spans_found)
    score = spans_found([sentence.tags for sentence in splits.test], answers.predicted)
    assert 0.5 < score < 0.9
