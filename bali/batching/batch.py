"""What a training step takes: tensors only, movable to a device."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor

T = TypeVar("T")


@dataclass(frozen=True)
class Tokens:
    """Padded token sequences.

    Attributes:
        input_ids: (num_texts, length) int64.
        attention_mask: (num_texts, length) int64, 0 on padding.
    """

    input_ids: Tensor
    attention_mask: Tensor


@dataclass(frozen=True)
class Spans:
    """Which tokens are averaged into which vector.

    Attributes:
        position: (num_tokens,) int64, positions in the flattened (num_texts * length) tokens.
        group: (num_tokens,) int64, the vector that each token belongs to.
        num_groups: vectors; each has at least one token.
    """

    position: Tensor
    group: Tensor
    num_groups: int


@dataclass(frozen=True)
class Names:
    """Distinct names of like length, padded together, and the tokens that each name's vector averages."""

    tokens: Tokens
    spans: Spans


@dataclass(frozen=True)
class GraphBatch:
    """Disjoint union of the subgraphs of the batch's concepts.

    Attributes:
        names: buckets of distinct names; a name's number counts through the buckets.
        node_name: (num_nodes,) int64, number of each node's name.
        edge_index: (2, num_edges) int64, row 0 source, row 1 target.
        edge_relation: (num_edges,) int64.
        root_index: (num_concepts,) int64, position of each concept's root among the nodes.
    """

    names: tuple[Names, ...]
    node_name: Tensor
    edge_index: Tensor
    edge_relation: Tensor
    root_index: Tensor


@dataclass(frozen=True)
class Batch:
    """Sentences, their mentions and the graph side.

    Attributes:
        sentences: corrupted tokens.
        mlm_position: (num_targets,) int64, flattened positions to predict.
        mlm_target: (num_targets,) int64, the tokens that stood there.
        mentions: one vector per (sentence, concept) mentioned.
        mention_concept: (num_mentions,) int64, the concept (row of `graph.root_index`) of each vector.
        graph: None where there is no graph side, or no mention in the batch.
        counts: sentences and mentions in the batch, and mentions dropped by reason.
    """

    sentences: Tokens
    mlm_position: Tensor
    mlm_target: Tensor
    mentions: Spans
    mention_concept: Tensor
    graph: GraphBatch | None
    counts: Mapping[str, int]


def to_device(value: T, device: torch.device) -> T:
    """A copy with all tensors on `device`; the value itself where they are there already."""
    moved: Any = value
    if isinstance(value, Tensor):
        moved = value.to(device, non_blocking=True)
    elif isinstance(value, tuple):
        moved = tuple(to_device(item, device) for item in value)
    elif is_dataclass(value) and not isinstance(value, type):
        moved = replace(value, **{field.name: to_device(getattr(value, field.name), device) for field in fields(value)})
    return moved
