"""Exact nearest neighbours by cosine, in bounded memory."""

import torch

from bali.evaluation.encoder import Vectors

QUERY_ROWS = 512  # rows of one block of scores
DICTIONARY_ROWS = 1 << 13  # columns of one block: 512 x 8,192 scores of 8 bytes are 32 MiB
# More pairs than this are scored by a product of matrices: a pair takes two vectors in float64, 50 MiB in all at 384.
MAX_PAIRS = 1 << 13
# Scores in one step of 2^-20 count as equal. Sums are in float64: the last bits of a sum depend on the shape of the
# matrices, and in float32 (2^-24) they would often enough decide between two steps.
_SCORE_STEPS = 1 << 20
_ROW_BITS = 32
_NO_KEY = -1


class TopK:
    """The `k` rows of a dictionary that are nearest to each query; the dictionary comes in blocks and is not kept.

    The result is that of scoring every row in float64. Among equally near rows (to about 1e-6) the first row of the
    dictionary wins, so the result does not depend on how the dictionary is cut into blocks. Float32 only serves to see
    which rows cannot be among the nearest: a row is left out where its score in float32 is below that of the k-th
    nearest so far by more than the error that a float32 product can have.

    Args:
        queries: (num_queries, hidden), of any float type; the search runs on their device.
        k: rows to keep per query.
    """

    def __init__(self, queries: torch.Tensor, k: int) -> None:
        assert torch.get_float32_matmul_precision() == "highest", "float32 products must not be rounded to fewer bits"
        self._queries = _unit(queries)
        self._float_queries = self._queries.float()
        # Error of a product of two unit vectors of n components: n 2^-24 (Higham, Accuracy and Stability of Numerical
        # Algorithms, 2002, section 3.1), one more for rounding each vector; doubled, and half a step for the rounding.
        self._margin = (queries.shape[1] + 2) * 2.0**-23 + 0.5 / _SCORE_STEPS
        self._keys = torch.full((len(queries), k), _NO_KEY, dtype=torch.int64, device=queries.device)
        self._num_rows = 0

    def add(self, block: torch.Tensor) -> None:
        """Search the next (num_rows, hidden) rows of the dictionary."""
        for start in range(0, len(block), DICTIONARY_ROWS):
            part = _unit(block[start : start + DICTIONARY_ROWS])
            float_part = part.float()
            first = self._num_rows + start
            for query in range(0, len(self._queries), QUERY_ROWS):
                queries = slice(query, query + QUERY_ROWS)
                keys = self._candidates(queries, part, float_part, first)
                if keys is None:
                    keys = self._all(queries, part, first)
                self._merge(queries, keys)
        self._num_rows += len(block)

    def rows(self) -> torch.Tensor:
        """(num_queries, k) int64 row numbers, nearest first; -1 where the dictionary has fewer rows."""
        rows = (1 << _ROW_BITS) - 1 - (self._keys & ((1 << _ROW_BITS) - 1))
        return torch.where(self._keys == _NO_KEY, -1, rows)

    def scores(self) -> torch.Tensor:
        """(num_queries, k) float32 cosines in the steps that are told apart; -inf where there is no row."""
        return torch.where(self._keys == _NO_KEY, -torch.inf, _cosines(self._keys).float())

    def _candidates(
        self, queries: slice, part: torch.Tensor, float_part: torch.Tensor, first: int
    ) -> torch.Tensor | None:
        """(num_queries, most) keys of the rows that may be among the nearest; None where these are too many."""
        worst = self._keys[queries, -1:]  # (queries, 1)
        if bool((worst == _NO_KEY).any()):
            return None
        floor = (_cosines(worst) - self._margin).float()
        query, row = (self._float_queries[queries] @ float_part.T >= floor).nonzero(as_tuple=True)
        if len(query) > MAX_PAIRS:
            return None
        cosines = (self._queries[queries][query] * part[row]).sum(1)
        counts = torch.bincount(query, minlength=len(worst))
        place = torch.arange(len(query), device=query.device) - (counts.cumsum(0) - counts)[query]
        keys = torch.full((len(worst), int(counts.max())), _NO_KEY, dtype=torch.int64, device=query.device)
        keys[query, place] = _keys(cosines, row + first)
        return keys

    def _all(self, queries: slice, part: torch.Tensor, first: int) -> torch.Tensor:
        """(num_queries, at most k) keys of the nearest rows of the part."""
        rows = torch.arange(first, first + len(part), device=part.device)
        keys = _keys(self._queries[queries] @ part.T, rows)  # (queries, rows)
        k = self._keys.shape[1]
        return keys if keys.shape[1] <= k else torch.topk(keys, k, dim=1, sorted=False).values

    def _merge(self, queries: slice, keys: torch.Tensor) -> None:
        k = self._keys.shape[1]
        self._keys[queries] = torch.cat([self._keys[queries], keys], dim=1).sort(dim=1, descending=True).values[:, :k]


class PooledTopK:
    """A `TopK` for each pooling; the queries may be pooled in one way and the dictionary in two.

    Args:
        queries: vectors of the queries under each pooling of the dictionary.
        k: rows to keep per query.
    """

    def __init__(self, queries: Vectors, k: int) -> None:
        self._searches = {name: TopK(getattr(queries, name), k) for name in Vectors._fields}

    def add(self, block: Vectors) -> None:
        """Search the next rows of the dictionary."""
        for name, search in self._searches.items():
            search.add(getattr(block, name))

    def rows(self) -> dict[str, torch.Tensor]:
        """Pooling -> (num_queries, k) row numbers, nearest first."""
        return {name: search.rows() for name, search in self._searches.items()}


def _unit(vectors: torch.Tensor) -> torch.Tensor:
    return torch.nn.functional.normalize(vectors.double(), dim=1)


def _keys(cosines: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """One number orders candidates by score, then by row: the numbers are distinct, so their order is unique."""
    steps = ((cosines.clamp(-1, 1) + 1) * _SCORE_STEPS).round_().to(torch.int64)
    return (steps << _ROW_BITS) + ((1 << _ROW_BITS) - 1 - rows)


def _cosines(keys: torch.Tensor) -> torch.Tensor:
    """Float64 cosines in the steps that are told apart."""
    return (keys >> _ROW_BITS).double() / _SCORE_STEPS - 1
