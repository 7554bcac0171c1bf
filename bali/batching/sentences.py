"""The sentence side of a batch: corrupted tokens, and the mentions whose vectors are aligned."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bali.batching.batch import Texts
from bali.batching.corruption import Corruption, Vocabulary
from bali.batching.example_dataset import Example
from bali.batching.parts import PaddedTexts, cut, row_parts
from bali.batching.ragged import IntArray
from bali.batching.randomness import Draws, Purpose
from bali.batching.subgraph_store import ABSENT
from bali.batching.tokens import TokenisedTexts, TokenRuns, token_runs, tokenise


@dataclass(frozen=True)
class SentenceOptions:
    """How sentences become tokens.

    Attributes:
        max_length: tokens.
        mlm_probability: share of tokens to predict.
        mention_masking: share of mention vectors whose tokens are all replaced by [MASK].
        at_once: sentences that go through the language model together; None takes all.
    """

    max_length: int
    mlm_probability: float
    mention_masking: float
    at_once: int | None = None


@dataclass(frozen=True)
class SentenceBatch:
    """Sentences in parts, and the concept (subgraph row) of each mention vector in their order."""

    texts: tuple[Texts, ...]
    mention_concept: IntArray


@dataclass(frozen=True)
class _Mentions:
    """Mentions that are trained on: one vector per (sentence, concept), in order.

    Attributes:
        position: (num_tokens,) flattened positions of their tokens.
        group: (num_tokens,) vector of each token.
        sentence: (num_groups,) sentence of each vector, not decreasing.
        concept: (num_groups,) subgraph row of each vector.
    """

    position: IntArray
    group: IntArray
    sentence: IntArray
    concept: IntArray


class SentenceSide:
    """Makes the sentence side.

    Args:
        tokenizer: a fast Hugging Face tokenizer with a mask token.
        options: lengths and shares.
        concept_rows: the subgraph row of each CUI, `ABSENT` where there is none; None where mentions are not looked at.
    """

    def __init__(
        self, tokenizer: Any, options: SentenceOptions, concept_rows: Callable[[Sequence[str]], IntArray] | None
    ) -> None:
        self._tokenizer = tokenizer
        self._options = options
        self._concept_rows = concept_rows
        vocabulary = Vocabulary.of(tokenizer)
        self._mask_id = vocabulary.mask_id
        self._corrupt = Corruption(vocabulary, options.mlm_probability)

    def __call__(
        self, examples: Sequence[Example], numbers: IntArray, draws: Draws, counts: dict[str, int]
    ) -> SentenceBatch:
        """Tokenise, corrupt and cut into parts; `counts` takes the mentions kept, and those dropped by reason.

        Args:
            examples: sentences.
            numbers: (num_sentences,) of the sentences in the batch of all processes: what their draws depend on.
            draws: of the batch.
            counts: changed.
        """
        texts = tokenise(self._tokenizer, [example.text for example in examples], self._options.max_length)
        lengths = texts.attention_mask.sum(axis=1)
        order = np.argsort(lengths, kind="stable")
        texts, lengths, numbers = texts.take(order), lengths[order], numbers[order]
        mentions = self._mentions([examples[i] for i in order], texts, counts)
        input_ids, targets = self._corrupt(texts.input_ids, ~texts.is_special, numbers, draws)
        padded = PaddedTexts(
            input_ids=self._mask_mentions(input_ids, mentions, numbers, draws),
            lengths=lengths,
            span_position=mentions.position,
            span_group=mentions.group,
            group_text=mentions.sentence,
            target_position=targets,
            target_token=texts.input_ids.ravel()[targets],
        )
        return SentenceBatch(cut(padded, row_parts(len(order), self._options.at_once)), mentions.concept)

    def _mentions(self, examples: Sequence[Example], texts: TokenisedTexts, counts: dict[str, int]) -> _Mentions:
        """The mentions with tokens and a subgraph, pooled by (sentence, concept)."""
        if self._concept_rows is None:
            return _Mentions(*(np.empty(0, np.int64),) * 4)
        found = [(i, m.start, m.end, m.cui) for i, example in enumerate(examples) for m in example.mentions]
        spans = np.array([row[:3] for row in found], np.int64).reshape(-1, 3)
        concept = self._concept_rows([row[3] for row in found])
        runs = token_runs(texts, spans)
        no_token = ~runs.is_cut & (runs.length == 0)
        no_subgraph = ~runs.is_cut & ~no_token & (concept == ABSENT)
        kept = ~runs.is_cut & ~no_token & ~no_subgraph
        counts["mentions"] = int(kept.sum())
        counts["mentions_cut_by_truncation"] = int(runs.is_cut.sum())
        counts["mentions_without_token"] = int(no_token.sum())
        counts["mentions_without_subgraph"] = int(no_subgraph.sum())
        keys = np.stack([spans[kept, 0], concept[kept]], axis=1)
        groups, group = np.unique(keys, axis=0, return_inverse=True)
        kept_runs = TokenRuns(runs.first[kept], runs.length[kept], runs.is_cut[kept])
        token_group = np.repeat(group.reshape(-1), kept_runs.length)
        sentence, own_concept = np.ascontiguousarray(groups.T)
        return _Mentions(kept_runs.positions(), token_group, sentence, own_concept)

    def _mask_mentions(self, input_ids: IntArray, mentions: _Mentions, numbers: IntArray, draws: Draws) -> IntArray:
        """A copy in which every token of the drawn mention vectors is [MASK]; what is to be predicted stays."""
        drawn = draws.uniform(Purpose.MENTION_MASKING, numbers[mentions.sentence], mentions.concept)
        is_masked = drawn < self._options.mention_masking
        masked = input_ids.copy()
        masked.ravel()[mentions.position[is_masked[mentions.group]]] = self._mask_id
        return masked
