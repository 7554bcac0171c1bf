"""The order in which SimString gives the answers to a query (overlapjoin in simstring.h).

Simstring goes through the sizes in turn. Within a size it sorts the query's trigrams by how many terms have them,
gathers the terms of the first q - m + 1 trigrams, then goes through the others and gives a term as soon as it has
enough; terms that come at the same trigram stand in order of insertion.
"""

import numpy as np

from bali.compiled import compiled
from bali.linking.fast.tables import Answers, Array, Dictionary

_INSERTION = 16  # std::_S_threshold


@compiled
def order_answers(dictionary: Dictionary, starts: Array, ranks: Array, answers: Answers) -> None:
    """Bring the answers of each query, sorted by entry, into simstring's order.

    Args:
        dictionary: the index.
        starts: int64, (num_queries + 1,), first rank of each query.
        ranks: int32, of the query's trigrams in their own order, -1 for unknown ones; a query without two answers of
            one size needs none.
        answers: changed in place.
    """
    for query in range(starts.size - 1):
        if starts[query] == starts[query + 1]:
            continue
        mine = ranks[starts[query] : starts[query + 1]]
        start, stop = answers.offsets[query], answers.offsets[query + 1]
        while start < stop:
            end = start + 1
            size = dictionary.sizes[answers.entries[start]]
            while end < stop and dictionary.sizes[answers.entries[end]] == size:
                end += 1
            if end - start > 1 and answers.needed[start] > 1:
                sort_by_arrival(dictionary, ranks_by_count(dictionary, mine, size), answers, start, end)
            start = end


@compiled
def ranks_by_count(dictionary: Dictionary, ranks: Array, size: int) -> Array:
    """The ranks of trigrams, sorted as simstring does by how many terms of a size have them."""
    ordered = ranks.copy()
    counts = np.zeros(ranks.size, np.int64)
    for at in range(ranks.size):
        if ranks[at] >= 0:
            counts[at] = list_length(dictionary, ranks[at], size)
    sort_like_libstdcxx(counts, ordered, ranks.size)
    return ordered


@compiled
def sort_by_arrival(dictionary: Dictionary, ranks: Array, answers: Answers, start: int, end: int) -> None:
    """Sort the answers `start:end`, which are of one size, by the trigram at which simstring gives them; stable."""
    needed = answers.needed[start]
    initial = ranks.size - needed + 1
    arrivals = np.empty(end - start, np.int64)
    for answer in range(start, end):
        overlap = 0
        arrival = ranks.size
        for at in range(ranks.size):
            if ranks[at] >= 0 and has_trigram(dictionary, answers.entries[answer], ranks[at]):
                overlap += 1
            if at >= initial and overlap >= needed:
                arrival = at
                break
        arrivals[answer - start] = arrival
    order = np.argsort(arrivals, kind="mergesort")
    entries, similarities = answers.entries[start:end].copy(), answers.similarities[start:end].copy()
    for place in range(end - start):
        answers.entries[start + place] = entries[order[place]]
        answers.similarities[start + place] = similarities[order[place]]


@compiled
def list_length(dictionary: Dictionary, trigram: int, size: int) -> int:
    """How many terms of a size have a trigram."""
    start, end = dictionary.trigram_lists[trigram], dictionary.trigram_lists[trigram + 1]
    at = start + np.searchsorted(dictionary.list_sizes[start:end], size)
    if at < end and dictionary.list_sizes[at] == size:
        return dictionary.list_starts[at + 1] - dictionary.list_starts[at]
    return 0


@compiled
def has_trigram(dictionary: Dictionary, entry: int, trigram: int) -> bool:
    """Whether an entry has a trigram."""
    trigrams = dictionary.trigrams[dictionary.entry_starts[entry] : dictionary.entry_starts[entry + 1]]
    at = np.searchsorted(trigrams, trigram)
    return bool(at < trigrams.size and trigrams[at] == trigram)


@compiled
def median_of_three(counts: Array, first: int, last: int) -> int:
    """The place that libstdc++ takes its pivot from (std::__move_median_to_first)."""
    low, middle, high = first + 1, first + (last - first) // 2, last - 1
    if counts[low] < counts[middle]:
        if counts[middle] < counts[high]:
            return middle
        return high if counts[low] < counts[high] else low
    if counts[low] < counts[high]:
        return low
    return high if counts[middle] < counts[high] else middle


@compiled
def partition(counts: Array, payload: Array, first: int, last: int) -> int:
    """Partition `first:last` around the count at `first` (std::__unguarded_partition); returns where it is cut."""
    pivot = counts[first]
    left, right = first + 1, last
    while True:
        while counts[left] < pivot:
            left += 1
        right -= 1
        while pivot < counts[right]:
            right -= 1
        if not left < right:
            return left
        counts[left], counts[right] = counts[right], counts[left]
        payload[left], payload[right] = payload[right], payload[left]
        left += 1


@compiled
def sort_like_libstdcxx(counts: Array, payload: Array, size: int) -> None:
    """Sort by `counts` with the permutation of libstdc++'s std::sort, which is not stable.

    Introsort with the median of three, down to ranges of 16, then insertion (bits/stl_algo.h). Its fall-back to heap
    sort at a depth of 2 log2(size) is left out: counts of one query's trigrams do not bring it about.
    """
    stack = np.empty((size + 1, 2), np.int64)
    depth = 0
    first, last = 0, size
    while True:
        while last - first > _INSERTION:
            median = median_of_three(counts, first, last)
            counts[first], counts[median] = counts[median], counts[first]
            payload[first], payload[median] = payload[median], payload[first]
            cut = partition(counts, payload, first, last)
            stack[depth, 0], stack[depth, 1] = cut, last
            depth += 1
            last = cut
        if depth == 0:
            break
        depth -= 1
        first, last = stack[depth, 0], stack[depth, 1]
    for place in range(1, size):
        count, load = counts[place], payload[place]
        at = place - 1
        while at >= 0 and count < counts[at]:
            counts[at + 1], payload[at + 1] = counts[at], payload[at]
            at -= 1
        counts[at + 1], payload[at + 1] = count, load
