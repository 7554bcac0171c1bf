"""Where a training's batches come from, and who makes them while the model computes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from torch.utils.data import DataLoader, Dataset

from bali.batching.batch import Batch
from bali.io.ahead import ahead


@dataclass(frozen=True)
class TrainingBatches:
    """Where batches come from.

    Attributes:
        train: this process's share of a batch; a function of the batch's number alone.
        validation: the same batches at every validation; may be empty.
        largest: a batch as large as one can get, for the dry run; None where there is none.
    """

    train: Callable[[int], Batch]
    validation: Sequence[Batch]
    largest: Callable[[], Batch] | None = None


def in_advance(make: Callable[[int], Batch], numbers: range, num_workers: int) -> Iterator[Batch]:
    """The batches of some numbers, in order, each made while the one before is used.

    A batch is a function of its number, so who makes it changes nothing.

    Args:
        make: the batch of a number.
        numbers: of the batches.
        num_workers: processes, forked, that make them; 0 takes a thread of this one.
    """
    if num_workers == 0:
        return ahead(map(make, numbers))
    loader: DataLoader[Any] = DataLoader(
        _ByNumber(make),
        batch_size=None,
        sampler=numbers,
        num_workers=num_workers,
        multiprocessing_context="fork",  # the data is mapped into memory: forked processes share it
    )
    return iter(loader)


class _ByNumber(Dataset[Batch]):
    def __init__(self, make: Callable[[int], Batch]) -> None:
        self._make = make

    def __getitem__(self, number: int) -> Batch:
        return self._make(number)
