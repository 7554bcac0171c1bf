"""The published method written plainly: what our training step is measured against.

Model, weights, graph encoder and losses are those of `bali`; how they are used is the straightforward way: every node
of every subgraph is encoded anew, also where its name stands elsewhere in the batch; names are padded to
`max_name_length` and sentences to `max_sentence_length`; masked language modelling is Hugging Face's, with a label for
every token; all of it in float32, in one forward pass a side, with AdamW as PyTorch has it.

The inputs are made from one of our batches, so both read the same sentences, names, corruption and subgraphs.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from bali.batching.batch import Batch, Texts, Tokens
from bali.config import Pretraining
from bali.objectives.infonce import symmetric_infonce
from bali.training.alignment import AlignmentModel

_NO_LABEL = -100  # of Hugging Face: the token is not predicted


@dataclass(frozen=True)
class ReferenceInputs:
    """A batch padded to full length.

    Attributes:
        sentences: (num_sentences, max_sentence_length).
        labels: (num_sentences, max_sentence_length) int64, -100 where nothing is predicted.
        mention_position: (num_tokens,) int64, flattened positions of the mentions' tokens in the sentences.
        mention: (num_tokens,) int64, the mention of each.
        num_mentions: how many there are.
        names: (num_nodes, max_name_length), one text for each node.
        edge_index: (2, num_edges) int64.
        edge_relation: (num_edges,) int64.
        root_index: (num_concepts,) int64.
        is_positive: (num_mentions, num_concepts) bool.
    """

    sentences: Tokens
    labels: Tensor
    mention_position: Tensor
    mention: Tensor
    num_mentions: int
    names: Tokens
    edge_index: Tensor
    edge_relation: Tensor
    root_index: Tensor
    is_positive: Tensor


def reference_inputs(batch: Batch, options: Pretraining) -> ReferenceInputs:
    """The contents of one of our batches, every node with a text of its own."""
    graph = batch.graph
    assert graph is not None, "the batch has concepts"
    length = options.max_sentence_length
    labels, positions, mentions = [], [], []
    num_mentions = num_rows = 0
    for part in batch.sentences:
        own = torch.full((len(part.tokens.input_ids), length), _NO_LABEL)
        own.view(-1)[_moved(part.targets.position, part, length)] = part.targets.token
        labels.append(own)
        positions.append(_moved(part.spans.position, part, length) + num_rows * length)
        mentions.append(part.spans.group + num_mentions)
        num_mentions += part.spans.num_groups
        num_rows += len(own)
    names = _padded(graph.texts, options.max_name_length)
    return ReferenceInputs(
        sentences=_padded(batch.sentences, length),
        labels=torch.cat(labels),
        mention_position=torch.cat(positions),
        mention=torch.cat(mentions),
        num_mentions=num_mentions,
        names=Tokens(names.input_ids[graph.node_text], names.attention_mask[graph.node_text]),
        edge_index=graph.edge_index,
        edge_relation=graph.edge_relation,
        root_index=graph.root_index,
        is_positive=batch.mention_concept.unsqueeze(1) == graph.concept.unsqueeze(0),
    )


def reference_loss(model: AlignmentModel, inputs: ReferenceInputs, temperature: float) -> Tensor:
    """Masked language modelling + alignment, weights 1:1 (BALI, arXiv 2509.07588, section 3)."""
    language_model, graph_encoder = model.language_model, model.graph_encoder
    assert graph_encoder is not None, "the reference aligns with a graph"
    sentences, names = inputs.sentences, inputs.names
    output = language_model(
        input_ids=sentences.input_ids,
        attention_mask=sentences.attention_mask,
        labels=inputs.labels,
        output_hidden_states=True,
    )
    tokens = output.hidden_states[-1].flatten(0, 1)[inputs.mention_position]  # (num_tokens, hidden)
    sums = tokens.new_zeros(inputs.num_mentions, tokens.shape[1]).index_add(0, inputs.mention, tokens)
    mentions = sums / torch.bincount(inputs.mention, minlength=inputs.num_mentions).unsqueeze(1)
    body = language_model.base_model
    states = body(input_ids=names.input_ids, attention_mask=names.attention_mask).last_hidden_state
    mask = names.attention_mask.unsqueeze(2)
    nodes = (states * mask).sum(dim=1) / mask.sum(dim=1)  # (num_nodes, hidden)
    concepts = graph_encoder(nodes, inputs.edge_index, inputs.edge_relation)[inputs.root_index]
    loss: Tensor = output.loss + symmetric_infonce(mentions, concepts, inputs.is_positive, temperature)
    return loss


class ReferenceStep:
    """An optimiser step of the reference.

    Args:
        model: on the device; changed.
        options: of the training.
    """

    def __init__(self, model: AlignmentModel, options: Pretraining) -> None:
        self._model = model
        self._options = options
        self._optimiser = torch.optim.AdamW(model.parameters(), lr=options.learning_rate)

    def __call__(self, inputs: ReferenceInputs) -> None:
        """Train on inputs that are on the device."""
        torch.autograd.backward(reference_loss(self._model, inputs, self._options.temperature))
        nn.utils.clip_grad_norm_(self._model.parameters(), self._options.max_gradient_norm)
        self._optimiser.step()
        self._optimiser.zero_grad()


def _padded(parts: tuple[Texts, ...], length: int) -> Tokens:
    """The texts of all parts in one matrix; token 0 and mask 0 on padding."""
    ids, masks = (
        torch.cat([functional.pad(values, (0, length - values.shape[1])) for values in column])
        for column in zip(*((part.tokens.input_ids, part.tokens.attention_mask) for part in parts), strict=True)
    )
    return Tokens(ids, masks)


def _moved(position: Tensor, part: Texts, length: int) -> Tensor:
    """Flattened positions of a part in rows of another length."""
    old_length = part.tokens.input_ids.shape[1]
    return position // old_length * length + position % old_length
