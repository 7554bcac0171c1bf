"""The graph encoders by name; each sits in its own file and is imported only when asked for."""

from dataclasses import dataclass

from torch import nn

from bali.models.identity import IdentityEncoder
from bali.vocabulary import GraphEncoder


@dataclass(frozen=True)
class GraphEncoderOptions:
    """The size of a graph encoder.

    Attributes:
        hidden_size: of the language model; vectors go in and come out at this size.
        num_relations: relation ids are below it.
        num_layers: rounds of message passing.
        num_heads: attention heads of `gat`; divides hidden_size.
        dropout: on updates, and on the attention weights of `gat`.
        num_bases: matrices that the relations of `rgcn` share.
    """

    hidden_size: int
    num_relations: int
    num_layers: int
    num_heads: int
    dropout: float
    num_bases: int


def passes_messages(name: GraphEncoder) -> bool:
    """Whether the encoder is a graph network: vectors of all nodes go in, and edges carry them to their targets."""
    return name in ("gat", "sage", "rgcn")


def reads_edges(name: GraphEncoder) -> bool:
    """Whether the encoder looks at neighbours; if not, batches hold the roots alone."""
    return passes_messages(name) or name == "linearised"


def make_graph_encoder(name: GraphEncoder, options: GraphEncoderOptions) -> nn.Module | None:
    """The graph encoder called `name`; None for `none`.

    An encoder takes nodes (num_nodes, hidden), edge_index (2, num_edges) and edge_relation (num_edges,), and gives the
    vectors of all nodes (num_nodes, hidden).

    Raises:
        ConfigError: the options do not fit the encoder.
    """
    if name == "gat":
        from bali.models.gat import GatEncoder  # noqa: PLC0415, torch_geometric takes seconds to import

        return GatEncoder(options)
    if name == "sage":
        from bali.models.sage import SageEncoder  # noqa: PLC0415, likewise

        return SageEncoder(options)
    if name == "rgcn":
        from bali.models.rgcn import RgcnEncoder  # noqa: PLC0415, it needs the options above

        return RgcnEncoder(options)
    if name in ("names_only", "linearised"):
        return IdentityEncoder()
    assert name == "none", f"no graph encoder is called {name}"
    return None
