"""The order of a span's candidates, and the similarity as a share."""

import random

import polars as pl
import pytest

from bali.linking.candidates import CANDIDATES
from bali.linking.choosing import bounded_similarity, choose, order_candidates
from bali.linking.similarity import Matching

# (span, cui, term, similarity, preferred, source_rank), in the order that is wanted; each row loses by one thing more
WANTED = [
    (0, "C0000009", "zz", 1.0, False, 5),
    (0, "C0000008", "zz", 0.8, True, 4),
    (0, "C0000007", "zz", 0.8, False, 2),
    (0, "C0000005", "zz", 0.8, False, 3),
    (0, "C0000006", "Zz", 0.8, False, 3),
    (0, "C0000006", "zz", 0.8, False, 3),
    (0, "C0000006", "ß", 0.8, False, 3),
    (0, "C0000006", "\uffff", 0.8, False, 3),
    (0, "C0000006", "\U0001f9ec", 0.8, False, 3),  # by code points, not by UTF-16
    (1, "C0000001", "a", 0.7, False, 0),
]


def frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    full = [(0, span, 0, 2, cui, term, score, [], preferred, rank) for span, cui, term, score, preferred, rank in rows]
    return pl.DataFrame(full, CANDIDATES, orient="row")


@pytest.mark.parametrize("seed", range(20))
def test_the_order_is_total(seed: int) -> None:
    shuffled = random.Random(seed).sample(WANTED, len(WANTED))
    ordered = order_candidates(frame(shuffled))
    columns = ["span", "cui", "term", "similarity", "preferred", "source_rank"]
    assert ordered.select(columns).rows() == WANTED
    assert ordered["rank"].to_list() == [*range(9), 0]
    chosen = choose(ordered)
    assert chosen.select("span", "cui", "num_candidates").rows() == [(0, "C0000009", 5), (1, "C0000001", 1)]


def test_spans_may_be_few_or_none_and_have_gaps() -> None:
    empty = choose(order_candidates(frame([])))
    assert empty.is_empty()
    assert empty.schema["num_candidates"] == pl.Int32
    assert choose(order_candidates(frame([(7, *WANTED[0][1:]), (3, *WANTED[1][1:])])))["span"].to_list() == [3, 7]


def share(surface: str, term: str, similarity: float, matching: Matching) -> float:
    rows = pl.DataFrame({"surface": [surface], "term": [term], "similarity": [similarity]})
    return round(bounded_similarity(rows, matching).item(), 4)


def test_shared_trigrams_become_a_share_of_the_smaller_set() -> None:
    overlap = Matching("overlap")
    assert share("Fever", "feverish", 3.0, overlap) == 1.0  # fev eve ver of fev eve ver eri ris ish
    assert share("fevers", "feverish", 3.0, overlap) == 0.75
    assert share("ab", "ab", 1.0, overlap) == 1.0
    assert share("fever", "fever", 7.0, overlap) == 1.0
    assert share("Fever", "feverish", 0.4286, Matching("jaccard")) == 0.4286


def test_the_share_is_of_the_string_that_was_looked_up() -> None:
    """The distinct trigrams of "AaAaA" are AaA and aAa, of "aaaaa" one."""
    assert share("AaAaA", "aaaaaa b", 1.0, Matching("overlap", lowercase=True)) == 1.0
    assert share("AaAaA", "AaA bcd", 1.0, Matching("overlap", lowercase=False)) == 0.5
    assert share("AAAB", "aaab x", 2.0, Matching("overlap", lowercase=False)) == 1.0
    assert share("ßßßß", "ssssss x", 1.0, Matching("overlap", normalize_unicode=True)) == 1.0  # one trigram, sss
