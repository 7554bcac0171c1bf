"""One or two texts get a label: a linear head over the state of [CLS]."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from bali.evaluation.heads.item import Item
from bali.evaluation.heads.tokens import FIRST, Tokens
from bali.tasks.examples import LabelledText

_UNKNOWN = -1  # target of a dev or test label that is not among the labels; no loss reads it


class ClassificationHead:
    """Classifies [CLS] first [SEP], or [CLS] first [SEP] second [SEP].

    Args:
        tokens: of the model.
        labels: all labels; those of the training examples are among them.
    """

    def __init__(self, tokens: Tokens, labels: Sequence[str]) -> None:
        self.num_outputs = len(labels)
        self._tokens = tokens
        self._labels = labels
        self._numbers = {label: number for number, label in enumerate(labels)}

    def tokenize(self, examples: Sequence[LabelledText]) -> list[Item]:
        """An item of one sequence for each example."""
        items: dict[int, Item] = {}
        for is_pair in (False, True):
            rows = [row for row, example in enumerate(examples) if (example.second is not None) == is_pair]
            firsts = [examples[row].first for row in rows]
            seconds = [examples[row].second or "" for row in rows] if is_pair else None
            for row, encoding in zip(rows, self._tokens.encode(firsts, seconds), strict=True):
                ids, types = self._tokens.arrays(encoding)
                target = self._numbers.get(examples[row].label, _UNKNOWN)
                items[row] = Item((ids,), types, (FIRST,), np.array([target], dtype=np.int32))
        return [items[row] for row in range(len(examples))]

    def arrange(self, logits: torch.Tensor, items: Sequence[Item]) -> torch.Tensor:
        """(num_examples, num_labels) logits as they are."""
        return logits

    def answers(
        self, examples: Sequence[LabelledText], items: Sequence[Item], classes: Sequence[Sequence[int]]
    ) -> list[str]:
        """The labels of the classes."""
        return [self._labels[number] for (number,) in classes]

    def notes(self, examples: Sequence[LabelledText]) -> Mapping[str, int]:
        """Nothing: the start of every text is seen."""
        return {}
