"""The n-grams of sentences that QuickUMLS looks up, each distinct one numbered once."""

from typing import NamedTuple

import numpy as np

from bali.compiled import compiled
from bali.linking.fast.tables import Array
from bali.linking.fast.tokens import Tokens

_FIRST_ROOM = 1 << 14
_END = 4  # as in `bali.linking.fast.tokens`
_START = 2
_VALID = 1


class Ngrams(NamedTuple):
    """The n-grams of a batch of sentences, in the package's order.

    Attributes:
        sentences: int32, number of the sentence in the batch.
        starts: int32, first character in the sentence.
        ends: int32, exclusive.
        numbers: int32, the distinct n-gram.
    """

    sentences: Array
    starts: Array
    ends: Array
    numbers: Array


class NgramTable:
    """Numbers distinct n-grams in the order in which they are first seen.

    Two n-grams are the same if their tokens have the same words and the same blanks between them.

    Args:
        window: the most tokens of an n-gram.
        min_length: the least characters of an n-gram.
        any_token: QuickUMLS's `ignore_syntax`.
    """

    def __init__(self, window: int, min_length: int, any_token: bool) -> None:
        self._window = window
        self._min_length = min_length
        self._repeat_last = not any_token
        self.forget()

    def forget(self) -> None:
        """Drop all n-grams."""
        self.count = 0
        self._keys = np.zeros((_FIRST_ROOM, self._window), np.int32)
        self._lengths = np.zeros(_FIRST_ROOM, np.int32)
        self._slots = np.full(2 * _FIRST_ROOM, -1, np.int32)

    def number(self, tokens: Tokens) -> tuple[Ngrams, Array]:
        """The n-grams of the tokens, and which of them are new.

        Returns:
            The n-grams, and for each number not seen before the place in them where it comes first, int64.
        """
        limits = (self._window, self._min_length, self._repeat_last)
        total = count_ngrams(tokens, limits)
        if self.count + total > len(self._lengths):
            self._enlarge(self.count + total)
        ngrams = Ngrams(*(np.empty(total, np.int32) for _ in range(4)))
        table = (self._keys, self._lengths, self._slots)
        self.count, firsts = number_ngrams(tokens, limits, table, self.count, ngrams)
        return ngrams, firsts

    def _enlarge(self, least: int) -> None:
        room = len(self._lengths)
        while room < least:
            room *= 2
        keys, lengths = np.zeros((room, self._window), np.int32), np.zeros(room, np.int32)
        keys[: self.count], lengths[: self.count] = self._keys[: self.count], self._lengths[: self.count]
        self._keys, self._lengths, self._slots = keys, lengths, np.full(2 * room, -1, np.int32)
        fill_slots(self._keys, self._lengths, self._slots, self.count)


@compiled
def hash_words(words: Array, length: int) -> np.uint64:
    """A hash of the first words of an array, 64 bits."""
    h = np.uint64(length)
    for at in range(length):
        h = (h ^ np.uint64(words[at])) * np.uint64(0x9E3779B97F4A7C15)
        h ^= h >> np.uint64(29)
    return h


@compiled
def same_words(words: Array, other: Array, length: int) -> bool:
    """Whether two arrays begin with the same words."""
    for at in range(length):  # noqa: SIM110 - compiled; a generator is not
        if words[at] != other[at]:
            return False
    return True


@compiled
def fill_slots(keys: Array, lengths: Array, slots: Array, count: int) -> None:
    """Write the numbers of all n-grams to an empty hash table."""
    mask = np.uint64(slots.size - 1)
    for number in range(count):
        place = hash_words(keys[number], lengths[number]) & mask
        while slots[place] >= 0:
            place = (place + np.uint64(1)) & mask
        slots[place] = number


@compiled
def find_or_add(table: tuple[Array, Array, Array], key: Array, size: int, count: int) -> int:
    """The number of an n-gram in the table; one that is not there gets the number `count`."""
    keys, lengths, slots = table
    mask = np.uint64(slots.size - 1)
    place = hash_words(key, size) & mask
    while slots[place] >= 0:
        number = slots[place]
        if lengths[number] == size and same_words(keys[number], key, size):
            return number
        place = (place + np.uint64(1)) & mask
    slots[place] = count
    lengths[count] = size
    keys[count, :size] = key[:size]
    return count


@compiled
def count_ngrams(tokens: Tokens, limits: tuple[int, int, bool]) -> int:
    """How many n-grams the tokens give; see `number_ngrams`."""
    window, min_length, repeat_last = limits
    total = 0
    for sentence in range(tokens.offsets.size - 1):
        end = tokens.offsets[sentence + 1]
        for first in range(tokens.offsets[sentence], end):
            if not tokens.flags[first] & _VALID:
                continue
            if repeat_last and first + 1 == end and tokens.flags[first] & _END and tokens.lengths[first] >= min_length:
                total += 1
            from_token = first if tokens.flags[first] & _START else first + 1
            for last in range(from_token, min(end, first + window)):
                length = tokens.starts[last] + tokens.lengths[last] - tokens.starts[first]
                if tokens.flags[last] & _END and length >= min_length:
                    total += 1
    return total


@compiled
def number_ngrams(
    tokens: Tokens, limits: tuple[int, int, bool], table: tuple[Array, Array, Array], count: int, ngrams: Ngrams
) -> tuple[int, Array]:
    """Fill `ngrams`, and add the new ones to the table.

    As the package has it, a sentence's last token is an n-gram by itself if it may stand last, even where it may not
    be an n-gram alone, and again where it may.

    Args:
        tokens: of the sentences.
        limits: window, least length, and whether the last token is repeated.
        table: keys, int32 (room, window); their lengths; hash table of their numbers, -1 where empty.
        count: how many keys there are.
        ngrams: to fill.

    Returns:
        The new count, and where each new n-gram comes first, int64.
    """
    window, min_length, repeat_last = limits
    firsts = np.empty(ngrams.numbers.size, np.int64)
    num_new = 0
    out = 0
    key = np.empty(window, np.int32)
    for sentence in range(tokens.offsets.size - 1):
        end = tokens.offsets[sentence + 1]
        for first in range(tokens.offsets[sentence], end):
            if not tokens.flags[first] & _VALID:
                continue
            alone = repeat_last and first + 1 == end and tokens.flags[first] & _END
            alone = alone and tokens.lengths[first] >= min_length
            from_token = first if tokens.flags[first] & _START else first + 1
            for turn in range(2 if alone else 1):
                is_extra = alone and turn == 0
                for last in range(first, min(end, first + window)):
                    key[last - first] = tokens.words[last]
                    if not is_extra:
                        length = tokens.starts[last] + tokens.lengths[last] - tokens.starts[first]
                        if last < from_token or not tokens.flags[last] & _END or length < min_length:
                            continue
                    size = last - first + 1
                    key[size - 1] = tokens.words[last] & ~np.int32(1)  # the blank after an n-gram is not part of it
                    number = find_or_add(table, key, size, count)
                    if number == count:
                        firsts[num_new] = out
                        num_new += 1
                        count += 1
                    key[size - 1] = tokens.words[last]
                    ngrams.sentences[out] = sentence
                    ngrams.starts[out] = tokens.starts[first]
                    ngrams.ends[out] = tokens.starts[last] + tokens.lengths[last]
                    ngrams.numbers[out] = number
                    out += 1
    return count, firsts[:num_new].copy()
