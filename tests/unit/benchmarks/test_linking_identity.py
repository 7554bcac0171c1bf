"""The comparison of the linker's back ends: it sees every difference, and says where the first one is."""

import json
import os

import polars as pl
import pytest

from bali.errors import ConfigError
from bali.linking.candidates import CANDIDATES, MatcherOptions
from benchmarks import linking_identity as identity
from benchmarks.linking_names import DATA
from benchmarks.linking_settings import SETTINGS, Setting, choose_settings, describe, dictionary_name
from benchmarks.linking_texts import SENTENCES, write_sentences

ROWS = [
    (0, 0, 0, 5, "C0000001", "fever", 1.0, ["T184"], True, 0),
    (2, 1, 3, 9, "C0000002", "asthma", 1.0, ["T047"], True, 0),
    (2, 1, 3, 9, "C0000003", "asthmas", 0.75, ["T046", "T047"], False, 1),
]
CHANGES = {
    "sentence": 1,
    "span": 2,
    "start": 4,
    "end": 10,
    "cui": "C0000009",
    "term": "Asthma",
    "similarity": 0.7500000001,
    "tuis": ["T047", "T046"],
    "preferred": True,
    "source_rank": 0,
}


def frame(rows) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=CANDIDATES, orient="row")


class Finder:
    """Proposes a row for each sentence that has a word; `wrong` sentences get another concept than the others."""

    def __init__(self, wrong=()):
        self._wrong = wrong

    def candidates(self, sentences):
        found = [(number, text) for number, text in enumerate(sentences) if "fever" in text]
        cuis = ["C0000002" if text in self._wrong else "C0000001" for _, text in found]
        return frame(
            [
                (number, span, 0, 5, cui, "fever", 1.0, ["T184"], True, 0)
                for span, ((number, _), cui) in enumerate(zip(found, cuis, strict=True))
            ]
        )


@pytest.mark.parametrize("column", CANDIDATES.names())
def test_every_column_counts(column):
    changed = list(ROWS[-1])
    place = CANDIDATES.names().index(column)
    assert changed[place] != CHANGES[column]
    changed[place] = CHANGES[column]
    assert identity.same(frame(ROWS), frame(ROWS))
    assert not identity.same(frame(ROWS), frame([*ROWS[:-1], tuple(changed)]))


def test_order_number_and_types_of_rows_count():
    assert not identity.same(frame(ROWS), frame([ROWS[0], ROWS[2], ROWS[1]]))
    assert not identity.same(frame(ROWS), frame(ROWS[:2]))
    assert not identity.same(frame(ROWS), frame(ROWS).with_columns(pl.col("span").cast(pl.Int64)))


@pytest.fixture
def folder(tmp_path):
    write_sentences([[f"fever {number}", "nothing"] for number in range(7)], tmp_path / SENTENCES)
    return tmp_path


def compare_with(monkeypatch, folder, finder):
    finders = {"fast": finder, "quickumls": Finder()}
    opened = []
    monkeypatch.setattr(identity, "open_finder", lambda backend, path, _: opened.append(path) or finders[backend])
    monkeypatch.setattr(identity, "ABSTRACTS_PER_BATCH", 3)
    found = identity.compare(Setting("here", MatcherOptions(threshold=0.8)), folder, 6)
    assert opened == [folder / "lowercase_true_ascii_false" / name for name in ("fast", "quickumls")]
    return found


def test_equal_back_ends_are_equal_in_every_batch(monkeypatch, folder):
    found = compare_with(monkeypatch, folder, Finder())
    assert (found.equal, found.rows, found.abstracts, found.sentences) == (True, 7, 6, 14)
    assert found.difference == {}
    assert "7 rows of 6 abstracts, equal" in str(found)


def test_the_first_difference_is_named(monkeypatch, folder):
    found = compare_with(monkeypatch, folder, Finder(wrong=("fever 4", "fever 5")))
    assert not found.equal
    assert found.rows == 7
    assert found.difference["sentence"] == "fever 4"
    assert found.difference["alone_too"] is True
    assert found.difference["options"] == {"threshold": 0.8}
    assert [row[4] for row in found.difference["fast"]] == ["C0000002"]
    assert [row[4] for row in found.difference["quickumls"]] == ["C0000001"]
    assert "DIFFERENT" in str(found)
    json.dumps(found.difference)


def test_settings_are_chosen_by_name_with_numbers():
    assert choose_settings(["dice", "overlap=7"]) == [
        (next(one for one in SETTINGS if one.name == "dice"), None),
        (next(one for one in SETTINGS if one.name == "overlap"), 7),
    ]
    every = choose_settings(["all", "overlap=7"])
    assert [setting for setting, _ in every] == list(SETTINGS)
    assert [(setting.name, number) for setting, number in every if number] == [("overlap", 7)]


@pytest.mark.parametrize("text", ["none", "dice=0", "dice=-1", "dice=x", "dice=", "dice=²"])
def test_wrong_settings_are_refused_in_one_line(text, capsys):
    with pytest.raises(ConfigError, match=r"^--settings.*: expected .*, got"):
        choose_settings([text])
    assert identity.main(["--settings", text]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_settings_cover_what_the_matcher_can_be_told():
    assert len({one.name for one in SETTINGS}) == len(SETTINGS) >= 12
    assert sum(one.share == 1 for one in SETTINGS) >= 12
    told = [describe(one) for one in SETTINGS]
    assert told[0] == {}
    assert len({json.dumps(one) for one in told}) == len(told)
    keys = {key for one in told for key in one}
    assert keys == {*vars(MatcherOptions()), "lowercase", "normalize_unicode"}
    assert {one["similarity"] for one in told if "similarity" in one} == {"dice", "cosine", "overlap"}
    assert len({dictionary_name(one.terms) for one in SETTINGS}) == len({one.terms for one in SETTINGS}) == 3


@pytest.mark.slow
def test_both_back_ends_agree_on_the_demo(monkeypatch, capsys):
    monkeypatch.delenv(DATA, raising=False)
    assert identity.main(["--abstracts", "3", "--settings", "defaults", "cased_overlap_0.9=1"]) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    result = json.loads(last)
    assert sorted(line.split(":")[0] for line in lines) == ["cased_overlap_0.9", "defaults"]
    assert result["identical"] is True
    assert all(one["rows"] > 5 and one["equal"] for one in result["settings"])


@pytest.mark.slow
@pytest.mark.real_data
@pytest.mark.skipif(DATA not in os.environ, reason="BALI_DEVELOPMENT_DATA names no folder")
def test_both_back_ends_agree_on_real_names_and_abstracts(capsys):
    assert identity.main(["--abstracts", "20", "--settings", "defaults", "no_best_match"]) == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["identical"] is True
    assert all(one["rows"] > 100 for one in result["settings"])
