"""The baseline that guesses: what a score is worth where all answers are equally likely.

A guess depends on the seed and the position of the question, never on its text: two equal texts get two guesses.
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from itertools import accumulate, pairwise

import numpy as np

from bali.evaluation.dictionary import NUM_NAMES_SEARCHED, Dictionary, Hit
from bali.evaluation.systems.baseline_parts import blocks_of, concepts_of, same_under_poolings
from bali.evaluation.systems.system import Answers, Floats, MentionInText, Pooled, Score, TagScore, Training
from bali.tasks.examples import ChoiceQuestion, LabelledText, Splits, TaggedSentence


class _Kind(IntEnum):
    """What is guessed; part of every seed, so that no two kinds share a sequence. Never renumber."""

    LABEL = 1
    OPTION = 2
    TAG = 3
    SIMILARITY = 4
    CONCEPTS = 5
    SCORES = 6


class RandomChoice:
    """Answers at random.

    Args:
        seed: of all guesses; the seeds of the fine-tuning settings do not act.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed % (1 << 64)

    def classify(
        self, splits: Splits[LabelledText], labels: Sequence[str], training: Training, score: Score
    ) -> Answers[str]:
        """A label of `labels`, each as likely."""
        return Answers(self._choose_strings(_Kind.LABEL, labels, len(splits.test)))

    def choose(self, splits: Splits[ChoiceQuestion], training: Training) -> Answers[int]:
        """An option of the question, each as likely."""
        num_options = np.array([len(question.options) for question in splits.test], np.int64)
        draws = self._generator(_Kind.OPTION).random(len(num_options))
        return Answers(np.floor(draws * num_options).astype(np.int64).tolist())

    def tag(
        self, splits: Splits[TaggedSentence], tags: Sequence[str], training: Training, score: TagScore
    ) -> Answers[tuple[str, ...]]:
        """A tag of `tags` for each word, each as likely."""
        ends = list(accumulate((len(sentence.words) for sentence in splits.test), initial=0))
        drawn = self._choose_strings(_Kind.TAG, tags, ends[-1])
        return Answers([tuple(drawn[start:end]) for start, end in pairwise(ends)])

    def similarities(self, pairs: Sequence[tuple[str, str]]) -> Pooled[Floats]:
        """(num_pairs,) numbers in [0, 1)."""
        return same_under_poolings(self._generator(_Kind.SIMILARITY).random(len(pairs)))

    def nearest(self, dictionary: Dictionary, queries: Sequence[str]) -> Pooled[list[list[Hit]]]:
        """Distinct concepts of the dictionary, each as likely, with the first of their names."""
        concepts = concepts_of(dictionary)
        cuis, names = concepts["cui"].to_list(), concepts["name"].to_list()
        size = min(len(cuis), NUM_NAMES_SEARCHED)
        hits = []
        for position in range(len(queries)):
            rows = self._generator(_Kind.CONCEPTS, position).choice(len(cuis), size, replace=False)
            hits.append([Hit(cuis[row], names[row]) for row in rows.tolist()])
        return same_under_poolings(hits)

    def nearest_in_context(self, dictionary: Dictionary, mentions: Sequence[MentionInText]) -> Pooled[list[list[Hit]]]:
        """As `nearest`."""
        return self.nearest(dictionary, [""] * len(mentions))

    def scores(self, names: Sequence[str], rows: Sequence[int]) -> Iterator[Pooled[Floats]]:
        """Numbers in [0, 1) in blocks of (num_rows_of_block, num_names)."""
        generator = self._generator(_Kind.SCORES)
        for block in blocks_of(rows, len(names)):
            yield same_under_poolings(generator.random((len(block), len(names))))

    def _choose_strings(self, kind: _Kind, values: Sequence[str], size: int) -> list[str]:
        """`size` draws from the sorted values; the first draws do not depend on how many follow."""
        ordered = sorted(values)
        drawn = np.floor(self._generator(kind).random(size) * len(ordered)).astype(np.int64)
        return [ordered[index] for index in drawn.tolist()]

    def _generator(self, kind: _Kind, *keys: int) -> np.random.Generator:
        return np.random.default_rng(np.random.SeedSequence([self._seed, int(kind), *keys]))
