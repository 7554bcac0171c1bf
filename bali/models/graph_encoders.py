"""The graph encoders by name; each sits in its own file and is imported only when asked for."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from bali.models.names_only import NamesOnlyEncoder
from bali.vocabulary import GraphEncoder


@dataclass(frozen=True)
class GraphEncoderOptions:
    """The size of a graph encoder.

    Attributes:
        hidden_size: of the language model; vectors go in and come out at this size.
        num_relations: relation ids are below it.
        num_layers: rounds of message passing.
        num_heads: attention heads; divides hidden_size.
        dropout: on attention weights and updates.
    """

    hidden_size: int
    num_relations: int
    num_layers: int
    num_heads: int
    dropout: float


class EncodesGraph(Protocol):
    """What a graph encoder does."""

    reads_edges: bool

    def __call__(self, nodes: Tensor, edge_index: Tensor, edge_relation: Tensor, root_index: Tensor) -> Tensor:
        """Vectors of the roots, (num_roots, hidden), from the nodes' name vectors, (num_nodes, hidden)."""
        ...


def reads_edges(name: GraphEncoder) -> bool:
    """Whether the encoder looks at neighbours; if not, batches hold the roots alone."""
    return name not in ("names_only", "none")


def make_graph_encoder(name: GraphEncoder, options: GraphEncoderOptions) -> nn.Module | None:
    """The graph encoder called `name`; None for `none`.

    Raises:
        ConfigError: the options do not fit the encoder.
    """
    if name == "gat":
        from bali.models.gat import GatEncoder  # noqa: PLC0415, torch_geometric takes seconds to import

        return GatEncoder(options)
    if name == "names_only":
        return NamesOnlyEncoder()
    assert name == "none", f"no graph encoder is called {name}"
    return None
