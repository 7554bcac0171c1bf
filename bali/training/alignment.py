"""The model that is trained: one language model for sentences and names, and a graph encoder over the names."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from bali.batching.batch import Batch, GraphBatch, Spans, Tokens
from bali.models.language_model import masked_logits, token_states
from bali.models.pooling import pool_spans


@dataclass(frozen=True)
class AlignmentOutput:
    """What the objectives need.

    Attributes:
        mlm_logits: (num_targets, vocabulary).
        mention_vectors: (num_mentions, hidden), None where the batch has no graph side.
        concept_vectors: (num_concepts, hidden), None likewise.
    """

    mlm_logits: Tensor
    mention_vectors: Tensor | None
    concept_vectors: Tensor | None


class AlignmentModel(nn.Module):
    """Language model and graph encoder (BALI, arXiv 2509.07588, section 3, variant with a graph network).

    Args:
        language_model: `AutoModelForMaskedLM`.
        graph_encoder: None for masked language modelling alone.
    """

    def __init__(self, language_model: Any, graph_encoder: nn.Module | None) -> None:
        super().__init__()
        self.language_model = language_model
        self.graph_encoder = graph_encoder

    def forward(self, batch: Batch) -> AlignmentOutput:
        """Encode the corrupted sentences and the concepts of a batch."""
        states = token_states(self.language_model, batch.sentences.input_ids, batch.sentences.attention_mask)
        logits = masked_logits(self.language_model, states, batch.mlm_position)
        if self.graph_encoder is None or batch.graph is None:
            return AlignmentOutput(logits, None, None)
        return AlignmentOutput(logits, _pool(states, batch.mentions), self.encode_concepts(batch.graph))

    def encode_concepts(self, graph: GraphBatch) -> Tensor:
        """The vectors of the batch's concepts, (num_concepts, hidden); each distinct name is encoded once."""
        assert self.graph_encoder is not None, "concepts are only encoded with a graph encoder"
        names = torch.cat([self.encode_names(bucket.tokens, bucket.spans) for bucket in graph.names])
        nodes = names.index_select(0, graph.node_name)  # (num_nodes, hidden)
        return self.graph_encoder(nodes, graph.edge_index, graph.edge_relation, graph.root_index)

    def encode_names(self, tokens: Tokens, spans: Spans) -> Tensor:
        """The vectors of names: the mean over all their tokens, (num_names, hidden)."""
        return _pool(token_states(self.language_model, tokens.input_ids, tokens.attention_mask), spans)


def _pool(states: Tensor, spans: Spans) -> Tensor:
    return pool_spans(states, spans.position, spans.group, spans.num_groups)
