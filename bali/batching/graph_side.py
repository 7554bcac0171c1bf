"""The graph side of a batch: subgraphs of the concepts mentioned, and the texts that stand for their nodes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from bali.batching.batch import GraphBatch, LinkTargets, Texts
from bali.batching.graph_targets import KeyedUnion, corrupted_sources, hold_out, other_targets, shuffled_nodes
from bali.batching.linearised_texts import LinearisedSide
from bali.batching.name_table import NameTable
from bali.batching.names import distinct, encode_names
from bali.batching.ragged import IntArray
from bali.batching.randomness import Draws, Purpose
from bali.batching.subgraph_store import SubgraphStore


@dataclass(frozen=True)
class GraphOptions:
    """What the graph side holds.

    Attributes:
        max_name_length: tokens.
        centre_name_masking: share of concepts whose root's name is replaced by [MASK].
        tokens_at_once: tokens, padding included, that go through the language model together; None sets no limit.
        with_root_names: the root's own name is encoded too, also where it is masked.
        with_links: edges are held out of message passing, to be predicted.
        with_corrupted_edges: other sources for the edges.
        with_shuffled_texts: nodes with the texts of other nodes.
    """

    max_name_length: int
    centre_name_masking: float
    tokens_at_once: int | None = None
    with_root_names: bool = False
    with_links: bool = False
    with_corrupted_edges: bool = False
    with_shuffled_texts: bool = False


class GraphSide:
    """Makes the graph side.

    Args:
        tokenizer: a fast Hugging Face tokenizer with a mask token.
        options: what is wanted.
        subgraphs: of all concepts.
        names: of all their nodes.
        linearised: how a subgraph is written as text; None where names are encoded one by one.
    """

    def __init__(
        self,
        tokenizer: Any,
        options: GraphOptions,
        subgraphs: SubgraphStore,
        names: NameTable,
        linearised: LinearisedSide | None = None,
    ) -> None:
        self._tokenizer = tokenizer
        self._options = options
        self.subgraphs = subgraphs
        self.names = names
        self._linearised = linearised
        self._roots = subgraphs.roots_only()

    def __call__(self, concepts: IntArray, draws: Draws, counts: dict[str, int]) -> GraphBatch:
        """The subgraphs of some concepts, with one name drawn per distinct node.

        A root's name is masked only where a neighbour's name is left to tell the concept.

        Args:
            concepts: (num_concepts,) subgraph rows, distinct and sorted.
            draws: of the batch.
            counts: takes edges that did not fit into a text.
        """
        keyed = KeyedUnion(self.subgraphs.union(concepts), concepts)
        links = None
        if self._options.with_links:
            keyed, triples = hold_out(keyed, draws)
            links = LinkTargets(torch.from_numpy(triples), torch.from_numpy(other_targets(keyed, triples, draws)))
        names, node_name = self._draw_names(keyed, draws)
        root_name = node_name[keyed.union.root_index]
        masked = node_name.copy()
        masked[keyed.union.root_index[self._masked_roots(keyed, draws)]] = len(names)
        if self._linearised is not None:
            return self._with_linearised(self._linearised, keyed, (names, masked, root_name), draws, counts)
        used = [masked, root_name] if self._options.with_root_names else [masked]
        texts, number = self._encode([*names, self._tokenizer.mask_token], used)
        return self._graph_batch(keyed, texts, (number[masked], number[root_name]), links, draws)

    def _draw_names(self, keyed: KeyedUnion, draws: Draws) -> tuple[list[str], IntArray]:
        """Distinct texts, and the number of each node's."""
        node_ids, node = np.unique(keyed.union.node_ids, return_inverse=True)
        names, number = distinct(self.names.draw(node_ids, draws))
        return names, number[node]

    def _masked_roots(self, keyed: KeyedUnion, draws: Draws) -> npt.NDArray[np.bool_]:
        drawn = draws.uniform(Purpose.CENTRE_MASKING, keyed.concepts)
        return (drawn < self._options.centre_name_masking) & keyed.union.root_has_edges

    def _encode(self, names: Sequence[str], used: Sequence[IntArray]) -> tuple[tuple[Texts, ...], IntArray]:
        """Encode those of the names whose numbers are used; the number of each name's text, -1 where it has none."""
        wanted = np.unique(np.concatenate(used))
        options = self._options
        parts, encoded = encode_names(
            self._tokenizer, [names[i] for i in wanted], options.max_name_length, options.tokens_at_once
        )
        number = np.full(len(names), -1, np.int64)
        number[wanted] = encoded
        return parts, number

    def _graph_batch(
        self,
        keyed: KeyedUnion,
        texts: tuple[Texts, ...],
        number: tuple[IntArray, IntArray],
        links: LinkTargets | None,
        draws: Draws,
    ) -> GraphBatch:
        """A batch of nodes and edges; `number` holds the text of each node and of each root's name."""
        node_text, root_name = number
        options, union = self._options, keyed.union
        return GraphBatch(
            concept=torch.from_numpy(keyed.concepts),
            texts=texts,
            node_text=torch.from_numpy(node_text),
            edge_index=torch.from_numpy(union.edge_index),
            edge_relation=torch.from_numpy(union.edge_relation),
            root_index=torch.from_numpy(union.root_index),
            subgraph=torch.from_numpy(union.subgraph),
            has_edges=torch.from_numpy(union.root_has_edges),
            root_name=torch.from_numpy(root_name) if options.with_root_names else None,
            links=links,
            corrupted_source=(
                torch.from_numpy(corrupted_sources(keyed, draws)) if options.with_corrupted_edges else None
            ),
            shuffled_text=(
                torch.from_numpy(node_text[shuffled_nodes(keyed, draws)]) if options.with_shuffled_texts else None
            ),
        )

    def _with_linearised(
        self,
        linearised: LinearisedSide,
        keyed: KeyedUnion,
        names: tuple[list[str], IntArray, IntArray],
        draws: Draws,
        counts: dict[str, int],
    ) -> GraphBatch:
        """A batch in which each concept is one node without edges, whose text is its whole subgraph."""
        texts, masked, root_name = names
        parts, number = linearised(keyed, (texts, masked), draws, counts)
        root_number = root_name
        if self._options.with_root_names:
            name_parts, name_number = self._encode(texts, [root_name])
            parts, root_number = parts + name_parts, name_number[root_name] + len(number)
        alone = KeyedUnion(self._roots.union(keyed.concepts), keyed.concepts)
        return self._graph_batch(alone, parts, (number, root_number), None, draws)
