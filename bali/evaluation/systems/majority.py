"""The baseline that always gives the most frequent answer: what a score is worth where the answers are uneven."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

import numpy as np
import polars as pl

from bali.evaluation.dictionary import NUM_NAMES_SEARCHED, Dictionary, Hit
from bali.evaluation.systems.baseline_parts import blocks_of, concepts_of, same_under_poolings
from bali.evaluation.systems.system import Answers, Floats, MentionInText, Pooled, Score, TagScore, Training
from bali.tasks.examples import ChoiceQuestion, LabelledText, Splits, TaggedSentence

K = TypeVar("K", str, int)


class Majority:
    """Answers what is most frequent in train, the first of equals; dev chooses nothing, a seed changes nothing."""

    def classify(
        self, splits: Splits[LabelledText], labels: Sequence[str], training: Training, score: Score
    ) -> Answers[str]:
        """The most frequent label of train; without train, the first label."""
        best = [*_by_frequency(example.label for example in splits.train), *sorted(labels)][0]
        return Answers([best] * len(splits.test))

    def choose(self, splits: Splits[ChoiceQuestion], training: Training) -> Answers[int]:
        """The position that is most often right in train, of those that the question has."""
        positions = [*_by_frequency(question.answer for question in splits.train), 0]
        chosen = [next(p for p in positions if p < len(question.options)) for question in splits.test]
        return Answers(chosen)

    def tag(
        self, splits: Splits[TaggedSentence], tags: Sequence[str], training: Training, score: TagScore
    ) -> Answers[tuple[str, ...]]:
        """The most frequent tag of all words of train: nearly always O, and so no span at all."""
        best = [*_by_frequency(tag for sentence in splits.train for tag in sentence.tags), *sorted(tags)][0]
        return Answers([(best,) * len(sentence.words) for sentence in splits.test])

    def similarities(self, pairs: Sequence[tuple[str, str]]) -> Pooled[Floats]:
        """(num_pairs,) zeros: the correlation of a constant is undefined, and counts as 0."""
        return same_under_poolings(np.zeros(len(pairs)))

    def nearest(self, dictionary: Dictionary, queries: Sequence[str]) -> Pooled[list[list[Hit]]]:
        """The concepts with the most names, of equals in the order of their CUIs; the same for every query."""
        by_names = concepts_of(dictionary).sort([-pl.col("num_names").cast(pl.Int64), "cui"])
        most = by_names.head(NUM_NAMES_SEARCHED)
        hits = [Hit(cui, name) for cui, name in most.select("cui", "name").iter_rows()]
        return same_under_poolings([hits] * len(queries))

    def nearest_in_context(self, dictionary: Dictionary, mentions: Sequence[MentionInText]) -> Pooled[list[list[Hit]]]:
        """As `nearest`."""
        return self.nearest(dictionary, [""] * len(mentions))

    def scores(self, names: Sequence[str], rows: Sequence[int]) -> Iterator[Pooled[Floats]]:
        """Zeros in blocks of (num_rows_of_block, num_names): no name is nearer than another, so ranks are chance."""
        for block in blocks_of(rows, len(names)):
            yield same_under_poolings(np.zeros((len(block), len(names))))


def _by_frequency(values: Iterable[K]) -> list[K]:
    """The distinct values, the most frequent first, equals sorted."""
    return [value for value, _ in sorted(Counter(values).items(), key=lambda item: (-item[1], item[0]))]
