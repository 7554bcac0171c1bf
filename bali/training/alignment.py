"""The model that is trained: one language model for sentences, names and graphs, a graph encoder, and heads."""

from typing import Any

from torch import Tensor, nn

from bali.batching.batch import GraphBatch, Spans, Texts
from bali.models.language_model import masked_logits, token_states
from bali.models.pooling import pool_spans
from bali.objectives.mlm import masked_language_modelling


class AlignmentModel(nn.Module):
    """Language model and graph encoder (BALI, arXiv 2509.07588, section 3).

    Args:
        language_model: `AutoModelForMaskedLM`.
        graph_encoder: None for masked language modelling alone.
        heads: what the objectives train beside; each key is one of `HEADS`.
    """

    HEADS = ("pooling", "temperature", "link_prediction", "infomax")

    def __init__(
        self, language_model: Any, graph_encoder: nn.Module | None, heads: dict[str, nn.Module] | None = None
    ) -> None:
        super().__init__()
        self.language_model = language_model
        self.graph_encoder = graph_encoder
        self.heads = nn.ModuleDict({name: heads[name] for name in self.HEADS if name in heads} if heads else {})

    def head(self, name: str) -> Any:
        """The head called `name`, None where the training has none."""
        return dict(self.heads.items()).get(name)

    def read(self, texts: Texts, are_sentences: bool, with_targets: bool) -> tuple[Tensor, Tensor | None]:
        """Encode texts.

        Args:
            texts: one part of a batch.
            are_sentences: their vectors are those of mentions, which the pooling head makes where there is one.
            with_targets: the tokens to predict are predicted.

        Returns:
            vectors: (num_groups, hidden) float32.
            loss: mean cross-entropy of masked language modelling; None where it is not asked for.
        """
        states = token_states(self.language_model, texts.tokens.input_ids, texts.tokens.attention_mask)
        vectors = self._pool(states, texts.spans, are_sentences)
        if not with_targets:
            return vectors, None
        logits = masked_logits(self.language_model, states, texts.targets.position)
        return vectors, masked_language_modelling(logits, texts.targets.token)

    def encode_nodes(self, graph: GraphBatch, node_vectors: Tensor, edge_index: Tensor | None = None) -> Tensor:
        """Pass the vectors of the nodes' texts through the graph encoder, (num_nodes, hidden) in and out.

        Args:
            graph: the subgraphs.
            node_vectors: of the nodes' texts.
            edge_index: in the place of the graph's own.
        """
        assert self.graph_encoder is not None, "nodes are only encoded with a graph encoder"
        edge_index = graph.edge_index if edge_index is None else edge_index
        nodes: Tensor = self.graph_encoder(node_vectors, edge_index, graph.edge_relation)
        return nodes

    def _pool(self, states: Tensor, spans: Spans, are_sentences: bool) -> Tensor:
        pooling = self.head("pooling") if are_sentences else None
        pool = pool_spans if pooling is None else pooling
        vectors: Tensor = pool(states, spans.position, spans.group, spans.num_groups)
        return vectors


def freeze_layers(language_model: Any, num_layers: int) -> None:
    """Train neither the embeddings nor the lowest layers of a BERT-like model; nothing happens for 0 layers.

    The head's output matrix is the embeddings' where they are tied, and is frozen with them.
    """
    if not num_layers:
        return
    body = language_model.base_model
    for module in (body.embeddings, *body.encoder.layer[:num_layers]):
        for parameter in module.parameters():
            parameter.requires_grad_(False)


def num_layers(language_model: Any) -> int:
    """Layers of a BERT-like model."""
    return int(language_model.config.num_hidden_layers)


def compile_language_model(language_model: Any) -> None:
    """Let `torch.compile` translate the body, for any number and length of texts; names of parameters stay."""
    language_model.base_model.compile(dynamic=True)
