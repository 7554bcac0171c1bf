"""Our training step, timed against the published method written plainly, and against the language model in it.

`python -m benchmarks.training --device cpu --size base` generates sentences, names and a graph
(`benchmarks.training_world`), trains a BERT of random weights on them and prints one JSON object as its last line. All
cores are used. Our step computes in bfloat16 on a GPU; on a CPU in whichever of bfloat16 and float32 is faster here.

- `seconds_per_step`, `sentences_per_second`: of our whole step in a training with batches of `batch_size`: taking the
  batch that was made meanwhile, moving it to the device, forward, backward, clipping, optimiser. Mean of some steps.
- `peak_gib`: memory until then, resident of the process on a CPU, allocated on a GPU.
- `overhead_share`: the share of such a step that is not the language model's own forward and backward on the same
  texts, in the same precision, with a trivial loss. Both are timed in turn on each batch; the median.
- `ratio_to_reference`: seconds of `benchmarks.training_reference` in float32 over ours on the same batches of
  `compared_batch_size`, in turn, the batches made before; the median. This is smaller than `batch_size`, as the
  reference needs the more memory; fewer names then occur twice, which is to the reference's advantage.
- `max_difference`: before that both compute the gradient of a batch in float32 without dropout. The greatest relative
  difference of loss and of any parameter's gradient; the program fails where it is above 0.001.
- `mfu`, with a GPU: operations that the language model needs for the real tokens (`training_model.model_flops`) a
  second, over `peak_tflops`, those of a large matrix product in the same run.
- `repeated_batch_ratio`, with a GPU: seconds of steps on batches as they are made over seconds of steps on the same
  batches held on the device: 1 where making batches costs nothing.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch

from bali.batching.batch import Batch, to_device
from bali.config import Pretraining
from bali.errors import BaliError
from bali.training.alignment import AlignmentModel
from bali.training.device import Device
from bali.training.loading import in_advance
from bali.training.memory import peak_gib
from bali.training.processes import ALONE
from bali.training.step import Step
from bali.vocabulary import Accelerator
from benchmarks.training_clock import matmul_tflops, seconds
from benchmarks.training_model import (
    SEED,
    SIZES,
    LanguageModelOnly,
    OurStep,
    fastest_device,
    make_batches,
    make_model,
    model_flops,
    num_parameters,
)
from benchmarks.training_reference import ReferenceInputs, ReferenceStep, reference_inputs, reference_loss
from benchmarks.training_world import World, make_world
from benchmarks.umls import say

GREATEST_DIFFERENCE = 1e-3
_MATMUL_SIZE = {"cpu": 2048, "cuda": 8192}


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        size: of `SIZES`.
        batch_size: of our step.
        compared_batch_size: of ours and the reference's.
        rounds: batches of each measurement; the comparison takes half as many.
        num_workers: processes that make batches; 0 takes a thread.
    """

    size: str
    batch_size: int
    compared_batch_size: int
    rounds: int
    num_workers: int

    def options(self, batch_size: int) -> Pretraining:
        """The default training with batches of this size."""
        return Pretraining(batch_size=batch_size, num_workers=self.num_workers)


@dataclass(frozen=True)
class Bench:
    """What all measurements share."""

    plan: Plan
    world: World
    model: AlignmentModel
    device: Device
    folder: Path


def measure(plan: Plan, accelerator: Accelerator, folder: Path) -> dict[str, Any]:
    """All figures; files are made in `folder`."""
    size, options = SIZES[plan.size], plan.options(plan.batch_size)
    world = make_world(folder, size.world, SEED)
    model = make_model(size, world, options)
    device = fastest_device(accelerator, model, make_batches(world, options, folder)(0))
    bench = Bench(plan, world, model.to(device.device), device, folder)
    say(f"BERT of size {plan.size}, {num_parameters(model):,} parameters, on {accelerator} in {device.precision}")
    figures: dict[str, Any] = {"device": accelerator, "size": plan.size, "precision": device.precision}
    figures |= {"num_hops": len(size.world.fanout), "batch_size": plan.batch_size}
    figures |= measure_training(bench)
    figures |= measure_overhead(bench)
    return figures | measure_comparison(bench) | {"threads": torch.get_num_threads()}


