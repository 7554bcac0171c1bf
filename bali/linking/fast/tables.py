"""The tables that the fast back end's compiled functions share."""

from typing import Any, NamedTuple

import numpy.typing as npt

Array = npt.NDArray[Any]


class Measure(NamedTuple):
    """How strings are compared.

    Attributes:
        kind: place in `bali.linking.fast.join.MEASURES`.
        threshold: lowest similarity.
        table: int32, what `min_match` of `bali.linking.fast.join` gives for usual sizes, a row a size of query.
    """

    kind: int
    threshold: float
    table: Array


class Dictionary(NamedTuple):
    """The index of the dictionary's strings; entries are numbered by size, then by order of insertion.

    Attributes:
        keys: int64, hash table of trigrams (three code points of 21 bits), -1 where empty; its size is a power of two.
        ranks: int32, the number of each of these trigrams, by the count of terms that have it.
        trigram_lists: int64, (num_trigrams + 1,), the first list of each trigram.
        list_sizes: int32, (num_lists,), the size of the terms in a list; rising within a trigram.
        list_starts: int64, (num_lists + 1,), the first posting of each list.
        postings: int32, the entries of a list, sorted by `left` (falling), then by number.
        left: uint16, how many distinct trigrams of the entry stand at or after this one (65,535: or more).
        signatures: uint64, the entry's signature.
        entry_starts: int64, (num_entries + 1,), first trigram of each entry.
        trigrams: int32, the distinct trigrams of each entry, rising.
        sizes: int32, (num_entries,), rising.
        second_signatures: uint64, (num_entries,), by other bits of the trigrams' hashes.
    """

    keys: Array
    ranks: Array
    trigram_lists: Array
    list_sizes: Array
    list_starts: Array
    postings: Array
    left: Array
    signatures: Array
    entry_starts: Array
    trigrams: Array
    sizes: Array
    second_signatures: Array


class Queries(NamedTuple):
    """What is known of the trigrams of a batch of queries.

    Attributes:
        sizes: int32, the size of each, repeats included.
        weights_in: int32, how many of its trigrams, repeats included, the dictionary has.
        num_distinct: int32, distinct trigrams, those that the dictionary lacks included.
        starts: int64, (num_queries + 1,), first trigram of each.
        trigrams: int32, the distinct trigrams that the dictionary has, rising.
        weights: int32, how often each occurs.
        smallest: int32, the least size of a term that can be an answer; 0 where there is none.
        signatures: uint64.
        second_signatures: uint64.
    """

    sizes: Array
    weights_in: Array
    num_distinct: Array
    starts: Array
    trigrams: Array
    weights: Array
    smallest: Array
    signatures: Array
    second_signatures: Array


class Pairs(NamedTuple):
    """The rarest trigrams of the queries, grouped by trigram.

    Attributes:
        trigrams: int32, the distinct ones.
        starts: int64, first pair of each and the end.
        queries: int32, query of each pair.
        left: int32, how many trigrams of the query, repeats included, stand at or after this one.
    """

    trigrams: Array
    starts: Array
    queries: Array
    left: Array


class Answers(NamedTuple):
    """What a batch of queries finds.

    Attributes:
        offsets: int64, (num_queries + 1,), first answer of each query.
        entries: int32, numbers in the dictionary.
        similarities: float64, of the query and the entry's string.
        needed: int32, how many trigrams an answer of this size has to share; of use until the answers are ordered.
    """

    offsets: Array
    entries: Array
    similarities: Array
    needed: Array
