"""Each word gets a tag: a linear head over the state of the word's first token (Devlin et al. 2019, section 5.3).

Words are joined by blanks and found again by the places of their tokens in that text. For BERT's tokenizers this gives
the same as handing over words; byte-level ones (RoBERTa) take no words unless they were made for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from bali.evaluation.heads.item import Ints, Item
from bali.evaluation.heads.tokens import Tokens
from bali.tasks.examples import TaggedSentence

OUTSIDE = "O"
_UNKNOWN = -1  # target of a dev or test tag that is not among the tags; no loss reads it


class Seen(NamedTuple):
    """The words of a sentence that have a token.

    Attributes:
        words: their numbers, increasing.
        positions: of their first tokens.
        is_cut: whether the tokens end before the sentence does.
    """

    words: Ints
    positions: Ints
    is_cut: bool


class TaggingHead:
    """Tags the words of [CLS] sentence [SEP]; a word without a token is `O`.

    Args:
        tokens: of the model.
        tags: all tags; those of the training examples are among them.
    """

    def __init__(self, tokens: Tokens, tags: Sequence[str]) -> None:
        self.num_outputs = len(tags)
        self._tokens = tokens
        self._tags = tags
        self._numbers = {tag: number for number, tag in enumerate(tags)}

    def tokenize(self, examples: Sequence[TaggedSentence]) -> list[Item]:
        """An item of one sequence for each sentence, with a position and a target for each word seen."""
        items = []
        for example, encoding in zip(examples, self._encode(examples), strict=True):
            ids, types = self._tokens.arrays(encoding)
            seen = first_tokens(example.words, encoding)
            numbers = [self._numbers.get(example.tags[word], _UNKNOWN) for word in seen.words.tolist()]
            items.append(Item((ids,), types, (seen.positions,), np.array(numbers, dtype=np.int32), seen.words))
        return items

    def arrange(self, logits: torch.Tensor, items: Sequence[Item]) -> torch.Tensor:
        """(num_words, num_tags) logits as they are."""
        return logits

    def answers(
        self, examples: Sequence[TaggedSentence], items: Sequence[Item], classes: Sequence[Sequence[int]]
    ) -> list[tuple[str, ...]]:
        """A tag for every word, seen or not."""
        answers = []
        for example, item, numbers in zip(examples, items, classes, strict=True):
            assert item.words is not None, "expected the items of tagged sentences"
            tags = [OUTSIDE] * len(example.words)
            for word, number in zip(item.words.tolist(), numbers, strict=True):
                tags[word] = self._tags[number]
            answers.append(tuple(tags))
        return answers

    def notes(self, examples: Sequence[TaggedSentence]) -> Mapping[str, int]:
        """How many words were not seen: beyond the last token, and before it."""
        num_cut = num_without = 0
        for example, encoding in zip(examples, self._encode(examples), strict=True):
            seen = first_tokens(example.words, encoding)
            end = (int(seen.words[-1]) + 1 if len(seen.words) else 0) if seen.is_cut else len(example.words)
            num_cut += len(example.words) - end
            num_without += end - len(seen.words)
        return {"words cut off": num_cut, "words without a token": num_without}

    def _encode(self, examples: Sequence[TaggedSentence]) -> Iterator[Any]:
        return self._tokens.encode([" ".join(example.words) for example in examples])


def first_tokens(words: Sequence[str], encoding: Any) -> Seen:
    """Which words have a token in the encoding of the words joined by blanks, and where the first one is.

    A token belongs to the word of its last character: the blank before a word may be part of its token.
    """
    if not words:
        return Seen(np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32), is_cut=False)
    lengths = np.array([len(word) for word in words], dtype=np.int64)
    starts = np.concatenate([[0], np.cumsum(lengths + 1)])[:-1]
    offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)  # (tokens, 2) start and end, (0, 0) of [CLS]
    last = offsets[:, 1] - 1
    word = np.searchsorted(starts, last, side="right") - 1
    is_within = (offsets[:, 0] < offsets[:, 1]) & (last < starts[word] + lengths[word])
    positions = np.flatnonzero(is_within)
    numbers, first = np.unique(word[positions], return_index=True)
    return Seen(numbers.astype(np.int32), positions[first].astype(np.int32), bool(encoding.overflowing))
