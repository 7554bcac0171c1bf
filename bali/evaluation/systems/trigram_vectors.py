"""TF-IDF vectors of character trigrams, and the exact search among them in bounded memory."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

# Their vectors take some 15 MiB, and the sparse products of a block of both 48 MiB where every pair shares a trigram.
_NAMES_AT_ONCE = 1 << 16
_QUERIES_AT_ONCE = 64
_ABSENT = "   "  # a trigram that no text has (blanks are joined): a vocabulary must not be empty
# Cosines in one step of 2^-20 count as equal, as in the search among a model's vectors.
_SCORE_STEPS = 1 << 20
_ROW_BITS = 32
_LAST_ROW = (1 << _ROW_BITS) - 1
_NO_KEY = -1
Keys = npt.NDArray[np.int64]


def fit_trigrams(texts: Iterable[str]) -> Callable[[Sequence[str]], csr_matrix]:
    """Count the trigrams of `texts`, which are read once, one at a time.

    Trigrams are lower-cased and stay within a word, which has a blank at each end. A vector is float32 of unit length
    (or zero), of (1 + ln tf) (1 + ln((1 + n) / (1 + df))): scikit-learn's sublinear tf and smooth idf.

    Args:
        texts: the n texts to count document frequencies (df) in.

    Returns:
        Texts -> their vectors, a CSR matrix (num_texts, num_trigrams); the trigrams are sorted.
    """
    settings = {"analyzer": "char_wb", "ngram_range": (3, 3), "sublinear_tf": True, "dtype": np.float32}
    trigrams_of = TfidfVectorizer(**settings).build_analyzer()
    frequencies: Counter[str] = Counter()
    num_texts = 0
    for text in texts:
        frequencies.update(set(trigrams_of(text)))
        num_texts += 1
    trigrams = sorted(frequencies) or [_ABSENT]
    vectoriser = TfidfVectorizer(vocabulary=trigrams, **settings)
    vectoriser.idf_ = np.log((1 + num_texts) / (1 + np.array([frequencies[t] for t in trigrams]))) + 1

    def vectors_of(texts: Sequence[str]) -> csr_matrix:
        if not texts:  # scikit-learn refuses to transform nothing
            return csr_matrix((0, len(trigrams)), dtype=np.float32)
        return vectoriser.transform(texts)

    return vectors_of


def row_cosines(first: Any, second: Any) -> npt.NDArray[np.float64]:
    """(num_rows,) cosines of the rows of two sparse matrices of unit rows; 0 where a row is zero."""
    return np.asarray(first.multiply(second).sum(axis=1), np.float64).ravel()


def nearest_rows(names: pl.Series, queries: Sequence[str], k: int) -> npt.NDArray[np.int64]:
    """The rows of the names nearest to each query by cosine, nearest first, of equals the first row.

    A name that shares no trigram with a query is not near it.

    Args:
        names: strings; the trigrams are weighted by how many of them have one.
        queries: texts.
        k: rows for each query.

    Returns:
        (num_queries, k) row numbers, then -1 where fewer names share a trigram with the query.
    """
    vectors_of = fit_trigrams(name for block in _blocks(names) for name in block)
    query_vectors = vectors_of(queries)
    keys = np.full((len(queries), k), _NO_KEY, np.int64)
    first = 0
    for block in _blocks(names):
        columns = vectors_of(block).T.tocsr()
        for start in range(0, len(queries), _QUERIES_AT_ONCE):
            products = query_vectors[start : start + _QUERIES_AT_ONCE] @ columns
            _merge(keys[start : start + _QUERIES_AT_ONCE], products, first)
        first += len(block)
    return np.where(keys == _NO_KEY, _NO_KEY, _LAST_ROW - (keys & _LAST_ROW))


def _blocks(names: pl.Series) -> Iterator[list[str]]:
    for start in range(0, len(names), _NAMES_AT_ONCE):
        yield names[start : start + _NAMES_AT_ONCE].to_list()


def _merge(best: Keys, products: Any, first: int) -> None:
    """Put the best of `products` into `best`, in place.

    One key orders names by cosine, then by row: keys are distinct, so their order is unique.

    Args:
        best: (num_queries, k) keys, decreasing.
        products: CSR matrix (num_queries, num_names_of_block) of cosines.
        first: row of the block's first name.
    """
    k = best.shape[1]
    for row, (start, end) in enumerate(pairwise(products.indptr)):
        steps = np.rint(products.data[start:end].astype(np.float64) * _SCORE_STEPS).astype(np.int64)
        keys = (steps << _ROW_BITS) + (_LAST_ROW - first - products.indices[start:end].astype(np.int64))
        better = keys[(steps > 0) & (keys > best[row, -1])]
        if len(better) > k:
            better = np.partition(better, -k)[-k:]
        best[row] = np.sort(np.concatenate([best[row], better]))[::-1][:k]
