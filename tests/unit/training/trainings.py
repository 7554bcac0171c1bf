"""Models and batches over the tiny world, made by the code that trains."""

from dataclasses import dataclass

import torch

from bali.config import Compute, Pretraining
from bali.graph.folder import read_relation_pairs
from bali.models.language_model import load_language_model
from bali.training.alignment import AlignmentModel
from bali.training.data import TrainingData, read_training_data
from bali.training.device import Device, set_up_device
from bali.training.new_model import ModelSizes, make_model
from bali.training.processes import ALONE, Processes
from bali.training.step import Step

QUICK = {"batch_size": 8, "max_sentence_length": 48, "max_name_length": 16, "max_graph_length": 48}
QUICK |= {"learning_rate": 3e-3}

# Every encoder with every objective that can act on it.
NETWORKS = ("gat", "sage", "rgcn")
ENCODERS = (*NETWORKS, "linearised", "names_only")
COMBINATIONS: dict[str, dict[str, object]] = {"none": {"graph_encoder": "none"}}
for _encoder in ENCODERS:
    _one = {"graph_encoder": _encoder, "alignment_weight": 0.0, "mlm_weight": 0.0}
    COMBINATIONS[f"{_encoder} infonce"] = {**_one, "alignment_weight": 1.0}
    COMBINATIONS[f"{_encoder} infonce and mlm"] = {"graph_encoder": _encoder}
    COMBINATIONS[f"{_encoder} learnable temperature"] = {**_one, "alignment_weight": 1.0, "learnable_temperature": True}
    COMBINATIONS[f"{_encoder} attention pooling"] = {**_one, "alignment_weight": 1.0, "pooling": "attention"}
    COMBINATIONS[f"{_encoder} masks"] = {**_one, "alignment_weight": 1.0, "mask_related": True, "mask_same_names": True}
    COMBINATIONS[f"{_encoder} multi-similarity"] = {
        **_one,
        "alignment_weight": 1.0,
        "alignment_loss": "multi_similarity",
    }
    if _encoder != "names_only":
        COMBINATIONS[f"{_encoder} mention-name"] = {**_one, "alignment_weight": 1.0, "mention_name_weight": 1.0}
    if _encoder in NETWORKS:
        for _method in ("transe", "distmult", "rotate"):
            COMBINATIONS[f"{_encoder} {_method}"] = {
                **_one,
                "link_prediction_weight": 1.0,
                "link_prediction": _method,
            }
        COMBINATIONS[f"{_encoder} infomax"] = {**_one, "infomax_weight": 1.0}
        COMBINATIONS[f"{_encoder} corrupted edges"] = {**_one, "corrupted_edges_weight": 1.0}
COMBINATIONS["linearised v2"] = {"graph_encoder": "linearised", "linearised_format": "v2"}
COMBINATIONS["linearised graph mlm"] = {
    "graph_encoder": "linearised",
    "alignment_weight": 0.0,
    "mlm_weight": 0.0,
    "graph_mlm_weight": 1.0,
}


@dataclass(frozen=True)
class Training:
    """A model and its batches."""

    model: AlignmentModel
    data: TrainingData
    options: Pretraining
    device: Device

    def step(self, processes: Processes = ALONE, seed: int = 3) -> Step:
        return Step(self.model, self.options, self.device, processes, seed)

    def gradients(self, number: int = 0) -> dict[str, torch.Tensor]:
        """The gradient of every parameter that is trained, after one batch."""
        self.model.zero_grad(set_to_none=True)
        self.step().backward(self.data.batches.train(number), number)
        return {name: p.grad for name, p in self.model.named_parameters() if p.requires_grad}


def make_training(world, cache, processes=ALONE, with_dropout=True, **changes) -> Training:
    """A training over the world."""
    options = Pretraining(**{**QUICK, **changes})
    device = set_up_device(Compute(accelerator="cpu"))
    torch.manual_seed(0)
    language_model = load_language_model(world.inputs.base_model, 48)
    data = read_training_data(world.inputs, options, language_model.tokenizer, 1, (cache, processes))
    sizes = ModelSizes.of(language_model, options, read_relation_pairs(world.inputs.relation_labels))
    model = make_model(language_model, options, sizes, world.inputs.base_model)
    return Training(model.train(with_dropout), data, options, device)
