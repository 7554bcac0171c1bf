"""A language model answers: fine-tuned where there is something to learn from, else by the vectors of texts."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import torch

from bali.config import Compute
from bali.evaluation.device import autocast_dtype
from bali.evaluation.dictionary import Dictionary, Hit
from bali.evaluation.dictionary_vectors import MAX_NAME_LENGTH, open_vectors
from bali.evaluation.encoder import Encoder, Span, Vectors
from bali.evaluation.fine_tuning import Learner, fine_tune
from bali.evaluation.heads.choice import ChoiceHead
from bali.evaluation.heads.classification import ClassificationHead
from bali.evaluation.heads.head import Head
from bali.evaluation.heads.tagging import TaggingHead
from bali.evaluation.heads.tokens import Tokens
from bali.evaluation.language_model import LanguageModel, load_language_model
from bali.evaluation.nearest_names import nearest_concepts
from bali.evaluation.systems.system import (
    POOLINGS,
    Answers,
    Floats,
    MentionInText,
    Pooled,
    Score,
    TagScore,
    Training,
)
from bali.models.device import choose_device
from bali.tasks.examples import ChoiceQuestion, LabelledText, Splits, TaggedSentence

_MAX_TEXT_LENGTH = 512  # tokens of a sentence; longer ones are cut
_BLOCK_ROWS = 256  # rows of `scores` at once
_BLOCK_NAMES = 1 << 14  # names that such a block is compared with at once
E = TypeVar("E", bound="LabelledText | ChoiceQuestion | TaggedSentence")
A = TypeVar("A")


class LanguageModelSystem:
    """A language model of a folder, loaded once it is asked.

    Args:
        folder: Hugging Face folder of the model.
        compute: device and precision.
        batch_size: texts encoded at once.
        vectors: what stage encode_dictionary wrote for this model; without them the names are encoded when asked.
    """

    def __init__(self, folder: Path, compute: Compute, batch_size: int, vectors: Path | None = None) -> None:
        self._folder, self._compute, self._batch_size, self._vectors = folder, compute, batch_size, vectors

    def classify(
        self, splits: Splits[LabelledText], labels: Sequence[str], training: Training, score: Score
    ) -> Answers[str]:
        """Labels of the test texts, by a linear head over [CLS]."""
        learner = self._learner(ClassificationHead(self._tokens(training), labels))
        return fine_tune(learner, splits, training, lambda dev, found: score([e.label for e in dev], found))

    def choose(self, splits: Splits[ChoiceQuestion], training: Training) -> Answers[int]:
        """Numbers of the options with the highest scores, each from the [CLS] of question and option."""
        learner = self._learner(ChoiceHead(self._tokens(training)))
        return fine_tune(learner, splits, training, _accuracy)

    def tag(
        self, splits: Splits[TaggedSentence], tags: Sequence[str], training: Training, score: TagScore
    ) -> Answers[tuple[str, ...]]:
        """Tags of the words of the test sentences, from the states of their first tokens."""
        learner = self._learner(TaggingHead(self._tokens(training), tags))
        return fine_tune(learner, splits, training, lambda dev, found: score([e.tags for e in dev], found))

    def similarities(self, pairs: Sequence[tuple[str, str]]) -> Pooled[Floats]:
        """(num_pairs,) cosines of the vectors of the two texts."""
        vectors = _encode(self._text_encoder, [text for pair in pairs for text in pair])
        return {pooling: _cosines_of_pairs(getattr(vectors, pooling)) for pooling in POOLINGS}

    def nearest(self, dictionary: Dictionary, queries: Sequence[str]) -> Pooled[list[list[Hit]]]:
        """The concepts of the names whose vectors are nearest to that of each query."""
        return self._search(dictionary, _encode(self._name_encoder, queries))

    def nearest_in_context(self, dictionary: Dictionary, mentions: Sequence[MentionInText]) -> Pooled[list[list[Hit]]]:
        """The concepts of the names nearest to the mean state of each mention's tokens, in its whole sentence."""
        sentences, spans = _by_sentence(mentions)
        encoded = self._text_encoder.encode_spans(sentences, spans)
        hits = self._search(dictionary, Vectors(encoded.vectors, encoded.vectors))
        return {pooling: _spread(found, encoded.found) for pooling, found in hits.items()}

    def scores(self, names: Sequence[str], rows: Sequence[int]) -> Iterator[Pooled[Floats]]:
        """Cosines of the vectors of names with those of all names, at most 256 rows at once."""
        vectors = _encode(self._name_encoder, names)
        for start in range(0, len(rows), _BLOCK_ROWS):
            chosen = torch.tensor(rows[start : start + _BLOCK_ROWS], device=vectors.cls.device)
            yield {pooling: _cosines(getattr(vectors, pooling), chosen) for pooling in POOLINGS}

    def name_vectors(self, names: Sequence[str]) -> Pooled[Floats]:
        """(num_names, hidden) vectors of names, as `bali.evaluation.embedding_geometry` asks for them."""
        vectors = _encode(self._name_encoder, names)
        return {pooling: getattr(vectors, pooling).double().cpu().numpy() for pooling in POOLINGS}

    def mention_vectors(self, mentions: Sequence[MentionInText]) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """(num_found, hidden) mean states of the mentions' tokens, and (num_mentions,) which were not cut off."""
        encoded = self._text_encoder.encode_spans(*_by_sentence(mentions))
        return encoded.vectors.double().cpu().numpy(), encoded.found

    @cached_property
    def _language_model(self) -> LanguageModel:
        return load_language_model(self._folder, choose_device(self._compute.accelerator))

    @property
    def _autocast_dtype(self) -> torch.dtype | None:
        return autocast_dtype(self._compute.precision, self._language_model.model.device)

    @cached_property
    def _text_encoder(self) -> Encoder:
        return Encoder(self._language_model, self._batch_size, _MAX_TEXT_LENGTH, self._autocast_dtype)

    @cached_property
    def _name_encoder(self) -> Encoder:
        """It cuts names, and what is compared with them, as the stored ones were."""
        return Encoder(self._language_model, self._batch_size, MAX_NAME_LENGTH, self._autocast_dtype)

    def _search(self, dictionary: Dictionary, queries: Vectors) -> dict[str, list[list[Hit]]]:
        stored = None
        if self._vectors is not None and dictionary.stored is not None:
            stored = open_vectors(self._vectors, dictionary.stored.path, self._folder)
        return nearest_concepts(dictionary, queries, self._name_encoder, stored)

    def _tokens(self, training: Training) -> Tokens:
        return Tokens(self._language_model, training.max_length)

    def _learner(self, head: Head[E, A]) -> Learner[E, A]:
        return Learner(self._language_model, head, self._autocast_dtype)


