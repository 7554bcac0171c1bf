"""Fine-tuning an encoder: cross-entropy, AdamW, the best epoch and learning rate by the score on dev.

The weights of the best epoch are kept on the CPU and answer the test examples once, at the end: a copy takes less than
a second, a pass over the test examples up to a third of an epoch.
"""

import copy
import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from bali.batching.randomness import Stream, generator, torch_seed
from bali.evaluation.heads.head import Head
from bali.evaluation.heads.item import Item, batches, collate, targets
from bali.evaluation.heads.module import EncoderWithHead, initial_head
from bali.evaluation.language_model import LanguageModel
from bali.evaluation.systems.system import Answers, Training
from bali.tasks.examples import ChoiceQuestion, LabelledText, Splits, TaggedSentence

logger = logging.getLogger(__name__)

_WEIGHT_DECAY = 0.01  # as in the fine-tuning of BERT (Devlin et al. 2019, appendix A.2, and the code released with it)
_WARMUP_FRACTION = 0.1  # of the steps, then linear to zero; as there
_MAX_GRADIENT_NORM = 1.0  # as there
# Padded tokens in memory at once, e.g. 16 texts of 512; more hardly make a GPU faster. For so many, BERT-large keeps
# about 15 GB of activations in bfloat16 and 30 GB in float32, BERT-base 6 and 11 (Korthikanti et al. 2022, equation 1).
MAX_TOKENS = 1 << 13
E = TypeVar("E", bound="LabelledText | ChoiceQuestion | TaggedSentence")
A = TypeVar("A")
Scorer = Callable[[Sequence[E], Sequence[A]], float]  # dev examples and their answers -> what to maximise


@dataclass(frozen=True)
class Learner(Generic[E, A]):
    """What is trained: an encoder, which itself is left as it is (copies are trained), and a head.

    Attributes:
        language_model: encoder and tokenizer.
        head: of the kind of task.
        autocast_dtype: of the matrix products; None computes in float32.
    """

    language_model: LanguageModel
    head: Head[E, A]
    autocast_dtype: torch.dtype | None = None

    @property
    def device(self) -> torch.device:
        """Where the encoder lies."""
        return torch.device(self.language_model.model.device)

    def new_module(self, seed: int) -> EncoderWithHead:
        """A copy of the encoder, and a head with the initial weights of a seed."""
        encoder = copy.deepcopy(self.language_model.model)
        head = initial_head(encoder.config.hidden_size, self.head.num_outputs, seed)
        return EncoderWithHead(encoder, head).to(self.device)

    def logits(self, module: EncoderWithHead, items: Sequence[Item]) -> torch.Tensor:
        """(num_answers, num_classes) float32 logits of a batch of items."""
        batch = collate(items, self.language_model.tokenizer.pad_token_id, self.device)
        with torch.autocast(self.device.type, self.autocast_dtype, enabled=self.autocast_dtype is not None):
            logits = module(batch)
        return self.head.arrange(logits, items)


@dataclass
class _Best:
    score: float = -math.inf
    epoch: int = 0  # from 1
    learning_rate: float = 0.0
    weights: dict[str, torch.Tensor] = field(default_factory=dict)


def fine_tune(learner: Learner[E, A], splits: Splits[E], training: Training, score: Scorer[E, A]) -> Answers[A]:
    """Train on the first part, choose epoch and learning rate on the second, answer the third.

    Args:
        learner: what to train; neither it nor torch's random numbers are changed.
        splits: the parts, none empty.
        training: how; equal ones give equal answers on one machine.
        score: what chooses.
    """
    with _own_random_numbers(learner.device):
        run = _Run(learner, splits, training, score)
        for rate in training.learning_rates:
            run.train(rate)
        return run.answers()


