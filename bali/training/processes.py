"""The processes of one training: what they exchange, so that together they do what one process would.

Each process reads its share of the sentences. Vectors are gathered, so that every process has the whole contrastive
batch; its own part stays attached, so the gradient of its own vectors is that of the whole loss, and the sum of the
parameters' gradients over the processes is what one process would have.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from bali.errors import ConfigError

_BUCKET_ELEMENTS = 1 << 24  # numbers of gradients that are exchanged together: 64 MiB


@dataclass(frozen=True)
class Processes:
    """This process and the others.

    Attributes:
        rank: of this process, 0 <= rank < size.
        size: how many there are.
        control: group for numbers on the CPU; None where the default group, gloo, carries them.
    """

    rank: int = 0
    size: int = 1
    control: Any = None

    @property
    def is_first(self) -> bool:
        """Whether this process writes logs, checkpoints and the model."""
        return self.rank == 0

    def gather(self, values: Tensor) -> Tensor:
        """The rows of all processes, in order of rank; the own ones attached to the graph of gradients.

        Args:
            values: (num_rows, ...), a number of rows of its own in each process.
        """
        if self.size == 1:
            return values
        sizes = self.gather_numbers(len(values))
        longest = max(sizes)
        padded = values.new_zeros((longest, *values.shape[1:]))
        padded[: len(values)] = values.detach()
        found = [torch.empty_like(padded) for _ in range(self.size)]
        dist.all_gather(found, padded)
        rows = [part[:size] for part, size in zip(found, sizes, strict=True)]
        rows[self.rank] = values
        return torch.cat(rows)

    def gather_numbers(self, number: int) -> list[int]:
        """A whole number of each process."""
        if self.size == 1:
            return [number]
        found = [torch.zeros(1, dtype=torch.int64) for _ in range(self.size)]
        dist.all_gather(found, torch.tensor([number]), group=self.control)
        return [int(value) for value in found]

    def sum_numbers(self, numbers: Sequence[float]) -> list[float]:
        """The sums over the processes, of numbers on the CPU."""
        if self.size == 1:
            return list(numbers)
        values = torch.tensor(numbers, dtype=torch.float64)
        dist.all_reduce(values, group=self.control)
        return values.tolist()

    def sum_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Replace each gradient by the sum over the processes; a missing one counts as 0."""
        if self.size == 1:
            return
        pending: list[nn.Parameter] = []
        for parameter in parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
            pending.append(parameter)
            if sum(p.numel() for p in pending) >= _BUCKET_ELEMENTS:
                _sum_together(pending)
                pending = []
        _sum_together(pending)

    def share_weights(self, model: nn.Module) -> None:
        """Give every process the first one's weights."""
        if self.size > 1:
            for tensor in [*model.parameters(), *model.buffers()]:
                dist.broadcast(tensor.detach(), src=0)

    def wait(self) -> None:
        """Go on when all processes are here."""
        if self.size > 1:
            dist.barrier(group=self.control)


ALONE = Processes()


def join_processes(expected: int, accelerator: str) -> Processes:
    """Join the processes that `torchrun` started; one process is alone and exchanges nothing.

    Args:
        expected: `pretraining.num_processes`.
        accelerator: "cuda" or "cpu"; on GPUs each process takes the one of its local rank.

    Raises:
        ConfigError: another number of processes was started, or there are fewer GPUs.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size != expected:
        raise ConfigError(
            f"pretraining.num_processes: expected {expected} processes, found {size}. Start the training with "
            f"`torchrun --standalone --nproc-per-node {expected} -m bali pretrain ...`, as the rule does."
        )
    if size == 1:
        return ALONE
    local_rank = int(os.environ["LOCAL_RANK"])
    if accelerator == "cuda":
        if local_rank >= torch.cuda.device_count():
            raise ConfigError(
                f"pretraining.num_processes: expected a GPU for each of {size} processes, found "
                f"{torch.cuda.device_count()}. Lower it, or ask for more GPUs."
            )
        torch.cuda.set_device(local_rank)
    dist.init_process_group("nccl" if accelerator == "cuda" else "gloo")
    control = dist.new_group(backend="gloo") if accelerator == "cuda" else None
    return Processes(dist.get_rank(), size, control)


def leave_processes() -> None:
    """End the exchange; nothing happens in a process that is alone."""
    if dist.is_initialized():
        dist.destroy_process_group()


def _sum_together(parameters: Sequence[nn.Parameter]) -> None:
    if not parameters:
        return
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    for gradient, part in zip(gradients, torch.split(flat, [g.numel() for g in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))
