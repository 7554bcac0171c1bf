"""Before the first step: a batch of the largest size, so that memory runs out now or never, and the time expected."""

import logging
import time
from datetime import timedelta

import torch

from bali.batching.batch import Batch, to_device
from bali.training.loading import TrainingBatches
from bali.training.memory import explained, peak_gib
from bali.training.step import Step

logger = logging.getLogger(__name__)


def dry_run(step: Step, batches: TrainingBatches, first: int, num_steps: int) -> None:
    """Go forward and backward through the largest batch and through the next one; nothing of it stays.

    Args:
        step: of the training.
        batches: of the training.
        first: number of the next batch.
        num_steps: still to go.

    Raises:
        BaliError: memory ran out; the message says which keys to change.
    """
    if batches.largest is None or num_steps <= 0:
        return
    device = step.device.device
    with explained("in a dry run of the largest batch", device):
        state = _optimiser_state(step)
        largest = batches.largest()
        _try(step, largest)
        del state
    seconds = _try(step, batches.train(first)) * step.options.accumulation_steps
    longest = max(part.tokens.input_ids.shape[1] for part in largest.sentences)
    num_texts = sum(len(part.tokens.input_ids) for part in largest.graph.texts) if largest.graph else 0
    logger.info(
        "dry run of the largest batch: %d sentences of up to %d tokens, %d names or graphs; peak memory %.2f GiB",
        *(largest.counts["sentences"], longest, num_texts, peak_gib(device)),
    )
    logger.info(
        "expected time: %.3g s a step, %s for %d steps (validation apart)",
        *(seconds, timedelta(seconds=round(seconds * num_steps)), num_steps),
    )


def _optimiser_state(step: Step) -> torch.Tensor | None:
    """Room for what AdamW will hold on a GPU, so that the dry run meets the memory of a later step."""
    device = step.device.device
    if device.type != "cuda":
        return None
    num_trained = sum(p.numel() for p in step.model.parameters() if p.requires_grad)
    return torch.empty(2 * num_trained, device=device)


def _try(step: Step, batch: Batch) -> float:
    """Seconds for forward and backward; the gradients are thrown away."""
    device = step.device.device
    started = time.monotonic()
    losses = step.backward(to_device(batch, device), number=0)
    float(losses["loss"])  # waits for a GPU
    seconds = time.monotonic() - started
    step.model.zero_grad(set_to_none=True)
    return seconds
