"""The baseline that sees characters only: TF-IDF of character trigrams, and logistic regression where there is a train.

It knows how texts are spelt and nothing of what they mean, so what a model scores beyond it is not in the spelling.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix, hstack

from bali.evaluation.dictionary import NUM_NAMES_SEARCHED, Dictionary, Hit, ranked_concepts
from bali.evaluation.systems.baseline_parts import blocks_of, same_under_poolings
from bali.evaluation.systems.linear_model import Fitted, fit_best
from bali.evaluation.systems.majority import Majority
from bali.evaluation.systems.system import Answers, Floats, MentionInText, Pooled, Score, TagScore, Training
from bali.evaluation.systems.trigram_vectors import fit_trigrams, nearest_rows, row_cosines
from bali.tasks.examples import ChoiceQuestion, LabelledText, Splits, TaggedSentence


class Trigrams:
    """Answers by character trigrams.

    The fine-tuning settings do not act: dev chooses the penalty of the regression. A seed acts only where it splits the
    dev part off.
    """

    def classify(
        self, splits: Splits[LabelledText], labels: Sequence[str], training: Training, score: Score
    ) -> Answers[str]:
        """Regression over the trigrams of the first text and, as columns of their own, those of the second."""
        gold = [example.label for example in splits.train]
        if len(set(gold)) < 2:  # nothing to tell apart
            return Majority().classify(splits, labels, training, score)
        features_of = _text_features(splits.train)
        dev_gold, dev_features = [example.label for example in splits.dev], features_of(splits.dev)

        def dev_score(fitted: Fitted) -> float:
            return score(dev_gold, fitted.predict(dev_features))

        best = fit_best(features_of(splits.train), gold, dev_score, bool(splits.dev))
        return Answers(best.predict(features_of(splits.test)), best.notes)

    def choose(self, splits: Splits[ChoiceQuestion], training: Training) -> Answers[int]:
        """Regression over an option's trigrams and its cosine with the question; the most probable option.

        Without train questions, the option with the largest cosine; of equals the first.
        """
        features_of = _option_features(splits.train or splits.test)
        right = [position == q.answer for q in splits.train for position in range(len(q.options))]
        if len(set(right)) < 2:
            return Answers(_best_options(splits.test, features_of(splits.test)[:, -1].toarray().ravel()))
        dev, dev_features = splits.dev, features_of(splits.dev)

        def dev_score(fitted: Fitted) -> float:
            chosen = _best_options(dev, fitted.decide(dev_features))
            return float(np.mean([option == q.answer for option, q in zip(chosen, dev, strict=True)]))

        best = fit_best(features_of(splits.train), right, dev_score, bool(dev))
        return Answers(_best_options(splits.test, best.decide(features_of(splits.test))), best.notes)

    def tag(
        self, splits: Splits[TaggedSentence], tags: Sequence[str], training: Training, score: TagScore
    ) -> Answers[tuple[str, ...]]:
        """Regression, word by word, over the trigrams of the word, of the one before and of the one after."""
        gold = [tag for sentence in splits.train for tag in sentence.tags]
        if len(set(gold)) < 2:
            return Majority().tag(splits, tags, training, score)
        features_of = _word_features(splits.train)
        dev_gold, dev_features = [s.tags for s in splits.dev], features_of(splits.dev)

        def dev_score(fitted: Fitted) -> float:
            return score(dev_gold, _by_sentence(splits.dev, fitted.predict(dev_features)))

        best = fit_best(features_of(splits.train), gold, dev_score, bool(splits.dev))
        return Answers(_by_sentence(splits.test, best.predict(features_of(splits.test))), best.notes)

    def similarities(self, pairs: Sequence[tuple[str, str]]) -> Pooled[Floats]:
        """(num_pairs,) cosines; the trigrams are weighted by how many of the pairs' distinct texts have one."""
        vectors_of = fit_trigrams(sorted({text for pair in pairs for text in pair}))
        first, second = (vectors_of([pair[side] for pair in pairs]) for side in (0, 1))
        return same_under_poolings(row_cosines(first, second))

    def nearest(self, dictionary: Dictionary, queries: Sequence[str]) -> Pooled[list[list[Hit]]]:
        """The concepts of the names nearest by cosine; none for a query that shares no trigram with a name."""
        rows = nearest_rows(dictionary.names, queries, NUM_NAMES_SEARCHED)
        return same_under_poolings(ranked_concepts(dictionary, rows))

    def nearest_in_context(self, dictionary: Dictionary, mentions: Sequence[MentionInText]) -> Pooled[list[list[Hit]]]:
        """As `nearest`, by the mention alone: the sentence around it would only blur its spelling."""
        return self.nearest(dictionary, [m.sentence[m.start : m.end] for m in mentions])

    def scores(self, names: Sequence[str], rows: Sequence[int]) -> Iterator[Pooled[Floats]]:
        """Cosines in blocks of (num_rows_of_block, num_names)."""
        vectors = fit_trigrams(names)(names)
        columns = vectors.T.tocsr()
        for block in blocks_of(rows, len(names)):
            yield same_under_poolings((vectors[list(block)] @ columns).toarray().astype(np.float64))


