"""The training loop: same seed, same data, same weights, however often it was interrupted."""

import logging
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from torch import nn

from bali.batching.batch import COUNTS, Batch, to_device
from bali.config import Pretraining
from bali.errors import BaliError
from bali.training.alignment import AlignmentModel
from bali.training.checkpoints import Checkpoints
from bali.training.device import Device
from bali.training.dry_run import dry_run
from bali.training.interrupt import EXIT_TERMINATED, StopRequest, stop_on_sigterm
from bali.training.loading import TrainingBatches, in_advance
from bali.training.memory import explained
from bali.training.metrics_log import MetricsLog
from bali.training.optimiser import OptimiserOptions, make_optimiser, set_learning_rates
from bali.training.processes import ALONE, Processes
from bali.training.progress import Progress
from bali.training.step import Step
from bali.training.validation import validate
from bali.vocabulary import Split

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where a training runs and what it leaves on the way.

    Attributes:
        device: see `set_up_device`.
        processes: of the training.
        checkpoints: None keeps none, for short runs.
        metrics: None writes none.
    """

    device: Device
    processes: Processes = ALONE
    checkpoints: Checkpoints | None = None
    metrics: MetricsLog | None = None


class Trainer:
    """Trains one model.

    Args:
        model: on the CPU; it is moved to the device and changed.
        options: of the experiment.
        batches: training and validation batches.
        place: where.
        seed: of dropout.
    """

    def __init__(
        self, model: AlignmentModel, options: Pretraining, batches: TrainingBatches, place: Place, seed: int
    ) -> None:
        self._model = model.to(place.device.device)
        self._options = options
        self._batches = batches
        self._place = place
        self._backward = Step(model, options, place.device, place.processes, seed)
        self._optimiser_options = OptimiserOptions.of(options)
        self.optimiser = make_optimiser(model, self._optimiser_options)

    def run(self) -> Progress:
        """Train to the last step, from the last checkpoint where there is one.

        Raises:
            ConfigError: a checkpoint of another run is in the way.
            BaliError: the loss is not finite, or memory ran out; the message says which key to change.
            SystemExit: with code 143 after SIGTERM, a checkpoint written.
        """
        place = self._place
        progress = place.checkpoints.restore(self._model, self.optimiser) if place.checkpoints else Progress()
        place.processes.share_weights(self._model)
        self._announce(progress)
        self._model.train()
        with stop_on_sigterm() as stop:
            left = self._options.num_steps - progress.step
            dry_run(self._backward, self._batches, self._first_batch(progress), left)
            if place.metrics:
                place.metrics.start(progress.step)
            with explained("in training", place.device.device):
                self._train(progress, stop)
        if place.metrics:
            place.metrics.close()
        return progress

    def _train(self, progress: Progress, stop: StopRequest) -> None:
        started, first = time.monotonic(), progress.step
        batches = self._loaded(progress)
        for step in range(first, self._options.num_steps):
            counts = self._step(progress, batches, stop)
            self._record(progress, (time.monotonic() - started) / (progress.step - first))
            is_last = step + 1 == self._options.num_steps
            must_stop = counts.pop("stop") > 0
            if not is_last and (must_stop or progress.step % self._options.checkpoint_every == 0):
                self._save(progress)
                if must_stop:
                    logger.warning("SIGTERM: stopped after step %d", progress.step)
                    raise SystemExit(EXIT_TERMINATED)

    def _first_batch(self, progress: Progress) -> int:
        return progress.step * self._options.accumulation_steps

    def _loaded(self, progress: Progress) -> Iterator[Batch]:
        numbers = range(self._first_batch(progress), self._options.num_steps * self._options.accumulation_steps)
        return in_advance(self._batches.train, numbers, self._options.num_workers)

    def _step(self, progress: Progress, batches: Iterator[Batch], stop: StopRequest) -> dict[str, float]:
        """One optimiser step; what all processes counted in it."""
        options, processes = self._options, self._place.processes
        counts = dict.fromkeys(COUNTS, 0)
        for number in range(options.accumulation_steps):
            batch = to_device(next(batches), self._place.device.device)
            losses = self._backward.backward(batch, self._first_batch(progress) + number)
            progress.means.add(losses)
            for name, value in batch.counts.items():
                counts[name] += value
        parameters = [parameter for group in self.optimiser.param_groups for parameter in group["params"]]
        processes.sum_gradients(parameters)
        if options.accumulation_steps > 1:
            for parameter in parameters:
                if parameter.grad is not None:
                    parameter.grad /= options.accumulation_steps
        norm = nn.utils.clip_grad_norm_(parameters, options.max_gradient_norm)
        set_learning_rates(self.optimiser, progress.step, self._optimiser_options)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        progress.means.add({"gradient_norm": norm / processes.size})
        names = [*counts, "stop"]
        summed = processes.sum_numbers([*counts.values(), stop.is_set])
        found = dict(zip(names, summed, strict=True))
        progress.counts.update({name: int(found[name]) for name in counts if found[name]})
        progress.step += 1
        return found

    def _record(self, progress: Progress, seconds_per_step: float) -> None:
        """Write down what is due after this step."""
        is_last = progress.step == self._options.num_steps
        if is_last or progress.step % self._options.log_every == 0:
            means = progress.means.take(self._place.processes)
            if not math.isfinite(means["loss"]):
                raise BaliError(
                    f"step {progress.step}: the loss is {means['loss']}. Lower pretraining.learning_rate or "
                    "head_learning_rate, or set compute.precision to float32."
                )
            self._write(progress, "train", {**means, "learning_rate": self.optimiser.param_groups[0]["lr"]})
            self._say(progress, means, seconds_per_step)
        if self._batches.validation and (is_last or progress.step % self._options.validate_every == 0):
            values = validate(self._model, self._batches.validation, self._options, self._place.device)
            self._write(progress, "validation", values)
            logger.info("step %d validation: %s", progress.step, _line(values))

    def _write(self, progress: Progress, split: Split, values: dict[str, float]) -> None:
        progress.record(split, values)
        if self._place.metrics:
            self._place.metrics.write(progress.step, split, values)

    def _save(self, progress: Progress) -> None:
        """Write a checkpoint; the processes wait for it."""
        if self._place.checkpoints and self._place.processes.is_first:
            self._place.checkpoints.save(self._model, self.optimiser, progress)
        self._place.processes.wait()

    def _say(self, progress: Progress, means: dict[str, float], seconds_per_step: float) -> None:
        left = timedelta(seconds=round(seconds_per_step * (self._options.num_steps - progress.step)))
        sentences = progress.counts["sentences"] / progress.step / seconds_per_step
        logger.info(
            "step %d/%d: %s; %.3g sentences/s, %s left",
            *(progress.step, self._options.num_steps, _line(means), sentences, left),
        )

    def _announce(self, progress: Progress) -> None:
        options, processes = self._options, self._place.processes
        model = self._model
        parts = {"language model": model.language_model, "graph encoder": model.graph_encoder, "heads": model.heads}
        sizes = {name: _num_trained(module) for name, module in parts.items() if module is not None}
        logger.info(
            "training %s on %s in %s, %d process(es): %d steps of %d x %d sentences (%d steps done)",
            ", ".join(f"{size:,} parameters of the {name}" for name, size in sizes.items() if size),
            *(self._place.device.device, self._place.device.precision, processes.size, options.num_steps),
            *(options.accumulation_steps, options.batch_size, progress.step),
        )


def _num_trained(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters() if parameter.requires_grad)


def _line(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items())
