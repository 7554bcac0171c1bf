"""One optimiser step of a contrastive batch that does not fit into memory as a whole, with cached gradients.

`python -m benchmarks.training_memory --size base --batch-size 4096` generates the world of `benchmarks.training_world`,
says on standard error how long the step will take, makes it, and prints one JSON object as its last line. `peak_gib` is
resident memory of the process on a CPU, allocated memory on a GPU; both hold weights, gradients and optimiser states.
"""

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from bali.batching.batch import Batch, to_device
from bali.config import Pretraining
from bali.errors import BaliError
from bali.training.alignment import AlignmentModel
from bali.training.device import Device
from bali.training.memory import peak_gib
from bali.vocabulary import Accelerator
from benchmarks.training_clock import seconds
from benchmarks.training_model import (
    SEED,
    SIZES,
    LanguageModelOnly,
    OurStep,
    all_texts,
    fastest_device,
    make_batches,
    make_model,
)
from benchmarks.training_world import make_world
from benchmarks.umls import say


def measure(
    size_name: str, options: Pretraining, num_hops: int, accelerator: Accelerator, folder: Path
) -> dict[str, Any]:
    """Memory and time of a step.

    Args:
        size_name: of `SIZES`.
        options: with `sentences_at_once`.
        num_hops: of the subgraphs, 3 neighbours a node.
        accelerator: cpu or cuda.
        folder: takes the files.
    """
    size = SIZES[size_name]
    world = make_world(folder, replace(size.world, fanout=(3,) * num_hops), SEED)
    batch = make_batches(world, options, folder)(0)
    assert batch.counts["sentences"] == options.batch_size, "the world has enough sentences"
    model = make_model(size, world, options)
    device = fastest_device(accelerator, model, replace(batch, sentences=batch.sentences[:1]))
    model.to(device.device)
    expected = expected_seconds(model, batch, device)
    num_tokens = sum(part.tokens.input_ids.numel() for part in all_texts(batch))
    say(f"{len(all_texts(batch))} parts, {num_tokens:,} tokens with padding: expected {expected:.3g} s")
    step = OurStep(model, options, device)
    losses: dict[str, torch.Tensor] = {}
    taken = seconds(lambda: losses.update(step(to_device(batch, device.device), 0)), device.device)
    loss = float(losses["loss"])
    return {
        "device": accelerator,
        "size": size_name,
        "precision": device.precision,
        "batch_size": options.batch_size,
        "sentences_at_once": options.sentences_at_once,
        "num_hops": num_hops,
        "num_mentions": len(batch.mention_concept),
        "num_tokens": num_tokens,
        "peak_gib": round(peak_gib(device.device), 2),
        "seconds": round(taken, 1),
        "expected_seconds": round(expected, 1),
        "loss": loss,
        "loss_is_finite": math.isfinite(loss),
    }


def expected_seconds(model: AlignmentModel, batch: Batch, device: Device) -> float:
    """Seconds of forward and backward of the largest part, times tokens, times 4/3 for the second forward pass."""
    largest = max(batch.sentences, key=lambda part: part.tokens.input_ids.numel())
    alone = replace(batch, sentences=(largest,), graph=None)
    read = partial(LanguageModelOnly(model, Pretraining(), device), to_device(alone, device.device))
    read()
    of_part = seconds(read, device.device)
    model.zero_grad()
    num_tokens = sum(part.tokens.input_ids.numel() for part in all_texts(batch))
    return of_part * num_tokens / largest.tokens.input_ids.numel() * 4 / 3


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    description = (__doc__ or "").splitlines()[0]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training_memory", description=description)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--size", choices=sorted(SIZES), default="base", help="of the language model and its world")
    parser.add_argument("--batch-size", type=int, default=4096, help="sentences of the contrastive batch")
    parser.add_argument("--sentences-at-once", type=int, default=32, help="sentences in memory")
    parser.add_argument("--num-hops", type=int, default=1, help="of the subgraphs, 3 neighbours a node")
    chosen = parser.parse_args(arguments)
    options = Pretraining(batch_size=chosen.batch_size, sentences_at_once=chosen.sentences_at_once)
    with tempfile.TemporaryDirectory(prefix="bench-training-memory-") as folder:
        try:
            print(json.dumps(measure(chosen.size, options, chosen.num_hops, chosen.device, Path(folder))))
        except BaliError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
