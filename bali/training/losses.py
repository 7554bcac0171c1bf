"""The loss of a batch: each objective's value, its weight, and what of it this process adds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from bali.batching.batch import Batch, GraphBatch
from bali.config import Pretraining
from bali.objectives.corrupted_edges import corrupted_edge_contrast
from bali.objectives.infonce import symmetric_infonce
from bali.objectives.mention_name import mention_name_contrast
from bali.objectives.multi_similarity import multi_similarity
from bali.training.alignment import AlignmentModel
from bali.training.contrast import Contrast, pair_up
from bali.training.processes import Processes


@dataclass(frozen=True)
class Loss:
    """One objective's part of the loss.

    Attributes:
        value: scalar. Its gradient, summed over the processes, is the objective's.
        weight: of the objective.
        num_copies: processes that have this same value; what is shown is their mean, else the sum over processes.
    """

    value: Tensor
    weight: float
    num_copies: int = 1


Losses = dict[str, Loss]


def total(losses: Mapping[str, Loss]) -> Tensor:
    """The weighted sum, to be differentiated."""
    return torch.stack([loss.weight * loss.value for loss in losses.values()]).sum()


def shown(losses: Mapping[str, Loss]) -> dict[str, Tensor]:
    """`loss` and its unweighted parts, as this process's summands: their sums over the processes go into the log.

    `loss` is 0 where a batch has nothing for any objective.
    """
    values = {name: loss.value.detach() / loss.num_copies for name, loss in losses.items()}
    weighted = [loss.weight * values[name] for name, loss in losses.items()]
    return {"loss": torch.stack(weighted).sum() if weighted else torch.zeros(()), **values}


def concept_losses(
    model: AlignmentModel, batch: Batch, vectors: tuple[Tensor, Tensor], options: Pretraining, processes: Processes
) -> Losses:
    """All objectives but masked language modelling; those of weight 0 are not computed.

    loss = mlm_weight * mlm_loss + alignment_weight * alignment_loss + ..., each objective a mean over what it is made
    of. Contrastive ones are over the mentions and concepts of all processes. The others are over each process's own
    mentions and graph, weighted by how many it has.

    Args:
        model: graph encoder and heads.
        batch: on the model's device.
        vectors: (num_mentions, hidden) of the mentions, (num_texts, hidden) of names or linearised subgraphs.
        options: weights and kinds.
        processes: of the training.
    """
    mentions, texts = vectors
    graph = batch.graph
    nodes = None
    concepts = root_names = mentions.new_zeros((0, mentions.shape[1]))
    if graph is not None:
        nodes = model.encode_nodes(graph, texts.index_select(0, graph.node_text))
        concepts = nodes.index_select(0, graph.root_index)
        root_names = texts.index_select(0, graph.root_name) if graph.root_name is not None else root_names
    losses = dict(_contrastive(model, batch, (mentions, concepts, root_names), options, processes))
    shares = _shares(batch, options, processes)
    if graph is not None and nodes is not None:
        losses |= _on_the_graph(model, graph, (nodes, texts), options, shares)
        if options.corrupted_edges_weight:
            value = _corrupted_edges(model, batch, (mentions, texts, concepts), options)
            losses["corrupted_edges_loss"] = Loss(shares["mentions"] * value, options.corrupted_edges_weight)
    return losses


def _contrastive(
    model: AlignmentModel,
    batch: Batch,
    vectors: tuple[Tensor, Tensor, Tensor],
    options: Pretraining,
    processes: Processes,
) -> Iterator[tuple[str, Loss]]:
    """Objectives over the mentions and concepts of all processes."""
    if not options.alignment_weight and not options.mention_name_weight:
        return
    mentions, concepts, root_names = vectors
    contrast = pair_up(batch, processes)
    mentions = processes.gather(mentions)
    if not len(mentions):
        return
    temperature = _temperature(model, options)
    if isinstance(temperature, Tensor) and not processes.is_first:
        temperature = temperature.detach()  # every process has the whole loss; one gradient is enough
    if options.alignment_weight:
        value = _alignment(mentions, processes.gather(concepts), contrast, options, temperature)
        yield "alignment_loss", Loss(value, options.alignment_weight, processes.size)
    if options.mention_name_weight:
        names = processes.gather(root_names)
        value = mention_name_contrast(mentions, names, contrast.is_positive, temperature, contrast.is_ignored)
        yield "mention_name_loss", Loss(value, options.mention_name_weight, processes.size)


def _alignment(
    mentions: Tensor, concepts: Tensor, contrast: Contrast, options: Pretraining, temperature: float | Tensor
) -> Tensor:
    if options.alignment_loss == "infonce":
        return symmetric_infonce(mentions, concepts, contrast.is_positive, temperature, contrast.is_ignored)
    return multi_similarity(mentions, concepts, contrast.is_positive, contrast.is_ignored)


def _on_the_graph(
    model: AlignmentModel,
    graph: GraphBatch,
    vectors: tuple[Tensor, Tensor],
    options: Pretraining,
    shares: Mapping[str, float],
) -> Losses:
    """Objectives on this process's nodes and edges."""
    nodes, texts = vectors
    losses: Losses = {}
    if options.link_prediction_weight and graph.links is not None:
        value = model.head("link_prediction")(nodes, graph.links.triples, graph.links.negatives)
        losses["link_prediction_loss"] = Loss(shares["links"] * value, options.link_prediction_weight)
    if options.infomax_weight and graph.shuffled_text is not None:
        shuffled = model.encode_nodes(graph, texts.index_select(0, graph.shuffled_text))
        value = model.head("infomax")(nodes, shuffled, graph.subgraph, len(graph.root_index))
        losses["infomax_loss"] = Loss(shares["concepts"] * value, options.infomax_weight)
    return losses


def _corrupted_edges(
    model: AlignmentModel, batch: Batch, vectors: tuple[Tensor, Tensor, Tensor], options: Pretraining
) -> Tensor:
    mentions, texts, concepts = vectors
    graph = batch.graph
    assert graph is not None, "corrupted edges need a graph"
    assert graph.corrupted_source is not None, "corrupted edges were made"
    edge_index = torch.stack([graph.corrupted_source, graph.edge_index[1]])
    nodes = model.encode_nodes(graph, texts.index_select(0, graph.node_text), edge_index)
    own = torch.searchsorted(graph.concept, batch.mention_concept)  # (num_mentions,)
    corrupted = nodes.index_select(0, graph.root_index).index_select(0, own)
    temperature = _temperature(model, options)
    return corrupted_edge_contrast(
        mentions, concepts.index_select(0, own), corrupted, graph.has_edges.index_select(0, own), temperature
    )


def _temperature(model: AlignmentModel, options: Pretraining) -> float | Tensor:
    learnt = model.head("temperature")
    return options.temperature if learnt is None else learnt()


def _shares(batch: Batch, options: Pretraining, processes: Processes) -> dict[str, float]:
    """What part of all processes' edges to predict, concepts, and mentions with neighbours this process has."""
    names = ("links", "concepts", "mentions")
    if processes.size == 1:
        return dict.fromkeys(names, 1.0)
    own = [0.0, 0.0, 0.0]
    if (graph := batch.graph) is not None:
        place = torch.searchsorted(graph.concept, batch.mention_concept)
        num_links = graph.links.triples.shape[1] if graph.links is not None else 0
        own = [num_links, len(graph.concept), float(graph.has_edges[place].sum())]
    all_of_them = processes.sum_numbers(own)
    return {name: part / max(1.0, whole) for name, part, whole in zip(names, own, all_of_them, strict=True)}
