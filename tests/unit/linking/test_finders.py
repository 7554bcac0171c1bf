"""Both back ends give what the package gives, without the network or NLTK's data."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import nltk.corpus
import pytest

from bali.linking.candidates import CANDIDATES, MatcherOptions, accepted_types, open_finder
from bali.linking.quickumls.package import ACCEPTED_SEMTYPES
from bali.linking.stop_words import stop_words
from tests.unit.linking.finders import BACKENDS, rows_of_finder
from tests.unit.linking.packages_own import package_matcher, package_rows

SENTENCES = [
    "Fever and diabetes mellitus were common in diabetes.",
    "The patients with Diabetes insipidus took aspirin; fevers fell.",
    "Hepatitis β virus (fever) of Escherichia coli, untyped thing and null.",
    "Feverish diabetess mellituss",
    "",
    "   ",
    "No concept here at all",
]
backends = pytest.mark.parametrize("backend", BACKENDS)


def test_stop_words_are_a_plain_list() -> None:
    words = stop_words()
    assert 150 < len(words) < 250
    assert {"the", "of", "with", "not"} <= set(words)
    assert all(word.isascii() and word.islower() for word in words)


def test_the_packages_semantic_types_are_the_packages() -> None:
    assert accepted_types("quickumls") == ACCEPTED_SEMTYPES
    assert len(ACCEPTED_SEMTYPES) > 20
    assert accepted_types("all") is None
    assert accepted_types(["T047"]) == {"T047"}


@backends
@pytest.mark.parametrize("types", ["quickumls", "all"])
@pytest.mark.parametrize("similarity", ["jaccard", "dice", "cosine", "overlap"])
def test_candidates_are_the_packages_own(
    index_dirs: dict[str, Path], tmp_path: Path, backend: str, types: str, similarity: str
) -> None:
    arguments = {} if types == "quickumls" else {"accepted_semtypes": None}
    database = index_dirs["quickumls"] / "database"
    with package_matcher(database, tmp_path, similarity_name=similarity, **arguments) as matcher:
        expected = package_rows(matcher, SENTENCES)
    assert len({row[:3] for row in expected}) >= 8
    finder = open_finder(backend, index_dirs[backend], MatcherOptions(similarity=similarity, semantic_types=types))
    for _ in range(2):  # the second time from memory
        assert rows_of_finder(finder, SENTENCES) == expected


@backends
def test_a_batch_is_a_table(index_dirs: dict[str, Path], backend: str) -> None:
    finder = open_finder(backend, index_dirs[backend], MatcherOptions())
    frame = finder.candidates(["Fever and diabetes after aspirin", "", "fever"])
    assert frame.schema == CANDIDATES
    assert [tuple(row[:6]) for row in frame.iter_rows()] == [
        (0, 0, 10, 18, "C0000003", "diabetes"),  # of equal spans the longest first
        (0, 0, 10, 18, "C0000002", "diabetes"),
        (0, 1, 25, 32, "C0000007", "aspirin"),
        (0, 1, 25, 32, "C0000008", "aspirin"),
        (0, 2, 0, 5, "C0000001", "fever"),
        (2, 3, 0, 5, "C0000001", "fever"),
    ]
    assert frame["source_rank"].to_list() == [0] * 6
    assert finder.candidates([]).schema == CANDIDATES


@backends
def test_semantic_types_decide(index_dirs: dict[str, Path], backend: str) -> None:
    text = "Escherichia coli and untyped thing"

    def cuis(types: object) -> list[str]:
        finder = open_finder(backend, index_dirs[backend], MatcherOptions(semantic_types=types))  # type: ignore[arg-type]
        return finder.candidates([text])["cui"].to_list()

    assert cuis("quickumls") == []
    assert cuis(["T007"]) == ["C0000006"]
    assert cuis("all") == ["C0000006", "C0000005"]


@backends
def test_spans_are_code_points_of_the_sentence(index_dirs: dict[str, Path], backend: str) -> None:
    text = "\U0001f9ec\u00a0β-fever: fever, e\u0301 fever"
    rows = rows_of_finder(open_finder(backend, index_dirs[backend], MatcherOptions()), [text])
    assert len(rows) >= 2
    assert {text[start:end].lower() for _, start, end, *_ in rows} == {"fever"}


@backends
def test_lone_surrogates_are_replaced(index_dirs: dict[str, Path], backend: str) -> None:
    finder = open_finder(backend, index_dirs[backend], MatcherOptions())
    text = "fever \ud800 aspirin\udfff and fever"
    rows = rows_of_finder(finder, [text])
    assert rows == rows_of_finder(finder, ["fever \ufffd aspirin\ufffd and fever"])
    assert {text[start:end] for _, start, end, *_ in rows} >= {"fever"}


@backends
def test_a_users_nltk_data_and_the_network_play_no_part(
    index_dirs: dict[str, Path], tmp_path: Path, backend: str
) -> None:
    folder = tmp_path / "corpora" / "stopwords"
    folder.mkdir(parents=True)
    (folder / "english").write_text("fever\naspirin\n")
    code = (
        "import socket, sys; from pathlib import Path\n"
        "def refuse(*a, **k): raise AssertionError('network')\n"
        "socket.socket.connect = refuse\n"
        "from bali.linking.candidates import MatcherOptions, open_finder\n"
        "finder = open_finder(sys.argv[1], Path(sys.argv[2]), MatcherOptions())\n"
        "print(sorted(set(finder.candidates(['fever and aspirin'])['cui'])))"
    )
    environment = {**os.environ, "NLTK_DATA": str(tmp_path)}
    command = [sys.executable, "-c", code, backend, index_dirs[backend]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "['C0000001', 'C0000007', 'C0000008']\n"


def test_opening_the_package_leaves_nltk_as_it_was(index_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", lambda *_: pytest.fail("the network was reached for"))
    before = nltk.corpus.stopwords
    open_finder("quickumls", index_dir, MatcherOptions())
    assert nltk.corpus.stopwords is before


def test_the_fast_back_end_does_not_load_torch(index_dirs: dict[str, Path]) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from bali.linking.candidates import MatcherOptions, open_finder\n"
        "finder = open_finder('fast', Path(sys.argv[1]), MatcherOptions())\n"
        "print(finder.candidates(['fever']).height, 'torch' in sys.modules)\n"
        "import torch\n"
        "print(torch.zeros(1).item())"
    )
    done = subprocess.run([sys.executable, "-c", code, index_dirs["fast"]], capture_output=True, text=True, check=True)
    assert done.stdout == "1 False\n0.0\n"


@backends
def test_a_word_of_a_million_letters(index_dirs: dict[str, Path], backend: str) -> None:
    finder = open_finder(backend, index_dirs[backend], MatcherOptions())
    rows = rows_of_finder(finder, ["acgt" * 250_000 + " fever", "", "fever"])
    assert [row[:4] for row in rows] == [(0, 1_000_001, 1_000_006, "C0000001"), (2, 0, 5, "C0000001")]


def test_a_text_of_megabytes_is_as_its_sentences(index_dirs: dict[str, Path]) -> None:
    finder = open_finder("fast", index_dirs["fast"], MatcherOptions())
    sentence = "\x07High fever, diabetes mellitus\u2028and aspirin\x00 of 12 patients took (null) effect. "
    one = finder.candidates([sentence])
    assert one.height >= 4
    many = finder.candidates([sentence * 30_000])  # 2.4 MB
    assert many.height == 30_000 * one.height
    counts = many.group_by("term").len().sort("term")
    assert counts.rows() == [(term, 30_000 * n) for term, n in one.group_by("term").len().sort("term").rows()]
