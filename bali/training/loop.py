"""The training loop: same seed, same data, same weights, however often it was interrupted."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import nn

from bali.batching.batch import Batch, to_device
from bali.batching.randomness import Stream, torch_seed
from bali.config import Pretraining
from bali.errors import BaliError
from bali.io.ahead import ahead
from bali.training.alignment import AlignmentModel
from bali.training.checkpoints import Checkpoints
from bali.training.device import Device
from bali.training.interrupt import EXIT_TERMINATED, StopRequest, stop_on_sigterm
from bali.training.losses import batch_losses
from bali.training.optimiser import OptimiserOptions, make_optimiser, set_learning_rates
from bali.training.progress import Progress
from bali.training.validation import validate

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrainingBatches:
    """Where batches come from.

    Attributes:
        train: the batch of a step; a function of the step alone.
        validation: the same batches at every validation; may be empty.
    """

    train: Callable[[int], Batch]
    validation: Sequence[Batch]


class Trainer:
    """Trains one model.

    Args:
        model: on the CPU; it is moved to the device and changed.
        options: of the experiment.
        batches: training and validation batches.
        device: see `set_up_device`.
        checkpoints: of this run; None keeps none, for short runs.
        seed: of dropout.
    """

    def __init__(
        self,
        model: AlignmentModel,
        options: Pretraining,
        batches: TrainingBatches,
        device: Device,
        checkpoints: Checkpoints | None,
        seed: int,
    ) -> None:
        self._model = model.to(device.device)
        self._options = options
        self._batches = batches
        self._device = device
        self._checkpoints = checkpoints
        self._seed = seed
        self._optimiser_options = OptimiserOptions(
            learning_rate=options.learning_rate,
            head_learning_rate=options.head_learning_rate,
            weight_decay=options.weight_decay,
            warmup_fraction=options.warmup_fraction,
            num_steps=options.num_steps,
        )
        self.optimiser = make_optimiser(model, self._optimiser_options)

    def run(self) -> Progress:
        """Train to the last step, from the last checkpoint where there is one.

        Raises:
            BaliError: the loss is not finite, or memory ran out; the message says which key to change.
            SystemExit: with code 143 after SIGTERM, a checkpoint written.
        """
        progress = self._checkpoints.restore(self._model, self.optimiser) if self._checkpoints else Progress()
        self._announce(progress)
        with stop_on_sigterm() as stop:
            try:
                self._train(progress, stop)
            except torch.OutOfMemoryError as error:
                raise BaliError(
                    f"out of GPU memory at step {progress.step + 1}: lower pretraining.batch_size, max_sentence_length "
                    f"or max_name_length. {str(error).splitlines()[0]}"
                ) from error
        return progress

    def _train(self, progress: Progress, stop: StopRequest) -> None:
        self._model.train()
        started, first = time.monotonic(), progress.step
        for batch in ahead(map(self._batches.train, range(first, self._options.num_steps))):
            self._step(progress, to_device(batch, self._device.device))
            self._record(progress, (time.monotonic() - started) / (progress.step - first))
            is_last = progress.step == self._options.num_steps
            if not is_last and (stop.is_set or progress.step % self._options.checkpoint_every == 0):
                if self._checkpoints:
                    self._checkpoints.save(self._model, self.optimiser, progress)
                if stop.is_set:
                    logger.warning("SIGTERM: stopped after step %d", progress.step)
                    raise SystemExit(EXIT_TERMINATED)

    def _step(self, progress: Progress, batch: Batch) -> None:
        """One optimiser step."""
        torch.manual_seed(torch_seed(self._seed, Stream.DROPOUT, progress.step))
        with self._device.autocast():
            losses = batch_losses(self._model(batch), batch, self._options)
        torch.autograd.backward(losses["loss"])
        norm = nn.utils.clip_grad_norm_(self._model.parameters(), self._options.max_gradient_norm)
        set_learning_rates(self.optimiser, progress.step, self._optimiser_options)
        self.optimiser.step()
        self.optimiser.zero_grad(set_to_none=True)
        progress.means.add({**losses, "gradient_norm": norm})
        progress.counts.update(batch.counts)
        progress.step += 1

    def _record(self, progress: Progress, seconds_per_step: float) -> None:
        """Write to the log what is due after this step."""
        is_last = progress.step == self._options.num_steps
        if is_last or progress.step % self._options.log_every == 0:
            means = progress.means.take()
            if not math.isfinite(means["loss"]):
                raise BaliError(
                    f"step {progress.step}: the loss is {means['loss']}. Lower pretraining.learning_rate or "
                    "head_learning_rate, or set compute.precision to float32."
                )
            progress.record("train", {**means, "learning_rate": self.optimiser.param_groups[0]["lr"]})
            self._say(progress, means, seconds_per_step)
        if self._batches.validation and (is_last or progress.step % self._options.validate_every == 0):
            values = validate(self._model, self._batches.validation, self._options, self._device)
            progress.record("validation", values)
            logger.info("step %d validation: %s", progress.step, _line(values))

    def _say(self, progress: Progress, means: dict[str, float], seconds_per_step: float) -> None:
        left = timedelta(seconds=round(seconds_per_step * (self._options.num_steps - progress.step)))
        sentences = progress.counts["sentences"] / progress.step / seconds_per_step
        logger.info(
            "step %d/%d: %s; %.0f sentences/s, %s left",
            *(progress.step, self._options.num_steps, _line(means), sentences, left),
        )

    def _announce(self, progress: Progress) -> None:
        trained = sum(p.numel() for p in self._model.parameters() if p.requires_grad)
        logger.info(
            "training %s parameters on %s for %d steps of %d sentences (%d steps done)",
            *(f"{trained:,}", self._device.device, self._options.num_steps, self._options.batch_size, progress.step),
        )


def _line(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items())
