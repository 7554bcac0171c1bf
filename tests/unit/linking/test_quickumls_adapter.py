"""The adapter gives what the package gives, one concept per span, without the network or NLTK's data."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import nltk.corpus
import nltk.data
import pytest
import spacy

from bali.linking.quickumls_adapter import Link, MatcherOptions, QuickUmlsLinker, stop_words
from bali.linking.quickumls_package import QuickUMLS

SENTENCES = [
    "Fever and diabetes mellitus were common in diabetes.",
    "The patients with Diabetes insipidus took aspirin; fevers fell.",
    "Hepatitis β virus (fever) of Escherichia coli, untyped thing and null.",
    "Feverish diabetess mellituss",
    "",
    "   ",
    "No concept here at all",
]


def test_stop_words_are_a_plain_list() -> None:
    words = stop_words()
    assert 150 < len(words) < 250
    assert {"the", "of", "with", "not"} <= set(words)
    assert all(word.isascii() and word.islower() for word in words)


@pytest.mark.parametrize("types", ["quickumls", "all"])
@pytest.mark.parametrize("similarity", ["jaccard", "dice", "cosine", "overlap"])
def test_candidates_are_the_packages_own(
    index_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, types: str, similarity: str
) -> None:
    """The package is called as its documentation says, with our words where NLTK would have downloaded its own."""
    folder = tmp_path / "corpora" / "stopwords"
    folder.mkdir(parents=True)
    (folder / "english").write_text("\n".join(stop_words()))
    monkeypatch.setattr(nltk.data, "path", [str(tmp_path)])
    reader = nltk.corpus.reader.WordListCorpusReader(str(folder), ["english"])
    monkeypatch.setattr(nltk.corpus, "stopwords", reader)
    arguments = {} if types == "quickumls" else {"accepted_semtypes": None}
    package = QuickUMLS(str(index_dir / "quickumls"), similarity_name=similarity, spacy_component=True, **arguments)
    package.nlp = spacy.blank("en")
    linker = QuickUmlsLinker(index_dir, MatcherOptions(similarity=similarity, semantic_types=types))
    expected = [package.match(sentence) for sentence in SENTENCES]
    assert sum(len(groups) for groups in expected) >= 8
    for _ in range(2):  # the second time from the memo
        assert [linker.candidates(sentence) for sentence in SENTENCES] == expected


def test_one_concept_per_span_in_a_total_order(index_dir: Path) -> None:
    linker = QuickUmlsLinker(index_dir, MatcherOptions())
    links = linker.link("Fever and diabetes after aspirin")
    assert links == [
        Link(0, 5, "C0000001", "fever", 1.0, ("T184",), 1),
        Link(10, 18, "C0000003", "diabetes", 1.0, ("T046", "T047"), 2),  # preferred before the lower CUI
        Link(25, 32, "C0000007", "aspirin", 1.0, ("T121",), 2),  # the lower CUI
    ]


def test_semantic_types_decide(index_dir: Path) -> None:
    text = "Escherichia coli and untyped thing"

    def cuis(types: object) -> list[str]:
        return [link.cui for link in QuickUmlsLinker(index_dir, MatcherOptions(semantic_types=types)).link(text)]  # type: ignore[arg-type]

    assert cuis("quickumls") == []
    assert cuis(["T007"]) == ["C0000006"]
    assert cuis("all") == ["C0000006", "C0000005"]


def test_spans_are_code_points_of_the_sentence(index_dir: Path) -> None:
    text = "\U0001f9ec\u00a0β-fever: fever, e\u0301 fever"
    links = QuickUmlsLinker(index_dir, MatcherOptions()).link(text)
    assert len(links) >= 2
    assert {text[link.start : link.end].lower() for link in links} == {"fever"}


@pytest.mark.parametrize("similarity", ["jaccard", "dice", "cosine", "overlap"])
def test_similarity_is_a_share(index_dir: Path, similarity: str) -> None:
    linker = QuickUmlsLinker(index_dir, MatcherOptions(similarity=similarity))
    values = [link.similarity for sentence in SENTENCES for link in linker.link(sentence)]
    assert len(values) >= 5
    assert all(0 < value <= 1 for value in values)


def test_a_users_nltk_data_and_the_network_play_no_part(index_dir: Path, tmp_path: Path) -> None:
    folder = tmp_path / "corpora" / "stopwords"
    folder.mkdir(parents=True)
    (folder / "english").write_text("fever\naspirin\n")
    code = (
        "import socket, sys; from pathlib import Path\n"
        "def refuse(*a, **k): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "from bali.linking.quickumls_adapter import MatcherOptions, QuickUmlsLinker\n"
        "print([l.cui for l in QuickUmlsLinker(Path(sys.argv[1]), MatcherOptions()).link('fever and aspirin')])"
    )
    environment = {**os.environ, "NLTK_DATA": str(tmp_path)}
    command = [sys.executable, "-c", code, index_dir]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "['C0000001', 'C0000007']\n"


def test_opening_leaves_nltk_as_it_was(index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("the network was reached for"))
    before = nltk.corpus.stopwords
    QuickUmlsLinker(index_dir, MatcherOptions())
    assert nltk.corpus.stopwords is before
