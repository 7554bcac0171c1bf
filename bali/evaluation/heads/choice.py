"""One of a question's options is right: a score for each option from the state of [CLS], softmax over the options.

As BERT does SWAG (Devlin et al. 2019, section 4.4), with the question first and the option second.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch

from bali.evaluation.heads.item import Item
from bali.evaluation.heads.tokens import FIRST, Tokens
from bali.tasks.examples import ChoiceQuestion


class ChoiceHead:
    """Scores [CLS] question [SEP] option [SEP] for each option; questions may have different numbers of them.

    Args:
        tokens: of the model.
    """

    num_outputs = 1

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def tokenize(self, examples: Sequence[ChoiceQuestion]) -> list[Item]:
        """An item for each question, with a sequence for each option."""
        questions = [example.question for example in examples for _ in example.options]
        options = [option for example in examples for option in example.options]
        encodings = self._tokens.encode(questions, options)
        items = []
        for example in examples:
            arrays = [self._tokens.arrays(next(encodings)) for _ in example.options]
            sequences, types = tuple(ids for ids, _ in arrays), tuple(row for _, rows in arrays for row in rows)
            positions = (FIRST,) * len(example.options)
            items.append(Item(sequences, types, positions, np.array([example.answer], dtype=np.int32)))
        return items

    def arrange(self, logits: torch.Tensor, items: Sequence[Item]) -> torch.Tensor:
        """(num_options, 1) scores -> (num_questions, most options), -inf where a question has fewer."""
        scores = torch.split(logits.squeeze(1), [len(item.sequences) for item in items])
        return torch.nn.utils.rnn.pad_sequence(list(scores), batch_first=True, padding_value=-torch.inf)

    def answers(
        self, examples: Sequence[ChoiceQuestion], items: Sequence[Item], classes: Sequence[Sequence[int]]
    ) -> list[int]:
        """The numbers of the options."""
        return [number for (number,) in classes]

    def notes(self, examples: Sequence[ChoiceQuestion]) -> Mapping[str, int]:
        """Nothing: the start of every question is seen."""
        return {}
