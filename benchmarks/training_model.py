"""What is trained in the benchmark, and our step as the training loop makes it."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from transformers import BertConfig, BertForMaskedLM

from bali.batching.batch import Batch, Texts
from bali.config import Compute, Pretraining
from bali.graph.folder import read_relation_pairs
from bali.models.graph_encoders import make_graph_encoder
from bali.models.language_model import LanguageModel, prediction_head
from bali.training.alignment import AlignmentModel
from bali.training.data import read_training_data
from bali.training.device import Device, set_up_device
from bali.training.new_model import ModelSizes
from bali.training.optimiser import OptimiserOptions, make_optimiser, set_learning_rates
from bali.training.processes import ALONE
from bali.training.step import Parts, Step
from bali.vocabulary import Accelerator
from benchmarks.training_clock import seconds
from benchmarks.training_world import World, WorldSize
from benchmarks.umls import say

NUM_EMBEDDINGS = 30_522  # of BERT-base, however many entries the tokenizer has
SEED = 29


class Size(NamedTuple):
    """A BERT: layers, hidden size, heads; and the world it is trained in."""

    num_layers: int
    hidden_size: int
    num_heads: int
    world: WorldSize


SIZES = {
    "base": Size(12, 768, 12, WorldSize()),
    "small": Size(4, 256, 4, WorldSize(4000, 4000, 5000, 3000)),
    "tiny": Size(2, 32, 2, WorldSize(200, 240, 300, 300)),
}


def make_model(size: Size, world: World, options: Pretraining) -> AlignmentModel:
    """Language model and graph encoder with random weights, in training mode."""
    torch.manual_seed(SEED)
    config = BertConfig(
        vocab_size=NUM_EMBEDDINGS,
        hidden_size=size.hidden_size,
        num_hidden_layers=size.num_layers,
        num_attention_heads=size.num_heads,
        intermediate_size=4 * size.hidden_size,
    )
    language_model = LanguageModel(BertForMaskedLM(config), world.tokenizer, has_own_head=True)
    relations = read_relation_pairs(world.inputs.relation_labels)
    sizes = ModelSizes.of(language_model, options, relations)
    encoder = make_graph_encoder(options.graph_encoder, sizes.graph_encoder)
    return AlignmentModel(language_model.model, encoder).train()


def make_batches(world: World, options: Pretraining, folder: Path) -> Callable[[int], Batch]:
    """What makes the training batch of a number; `folder` takes the memory-mapped copies."""
    return read_training_data(world.inputs, options, world.tokenizer, SEED, (folder / "cache", ALONE)).batches.train


class OurStep:
    """An optimiser step as `bali.training.loop` makes it: the same calls, without the log.

    Args:
        model: on the device; changed.
        options: of the training.
        device: of the training.
    """

    def __init__(self, model: AlignmentModel, options: Pretraining, device: Device) -> None:
        self._options = options
        self._step = Step(model, options, device, ALONE, SEED)
        self._schedule = OptimiserOptions.of(options)
        self._optimiser = make_optimiser(model, self._schedule)
        self._parameters = [p for group in self._optimiser.param_groups for p in group["params"]]

    def __call__(self, batch: Batch, number: int) -> dict[str, Tensor]:
        """Train on a batch that is on the device; what the loop would log."""
        losses = self._step.backward(batch, number)
        nn.utils.clip_grad_norm_(self._parameters, self._options.max_gradient_norm)
        set_learning_rates(self._optimiser, number, self._schedule)
        self._optimiser.step()
        self._optimiser.zero_grad(set_to_none=True)
        return losses


@dataclass(frozen=True)
class LanguageModelOnly:
    """Forward and backward of the language model alone, on the texts of a batch, with a loss that costs nothing.

    The loss sums the vectors, and adds masked language modelling where our step has it.
    """

    model: AlignmentModel
    options: Pretraining
    device: Device

    def __call__(self, batch: Batch) -> None:
        """Read the batch, which is on the device; gradients are left in the parameters."""
        parts = Parts(Step(self.model, self.options, self.device, ALONE, SEED), batch, 0)
        losses = []
        for part in range(len(parts.texts)):
            vectors, mlm_loss = parts.read(part, with_targets=True)
            losses.append(1e-3 * vectors.sum())
            losses += [] if mlm_loss is None else [mlm_loss]
        torch.autograd.backward(torch.stack(losses).sum())


def fastest_device(accelerator: Accelerator, model: AlignmentModel, batch: Batch) -> Device:
    """All cores of a CPU, in the faster of float32 and bfloat16 for a batch's sentences; or a GPU in bfloat16.

    Args:
        accelerator: cpu or cuda.
        model: on the CPU.
        batch: on the CPU; its names are not looked at, so that it takes little memory.
    """
    common = {"accelerator": accelerator, "cpu_threads": len(os.sched_getaffinity(0))}
    devices = [set_up_device(Compute.model_validate(common | {"precision": p})) for p in ("float32", "bfloat16")]
    if accelerator == "cuda":
        return devices[1]
    sentences = replace(batch, graph=None)
    best = []
    for device in devices:
        read = LanguageModelOnly(model, Pretraining(), device)
        read(sentences)
        best.append(min(seconds(partial(read, sentences), device.device) for _ in range(3)))
        model.zero_grad()
    say(f"language model on a batch's sentences: {best[0]:.3g} s in float32, {best[1]:.3g} s in bfloat16")
    return devices[int(best[1] < best[0])]


def all_texts(batch: Batch) -> tuple[Texts, ...]:
    """Sentences and names."""
    return batch.sentences + (batch.graph.texts if batch.graph is not None else ())


def num_parameters(module: Any) -> int:
    """Numbers in the parameters of a module, tied ones once."""
    return sum(parameter.numel() for parameter in module.parameters())


def model_flops(model: AlignmentModel, batch: Batch) -> float:
    """Floating-point operations of a training step in the language model, padding not counted.

    A parameter in a matrix costs 2 operations a token forward and 4 backward; attention 4 h s^2 a layer and text of s
    tokens forward, and twice that backward (Chowdhery et al., PaLM, JMLR 2023, appendix B; there causal attention is
    counted in full as well). The head works on the tokens to be predicted alone. Embeddings are looked up for nothing,
    and graph encoder, losses and optimiser are left out, so the figure is on the low side.

    Args:
        model: a BERT with its graph encoder.
        batch: with the texts.
    """
    body, config = model.language_model.base_model, model.language_model.config
    size = num_parameters(body) - num_parameters(body.embeddings)
    lengths = torch.cat([part.tokens.attention_mask.sum(dim=1) for part in all_texts(batch)]).double()
    attention = 12 * config.num_hidden_layers * config.hidden_size * float(lengths.square().sum())
    num_targets = sum(len(part.targets.token) for part in batch.sentences)
    head = 6 * num_parameters(prediction_head(model.language_model)) * num_targets
    return 6 * size * float(lengths.sum()) + attention + head
