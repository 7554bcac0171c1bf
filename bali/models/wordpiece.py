"""A WordPiece vocabulary learnt from words: the same entries in the same order in every process.

The trainer of the `tokenizers` library walks hash maps, and equal counts fall differently from run to run; this one
breaks ties by the entries themselves.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from transformers import BertTokenizer

PREFIX = "##"  # of an entry that continues a word
SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_MAX_CHARACTERS = 1000  # of the alphabet, most frequent first; words with others become [UNK]
_MIN_PAIR_COUNT = 2

Pair = tuple[str, str]


def count_words(texts: Iterable[str]) -> Counter[str]:
    """Count the words that BERT's lower-casing normaliser and splitter find."""
    normalizer, splitter = BertNormalizer(lowercase=True), BertPreTokenizer()
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(word for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(text)))
    return counts


def learn_vocabulary(word_counts: Mapping[str, int], size: int) -> list[str]:
    """Learn WordPiece entries by merging the most frequent pair again and again.

    Pairs are merged by count as in byte-pair encoding (Sennrich et al., ACL 2016, algorithm 1), which is what the
    `tokenizers` library does under the name WordPiece; of equal counts the pair that sorts first is merged.

    Args:
        word_counts: how often each word occurs.
        size: entries wanted; fewer come out where no pair occurs twice, more only where the alphabet is larger.

    Returns:
        Special tokens, the alphabet in code point order, then merged entries in order of merging.
    """
    alphabet = _alphabet(word_counts)
    words = [word for word in sorted(word_counts) if alphabet.issuperset(word)]
    pieces = [[word[0], *(PREFIX + character for character in word[1:])] for word in words]
    merges = _Merges(pieces, [word_counts[word] for word in words])
    vocabulary = [*SPECIAL_TOKENS, *sorted({piece for word in pieces for piece in word})]
    known = set(vocabulary)
    while len(vocabulary) < size and (pair := merges.most_frequent()):
        entry = pair[0] + pair[1].removeprefix(PREFIX)
        merges.merge(pair, entry)
        if entry not in known:
            known.add(entry)
            vocabulary.append(entry)
    return vocabulary


def make_tokenizer(vocabulary: list[str], max_length: int) -> Any:
    """A lower-casing BERT tokenizer over the vocabulary."""
    numbers = {entry: number for number, entry in enumerate(vocabulary)}
    return BertTokenizer(vocab=numbers, do_lower_case=True, model_max_length=max_length)


class _Merges:
    """Words as pieces, and how often each pair of neighbours occurs."""

    def __init__(self, words: list[list[str]], counts: list[int]) -> None:
        self._words = words
        self._counts = counts
        self._pair_counts: Counter[Pair] = Counter()
        self._where: defaultdict[Pair, set[int]] = defaultdict(set)
        for number in range(len(words)):
            self._count(number, 1)
        self._heap = [(-count, pair) for pair, count in self._pair_counts.items()]
        heapq.heapify(self._heap)

    def most_frequent(self) -> Pair | None:
        """The pair to merge next; None where no pair occurs twice."""
        while self._heap:
            count, pair = heapq.heappop(self._heap)
            present = self._pair_counts[pair]
            if present < _MIN_PAIR_COUNT:
                continue
            if present == -count:
                return pair
            heapq.heappush(self._heap, (-present, pair))
        return None

    def merge(self, pair: Pair, entry: str) -> None:
        """Replace the pair by `entry` in all words."""
        changed: set[Pair] = set()
        for number in sorted(self._where.pop(pair)):
            self._count(number, -1)
            self._words[number] = _replaced(self._words[number], pair, entry)
            changed.update(self._count(number, 1))
        for new in sorted(changed):
            heapq.heappush(self._heap, (-self._pair_counts[new], new))

    def _count(self, number: int, sign: int) -> list[Pair]:
        word = self._words[number]
        pairs = list(pairwise(word))
        for pair in pairs:
            self._pair_counts[pair] += sign * self._counts[number]
            if sign > 0:
                self._where[pair].add(number)
        return pairs


def _alphabet(word_counts: Mapping[str, int]) -> set[str]:
    counts: Counter[str] = Counter()
    for word, count in word_counts.items():
        for character in word:
            counts[character] += count
    ranked = sorted(counts, key=lambda character: (-counts[character], character))
    return set(ranked[:_MAX_CHARACTERS])


def _replaced(word: list[str], pair: Pair, entry: str) -> list[str]:
    result: list[str] = []
    for piece in word:
        if result and (result[-1], piece) == pair:
            result[-1] = entry
        else:
            result.append(piece)
    return result
