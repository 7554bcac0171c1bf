"""Exact search equals a plain sort, however the dictionary is cut into blocks."""

import numpy as np
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
