"""From examples to a batch. All randomness comes from the generator given, so a batch is a function of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from bali.batching.batch import Batch, GraphBatch, Spans, Tokens
from bali.batching.corruption import Vocabulary, choose_targets, corrupt
from bali.batching.example_dataset import Example
from bali.batching.name_table import NameTable
from bali.batching.names import distinct, encode_names
from bali.batching.ragged import IntArray
from bali.batching.subgraph_store import ABSENT, SubgraphStore
from bali.batching.tokens import TokenisedTexts, TokenRuns, token_runs, tokenise


@dataclass(frozen=True)
class BatchOptions:
    """How sentences and names become tokens.

    Attributes:
        max_sentence_length: tokens.
        max_name_length: tokens.
        mlm_probability: share of tokens to predict.
        mention_masking: share of mention vectors whose tokens are all replaced by [MASK].
        centre_name_masking: share of concepts whose root's name is replaced by [MASK].
    """

    max_sentence_length: int
    max_name_length: int
    mlm_probability: float
    mention_masking: float
    centre_name_masking: float


@dataclass(frozen=True)
class GraphSide:
    """What the graph side of a batch is made from."""

    subgraphs: SubgraphStore
    names: NameTable


@dataclass(frozen=True)
class _Mentions:
    """Mentions that are trained on: one vector per (sentence, concept).

    Attributes:
        position: (num_tokens,) flattened positions of their tokens.
        group: (num_tokens,) vector of each token.
        subgraph: (num_groups,) subgraph row of each vector.
    """

    position: IntArray
    group: IntArray
    subgraph: IntArray


class Collator:
    """Makes batches; holds what does not change from batch to batch.

    Args:
        tokenizer: a fast Hugging Face tokenizer with a mask token.
        options: lengths and shares.
        graph: None for masked language modelling alone; mentions are then neither masked nor pooled.
    """

    def __init__(self, tokenizer: Any, options: BatchOptions, graph: GraphSide | None) -> None:
        self._tokenizer = tokenizer
        self._options = options
        self._graph = graph
        self._vocabulary = Vocabulary.of(tokenizer)

    def __call__(self, examples: Sequence[Example], generator: np.random.Generator) -> Batch:
        """The batch of some examples (which are not changed)."""
        texts = tokenise(self._tokenizer, [example.text for example in examples], self._options.max_sentence_length)
        counts = {"sentences": len(examples)}
        mentions = self._mentions(examples, texts, counts) if self._graph else _no_mentions()
        targets = choose_targets(texts, self._options.mlm_probability, generator)
        input_ids = corrupt(texts.input_ids, targets, self._vocabulary, generator)
        input_ids = self._mask_mentions(input_ids, mentions, generator)
        concepts, mention_concept = np.unique(mentions.subgraph, return_inverse=True)
        mlm_position = np.flatnonzero(targets)
        return Batch(
            sentences=Tokens(torch.from_numpy(input_ids), torch.from_numpy(texts.attention_mask)),
            mlm_position=torch.from_numpy(mlm_position),
            mlm_target=torch.from_numpy(texts.input_ids.ravel()[mlm_position]),
            mentions=Spans(
                torch.from_numpy(mentions.position), torch.from_numpy(mentions.group), len(mentions.subgraph)
            ),
            mention_concept=torch.from_numpy(mention_concept.astype(np.int64)),
            graph=self._graph_batch(self._graph, concepts, generator) if self._graph and len(concepts) else None,
            counts=counts,
        )

    def _mentions(self, examples: Sequence[Example], texts: TokenisedTexts, counts: dict[str, int]) -> _Mentions:
        """The mentions with tokens and a subgraph, pooled by (sentence, concept); `counts` takes kept and dropped."""
        assert self._graph is not None, "mentions are only pooled for a graph side"
        found = [(i, m.start, m.end, m.cui) for i, example in enumerate(examples) for m in example.mentions]
        spans = np.array([row[:3] for row in found], np.int64).reshape(-1, 3)
        subgraph = self._graph.subgraphs.rows([row[3] for row in found])
        runs = token_runs(texts, spans)
        no_token = ~runs.is_cut & (runs.length == 0)
        no_subgraph = ~runs.is_cut & ~no_token & (subgraph == ABSENT)
        kept = ~runs.is_cut & ~no_token & ~no_subgraph
        counts["mentions"] = int(kept.sum())
        counts["mentions_cut_by_truncation"] = int(runs.is_cut.sum())
        counts["mentions_without_token"] = int(no_token.sum())
        counts["mentions_without_subgraph"] = int(no_subgraph.sum())
        keys = np.stack([spans[kept, 0], subgraph[kept]], axis=1)
        groups, group = np.unique(keys, axis=0, return_inverse=True)
        kept_runs = TokenRuns(runs.first[kept], runs.length[kept], runs.is_cut[kept])
        return _Mentions(kept_runs.positions(), np.repeat(group.reshape(-1), kept_runs.length), groups[:, 1])

    def _mask_mentions(self, input_ids: IntArray, mentions: _Mentions, generator: np.random.Generator) -> IntArray:
        """A copy in which every token of the drawn mention vectors is [MASK]; what is to be predicted stays."""
        is_masked = generator.random(len(mentions.subgraph)) < self._options.mention_masking
        masked = input_ids.copy()
        masked.ravel()[mentions.position[is_masked[mentions.group]]] = self._vocabulary.mask_id
        return masked

    def _graph_batch(self, graph: GraphSide, concepts: IntArray, generator: np.random.Generator) -> GraphBatch:
        """The subgraphs of the concepts (subgraph rows) with one name drawn per distinct node.

        A root's name is masked only where a neighbour's name is left to tell the concept.
        """
        union = graph.subgraphs.union(concepts)
        node_ids, node = np.unique(union.node_ids, return_inverse=True)
        names = graph.names.draw(node_ids, generator)
        is_masked = generator.random(len(concepts)) < self._options.centre_name_masking
        masked_roots = union.root_index[is_masked & (union.root_in_degree > 0)]
        node[masked_roots] = len(names)
        used, node = np.unique(node, return_inverse=True)
        names = [*names, self._tokenizer.mask_token]
        texts, name = distinct([names[i] for i in used])
        buckets, number = encode_names(self._tokenizer, texts, self._options.max_name_length)
        return GraphBatch(
            names=buckets,
            node_name=torch.from_numpy(number[name[node]]),
            edge_index=torch.from_numpy(union.edge_index),
            edge_relation=torch.from_numpy(union.edge_relation),
            root_index=torch.from_numpy(union.root_index),
        )


def _no_mentions() -> _Mentions:
    nothing = np.empty(0, np.int64)
    return _Mentions(nothing, nothing, nothing)
