"""AdamW with decay where it belongs, separate learning rates, and the schedule."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import nn

from bali.config import Pretraining
from bali.vocabulary import Schedule


@dataclass(frozen=True)
class OptimiserOptions:
    """Numbers of the optimiser; see `bali.config.Pretraining`."""

    learning_rate: float
    head_learning_rate: float
    weight_decay: float
    schedule: Schedule
    warmup_fraction: float
    num_steps: int

    @classmethod
    def of(cls, options: Pretraining) -> "OptimiserOptions":
        """Those of an experiment."""
        return cls(**{field.name: getattr(options, field.name) for field in fields(cls)})


def make_optimiser(model: nn.Module, options: OptimiserOptions) -> torch.optim.AdamW:
    """AdamW over every parameter that is trained, each once.

    Vectors (biases, LayerNorm, scales) do not decay. Parameters below `language_model` take `learning_rate`, all
    others `head_learning_rate`. Groups hold `base_learning_rate`, which `set_learning_rates` scales.
    """
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            groups.setdefault((name.startswith("language_model."), parameter.ndim >= 2), []).append(parameter)
    return torch.optim.AdamW(
        _param_groups(groups, options), lr=options.learning_rate, betas=(0.9, 0.999), eps=1e-8, fused=True
    )


def _param_groups(
    groups: dict[tuple[bool, bool], list[nn.Parameter]], options: OptimiserOptions
) -> Iterator[dict[str, Any]]:
    for (is_language_model, decays), parameters in sorted(groups.items(), reverse=True, key=lambda item: item[0]):
        rate = options.learning_rate if is_language_model else options.head_learning_rate
        decay = options.weight_decay if decays else 0.0
        yield {"params": parameters, "lr": rate, "base_learning_rate": rate, "weight_decay": decay}


def learning_rate_factor(step: int, options: OptimiserOptions) -> float:
    """The share of the learning rate at `step`, counted from 0.

    Linear warm-up to 1, then half a cosine, or a line, to 0. The first step is above 0 and so is the last.
    """
    num_warmup = round(options.warmup_fraction * options.num_steps)
    if step < num_warmup:
        return (step + 1) / (num_warmup + 1)
    progress = (step - num_warmup) / (options.num_steps - num_warmup)
    return 1 - progress if options.schedule == "linear" else (1 + math.cos(math.pi * progress)) / 2


def set_learning_rates(optimiser: torch.optim.Optimizer, step: int, options: OptimiserOptions) -> None:
    """Set the learning rates of the groups for `step`; a function of the step, so there is no state to save."""
    factor = learning_rate_factor(step, options)
    for group in optimiser.param_groups:
        group["lr"] = group["base_learning_rate"] * factor
