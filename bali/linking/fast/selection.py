"""From the strings found for n-grams to the candidates of spans, by QuickUMLS's rules."""

from typing import NamedTuple

import numpy as np

from bali.compiled import compiled
from bali.linking.fast.ngrams import Ngrams
from bali.linking.fast.tables import Array


class Concepts(NamedTuple):
    """The concepts of the dictionary's strings, a row for each (string, concept).

    Attributes:
        firsts: int64, (num_entries,), first row of an entry of the trigram index.
        ends: int64, (num_entries,), exclusive.
        cuis: int32, (num_rows,), number of the concept; rising within a string.
        preferred: uint8, (num_rows,), 1 where the string is the preferred name of the concept.
        types: int32, (num_rows,), number of the concept's set of semantic types.
    """

    firsts: Array
    ends: Array
    cuis: Array
    preferred: Array
    types: Array


class Groups(NamedTuple):
    """The candidates of a batch of distinct n-grams, best first.

    Attributes:
        offsets: int64, (num_ngrams + 1,).
        rows: int32, rows of `Concepts`.
        similarities: float64.
    """

    offsets: Array
    rows: Array
    similarities: Array


class Spans(NamedTuple):
    """The candidates of the spans of a batch of sentences, in the package's order.

    Attributes:
        sentences: int32, number of the sentence in the batch.
        spans: int32, number of the span in the batch.
        starts: int32, first character in the sentence.
        ends: int32, exclusive.
        rows: int32, rows of `Concepts`.
        similarities: float64.
    """

    sentences: Array
    spans: Array
    starts: Array
    ends: Array
    rows: Array
    similarities: Array


@compiled
def group_candidates(
    concepts: Concepts, is_accepted: Array, offsets: Array, entries: Array, similarities: Array
) -> tuple[Array, Array, Array]:
    """The candidates of n-grams (`QuickUMLS._get_all_matches`); returns the fields of `Groups`.

    The package takes the strings as they were found, and of each its concepts by CUI. A concept that is the same as
    the one before replaces it if its string is more similar, else it is left out. Then it sorts by similarity plus 1
    for preferred names.

    Args:
        concepts: of the strings.
        is_accepted: bool, for each set of semantic types.
        offsets: int64, (num_ngrams + 1,), first answer of each n-gram.
        entries: int32, the strings found.
        similarities: float64, of the n-gram and the string.
    """
    room = 0
    for entry in entries:
        room += concepts.ends[entry] - concepts.firsts[entry]
    rows = np.empty(room, np.int32)
    scores = np.empty(room, np.float64)
    group_offsets = np.zeros(offsets.size, np.int64)
    out = 0
    for ngram in range(offsets.size - 1):
        first = out
        previous = -1
        for at in range(offsets[ngram], offsets[ngram + 1]):
            if similarities[at] == 0:
                continue
            for row in range(concepts.firsts[entries[at]], concepts.ends[entries[at]]):
                if not is_accepted[concepts.types[row]]:
                    continue
                if concepts.cuis[row] == previous:
                    if similarities[at] <= scores[out - 1]:
                        continue
                    out -= 1
                previous = concepts.cuis[row]
                rows[out] = row
                scores[out] = similarities[at]
                out += 1
        sort_group(concepts, rows[first:out], scores[first:out])
        group_offsets[ngram + 1] = out
    return group_offsets, rows[:out].copy(), scores[:out].copy()


@compiled
def sort_group(concepts: Concepts, rows: Array, scores: Array) -> None:
    """Sort candidates in place by similarity plus 1 for preferred names, the highest first; stable."""
    if rows.size < 2:
        return
    keys = np.empty(rows.size, np.float64)
    for at in range(rows.size):
        keys[at] = -(scores[at] + concepts.preferred[rows[at]])
    order = np.argsort(keys, kind="mergesort")
    old_rows, old_scores = rows.copy(), scores.copy()
    for at in range(rows.size):
        rows[at] = old_rows[order[at]]
        scores[at] = old_scores[order[at]]


@compiled
def select_spans(
    ngrams: Ngrams, firsts: Array, counts: Array, similarities: Array, longest_first: bool, best_match: bool
) -> Array:
    """The n-grams that become spans, as places in `ngrams` (`QuickUMLS._select_terms`).

    The package sorts a sentence's n-grams by their best candidate's similarity and their length, or the other way
    round, and takes each that does not overlap one taken before.

    Args:
        ngrams: of the sentences.
        firsts: int64, first candidate of each distinct n-gram.
        counts: int32, candidates of each distinct n-gram.
        similarities: float64, of the candidates.
        longest_first: length decides before similarity.
        best_match: leave out what overlaps something better; otherwise all stay, in order.

    Returns:
        int64, in the package's order.
    """
    total = ngrams.numbers.size
    matched = np.empty(total, np.int64)
    chosen = np.empty(total, np.int64)
    num_chosen = 0
    longest = 0
    for end in ngrams.ends:
        longest = max(longest, end)
    is_taken = np.zeros(longest, np.uint8)
    at = 0
    while at < total:
        sentence = ngrams.sentences[at]
        num_matched = 0
        while at < total and ngrams.sentences[at] == sentence:
            if counts[ngrams.numbers[at]] > 0:
                matched[num_matched] = at
                num_matched += 1
            at += 1
        if not best_match:
            chosen[num_chosen : num_chosen + num_matched] = matched[:num_matched]
            num_chosen += num_matched
            continue
        lengths = np.empty(num_matched, np.float64)
        scores = np.empty(num_matched, np.float64)
        for place in range(num_matched):
            ngram = matched[place]
            lengths[place] = -float(ngrams.ends[ngram] - ngrams.starts[ngram])
            scores[place] = -similarities[firsts[ngrams.numbers[ngram]]]
        minor, major = (scores, lengths) if longest_first else (lengths, scores)
        order = np.argsort(minor, kind="mergesort")
        order = order[np.argsort(major[order], kind="mergesort")]
        before = num_chosen
        for place in order:
            ngram = matched[place]
            start, end = ngrams.starts[ngram], ngrams.ends[ngram]
            if not np.any(is_taken[start:end]):
                is_taken[start:end] = 1
                chosen[num_chosen] = ngram
                num_chosen += 1
        for place in range(before, num_chosen):
            is_taken[ngrams.starts[chosen[place]] : ngrams.ends[chosen[place]]] = 0
    return chosen[:num_chosen].copy()


@compiled
def spread_candidates(
    chosen: Array, ngrams: Ngrams, firsts: Array, counts: Array, rows: Array, similarities: Array
) -> tuple[Array, Array, Array, Array, Array, Array]:
    """The candidates of the chosen n-grams; returns the fields of `Spans`."""
    total = 0
    for ngram in chosen:
        total += counts[ngrams.numbers[ngram]]
    sentences, spans = np.empty(total, np.int32), np.empty(total, np.int32)
    starts, ends = np.empty(total, np.int32), np.empty(total, np.int32)
    out_rows, out_similarities = np.empty(total, np.int32), np.empty(total, np.float64)
    out = 0
    for span in range(chosen.size):
        ngram = chosen[span]
        number = ngrams.numbers[ngram]
        for at in range(firsts[number], firsts[number] + counts[number]):
            sentences[out] = ngrams.sentences[ngram]
            spans[out] = span
            starts[out] = ngrams.starts[ngram]
            ends[out] = ngrams.ends[ngram]
            out_rows[out] = rows[at]
            out_similarities[out] = similarities[at]
            out += 1
    return sentences, spans, starts, ends, out_rows, out_similarities
