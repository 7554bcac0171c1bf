"""Searching the dictionary for a batch of strings."""

from collections.abc import Sequence

import numpy as np

from bali.linking.fast.join import MEASURES, group_pairs, join, make_table, prepare, ranks_by_key, verify
from bali.linking.fast.order import order_answers
from bali.linking.fast.tables import Answers, Array, Dictionary, Measure, Pairs, Queries
from bali.vocabulary import Similarity

_FIRST_ROOM = 1 << 20  # pairs of query and entry
_TABLE = (128, 256)  # sizes of queries and of terms


def search(dictionary: Dictionary, queries: Sequence[str], similarity: Similarity, threshold: float) -> Answers:
    """All strings of the dictionary that are similar enough, for each query, in simstring's order.

    Args:
        dictionary: the index.
        queries: in Unicode's NFKD.
        similarity: measure over character trigrams.
        threshold: lowest similarity.
    """
    kind = MEASURES.index(similarity)
    measure = Measure(kind, threshold, np.empty(_TABLE, np.int32))
    make_table(kind, threshold, measure.table)
    codes, offsets = _code_points(queries)
    prepared, pairs = _prepare(dictionary, codes, offsets, measure)
    found = _join(dictionary, prepared, pairs, measure)
    room = Answers(
        offsets=np.zeros(len(queries) + 1, np.int64),
        entries=np.empty(found[0].size, np.int32),
        similarities=np.empty(found[0].size, np.float64),
        needed=np.empty(found[0].size, np.int32),
    )
    num_answers = verify(dictionary, prepared, found, measure, room)
    answers = Answers(room.offsets, *(column[:num_answers] for column in room[1:]))
    order_answers(dictionary, *ranks_by_key(dictionary, codes, offsets, answers), answers)
    return answers


def _code_points(strings: Sequence[str]) -> tuple[Array, Array]:
    """The code points of all strings, uint32, and where each string starts, int64 (num_strings + 1,)."""
    offsets = np.zeros(len(strings) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, strings), np.int64, len(strings)), out=offsets[1:])
    return np.frombuffer("".join(strings).encode("utf-32-le"), np.uint32), offsets


def _prepare(dictionary: Dictionary, codes: Array, offsets: Array, measure: Measure) -> tuple[Queries, Pairs]:
    num_queries = offsets.size - 1
    room = codes.size + num_queries  # a string of no character has one trigram
    queries = Queries(
        sizes=np.empty(num_queries, np.int32),
        weights_in=np.empty(num_queries, np.int32),
        num_distinct=np.empty(num_queries, np.int32),
        starts=np.zeros(num_queries + 1, np.int64),
        trigrams=np.empty(room, np.int32),
        weights=np.empty(room, np.int32),
        smallest=np.empty(num_queries, np.int32),
        signatures=np.empty(num_queries, np.uint64),
        second_signatures=np.empty(num_queries, np.uint64),
    )
    pairs = np.empty(room, np.int32), np.empty(room, np.int32), np.empty(room, np.int32)
    num_pairs = prepare(dictionary, codes, offsets, measure, queries, pairs)
    num_trigrams = dictionary.trigram_lists.size - 1
    return queries, Pairs(*group_pairs(num_trigrams, *(column[:num_pairs] for column in pairs)))


def _join(dictionary: Dictionary, queries: Queries, pairs: Pairs, measure: Measure) -> tuple[Array, Array]:
    room = _FIRST_ROOM
    while True:
        found = np.empty(room, np.int32), np.empty(room, np.int32)
        num_found = join(dictionary, queries, pairs, measure, found)
        if num_found >= 0:
            return found[0][:num_found], found[1][:num_found]
        room *= 4
