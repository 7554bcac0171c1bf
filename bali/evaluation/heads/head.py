"""What the fine-tuning asks of a kind of task."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import torch

from bali.evaluation.heads.item import Item

E_contra = TypeVar("E_contra", contravariant=True)  # an example
A = TypeVar("A")  # an answer


class Head(Protocol[E_contra, A]):
    """A kind of task.

    Attributes:
        num_outputs: of the linear head.
    """

    num_outputs: int

    def tokenize(self, examples: Sequence[E_contra]) -> list[Item]:
        """An item for each example."""
        ...

    def arrange(self, logits: torch.Tensor, items: Sequence[Item]) -> torch.Tensor:
        """(num_read, num_outputs) logits of a batch -> (num_answers, num_classes), to be compared within a row."""
        ...

    def answers(self, examples: Sequence[E_contra], items: Sequence[Item], classes: Sequence[Sequence[int]]) -> list[A]:
        """The answers that the best classes of each example, and its item, stand for."""
        ...

    def notes(self, examples: Sequence[E_contra]) -> Mapping[str, int]:
        """What of the examples the model could not see."""
        ...
