"""Which mentions and concepts of a batch, over all processes, belong together, and which are left out."""

from dataclasses import dataclass

import torch
from torch import Tensor

from bali.batching.batch import Batch
from bali.training.processes import Processes


@dataclass(frozen=True)
class Contrast:
    """Pairs of the mentions and concepts of all processes, in order of rank.

    Attributes:
        is_positive: (num_mentions, num_concepts) bool: of one CUI.
        is_ignored: (num_mentions, num_concepts) bool: neither positive nor negative; None where there is no such pair.
    """

    is_positive: Tensor
    is_ignored: Tensor | None


def pair_up(batch: Batch, processes: Processes) -> Contrast:
    """Compare the concepts of the mentions with the concepts of all processes.

    A concept that two processes have counts once, as the first one's: one process would have it once.
    """
    concept = batch.graph.concept if batch.graph is not None else batch.mention_concept.new_empty(0)
    mention_concept, concept = processes.gather(batch.mention_concept), processes.gather(concept)
    is_positive = mention_concept.unsqueeze(1) == concept.unsqueeze(0)
    ignored = []
    if processes.size > 1:
        is_repeated = (concept.unsqueeze(1) == concept.unsqueeze(0)).tril(-1).any(dim=1)
        ignored.append(is_repeated.expand_as(is_positive))
    if batch.ignored_concepts.shape[1] and len(concept):
        ignored.append(_ignored(mention_concept, concept, batch.ignored_concepts) & ~is_positive)
    return Contrast(is_positive, torch.stack(ignored).any(dim=0) if ignored else None)


def _ignored(mention_concept: Tensor, concept: Tensor, pairs: Tensor) -> Tensor:
    """(num_mentions, num_concepts) bool: the two concepts are a pair of `pairs`, (2, num_pairs)."""
    ordered, order = torch.sort(concept, stable=True)
    place = torch.searchsorted(ordered, pairs).clamp(max=len(ordered) - 1)
    is_here = (ordered[place] == pairs).all(dim=0)
    size = len(ordered)
    counts = torch.zeros(size * size, device=concept.device)
    counts = counts.index_add(0, place[0] * size + place[1], is_here.float())
    row = torch.searchsorted(ordered, mention_concept)
    by_order = counts.view(size, size).index_select(0, row) > 0
    return by_order.index_select(1, order.argsort())
