"""The model of a new training: language model, graph encoder and heads, new or continued from the base model's."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import nn

from bali.config import Pretraining
from bali.errors import ConfigError
from bali.graph.inverses import RelationPair
from bali.models.graph_encoders import GraphEncoderOptions, make_graph_encoder
from bali.models.language_model import LanguageModel, prediction_head
from bali.models.pooling import AttentionPooling
from bali.objectives.infomax import DeepGraphInfomax
from bali.objectives.link_prediction import LinkPrediction
from bali.objectives.temperature import LearnableTemperature
from bali.training.alignment import AlignmentModel, freeze_layers, num_layers
from bali.training.continuing import continue_from


@dataclass(frozen=True)
class ModelSizes:
    """What the sizes of graph encoder and heads follow from.

    Attributes:
        graph_encoder: its options.
        relations: (REL, RELA) by relation id.
    """

    graph_encoder: GraphEncoderOptions
    relations: tuple[RelationPair, ...]

    @classmethod
    def of(cls, language_model: LanguageModel, options: Pretraining, relations: Sequence[RelationPair]) -> "ModelSizes":
        """The sizes beside a language model."""
        encoder = GraphEncoderOptions(
            hidden_size=language_model.model.config.hidden_size,
            num_relations=len(relations),
            num_layers=options.num_graph_layers,
            num_heads=options.num_graph_heads,
            dropout=options.dropout,
            num_bases=options.num_bases,
        )
        return cls(encoder, tuple(relations))


def make_model(
    language_model: LanguageModel, options: Pretraining, sizes: ModelSizes, base_model: Path
) -> AlignmentModel:
    """The model to train.

    Where no masked language modelling has a weight, the head gets no gradient, and is frozen but for tied embeddings.

    Args:
        language_model: read from `base_model`.
        options: of the experiment.
        sizes: of graph encoder and heads.
        base_model: a folder of an earlier training brings its graph encoder and heads along, where they fit.

    Raises:
        ConfigError: the options do not fit the language model.
        InputError: graph encoder or heads of the base model are damaged.
    """
    depth = num_layers(language_model.model)
    if options.frozen_layers > depth:
        raise ConfigError(
            f"pretraining.frozen_layers: expected at most the {depth} layers of the language model, got "
            f"{options.frozen_layers}."
        )
    encoder = make_graph_encoder(options.graph_encoder, sizes.graph_encoder)
    model = AlignmentModel(language_model.model, encoder, _make_heads(options, sizes.graph_encoder))
    if options.mlm_weight == 0 and options.graph_mlm_weight == 0:
        body = {id(parameter) for parameter in language_model.model.base_model.parameters()}
        for parameter in prediction_head(language_model.model).parameters():
            parameter.requires_grad_(id(parameter) in body)
    freeze_layers(language_model.model, options.frozen_layers)
    continue_from(base_model, model, options, sizes)
    return model


def _make_heads(options: Pretraining, sizes: GraphEncoderOptions) -> dict[str, nn.Module]:
    heads: dict[str, nn.Module] = {}
    if options.pooling == "attention":
        heads["pooling"] = AttentionPooling(sizes.hidden_size)
    if options.learnable_temperature:
        heads["temperature"] = LearnableTemperature(options.temperature)
    if options.link_prediction_weight:
        heads["link_prediction"] = LinkPrediction(options.link_prediction, sizes.num_relations, sizes.hidden_size)
    if options.infomax_weight:
        heads["infomax"] = DeepGraphInfomax(sizes.hidden_size)
    return heads
