"""Exact search equals a plain sort, however the dictionary is cut into blocks."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from bali.evaluation import search
from bali.evaluation.search import TopK


def brute_force(queries, dictionary, k):
    """Rows by falling cosine in float64, then by row; cosines are rounded as the search does."""
    normalised = [rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (queries, dictionary)]
    steps = np.rint((normalised[0] @ normalised[1].T) * 2**16)
    return np.array([np.lexsort((np.arange(len(dictionary)), -row))[:k] for row in steps])


@st.composite
def problems(draw):
    """Vectors of small integers: many rows are parallel, so ties are the rule; distinct cosines are far apart."""
    hidden = draw(st.integers(1, 4))
    vector = st.lists(st.integers(-3, 3), min_size=hidden, max_size=hidden).filter(any)
    queries = draw(st.lists(vector, min_size=1, max_size=5))
    dictionary = draw(st.lists(vector, min_size=1, max_size=30))
    cuts = draw(st.lists(st.integers(0, len(dictionary)), max_size=3).map(sorted))
    return np.array(queries, float), np.array(dictionary, float), cuts, draw(st.integers(1, 8))


def run(queries, dictionary, cuts, k):
    top = TopK(torch.tensor(queries, dtype=torch.float32), k)
    for start, stop in zip([0, *cuts], [*cuts, len(dictionary)], strict=True):
        top.add(torch.tensor(dictionary[start:stop], dtype=torch.float32))
    return top


@settings(max_examples=200, deadline=None)
@given(problems())
def test_equals_brute_force_with_ties_to_the_lowest_row(problem):
    queries, dictionary, cuts, k = problem
    top = run(queries, dictionary, cuts, k)
    expected = brute_force(queries, dictionary, k)
    num_found = min(k, len(dictionary))
    assert num_found > 0
    assert top.rows()[:, :num_found].tolist() == expected.tolist()
    assert (top.rows()[:, num_found:] == -1).all()
    assert torch.isneginf(top.scores()[:, num_found:]).all()


def test_blocks_of_queries_and_dictionary_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    queries, dictionary = rng.normal(size=(50, 24)), rng.normal(size=(3000, 24))
    whole = run(queries, dictionary, [], 64)
    monkeypatch.setattr(search, "QUERY_ROWS", 7)
    monkeypatch.setattr(search, "DICTIONARY_ROWS", 100)
    pieces = run(queries, dictionary, [10, 10, 1234], 64)
    assert torch.equal(whole.rows(), pieces.rows())
    cosines = (queries / np.linalg.norm(queries, axis=1)[:, None]) @ (
        dictionary / np.linalg.norm(dictionary, axis=1)[:, None]
    ).T
    assert (whole.rows().numpy() == np.argsort(-cosines, axis=1, kind="stable")[:, :64]).mean() > 0.99
    np.testing.assert_allclose(whole.scores().numpy(), -np.sort(-cosines, axis=1)[:, :64], atol=2e-6)


def test_queries_are_left_as_they_are():
    queries, block = torch.full((2, 3), 2.0), torch.full((4, 3), 5.0)
    top = TopK(queries, 2)
    top.add(block)
    assert queries.unique().tolist() == [2.0]
    assert block.unique().tolist() == [5.0]


@settings(max_examples=100, deadline=None)
@given(problems(), st.sampled_from([0, 1, 10**6]), st.integers(1, 5))
def test_leaving_rows_out_by_their_float32_score_changes_nothing(problem, max_pairs, block_rows):
    queries, dictionary, cuts, k = problem
    expected = brute_force(queries, dictionary, k)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "MAX_PAIRS", max_pairs)
        patch.setattr(search, "DICTIONARY_ROWS", block_rows)
        rows = run(queries, dictionary, cuts, k).rows()
    assert rows[:, : expected.shape[1]].tolist() == expected.tolist()


def test_most_rows_are_left_out_and_the_rest_is_scored_pair_by_pair(monkeypatch):
    rng = np.random.default_rng(1)
    queries, dictionary = rng.normal(size=(20, 24)), rng.normal(size=(4000, 24))
    dictionary[2000:2500] = dictionary[:500]  # ties
    whole = run(queries, dictionary, [], 8)
    products = []
    scored_all = TopK._all
    monkeypatch.setattr(TopK, "_all", lambda *args: products.append(1) or scored_all(*args))
    monkeypatch.setattr(search, "DICTIONARY_ROWS", 100)
    pruned = run(queries, dictionary, [], 8)
    assert len(products) == 1, "the first block fills the places, all others are scored pair by pair"
    assert torch.equal(whole.rows(), pruned.rows())
    assert torch.equal(whole.scores(), pruned.scores())


def test_rows_that_come_nearer_and_nearer_are_all_found():
    steps = np.linspace(1.5, 0.3, 3000)
    dictionary = np.stack([np.cos(steps), np.sin(steps)], axis=1)
    rows = run(np.array([[1.0, 0.0]]), dictionary, list(range(0, 3000, 50)), 5).rows()
    assert rows.tolist() == [[2999, 2998, 2997, 2996, 2995]]


def test_half_precision_is_searched_as_it_stands():
    rng = np.random.default_rng(2)
    dictionary = torch.tensor(rng.normal(size=(500, 16))).half()
    top = TopK(dictionary[:40], 3)
    top.add(dictionary)
    assert top.rows()[:, 0].tolist() == list(range(40))
    assert top.scores()[:, 0].tolist() == [1.0] * 40
    assert (
        top.rows()[:, :3].tolist()
        == brute_force(dictionary[:40].double().numpy(), dictionary.double().numpy(), 3).tolist()
    )
