"""Validation: losses, and how often a mention's nearest concept in the batch is its own."""

from collections import defaultdict
from collections.abc import Sequence

import torch
from torch.nn import functional

from bali.batching.batch import Batch, to_device
from bali.config import Pretraining
from bali.training.alignment import AlignmentModel, AlignmentOutput
from bali.training.device import Device
from bali.training.losses import batch_losses

MAX_BATCHES = 20  # of a large validation set, so that validating stays a small part of training


@torch.no_grad()
def validate(model: AlignmentModel, batches: Sequence[Batch], options: Pretraining, device: Device) -> dict[str, float]:
    """Means over the validation batches, losses weighted by sentences and the accuracy by mentions.

    `mention_retrieval_accuracy` compares by cosine within the batch, with the graph encoder's concept vectors.
    """
    sums: defaultdict[str, float] = defaultdict(float)
    sizes: defaultdict[str, int] = defaultdict(int)
    model.eval()
    for cpu_batch in batches:
        batch = to_device(cpu_batch, device.device)
        with device.autocast():
            output = model(batch)
            values = batch_losses(output, batch, options)
        for name, value in values.items():
            sums[name] += float(value) * batch.counts["sentences"]
            sizes[name] += batch.counts["sentences"]
        if output.mention_vectors is not None:
            sums["mention_retrieval_accuracy"] += _num_nearest(output, batch)
            sizes["mention_retrieval_accuracy"] += len(output.mention_vectors)
    model.train()
    return {name: sums[name] / sizes[name] for name in sorted(sums)}


def _num_nearest(output: AlignmentOutput, batch: Batch) -> int:
    assert output.mention_vectors is not None, "retrieval needs mentions"
    assert output.concept_vectors is not None, "retrieval needs concepts"
    concepts = functional.normalize(output.concept_vectors.float(), dim=1)
    return int(((output.mention_vectors.float() @ concepts.T).argmax(dim=1) == batch.mention_concept).sum())