def _encode(encoder: Encoder, texts: Sequence[str]) -> Vectors:
    """Vectors of texts; equal texts have equal ones to the last bit."""
    distinct = sorted(set(texts))
    numbers = {text: number for number, text in enumerate(distinct)}
    vectors = encoder.encode(distinct)
    rows = torch.tensor([numbers[text] for text in texts], dtype=torch.int64, device=vectors.cls.device)
    return Vectors(vectors.cls[rows], vectors.mean[rows])


def _accuracy(dev: Sequence[ChoiceQuestion], chosen: Sequence[int]) -> float:
    return sum(question.answer == number for question, number in zip(dev, chosen, strict=True)) / len(dev)


def _cosines_of_pairs(vectors: torch.Tensor) -> Floats:
    """(num_pairs,) cosines of the vectors 0 and 1, 2 and 3, ... in float64."""
    vectors = vectors.double()
    return torch.nn.functional.cosine_similarity(vectors[0::2], vectors[1::2]).cpu().numpy()


def _cosines(vectors: torch.Tensor, rows: torch.Tensor) -> Floats:
    """(num_rows, num_vectors) cosines, in float64 and a block of vectors at once."""
    normalize = torch.nn.functional.normalize
    queries = normalize(vectors[rows].double(), dim=1)
    blocks = [
        queries @ normalize(vectors[start : start + _BLOCK_NAMES].double(), dim=1).T
        for start in range(0, len(vectors), _BLOCK_NAMES)
    ]
    return torch.cat(blocks, dim=1).cpu().numpy()


def _by_sentence(mentions: Sequence[MentionInText]) -> tuple[list[str], list[list[Span]]]:
    """Sentences, and the spans in each; mentions of one sentence follow each other, so it is encoded once."""
    sentences: list[str] = []
    spans: list[list[Span]] = []
    for sentence, group in groupby(mentions, key=lambda mention: mention.sentence):
        sentences.append(sentence)
        spans.append([(mention.start, mention.end) for mention in group])
    return sentences, spans


def _spread(hits: Sequence[list[Hit]], found: np.ndarray) -> list[list[Hit]]:
    """The hits of the mentions that were found, and none for the others."""
    left = iter(hits)
    return [next(left) if is_found else [] for is_found in found.tolist()]
