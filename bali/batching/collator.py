"""From examples to a batch; a function of the examples and the draws alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from bali.batching.batch import Batch
from bali.batching.example_dataset import Example
from bali.batching.false_negatives import FalseNegatives
from bali.batching.graph_side import GraphSide
from bali.batching.ragged import IntArray
from bali.batching.randomness import Draws
from bali.batching.sentences import SentenceSide
from bali.batching.subgraph_store import ABSENT


@dataclass(frozen=True)
class Share:
    """Which of a batch's sentences a process takes: every `num_processes`-th from `rank` on.

    The sentences of a batch are in order of length, so the shares are alike.
    """

    rank: int = 0
    num_processes: int = 1


class Collator:
    """Makes batches; holds what does not change from batch to batch.

    Args:
        sentences: the sentence side.
        graph: None for masked language modelling alone.
        false_negatives: None where every other concept is a negative.
        share: of this process.
    """

    def __init__(
        self,
        sentences: SentenceSide,
        graph: GraphSide | None = None,
        false_negatives: FalseNegatives | None = None,
        share: Share | None = None,
    ) -> None:
        self._sentences = sentences
        self._graph = graph
        self._false_negatives = false_negatives
        self._share = share or Share()

    def __call__(self, examples: Sequence[Example], draws: Draws) -> Batch:
        """This process's share of the batch of some examples (which are not changed)."""
        numbers = np.arange(self._share.rank, len(examples), self._share.num_processes)
        own = examples[self._share.rank :: self._share.num_processes]
        counts = {"sentences": len(own)}
        sentences = self._sentences(own, numbers, draws, counts)
        concepts = np.unique(sentences.mention_concept)
        return Batch(
            sentences=sentences.texts,
            mention_concept=torch.from_numpy(sentences.mention_concept),
            ignored_concepts=torch.from_numpy(self._ignored(examples)),
            graph=self._graph(concepts, draws, counts) if self._graph and len(concepts) else None,
            counts=counts,
        )

    def _ignored(self, examples: Sequence[Example]) -> IntArray:
        """Pairs among the concepts of all examples, also those that other processes take."""
        if self._false_negatives is None or self._graph is None:
            return np.empty((2, 0), np.int64)
        cuis = sorted({mention.cui for example in examples for mention in example.mentions})
        rows = self._graph.subgraphs.rows(cuis)
        return self._false_negatives(np.unique(rows[rows != ABSENT]))
