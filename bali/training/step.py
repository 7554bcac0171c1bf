"""Forward and backward of one batch: plain, or with cached gradients for batches that do not fit into memory.

With cached gradients (GradCache, Gao et al., RepL4NLP 2021, section 3) the language model first reads all parts of the
batch without keeping anything for the gradient; the loss is taken over their vectors, and gives the gradient of each
vector; then each part is read again, and its vectors' gradients go on into the language model. So memory holds one part
at a time, for about a third more work. Dropout is seeded by part: both readings see the same, and both ways the same
gradients come out.
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from bali.batching.batch import Batch, Texts
from bali.batching.randomness import Stream, torch_seed
from bali.config import Pretraining
from bali.training.alignment import AlignmentModel
from bali.training.device import Device
from bali.training.losses import Loss, Losses, concept_losses, shown, total
from bali.training.processes import Processes


@dataclass(frozen=True)
class Step:
    """What a step needs beside the batch.

    Attributes:
        model: on the device.
        options: of the experiment.
        device: of the training.
        processes: of the training.
        seed: of dropout.
    """

    model: AlignmentModel
    options: Pretraining
    device: Device
    processes: Processes
    seed: int

    def backward(self, batch: Batch, number: int) -> dict[str, Tensor]:
        """Add this process's gradients of a batch on the device.

        Args:
            batch: this process's share.
            number: of the batch in the training; seeds dropout.

        Returns:
            What goes into the log: this process's summands of the losses.
        """
        parts = Parts(self, batch, number)
        losses = _cached(parts) if self.options.sentences_at_once else _plain(parts)
        values = shown(losses)
        if (temperature := self.model.head("temperature")) is not None:
            values["temperature"] = temperature().detach() / self.processes.size
        return values


class Parts:
    """The parts of a batch, sentences first, and how each is read.

    Args:
        step: what a step needs.
        batch: on the device.
        number: of the batch in the training; seeds dropout.
    """

    def __init__(self, step: Step, batch: Batch, number: int) -> None:
        self.step = step
        self.batch = batch
        self.texts: tuple[Texts, ...] = batch.sentences + (batch.graph.texts if batch.graph else ())
        self._number = number
        options = step.options
        self._weights = options.mlm_weight, options.graph_mlm_weight
        own = [float(sum(len(part.targets.token) for part in kind)) for kind in self._kinds(self.texts)]
        self._num_targets = step.processes.sum_numbers(own)

    def _kinds(self, values: Any) -> tuple[Any, Any]:
        """Values of the parts by kind: of sentences, of the graph's texts."""
        return values[: len(self.batch.sentences)], values[len(self.batch.sentences) :]

    def seed(self, part: int) -> None:
        """Seed dropout for a part; the number after the last one stands for the graph encoder."""
        key = self._number, self.step.processes.rank, part
        torch.manual_seed(torch_seed(self.step.seed, Stream.DROPOUT, *key))

    def read(self, part: int, with_targets: bool) -> tuple[Tensor, Tensor | None]:
        """The vectors of a part, and its share of the loss of masked language modelling, both for the gradient."""
        self.seed(part)
        texts, is_sentence = self.texts[part], part < len(self.batch.sentences)
        with_targets = with_targets and self._weights[not is_sentence] > 0
        with self.step.device.autocast():
            vectors, loss = self.step.model.read(texts, is_sentence, with_targets)
        if loss is None:
            return vectors, None
        return vectors, loss * (len(texts.targets.token) / max(1.0, self._num_targets[not is_sentence]))

    def concept_losses(self, vectors: list[Tensor]) -> Losses:
        """All objectives but masked language modelling, from the vectors of all parts."""
        if self.step.options.graph_encoder == "none":
            return {}
        self.seed(len(self.texts))
        step = self.step
        with step.device.autocast():
            return concept_losses(step.model, self.batch, self.by_kind(vectors), step.options, step.processes)

    def by_kind(self, vectors: list[Tensor]) -> tuple[Tensor, Tensor]:
        """The vectors of the mentions, and of the graph's texts, of all parts together."""
        nothing = vectors[0].new_zeros((0, vectors[0].shape[1]))
        mentions, texts = (torch.cat([nothing, *kind]) for kind in self._kinds(vectors))
        return mentions, texts

    def weight(self, part: int) -> float:
        """Of masked language modelling on the part's kind."""
        return self._weights[part >= len(self.batch.sentences)]

    def mlm_losses(self, found: list[Tensor | None]) -> Losses:
        """The losses of masked language modelling from the parts' shares."""
        losses = {}
        for name, weight, kind in zip(("mlm_loss", "graph_mlm_loss"), self._weights, self._kinds(found), strict=True):
            shares = [share for share in kind if share is not None]
            if shares:
                losses[name] = Loss(torch.stack(shares).sum(), weight)
        return losses


def _plain(parts: Parts) -> Losses:
    read = [parts.read(part, with_targets=True) for part in range(len(parts.texts))]
    losses = parts.mlm_losses([loss for _, loss in read])
    losses |= parts.concept_losses([vectors for vectors, _ in read])
    _differentiate(losses)
    return losses


def _cached(parts: Parts) -> Losses:
    with torch.no_grad():
        vectors = [parts.read(part, with_targets=False)[0] for part in range(len(parts.texts))]
    leaves = [part.detach().requires_grad_() for part in vectors]
    losses = parts.concept_losses(leaves)
    _differentiate(losses)
    found: list[Tensor | None] = []
    for part, leaf in enumerate(leaves):
        again, loss = parts.read(part, with_targets=True)
        terms = [] if leaf.grad is None else [(again * leaf.grad).sum()]
        terms += [] if loss is None else [parts.weight(part) * loss]
        if terms:
            torch.autograd.backward(torch.stack(terms).sum())
        found.append(None if loss is None else loss.detach())
    return losses | parts.mlm_losses(found)


def _differentiate(losses: Losses) -> None:
    """Nothing happens where there is no loss, or none that depends on a parameter."""
    if losses and (value := total(losses)).requires_grad:
        torch.autograd.backward(value)
