"""What a training step takes: tensors only, movable to a device."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar

import torch
from torch import Tensor

T = TypeVar("T")

# What is counted in a batch.
COUNTS = (
    "sentences",
    "mentions",
    "mentions_cut_by_truncation",
    "mentions_without_token",
    "mentions_without_subgraph",
    "edges_cut_by_truncation",
)


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
    """Which tokens are pooled into which vector.

    Attributes:
        position: (num_tokens,) int64, positions in the flattened (num_texts * length) tokens.
        group: (num_tokens,) int64, the vector that each token belongs to.
        num_groups: vectors; each has at least one token.
    """

    position: Tensor
    group: Tensor
    num_groups: int


@dataclass(frozen=True)
class Targets:
    """Tokens to predict.

    Attributes:
        position: (num_targets,) int64, positions in the flattened tokens.
        token: (num_targets,) int64, the tokens that stood there.
    """

    position: Tensor
    token: Tensor


@dataclass(frozen=True)
class Texts:
    """Texts that go through the language model together: padded to one length, with the vectors pooled from them."""

    tokens: Tokens
    spans: Spans
    targets: Targets


@dataclass(frozen=True)
class LinkTargets:
    """Edges held out of message passing, to be told from edges with other targets.

    Attributes:
        triples: (3, num_triples) int64 rows source, relation, target; source and target are positions among the nodes.
        negatives: (num_triples, num_negatives) int64 positions that replace the target.
    """

    triples: Tensor
    negatives: Tensor


@dataclass(frozen=True)
class GraphBatch:
    """Disjoint union of the subgraphs of the batch's concepts.

    Attributes:
        concept: (num_concepts,) int64 subgraph rows, sorted; what `Batch.mention_concept` refers to.
        texts: names of nodes or linearised subgraphs, each distinct one once; numbers count through the parts.
        node_text: (num_nodes,) int64, number of each node's text.
        edge_index: (2, num_edges) int64, row 0 source, row 1 target.
        edge_relation: (num_edges,) int64.
        root_index: (num_concepts,) int64, position of each concept's root among the nodes.
        subgraph: (num_nodes,) int64, the concept whose subgraph each node is in, counted from 0.
        has_edges: (num_concepts,) bool: an edge from another node ends at the root.
        root_name: (num_concepts,) int64, number of the text that is the root's name; None where not asked for.
        links: None where not asked for.
        corrupted_source: (num_edges,) int64, other starts for the edges; None where not asked for.
        shuffled_text: (num_nodes,) int64, texts of other nodes; None where not asked for.
    """

    concept: Tensor
    texts: tuple[Texts, ...]
    node_text: Tensor
    edge_index: Tensor
    edge_relation: Tensor
    root_index: Tensor
    subgraph: Tensor
    has_edges: Tensor
    root_name: Tensor | None = None
    links: LinkTargets | None = None
    corrupted_source: Tensor | None = None
    shuffled_text: Tensor | None = None


@dataclass(frozen=True)
class Batch:
    """Sentences, their mentions and the graph side.

    Attributes:
        sentences: corrupted tokens in parts of like length; one vector per (sentence, concept) mentioned.
        mention_concept: (num_mentions,) int64, subgraph row of each vector's concept.
        ignored_concepts: (2, num_pairs) int64 subgraph rows of concepts that are no negatives of each other, both
            directions; over the whole batch of all processes.
        graph: None where there is no graph side, or no mention in the batch.
        counts: by name, of `COUNTS`; a name may be absent.
    """

    sentences: tuple[Texts, ...]
    mention_concept: Tensor
    ignored_concepts: Tensor
    graph: GraphBatch | None
    counts: Mapping[str, int]


def to_device(value: T, device: torch.device) -> T:
    """A copy with all tensors on `device`; the value itself where they are there already.

    Copies to a GPU start from page-locked memory, so that they run beside the computation.
    """
    if device.type == "cuda":
        return _map_tensors(value, lambda tensor: tensor.pin_memory().to(device, non_blocking=True))
    return _map_tensors(value, lambda tensor: tensor.to(device))


def _map_tensors(value: T, function: Callable[[Tensor], Tensor]) -> T:
    mapped: Any = value
    if isinstance(value, Tensor):
        mapped = function(value)
    elif isinstance(value, tuple):
        mapped = tuple(_map_tensors(item, function) for item in value)
    elif is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: _map_tensors(getattr(value, field.name), function) for field in fields(value)}
        mapped = replace(value, **parts)
    return mapped
