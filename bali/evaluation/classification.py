"""Fine-tuning an encoder to classify text pairs: a linear head over [CLS], cross-entropy, the best epoch on dev."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import nn

from bali.evaluation.language_model import LanguageModel

_HEAD_DROPOUT = 0.1  # BERT's own (Devlin et al. 2019, appendix A.2)
_HEAD_DEVIATION = 0.02  # of the initial weights, BERT's own
_WEIGHT_DECAY = 0.01  # as in the fine-tuning of BERT
_WARMUP_FRACTION = 0.1  # of the steps, then linear to zero; as in the fine-tuning of BERT
_MAX_GRADIENT_NORM = 1.0


class LabelledPair(NamedTuple):
    """Two texts and the number of their label."""

    first: str
    second: str
    label: int


@dataclass(frozen=True)
class FineTuning:
    """How to fine-tune.

    Attributes:
        learning_rate: peak, of AdamW, of encoder and head.
        num_epochs: at most; the one with the best dev accuracy counts, the first of equals.
        batch_size: pairs per step.
        max_length: tokens per pair; the longer text is cut first.
        seed: of the head's weights, the order of the pairs and the dropout.
    """

    learning_rate: float
    num_epochs: int
    batch_size: int
    max_length: int
    seed: int


class Outcome(NamedTuple):
    """Labels predicted for the test pairs by the best epoch (numbered from 1), and its dev accuracy."""

    predicted: list[int]
    best_epoch: int
    dev_accuracy: float


class Classifier(nn.Module):
    """An encoder and a linear head over the dropped-out [CLS] state.

    Args:
        encoder: model whose `last_hidden_state` has shape (batch, tokens, hidden).
        num_labels: outputs.
    """

    def __init__(self, encoder: nn.Module, num_labels: int) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(_HEAD_DROPOUT)
        self.head = nn.Linear(int(encoder.config.hidden_size), num_labels)  # type: ignore[arg-type, union-attr]
        nn.init.normal_(self.head.weight, std=_HEAD_DEVIATION)
        nn.init.zeros_(self.head.bias)

    def forward(self, **batch: torch.Tensor) -> torch.Tensor:
        """(batch, num_labels) logits of tokenised pairs."""
        return self.head(self.dropout(self.encoder(**batch).last_hidden_state[:, 0]))


def fine_tune(
    language_model: LanguageModel,
    splits: tuple[Sequence[LabelledPair], Sequence[LabelledPair], Sequence[LabelledPair]],
    num_labels: int,
    options: FineTuning,
) -> Outcome:
    """Train on the first split, choose the epoch on the second, predict the third.

    Args:
        language_model: encoder and tokenizer; the encoder is trained in place.
        splits: train, dev, test.
        num_labels: labels are 0 ... num_labels - 1.
        options: hyper-parameters and seed; equal ones give equal predictions on one machine.
    """
    train, dev, test = (_tokenize(language_model, pairs, options.max_length) for pairs in splits)
    device = language_model.model.device
    torch.manual_seed(options.seed)
    classifier = Classifier(language_model.model, num_labels).to(device)
    optimiser = torch.optim.AdamW(_parameter_groups(classifier), lr=options.learning_rate)
    batches = list(_training_batches(len(train), options))
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, _warmup_then_linear(len(batches)))
    per_epoch = len(batches) // options.num_epochs
    best = Outcome([], 0, -1.0)
    pad = language_model.tokenizer.pad
    for epoch in range(1, options.num_epochs + 1):
        classifier.train()
        for rows in batches[(epoch - 1) * per_epoch : epoch * per_epoch]:
            _step(classifier, optimiser, *_collate(pad, [train[row] for row in rows], device))
            schedule.step()
        predicted = _predict(classifier, dev, pad, options.batch_size)
        accuracy = sum(p == pair.label for p, pair in zip(predicted, splits[1], strict=True)) / len(dev)
        if accuracy > best.dev_accuracy:
            best = Outcome(_predict(classifier, test, pad, options.batch_size), epoch, accuracy)
    return best


def _tokenize(language_model: LanguageModel, pairs: Sequence[LabelledPair], max_length: int) -> list[dict[str, Any]]:
    if not pairs:
        return []
    columns = language_model.tokenizer(
        [pair.first for pair in pairs],
        [pair.second for pair in pairs],
        truncation="longest_first",
        max_length=min(max_length, language_model.max_length),
    )
    names = list(columns)
    rows = zip(*(columns[name] for name in names), strict=True)
    return [{**dict(zip(names, row, strict=True)), "label": pair.label} for row, pair in zip(rows, pairs, strict=True)]


def _parameter_groups(classifier: Classifier) -> list[dict[str, Any]]:
    """All parameters; no weight decay on biases and normalisation, which have one dimension."""
    parameters = [parameter for parameter in classifier.parameters() if parameter.requires_grad]
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": _WEIGHT_DECAY},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _training_batches(num_pairs: int, options: FineTuning) -> Iterator[list[int]]:
    """Rows of every batch of every epoch, each epoch in a new order."""
    generator = torch.Generator().manual_seed(options.seed)
    for _ in range(options.num_epochs):
        order = torch.randperm(num_pairs, generator=generator).tolist()
        for start in range(0, num_pairs, options.batch_size):
            yield order[start : start + options.batch_size]


def _warmup_then_linear(num_steps: int) -> Callable[[int], float]:
    """Factor of the learning rate at a step: up to 1 over the warm-up, then down to 0."""
    warmup = max(1, round(_WARMUP_FRACTION * num_steps))

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (num_steps - step) / max(1, num_steps - warmup))

    return factor


def _collate(
    pad: Any, rows: Sequence[dict[str, Any]], device: torch.device
) -> tuple[dict[str, torch.Tensor], torch.Tensor]:
    texts = [{name: value for name, value in row.items() if name != "label"} for row in rows]
    labels = torch.tensor([row["label"] for row in rows], device=device)
    return dict(pad(texts, return_tensors="pt").to(device)), labels


def _step(
    classifier: Classifier, optimiser: torch.optim.Optimizer, batch: dict[str, torch.Tensor], labels: torch.Tensor
) -> None:
    optimiser.zero_grad()
    nn.functional.cross_entropy(classifier(**batch), labels).backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(classifier.parameters(), _MAX_GRADIENT_NORM)
    optimiser.step()


@torch.inference_mode()
def _predict(classifier: Classifier, rows: Sequence[dict[str, Any]], pad: Any, batch_size: int) -> list[int]:
    """The label with the highest logit of every row; batches hold rows of like length."""
    classifier.eval()
    order = sorted(range(len(rows)), key=lambda row: -len(rows[row]["input_ids"]))
    predicted = [0] * len(rows)
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        batch, _ = _collate(pad, [rows[row] for row in chosen], classifier.head.weight.device)
        for row, label in zip(chosen, classifier(**batch).argmax(dim=1).tolist(), strict=True):
            predicted[row] = label
    return predicted