class _Run(Generic[E, A]):
    """One fine-tuning; its parts are tokenised once."""

    def __init__(self, learner: Learner[E, A], splits: Splits[E], training: Training, score: Scorer[E, A]) -> None:
        self._learner, self._splits, self._training, self._score = learner, splits, training, score
        self._train, self._dev = (learner.head.tokenize(part) for part in (splits.train, splits.dev))
        self._best = _Best()

    def train(self, learning_rate: float) -> None:
        """Train a copy of the encoder at a learning rate, and keep its best epoch if none was better before."""
        training = self._training
        module = self._learner.new_module(training.seed)
        optimiser = make_optimiser(module, learning_rate)
        num_steps = training.num_epochs * math.ceil(len(self._train) / training.batch_size)
        schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, warmup_then_linear(num_steps))
        torch.manual_seed(torch_seed(training.seed, Stream.DROPOUT))
        best_score, best_epoch = -math.inf, 0
        for epoch in range(1, training.num_epochs + 1):
            self._train_epoch(module, optimiser, schedule, epoch)
            score = self._score(self._splits.dev, predict(self._learner, module, self._splits.dev, self._dev))
            logger.info("learning rate %g, epoch %d: dev score %.4f", learning_rate, epoch, score)
            if score > best_score:
                best_score, best_epoch = score, epoch
            if score > self._best.score:
                self._best = _Best(score, epoch, learning_rate, _weights(module))
            if training.patience is not None and epoch - best_epoch >= training.patience:
                break

    def answers(self) -> Answers[A]:
        """The answers to the test examples by the best epoch of all."""
        best, head = self._best, self._learner.head
        assert best.weights, "expected at least one learning rate, and a dev score that is a number"
        module = self._learner.new_module(self._training.seed)
        module.load_state_dict(best.weights)
        test = self._splits.test
        predicted = predict(self._learner, module, test, head.tokenize(test))
        notes = {"best epoch": best.epoch, "learning rate": best.learning_rate, "dev score": best.score}
        return Answers(predicted, {**notes, **head.notes(test)})

    def _train_epoch(
        self,
        module: EncoderWithHead,
        optimiser: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        epoch: int,
    ) -> None:
        module.train()
        order = epoch_order(len(self._train), self._training.seed, epoch)
        for start in range(0, len(order), self._training.batch_size):
            optimiser.zero_grad()
            rows = order[start : start + self._training.batch_size]
            with _repeatable_attention(self._learner.device):
                accumulate_gradients(self._learner, module, [self._train[row] for row in rows])
            nn.utils.clip_grad_norm_(module.parameters(), _MAX_GRADIENT_NORM)
            optimiser.step()
            schedule.step()


def make_optimiser(module: nn.Module, learning_rate: float) -> torch.optim.AdamW:
    """AdamW over all parameters; no weight decay on biases and normalisation, which have one dimension."""
    parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": _WEIGHT_DECAY},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, fused=True)


def warmup_then_linear(num_steps: int) -> Callable[[int], float]:
    """Factor of the learning rate at a step, from 0: up to 1 over the warm-up, then a line to 0 after the last step."""
    warmup = max(1, round(_WARMUP_FRACTION * num_steps))

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        return max(0.0, (num_steps - step) / max(1, num_steps - warmup))

    return factor


def epoch_order(num_examples: int, seed: int, epoch: int) -> list[int]:
    """The order of the training examples in an epoch."""
    return generator(seed, Stream.EPOCH, epoch).permutation(num_examples).tolist()


def accumulate_gradients(
    learner: Learner[E, A], module: EncoderWithHead, items: Sequence[Item], max_tokens: int = MAX_TOKENS
) -> None:
    """Add the gradients of the mean cross-entropy over all answers of the items.

    A step that holds more than `max_tokens` padded tokens is computed in parts, whose sums of losses are divided by the
    number of answers in the whole step: the gradient is that of the step at once.
    """
    num_answers = sum(len(item.targets) for item in items)
    for rows in batches(items, max_tokens) if num_answers else ():
        part = [items[row] for row in rows]
        wanted = targets(part, learner.device)
        loss = nn.functional.cross_entropy(learner.logits(module, part), wanted, reduction="sum") / num_answers
        loss.backward()  # type: ignore[no-untyped-call]


@torch.inference_mode()
def predict(learner: Learner[E, A], module: EncoderWithHead, examples: Sequence[E], items: Sequence[Item]) -> list[A]:
    """The answer to each example: the classes with the highest logits."""
    module.eval()
    classes: dict[int, list[int]] = {}
    for rows in batches(items, MAX_TOKENS):
        part = [items[row] for row in rows]
        best = torch.split(learner.logits(module, part).argmax(dim=1).cpu(), [len(item.targets) for item in part])
        classes.update((row, found.tolist()) for row, found in zip(rows, best, strict=True))
    return learner.head.answers(examples, items, [classes[row] for row in range(len(items))])


def _weights(module: nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in module.state_dict().items()}


@contextmanager
def _own_random_numbers(device: torch.device) -> Iterator[None]:
    """What is drawn within leaves torch's global generators as they were."""
    with torch.random.fork_rng([device] if device.type == "cuda" else [], device_type="cuda"):
        yield


def _repeatable_attention(device: torch.device) -> Any:
    """On a GPU the fast kernels of attention add gradients in an order that changes from run to run."""
    return sdpa_kernel(SDPBackend.MATH) if device.type == "cuda" else nullcontext()
