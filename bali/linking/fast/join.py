"""The approximate join of SimString (Okazaki and Tsujii, COLING 2010) for a whole batch of n-grams at once.

SimString compares strings by their character trigrams. A string of n >= 3 characters has the size n - 2, a shorter one
is filled with U+0001 and has the size 1. Of a term of the dictionary a trigram counts once; of a query it counts as
often as it occurs (the package meant to number repeated trigrams, but only its writer does). A term of size x is an
answer to a query of size q if their sizes are near enough and they share at least m(q, x) trigrams, as the measure and
the threshold say.

Trigrams are numbered by how few terms have them, so that of a query only its rarest trigrams are looked up: a term that
has none of them shares too few. Each trigram has a list of terms for each size; within a list the terms stand by how
many of their trigrams are left from this one on, so that a list is read only as far as enough are left. A signature of
64 bits decides most of the rest; what remains is counted.
"""

import math

import numpy as np

from bali.compiled import compiled
from bali.linking.fast.tables import Answers, Array, Dictionary, Measure, Pairs, Queries

MEASURES = ("jaccard", "dice", "cosine", "overlap")
_JACCARD, _DICE, _COSINE = 0, 1, 2
MARK = 1  # fills strings of less than three characters
_KEY_BITS = 21  # a code point
_SHORT_LIST = 4  # postings that are sooner looked at than counted off by `left`
_SHORT = 64  # trigrams that are faster sorted by insertion


@compiled
def mix(key: int) -> np.uint64:
    """A hash of a whole number, 64 bits (the finaliser of MurmurHash3)."""
    h = np.uint64(key)
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xFF51AFD7ED558CCD)
    h ^= h >> np.uint64(33)
    h *= np.uint64(0xC4CEB9FE1A85EC53)
    return h ^ (h >> np.uint64(33))


@compiled
def find_rank(keys: Array, ranks: Array, key: int) -> np.int32:
    """The number of a trigram, -1 where the dictionary lacks it."""
    mask = np.uint64(keys.size - 1)
    place = mix(key) & mask
    while keys[place] != -1:
        if keys[place] == key:
            return ranks[place]
        place = (place + np.uint64(1)) & mask
    return np.int32(-1)


