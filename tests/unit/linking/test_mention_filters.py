"""Filters of mentions: what each drops, and that it is counted."""

from importlib import resources

import polars as pl
import pytest

from bali.io.census import Tally
from bali.linking.filters import (
    AMBIGUOUS_WORD,
    FEW_LETTERS,
    MANY_CANDIDATES,
    STOP_TERM,
    MentionFilters,
    ambiguous_words,
    filter_mentions,
    is_ambiguous,
    of_types,
)

ROWS = [("Fever", 1), ("C5a", 2), ("12-3", 1), ("Met", 3), ("MET", 3), ("β-blocker", 9), ("FEVER", 1)]


def filtered(filters: MentionFilters) -> tuple[list[str], dict[str, int]]:
    tally = Tally(rows_in=len(ROWS))
    rows = pl.DataFrame(ROWS, {"surface": pl.String, "num_candidates": pl.Int32}, orient="row")
    kept = filter_mentions(rows, filters, tally)
    tally.rows_out = kept.height
    tally.check("mentions")
    return kept["surface"].to_list(), dict(tally.dropped)


def test_without_filters_all_stay() -> None:
    assert filtered(MentionFilters()) == ([surface for surface, _ in ROWS], {})


@pytest.mark.parametrize(
    ("filters", "lost", "reason"),
    [
        (MentionFilters(min_letters=2), ["12-3"], FEW_LETTERS),
        (MentionFilters(min_letters=3), ["C5a", "12-3"], FEW_LETTERS),
        (MentionFilters(stop_terms=["fever", "Β-BLOCKER"]), ["Fever", "β-blocker", "FEVER"], STOP_TERM),
        (MentionFilters(ambiguous_words=True), ["Met"], AMBIGUOUS_WORD),
        (MentionFilters(max_candidates=2), ["Met", "MET", "β-blocker"], MANY_CANDIDATES),
    ],
)
def test_each_filter_drops_its_own(filters: MentionFilters, lost: list[str], reason: str) -> None:
    kept, dropped = filtered(filters)
    assert kept == [surface for surface, _ in ROWS if surface not in lost]
    assert dropped == {reason: len(lost)}


def test_a_mention_counts_for_the_first_filter_that_drops_it() -> None:
    _, dropped = filtered(MentionFilters(min_letters=4, stop_terms=["met", "fever"], max_candidates=1))
    assert dropped == {FEW_LETTERS: 4, STOP_TERM: 2, MANY_CANDIDATES: 1}


def test_a_candidate_needs_one_of_the_types() -> None:
    rows = pl.DataFrame({"tuis": [["T047", "T191"], ["T001"], []]}, {"tuis": pl.List(pl.String)})
    assert of_types(rows, None).height == 3
    assert of_types(rows, frozenset({"T191", "T184"}))["tuis"].to_list() == [["T047", "T191"]]
    assert of_types(rows, []).is_empty()
    assert of_types(rows.clear(), ["T047"]).is_empty()


def test_the_list_of_words_has_a_reason_for_each() -> None:
    text = resources.files("bali.linking").joinpath("short_and_ambiguous.tsv").read_text(encoding="utf-8")
    rows = [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
    assert len(rows) > 150
    assert all(len(row) == 2 and row[0].strip() == row[0] != "" and len(row[1]) > 10 for row in rows)
    words = [word for word, _ in rows]
    assert words == sorted(set(words))
    assert all(word.islower() or word.isupper() for word in words), "an entry in mixed case would never match"
    assert ambiguous_words() == set(words)


def test_capitals_are_another_word() -> None:
    words = {"met", "SDS"}
    found = [surface for surface in ("met", "Met", "MET", "mEt", "SDS", "sds") if is_ambiguous(surface, words)]
    assert found == ["met", "Met", "mEt", "SDS"]