def measure_training(bench: Bench) -> dict[str, float]:
    """Steps on batches as they are made, and then again on the same batches, held on the device."""
    plan, device = bench.plan, bench.device.device
    options = plan.options(plan.batch_size)
    step = OurStep(bench.model, options, bench.device)
    num_warm_up = 1 + 4 * plan.num_workers  # more than workers make in advance, so that their pace is measured
    numbers = range(num_warm_up + plan.rounds)
    loaded = in_advance(make_batches(bench.world, options, bench.folder), numbers, plan.num_workers)
    for number in range(num_warm_up):
        step(to_device(next(loaded), device), number)
    held: list[Batch] = []

    def fresh_steps() -> None:
        for number, batch in enumerate(loaded):
            held.append(to_device(batch, device))
            step(held[-1], number)

    def held_steps() -> None:
        for number, batch in enumerate(held):
            step(batch, number)

    fresh = seconds(fresh_steps, device)
    assert len(held) == plan.rounds, "all batches were made"
    found = {
        "seconds_per_step": fresh / plan.rounds,
        "sentences_per_second": plan.batch_size * plan.rounds / fresh,
        "peak_gib": peak_gib(device),
    }
    ratio = fresh / seconds(held_steps, device)
    tflops = sum(model_flops(bench.model, batch) for batch in held) / fresh / 1e12
    return _rounded(found | _utilisation(bench.device, tflops, ratio))


def _utilisation(device: Device, tflops: float, ratio: float) -> dict[str, float]:
    """Figures of a GPU; those of a CPU are said, and not part of the result."""
    dtype = device.autocast_dtype or torch.float32
    peak = matmul_tflops(device.device, dtype, _MATMUL_SIZE[device.device.type])
    say(f"{tflops:.4g} of {peak:.4g} TFLOPS, {tflops / peak:.1%}; fresh batches over held ones {ratio:.3g}")
    if device.device.type == "cpu":
        return {}
    return {"peak_tflops": peak, "mfu": tflops / peak, "repeated_batch_ratio": ratio}


def measure_overhead(bench: Bench) -> dict[str, float]:
    """Our step, and the language model's part of it, in turn on the same batches."""
    plan, device = bench.plan, bench.device.device
    options = plan.options(plan.batch_size)
    step = OurStep(bench.model, options, bench.device)
    language_model = LanguageModelOnly(bench.model, options, bench.device)
    loaded = in_advance(make_batches(bench.world, options, bench.folder), range(plan.rounds + 1), plan.num_workers)
    shares = []
    for number in range(plan.rounds + 1):
        held: list[Batch] = []
        whole = seconds(partial(_take_and_step, loaded, step, (number, device), held), device)
        own = seconds(partial(language_model, held[0]), device)
        bench.model.zero_grad()
        say(f"our step {number}: {whole:.3g} s, of which the language model {own:.3g} s")
        shares.append(1 - own / whole)
    return _rounded({"overhead_share": median(shares[1:])})  # the first one warms up


def _take_and_step(loaded: Iterator[Batch], step: OurStep, at: tuple[int, torch.device], held: list[Batch]) -> None:
    """Take a batch, move it to the device, train on it; `held` gets it. `at`: number of the step, and device."""
    number, device = at
    held.append(to_device(next(loaded), device))
    step(held[0], number)


