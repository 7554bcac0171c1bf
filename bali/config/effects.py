"""Which keys of `pretraining` act under which others; a key that is set and cannot act is refused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Need:
    """What a key needs.

    Attributes:
        is_met: by a `Pretraining`.
        words: the same for people, after "has no effect without".
    """

    is_met: Callable[[Any], bool]
    words: str


def _encoders(*names: str) -> Need:
    return Need(lambda p: p.graph_encoder in names, f"graph_encoder {' or '.join(names)}")


def _positive(weight: str) -> Need:
    return Need(lambda p: getattr(p, weight) > 0 and not p.missing_for(weight), f"{weight} above 0")


def _any_of(*needs: Need) -> Need:
    return Need(lambda p: any(need.is_met(p) for need in needs), " or ".join(need.words for need in needs))


_NETWORK = _encoders("gat", "sage", "rgcn")
_EDGES = _encoders("gat", "sage", "rgcn", "linearised")
_GRAPH = _encoders("gat", "sage", "rgcn", "linearised", "names_only")
_LINEARISED = _encoders("linearised")
_ALIGNMENT = _positive("alignment_weight")
_MENTION_NAME = _positive("mention_name_weight")
_CORRUPTED = _positive("corrupted_edges_weight")
_INFONCE = Need(lambda p: _ALIGNMENT.is_met(p) and p.alignment_loss == "infonce", "alignment_loss infonce")
_MENTIONS = _any_of(_ALIGNMENT, _MENTION_NAME, _CORRUPTED)
_SENTENCES = Need(
    lambda p: _GRAPH.is_met(p) and (p.mlm_weight > 0 or _MENTIONS.is_met(p)),
    "a graph encoder, and an objective that reads sentences",
)
_NEW_PARAMETERS = Need(
    lambda p: (
        _NETWORK.is_met(p)
        or (p.learnable_temperature and not p.missing_for("learnable_temperature"))
        or (p.pooling == "attention" and not p.missing_for("pooling"))
    ),
    "parameters outside the language model (a graph network, learnable_temperature, pooling attention)",
)

# Keys that are not here always act.
KEY_NEEDS: dict[str, Need] = {
    "num_graph_layers": _NETWORK,
    "num_graph_heads": _encoders("gat"),
    "num_bases": _encoders("rgcn"),
    "dropout": _NETWORK,
    "linearised_format": _LINEARISED,
    "relation_phrases": _LINEARISED,
    "max_graph_length": _LINEARISED,
    "max_hops": _EDGES,
    "shuffle_edges": _EDGES,
    "pooling": _MENTIONS,
    "alignment_weight": _GRAPH,
    "alignment_loss": _ALIGNMENT,
    "temperature": _any_of(_INFONCE, _MENTION_NAME, _CORRUPTED),
    "learnable_temperature": _any_of(_INFONCE, _MENTION_NAME, _CORRUPTED),
    "mask_related": _any_of(_ALIGNMENT, _MENTION_NAME),
    "mask_same_names": _any_of(_ALIGNMENT, _MENTION_NAME),
    "mention_name_weight": _EDGES,
    "link_prediction": _positive("link_prediction_weight"),
    "link_prediction_weight": _NETWORK,
    "infomax_weight": _NETWORK,
    "corrupted_edges_weight": _NETWORK,
    "graph_mlm_weight": _LINEARISED,
    "mention_masking": _SENTENCES,
    "centre_name_masking": _EDGES,
    "node_text": _GRAPH,
    "max_name_length": _GRAPH,
    "head_learning_rate": _NEW_PARAMETERS,
}
