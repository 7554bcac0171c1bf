"""Exact nearest neighbours by cosine, in bounded memory."""

import torch

from bali.evaluation.encoder import Vectors

QUERY_ROWS = 512  # rows of one block of scores
DICTIONARY_ROWS = 1 << 13  # columns of one block: 512 x 8,192 scores of 8 bytes are 32 MiB
# Scores in one step of 2^-20 count as equal. Sums are in float64: the last bits of a sum depend on the shape of the
# matrices, and in float32 (2^-24) they would often enough decide between two steps.
_SCORE_STEPS = 1 << 20
_ROW_BITS = 32
_NO_KEY = -1


class TopK:
    """The `k` rows of a dictionary that are nearest to each query; the dictionary comes in blocks and is not kept.

    Among equally near rows (to about 1e-6) the first row of the dictionary wins, so the result does not depend on how
    the dictionary is cut into blocks.

    Args:
        queries: (num_queries, hidden); the search runs on their device.
        k: rows to keep per query.
    """

    def __init__(self, queries: torch.Tensor, k: int) -> None:
        self._queries = torch.nn.functional.normalize(queries.double(), dim=1)
        self._keys = torch.full((len(queries), k), _NO_KEY, dtype=torch.int64, device=queries.device)
        self._num_rows = 0

    def add(self, block: torch.Tensor) -> None:
        """Search the next (num_rows, hidden) rows of the dictionary."""
        for start in range(0, len(block), DICTIONARY_ROWS):
            part = torch.nn.functional.normalize(block[start : start + DICTIONARY_ROWS].double(), dim=1)
            first = self._num_rows + start
            rows = torch.arange(first, first + len(part), device=part.device)
            for query in range(0, len(self._queries), QUERY_ROWS):
                self._merge(slice(query, query + QUERY_ROWS), part, rows)
        self._num_rows += len(block)

    def rows(self) -> torch.Tensor:
        """(num_queries, k) int64 row numbers, nearest first; -1 where the dictionary has fewer rows."""
        rows = (1 << _ROW_BITS) - 1 - (self._keys & ((1 << _ROW_BITS) - 1))
        return torch.where(self._keys == _NO_KEY, -1, rows)

    def scores(self) -> torch.Tensor:
        """(num_queries, k) float32 cosines in the steps that are told apart; -inf where there is no row."""
        scores = (self._keys >> _ROW_BITS).float() / _SCORE_STEPS - 1
        return torch.where(self._keys == _NO_KEY, -torch.inf, scores)

    def _merge(self, queries: slice, part: torch.Tensor, rows: torch.Tensor) -> None:
        """One key orders candidates by score, then by row: keys are distinct, so their order is unique."""
        cosines = (self._queries[queries] @ part.T).clamp_(-1, 1)  # (queries, rows)
        steps = ((cosines + 1) * _SCORE_STEPS).round_().to(torch.int64)
        keys = (steps << _ROW_BITS) + ((1 << _ROW_BITS) - 1 - rows)
        k = self._keys.shape[1]
        best = keys if keys.shape[1] <= k else torch.topk(keys, k, dim=1, sorted=False).values
        self._keys[queries] = torch.cat([self._keys[queries], best], dim=1).sort(dim=1, descending=True).values[:, :k]


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