@compiled
def count_bits(word: np.uint64) -> np.uint64:
    """How many bits of a 64-bit word are set (Warren, Hacker's Delight, 5-1)."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@compiled
def signature_bit(trigram: int) -> np.uint64:
    """The bit of a trigram in signatures."""
    return np.uint64(1) << (mix(trigram) & np.uint64(63))


@compiled
def second_signature_bit(trigram: int) -> np.uint64:
    """The bit of a trigram in second signatures."""
    return np.uint64(1) << ((mix(trigram) >> np.uint64(6)) & np.uint64(63))


@compiled
def computed_min_match(kind: int, threshold: float, query_size: int, size: int) -> int:
    """How many trigrams a query and a term must share (simstring's measure.h, operation by operation)."""
    if kind == _JACCARD:
        return math.ceil(threshold * (query_size + size) / (1 + threshold))
    if kind == _DICE:
        return math.ceil(0.5 * threshold * (query_size + size))
    if kind == _COSINE:
        return math.ceil(threshold * math.sqrt(float(query_size) * size))
    return math.ceil(threshold * min(query_size, size))


@compiled
def make_table(kind: int, threshold: float, table: Array) -> None:
    """Fill the table of a measure."""
    for query_size in range(table.shape[0]):
        for size in range(table.shape[1]):
            table[query_size, size] = computed_min_match(kind, threshold, query_size, size)


@compiled
def min_match(measure: Measure, query_size: int, size: int) -> int:
    """As `computed_min_match`, by the table where it goes so far."""
    if query_size < measure.table.shape[0] and size < measure.table.shape[1]:
        return measure.table[query_size, size]
    return computed_min_match(measure.kind, measure.threshold, query_size, size)


@compiled
def min_size(measure: Measure, query_size: int) -> int:
    """The least size of a term that simstring looks at.

    For "dice" its formula divides by 2 - q: the result is at most 1 for q = 1, without bound for q = 2 and negative
    beyond, so that every size from 1 on is looked at.
    """
    if measure.kind == _JACCARD:
        return max(1, math.ceil(measure.threshold * query_size))
    if measure.kind == _COSINE:
        return max(1, math.ceil(measure.threshold * measure.threshold * query_size))
    return 1


@compiled
def max_size(measure: Measure, query_size: int, largest: int) -> int:
    """The greatest size of a term that simstring looks at; `largest` is the greatest in the dictionary."""
    threshold = measure.threshold
    if measure.kind == _JACCARD:
        return min(math.floor(query_size / threshold), largest)
    if measure.kind == _DICE:
        return min(math.floor((2.0 - threshold) * query_size / threshold), largest)
    if measure.kind == _COSINE:
        return min(math.floor(query_size / (threshold * threshold)), largest)
    return largest


@compiled
def similarity(measure: Measure, shared: int, size: int, other_size: int) -> float:
    """The package's similarity of two sets of trigrams (quickumls.toolbox.get_similarity)."""
    if measure.kind == _JACCARD:
        return shared / (size + other_size - shared)
    if measure.kind == _DICE:
        return 2 * shared / (size + other_size)
    if measure.kind == _COSINE:
        return shared / math.sqrt(size * other_size)
    return float(shared)


@compiled
def trigram_keys(codes: Array, start: int, end: int, keys: Array) -> int:
    """Write the trigrams of the string `codes[start:end]` to `keys`, in their order; returns how many."""
    length = end - start
    if length < 3:
        key = np.int64(0)
        for at in range(3):
            key = (key << _KEY_BITS) | (np.int64(codes[start + at]) if at < length else np.int64(MARK))
        keys[0] = key
        return 1
    for at in range(length - 2):
        keys[at] = (
            (np.int64(codes[start + at]) << (2 * _KEY_BITS))
            | (np.int64(codes[start + at + 1]) << _KEY_BITS)
            | np.int64(codes[start + at + 2])
        )
    return length - 2


@compiled
def known_ranks(dictionary: Dictionary, keys: Array, size: int, ranks: Array) -> int:
    """Write the ranks of the first `size` trigrams that the dictionary has, rising, to `ranks`; returns how many."""
    known = 0
    for at in range(size):
        rank = find_rank(dictionary.keys, dictionary.ranks, keys[at])
        if rank >= 0:
            place = known
            while size <= _SHORT and place > 0 and ranks[place - 1] > rank:
                ranks[place] = ranks[place - 1]
                place -= 1
            ranks[place] = rank
            known += 1
    if size > _SHORT:
        ranks[:known] = np.sort(ranks[:known])
    return known


@compiled
def smallest_answer(measure: Measure, size: int, known: int, repeats: int, largest: int) -> int:
    """The least size that an answer may have; 0 where there can be none.

    Args:
        measure: how strings are compared.
        size: of the query.
        known: its trigrams that the dictionary has, repeats included.
        repeats: how many of these are repeats.
        largest: the greatest size in the dictionary.
    """
    smallest = min_size(measure, size)
    greatest = max_size(measure, size, largest)
    while smallest <= greatest and min_match(measure, size, smallest) > smallest + repeats:
        smallest += 1
    return smallest if smallest <= greatest and known >= min_match(measure, size, smallest) else 0


@compiled
def longest_string(offsets: Array) -> int:
    """The length of the longest string, but at least 1."""
    longest = 1
    for string in range(offsets.size - 1):
        longest = max(longest, offsets[string + 1] - offsets[string])
    return longest


@compiled
def write_distinct(ranks: Array, queries: Queries, query: int, first: int) -> int:
    """Write the distinct ones of a query's ranks, which rise, from `first` on; returns where they end."""
    out = first
    signature, second = np.uint64(0), np.uint64(0)
    for at in range(ranks.size):
        if at > 0 and ranks[at] == ranks[at - 1]:
            queries.weights[out - 1] += 1
        else:
            queries.trigrams[out] = ranks[at]
            queries.weights[out] = 1
            signature |= signature_bit(ranks[at])
            second |= second_signature_bit(ranks[at])
            out += 1
    queries.starts[query] = first
    queries.signatures[query] = signature
    queries.second_signatures[query] = second
    return out


@compiled
def count_distinct(keys: Array) -> int:
    """How many distinct trigrams there are, at least one."""
    ordered = np.sort(keys)
    return 1 + np.sum(ordered[1:] != ordered[:-1])


@compiled
def prepare(
    dictionary: Dictionary,
    codes: Array,
    offsets: Array,
    measure: Measure,
    queries: Queries,
    pairs: tuple[Array, Array, Array],
) -> int:
    """Fill `queries` and the pairs of strings with their rarest trigrams.

    Args:
        dictionary: the index.
        codes: uint32, code points of all strings.
        offsets: int64, (num_queries + 1,), first code point of each string.
        measure: how strings are compared.
        queries: to fill.
        pairs: to fill: trigram, query, and how many trigrams of the query are left, as in `Pairs`.

    Returns:
        The number of pairs.
    """
    pair_trigrams, pair_queries, pair_left = pairs
    largest = dictionary.sizes[-1] if dictionary.sizes.size else 0
    keys = np.empty(longest_string(offsets), np.int64)
    ranks = np.empty(keys.size, np.int32)
    out = 0
    num_pairs = 0
    for query in range(offsets.size - 1):
        size = trigram_keys(codes, offsets[query], offsets[query + 1], keys)
        known = known_ranks(dictionary, keys, size, ranks)
        first = out
        out = write_distinct(ranks[:known], queries, query, first)
        queries.sizes[query] = size
        queries.weights_in[query] = known
        queries.num_distinct[query] = out - first if known == size else count_distinct(keys[:size])
        smallest = smallest_answer(measure, size, known, known - (out - first), largest)
        queries.smallest[query] = smallest
        needed = min_match(measure, size, smallest)
        left = known
        for at in range(first, out):
            if smallest == 0 or left < needed:
                break
            pair_trigrams[num_pairs] = queries.trigrams[at]
            pair_queries[num_pairs] = query
            pair_left[num_pairs] = left
            num_pairs += 1
            left -= queries.weights[at]
    queries.starts[offsets.size - 1] = out
    return num_pairs


@compiled
def group_pairs(num_trigrams: int, trigrams: Array, queries: Array, left: Array) -> tuple[Array, Array, Array, Array]:
    """Sort pairs by trigram; pairs of one trigram keep their order. Returns the fields of `Pairs`."""
    places = np.zeros(num_trigrams + 1, np.int64)
    for trigram in trigrams:
        places[trigram + 1] += 1
    used = 0
    for trigram in range(num_trigrams):
        if places[trigram + 1]:
            used += 1
    distinct = np.empty(used, np.int32)
    starts = np.zeros(used + 1, np.int64)
    used = 0
    for trigram in range(num_trigrams):
        if places[trigram + 1]:
            distinct[used] = trigram
            starts[used + 1] = starts[used] + places[trigram + 1]
            used += 1
        places[trigram + 1] += places[trigram]
    sorted_queries = np.empty(queries.size, np.int32)
    sorted_left = np.empty(queries.size, np.int32)
    for pair in range(queries.size):
        place = places[trigrams[pair]]
        places[trigrams[pair]] += 1
        sorted_queries[place] = queries[pair]
        sorted_left[place] = left[pair]
    return distinct, starts, sorted_queries, sorted_left


@compiled
def end_of_list(left: Array, start: int, end: int, needed: int) -> int:
    """The first posting in `start:end` with less than `needed` trigrams left."""
    if needed <= 0 or left[end - 1] >= needed:
        return end
    while start < end:
        middle = (start + end) >> 1
        if left[middle] >= needed:
            start = middle + 1
        else:
            end = middle
    return start


@compiled
def first_list(list_sizes: Array, start: int, end: int, size: int) -> int:
    """The first list in `start:end` of terms of at least this size."""
    while start < end:
        middle = (start + end) >> 1
        if list_sizes[middle] < size:
            start = middle + 1
        else:
            end = middle
    return start


@compiled
def join(dictionary: Dictionary, queries: Queries, pairs: Pairs, measure: Measure, found: tuple[Array, Array]) -> int:
    """Write the queries and entries that may match, with repeats, to `found`.

    Returns:
        Their number, or -1 where there is no room for them.
    """
    found_queries, found_entries = found
    largest = dictionary.sizes[-1] if dictionary.sizes.size else 0
    num_found = 0
    for group in range(pairs.trigrams.size):
        trigram = pairs.trigrams[group]
        lists_end = dictionary.trigram_lists[trigram + 1]
        for pair in range(pairs.starts[group], pairs.starts[group + 1]):
            query = pairs.queries[pair]
            left = pairs.left[pair]
            size = queries.sizes[query]
            known = queries.weights_in[query]
            signature = queries.signatures[query]
            repeats = known - (queries.starts[query + 1] - queries.starts[query])
            greatest = max_size(measure, size, largest)
            at = first_list(
                dictionary.list_sizes, dictionary.trigram_lists[trigram], lists_end, queries.smallest[query]
            )
            while at < lists_end and dictionary.list_sizes[at] <= greatest:
                needed = min_match(measure, size, dictionary.list_sizes[at])
                if left < needed:
                    break  # for larger terms no less is needed
                start = dictionary.list_starts[at]
                end = dictionary.list_starts[at + 1]
                at += 1
                if end - start > _SHORT_LIST:
                    if dictionary.left[start] < needed - repeats:
                        continue
                    end = end_of_list(dictionary.left, start, end, needed - repeats)
                may_miss = np.uint64(known - needed)
                for posting in range(start, end):
                    if count_bits(signature & ~dictionary.signatures[posting]) <= may_miss:
                        if num_found == found_queries.size:
                            return -1
                        found_queries[num_found] = query
                        found_entries[num_found] = dictionary.postings[posting]
                        num_found += 1
    return num_found


@compiled
def shared_trigrams(dictionary: Dictionary, queries: Queries, query: int, entry: int, needed: int) -> int:
    """How many distinct trigrams a query and an entry share; -1 where, with repeats, they are less than needed."""
    at, end = queries.starts[query], queries.starts[query + 1]
    other, other_end = dictionary.entry_starts[entry], dictionary.entry_starts[entry + 1]
    left = queries.weights_in[query]
    overlap = 0
    shared = 0
    while at < end and other < other_end:
        mine, theirs = queries.trigrams[at], dictionary.trigrams[other]
        if mine == theirs:
            overlap += queries.weights[at]
            left -= queries.weights[at]
            shared += 1
            at += 1
            other += 1
        elif mine < theirs:
            left -= queries.weights[at]
            at += 1
            if overlap + left < needed:
                return -1
        else:
            other += 1
    return shared if overlap >= needed else -1


@compiled
def verify(
    dictionary: Dictionary, queries: Queries, found: tuple[Array, Array], measure: Measure, answers: Answers
) -> int:
    """Count what the queries and entries found share, and keep the answers of each query, sorted by entry.

    Args:
        dictionary: the index.
        queries: the queries.
        found: as `join` wrote it.
        measure: how strings are compared.
        answers: to fill; has room for all that was found.

    Returns:
        The number of answers.
    """
    found_queries, found_entries = found
    num_queries = answers.offsets.size - 1
    places = np.zeros(num_queries + 1, np.int64)
    for query in found_queries:
        places[query + 1] += 1
    for query in range(num_queries):
        places[query + 1] += places[query]
    by_query = np.empty(found_entries.size, np.int32)
    for pair in range(found_queries.size):
        by_query[places[found_queries[pair]]] = found_entries[pair]
        places[found_queries[pair]] += 1
    out = 0
    start = 0
    for query in range(num_queries):
        end = places[query]
        answers.offsets[query] = out
        if end - start > 1:
            by_query[start:end].sort()
        previous = -1
        for at in range(start, end):
            entry = by_query[at]
            if entry == previous:
                continue
            previous = entry
            needed = min_match(measure, queries.sizes[query], dictionary.sizes[entry])
            may_miss = np.uint64(queries.weights_in[query] - needed)
            if count_bits(queries.second_signatures[query] & ~dictionary.second_signatures[entry]) > may_miss:
                continue
            shared = shared_trigrams(dictionary, queries, query, entry, needed)
            if shared >= 0:
                size = dictionary.entry_starts[entry + 1] - dictionary.entry_starts[entry]
                answers.entries[out] = entry
                answers.needed[out] = needed
                answers.similarities[out] = similarity(measure, shared, queries.num_distinct[query], size)
                out += 1
        start = end
    answers.offsets[num_queries] = out
    return out


@compiled
def ranks_by_key(dictionary: Dictionary, codes: Array, offsets: Array, answers: Answers) -> tuple[Array, Array]:
    """The ranks of the trigrams of queries whose answers have to be ordered, in the order of the trigrams themselves.

    Args:
        dictionary: the index.
        codes: uint32, code points of all queries.
        offsets: int64, (num_queries + 1,), first code point of each query.
        answers: sorted by entry.

    Returns:
        First rank of each query, int64 (num_queries + 1,), and the ranks, int32, -1 for a trigram that the dictionary
        lacks; a query without two answers of one size has none.
    """
    keys = np.empty(longest_string(offsets), np.int64)
    starts = np.zeros(offsets.size, np.int64)
    ranks = np.empty(codes.size + offsets.size, np.int32)
    out = 0
    for query in range(offsets.size - 1):
        for answer in range(answers.offsets[query] + 1, answers.offsets[query + 1]):
            if dictionary.sizes[answers.entries[answer]] == dictionary.sizes[answers.entries[answer - 1]]:
                size = trigram_keys(codes, offsets[query], offsets[query + 1], keys)
                for key in np.sort(keys[:size]):
                    ranks[out] = find_rank(dictionary.keys, dictionary.ranks, key)
                    out += 1
                break
        starts[query + 1] = out
    return starts, ranks[:out].copy()
