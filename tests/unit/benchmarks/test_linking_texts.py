"""Texts of the linker's benchmark: as many as asked for, the same each time, back from the table as they went in."""

import pytest

from bali.errors import InputError
from benchmarks.linking_names import DATA
from benchmarks.linking_texts import (
    AWKWARD_SENTENCES,
    corpus_files,
    read_sentences,
    read_texts,
    vary,
    write_sentences,
)

DOCUMENTS = [["Fever in mice.", "It fell after two days of treatment."], ["Aspirin and asthma in young adults."]]


def test_documents_come_again_with_other_words():
    texts = vary(DOCUMENTS, 20)
    assert len(texts) == 20
    assert texts[:2] == DOCUMENTS
    words = {word for document in DOCUMENTS for sentence in document for word in sentence.split(" ")}
    for number, text in enumerate(texts[2:]):
        original = DOCUMENTS[number % 2]
        assert [len(sentence.split(" ")) for sentence in text] == [len(sentence.split(" ")) for sentence in original]
        assert {word for sentence in text for word in sentence.split(" ")} <= words
    assert sum(text not in DOCUMENTS for text in texts[2:]) > 10
    assert vary(DOCUMENTS, 20) == texts
    assert vary(DOCUMENTS, 20, seed=1) != texts
    assert vary(DOCUMENTS, 1) == DOCUMENTS[:1]


def test_sentences_come_back_as_they_are(tmp_path):
    path = tmp_path / "sentences.parquet"
    write_sentences([AWKWARD_SENTENCES, *DOCUMENTS], path)
    assert read_sentences(path, 0, 1) == list(AWKWARD_SENTENCES)
    assert read_sentences(path, 1, 2) == DOCUMENTS[0]
    assert read_sentences(path, 1, 9) == [*DOCUMENTS[0], *DOCUMENTS[1]]


def test_demo_texts(monkeypatch):
    monkeypatch.delenv(DATA, raising=False)
    texts = read_texts(5)
    assert texts.kind == "demo"
    assert len(texts.abstracts) == 5
    assert all(sentence.strip() for abstract in texts.abstracts for sentence in abstract)
    assert sum(map(len, texts.abstracts)) > 20


def test_real_texts_are_those_there_are_and_a_folder_without_any_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv(DATA, str(tmp_path))
    with pytest.raises(InputError, match=r"pubmed_xml: expected PubMed files") as caught:
        corpus_files()
    assert "\n" not in str(caught.value)
    (tmp_path / "pubmed_xml").mkdir()
    citation = (
        "<PubmedArticle><MedlineCitation><PMID Version='1'>{0}</PMID><Article><ArticleTitle>Title {0}.</ArticleTitle>"
        "<Abstract><AbstractText>One. Two came after it.</AbstractText></Abstract></Article></MedlineCitation>"
        "</PubmedArticle>"
    )
    for name, pmids in (("b.xml", (3, 4)), ("a.xml", (1, 2, 5))):
        text = "<PubmedArticleSet>" + "".join(citation.format(pmid) for pmid in pmids) + "</PubmedArticleSet>"
        (tmp_path / "pubmed_xml" / name).write_text(text)
    texts = read_texts(3)
    assert texts.kind == "real"
    titles = [abstract[0] for abstract in read_texts(50).abstracts]
    assert sorted(titles) == [f"Title {pmid}." for pmid in range(1, 6)]
    assert [abstract[0] for abstract in texts.abstracts] == titles[:3]
    assert texts.abstracts[0][1:] == ["One.", "Two came after it."]
