"""Validation: losses, and how often a mention's nearest concept is its own."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from bali.batching.batch import Batch, to_device
from bali.config import Pretraining
from bali.training.alignment import AlignmentModel
from bali.training.device import Device
from bali.training.losses import shown
from bali.training.processes import ALONE
from bali.training.step import Parts, Step

MAX_BATCHES = 20  # of a large validation set, so that validating stays a small part of training


@torch.no_grad()
def validate(model: AlignmentModel, batches: Sequence[Batch], options: Pretraining, device: Device) -> dict[str, float]:
    """Means of the losses over the validation batches, weighted by sentences, and mention -> concept retrieval.

    Every process validates on all batches, by itself. `mention_retrieval_accuracy`: the share of mentions whose nearest
    concept by cosine, among all concepts of the validation batches, is their own; concepts are the graph encoder's
    vectors, each taken from the first batch that has it.
    """
    step = Step(model, options, device, ALONE, seed=0)
    sums: defaultdict[str, float] = defaultdict(float)
    sizes: defaultdict[str, int] = defaultdict(int)
    mentions: list[tuple[Tensor, Tensor]] = []
    concepts: list[tuple[Tensor, Tensor]] = []
    model.eval()
    for cpu_batch in batches:
        parts = Parts(step, to_device(cpu_batch, device.device), number=0)
        read = [parts.read(part, with_targets=True) for part in range(len(parts.texts))]
        losses = parts.mlm_losses([loss for _, loss in read]) | parts.concept_losses([vectors for vectors, _ in read])
        for name, value in shown(losses).items():
            sums[name] += float(value) * cpu_batch.counts["sentences"]
            sizes[name] += cpu_batch.counts["sentences"]
        if (graph := parts.batch.graph) is not None:
            mention_vectors, texts = parts.by_kind([vectors for vectors, _ in read])
            with device.autocast():
                nodes = model.encode_nodes(graph, texts.index_select(0, graph.node_text))
            mentions.append((parts.batch.mention_concept, mention_vectors))
            concepts.append((graph.concept, nodes.index_select(0, graph.root_index)))
    model.train()
    values = {name: sums[name] / sizes[name] for name in sorted(sums)}
    return values | ({"mention_retrieval_accuracy": _accuracy(mentions, concepts)} if mentions else {})


def _accuracy(mentions: list[tuple[Tensor, Tensor]], concepts: list[tuple[Tensor, Tensor]]) -> float:
    """The share of mentions whose nearest concept is their own; pairs of (subgraph rows, vectors)."""
    mention_concept, mention_vectors = (torch.cat(column) for column in zip(*mentions, strict=True))
    concept, vectors = (torch.cat(column) for column in zip(*concepts, strict=True))
    distinct, first = np.unique(concept.cpu().numpy(), return_index=True)
    candidates = functional.normalize(vectors[torch.from_numpy(first).to(vectors.device)].float(), dim=1)
    nearest = (mention_vectors.float() @ candidates.T).argmax(dim=1)  # (num_mentions,)
    return float((distinct[nearest.cpu().numpy()] == mention_concept.cpu().numpy()).mean())