def _text_features(train: Sequence[LabelledText]) -> Callable[[Sequence[LabelledText]], csr_matrix]:
    """Examples -> CSR matrix (num_examples, trigrams of first and second texts); the weights come from train."""
    of_first = fit_trigrams(example.first for example in train)
    of_second = fit_trigrams(example.second or "" for example in train)

    def features_of(examples: Sequence[LabelledText]) -> csr_matrix:
        first = of_first([example.first for example in examples])
        return hstack([first, of_second([example.second or "" for example in examples])], format="csr")

    return features_of


def _option_features(train: Sequence[ChoiceQuestion]) -> Callable[[Sequence[ChoiceQuestion]], csr_matrix]:
    """Questions -> CSR matrix (num_options of all, trigrams + 1); the last column is the cosine with the question."""
    vectors_of = fit_trigrams(text for question in train for text in (question.question, *question.options))

    def features_of(questions: Sequence[ChoiceQuestion]) -> csr_matrix:
        options = vectors_of([option for question in questions for option in question.options])
        owners = np.repeat(np.arange(len(questions)), [len(question.options) for question in questions])
        asked = vectors_of([question.question for question in questions])[owners]
        return hstack([options, csr_matrix(row_cosines(asked, options)[:, None])], format="csr")

    return features_of


def _best_options(questions: Sequence[ChoiceQuestion], scores: npt.NDArray[Any]) -> list[int]:
    """The option with the highest score of each question, the first of equals."""
    ends = accumulate((len(question.options) for question in questions), initial=0)
    return [int(np.argmax(scores[start:end])) for start, end in pairwise(ends)]


def _word_features(train: Sequence[TaggedSentence]) -> Callable[[Sequence[TaggedSentence]], csr_matrix]:
    """Sentences -> CSR matrix (num_words of all, 3 x trigrams); the weights come from the distinct words of train."""
    vectors_of = fit_trigrams(sorted({word for sentence in train for word in sentence.words}))

    def features_of(sentences: Sequence[TaggedSentence]) -> csr_matrix:
        distinct = ["", *sorted({word for sentence in sentences for word in sentence.words} - {""})]
        vectors = vectors_of(distinct)  # row 0, of no word, is zero
        number = {word: row for row, word in enumerate(distinct)}
        numbers = [[0, *(number[word] for word in sentence.words), 0] for sentence in sentences]
        windows = [[row for of in numbers for row in of[shift : len(of) - 2 + shift]] for shift in (1, 0, 2)]
        return hstack([vectors[np.array(rows, np.int64)] for rows in windows], format="csr")

    return features_of


def _by_sentence(sentences: Sequence[TaggedSentence], tags: Sequence[str]) -> list[tuple[str, ...]]:
    """The tags of all words, cut into those of each sentence."""
    ends = accumulate((len(sentence.words) for sentence in sentences), initial=0)
    return [tuple(tags[start:end]) for start, end in pairwise(ends)]
