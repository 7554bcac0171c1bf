import pytest

from bali.tasks.examples import EvaluationText, TaggedSentence
from bali.tasks.ner import TASK, Ner, NerDataset, read
from tests.unit.tasks.files import num_examples, parts, refused


def test_iob2_is_kept():
    splits = read(parts(NerDataset, test="ner_iob2.tsv"))
    assert splits.test == [
        TaggedSentence(
            "ner_iob2.tsv:1",
            ("Selegiline", "-", "induced", "hypotension", "."),
            ("B-Chemical", "O", "O", "B-Disease", "O"),
        ),
        TaggedSentence("ner_iob2.tsv:2", ("Acute", "asthma", "fell"), ("B-Disease", "I-Disease", "O")),
    ]
    assert not splits.left_out


def test_iob1_in_columns_becomes_iob2():
    splits = read(parts(NerDataset, test="ner_iob1.txt"))
    assert [sentence.words for sentence in splits.test] == [("IL-2", "gene", "expression"), ("NF-kappa", "B", "IL-4")]
    assert [sentence.tags for sentence in splits.test] == [
        ("B-protein", "B-DNA", "O"),
        ("B-protein", "I-protein", "B-protein"),
    ]
    assert splits.left_out == {"document marker": 1}
    assert num_examples(splits) + sum(splits.left_out.values()) == 3  # blocks of lines


def test_bioes_becomes_iob2():
    (sentence,) = read(parts(NerDataset, test="ner_bioes.tsv")).test
    assert sentence.tags == tuple(f"{prefix}-Disease" for prefix in "BIBBBII")
    assert sentence.example_id == "ner_bioes.tsv:1"


def test_tags_without_a_type_get_one():
    (sentence,) = read(parts(NerDataset, test="ner_untyped.tsv")).test
    assert sentence.tags == ("B-entity", "I-entity", "O")


def test_a_set_overrides_what_it_names():
    section = Ner(datasets={"jnlpba": NerDataset(test=["x"], learning_rate=1.0e-5, num_epochs=5)})
    own = section.model_copy(update=section.datasets["jnlpba"].overrides())
    assert (own.learning_rate, own.num_epochs, own.batch_size) == (1.0e-5, 5, section.batch_size)
    assert NerDataset(test=["x"]).overrides() == {}


def test_texts_are_the_sentences():
    assert list(TASK.texts(parts(NerDataset, train="ner_iob2.tsv", test="ner_untyped.tsv"))) == [
        EvaluationText("ner_untyped.tsv:1", None, "Breast cancer .")
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a\tO\nb\n", "line 2: expected a word and its tag, got 'b'"),
        ("a\tO\n\tO\n", "line 2: expected a word and its tag"),
        ("a\tX-Disease\n", "line 1: expected a tag such as B-Disease, I-Disease or O, got 'X-Disease'"),
        ("a\tDisease\n", "line 1: expected a tag such as"),
        ("a\tO-Disease\n", "line 1: expected a tag such as"),
        ("a\t\n", "line 1: expected a tag such as"),
        ("\n\n", "expected at least one example, found none"),
        (b"a\xff\tO\n", "line 1: expected UTF-8"),
    ],
)
def test_broken_files_are_one_line(tmp_path, content, expected):
    assert expected in refused(read, tmp_path / "broken.tsv", content, NerDataset)