def measure_comparison(bench: Bench) -> dict[str, Any]:
    """Our step and the reference's, in turn on the same batches."""
    plan, device = bench.plan, bench.device.device
    options = plan.options(plan.compared_batch_size)
    make_batch = make_batches(bench.world, options, bench.folder)
    difference = greatest_difference(bench, make_batch(0), options)
    assert difference < GREATEST_DIFFERENCE, f"ours and the reference differ by {difference:.3g}"
    step, reference = OurStep(bench.model, options, bench.device), ReferenceStep(bench.model, options)
    rows = []
    for number in range(plan.rounds // 2 + 1):
        batch = make_batch(number)
        inputs = reference_inputs(batch, options)
        ours = seconds(partial(_moved, step, batch, device, number), device)
        with _plain_torch():
            theirs = seconds(partial(_moved, reference, inputs, device), device)
        say(f"comparison {number}: {ours:.3g} s, the reference {theirs:.3g} s, {theirs / ours:.3g}")
        rows.append((ours, theirs))
    own_seconds, reference_seconds = zip(*rows[1:], strict=True)
    return {"compared_batch_size": plan.compared_batch_size, "max_difference": float(f"{difference:.3g}")} | _rounded(
        {
            "ratio_to_reference": median(theirs / ours for ours, theirs in rows[1:]),
            "compared_seconds_per_step": median(own_seconds),
            "reference_seconds_per_step": median(reference_seconds),
        }
    )


def _moved(step: Callable[..., object], batch: Batch | ReferenceInputs, device: torch.device, *number: int) -> None:
    step(to_device(batch, device), *number)


def greatest_difference(bench: Bench, batch: Batch, options: Pretraining) -> float:
    """How far our loss and gradients of a batch are from the reference's, in float32 without dropout.

    Returns:
        The greatest of: relative difference of the loss; Euclidean length of the difference of a parameter's gradients
        over that of the reference's. Gradients that are rounding errors alone (that of a key's bias is 0 in theory)
        are set against a ten-thousandth of the whole gradient's length.
    """
    model, device = bench.model, bench.device.device
    model.eval()
    step = Step(model, options, Device(device, None), ALONE, SEED)
    losses = [step.backward(to_device(batch, device), 0)["loss"]]
    gradients = [_take_gradients(model)]
    loss = reference_loss(model, to_device(reference_inputs(batch, options), device), options.temperature)
    torch.autograd.backward(loss)
    losses.append(loss.detach())
    gradients.append(_take_gradients(model))
    model.train()
    ours, theirs = gradients
    assert ours.keys() == theirs.keys(), "the same parameters have a gradient"
    whole = torch.stack([gradient.norm() for gradient in theirs.values()]).norm()
    assert whole > 0, "there is a gradient"
    found = [(losses[0] - losses[1]).abs() / losses[1].abs()]
    found += [(ours[n] - theirs[n]).norm() / theirs[n].norm().clamp(min=1e-4 * float(whole)) for n in theirs]
    return float(torch.stack(found).max())


def _take_gradients(model: AlignmentModel) -> dict[str, torch.Tensor]:
    """The gradients by parameter, which lose them."""
    found = {name: p.grad.cpu() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad(set_to_none=True)
    return found


@contextmanager
def _plain_torch() -> Iterator[None]:
    """PyTorch as a plain program leaves it: free to choose kernels whose last bits differ from run to run."""
    torch.use_deterministic_algorithms(False)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(True)


def _rounded(figures: dict[str, float]) -> dict[str, float]:
    return {name: float(f"{value:.4g}") for name, value in figures.items()}


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--size", choices=sorted(SIZES), default="base", help="of the language model and its world")
    parser.add_argument("--batch-size", type=int, help="sentences of our step (default: 8; on a GPU 256)")
    parser.add_argument("--compared-batch-size", type=int, help="of the comparison (default: 4; on a GPU 32)")
    parser.add_argument("--rounds", type=int, help="batches of a measurement (default: 4; on a GPU 20)")
    options = parser.parse_args(arguments)
    on_gpu = options.device == "cuda"
    plan = Plan(
        size=options.size,
        batch_size=options.batch_size or (256 if on_gpu else 8),
        compared_batch_size=options.compared_batch_size or (32 if on_gpu else 4),
        rounds=options.rounds or (20 if on_gpu else 4),
        num_workers=4 if on_gpu else 0,
    )
    with tempfile.TemporaryDirectory(prefix="bench-training-") as folder:
        try:
            print(json.dumps(measure(plan, options.device, Path(folder))))
        except BaliError as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
