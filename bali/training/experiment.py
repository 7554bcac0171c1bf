"""One experiment from files to a model folder."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bali.batching.randomness import Stream, torch_seed
from bali.config import Compute, Pretraining
from bali.errors import ConfigError
from bali.graph.folder import read_relation_pairs
from bali.io.files import digest_json
from bali.models.graph_encoders import GraphEncoderOptions, make_graph_encoder
from bali.models.language_model import LanguageModel, load_language_model, prediction_head
from bali.training.alignment import AlignmentModel
from bali.training.checkpoints import Checkpoints
from bali.training.device import set_up_device
from bali.training.inputs import TrainingInputs, read_training_data
from bali.training.loop import Trainer
from bali.training.model_folder import TrainedModel, write_model_folder

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Experiment:
    """What defines a training.

    Attributes:
        name: of the experiment.
        pretraining: its options.
        compute: device and precision.
        seed: of everything random.
        options: the options as a JSON value, as they go into records.
        code_digest: of the code that trains; part of what a checkpoint belongs to.
    """

    name: str
    pretraining: Pretraining
    compute: Compute
    seed: int
    options: Mapping[str, Any]
    code_digest: str


def run_experiment(experiment: Experiment, inputs: TrainingInputs, output_dir: Path, checkpoint_dir: Path) -> None:
    """Train a model and write its folder; resumes where a checkpoint of the same options, inputs and code is.

    Raises:
        BaliError: an input or option does not serve; nothing is written to `output_dir` then.
        SystemExit: with code 143 after SIGTERM.
    """
    options = experiment.pretraining
    if options.alignment_weight == 0 and options.graph_encoder != "none":
        raise ConfigError(
            f"experiments.{experiment.name}: alignment_weight 0 leaves graph_encoder {options.graph_encoder!r} without "
            "effect. Set graph_encoder to none, or a weight above 0."
        )
    device = set_up_device(experiment.compute)
    torch.manual_seed(torch_seed(experiment.seed, Stream.INITIALISATION))
    longest = max(options.max_sentence_length, options.max_name_length)
    language_model = load_language_model(inputs.base_model, longest)
    digests = inputs.digests(options.node_text)
    fingerprint = digest_json([experiment.options, digests, experiment.code_digest])
    checkpoints = Checkpoints(checkpoint_dir, fingerprint)
    data = read_training_data(inputs, options, language_model.tokenizer, experiment.seed, checkpoints.directory)
    encoder_options = graph_encoder_options(language_model, options, len(read_relation_pairs(inputs.relation_labels)))
    model = make_model(language_model, options, encoder_options)
    progress = Trainer(model, options, data.batches, device, checkpoints, experiment.seed).run()
    counts: dict[str, Any] = {**data.counts, "seen_in_training": dict(sorted(progress.counts.items()))}
    trained = TrainedModel(
        name=experiment.name,
        model=model.cpu(),
        tokenizer=language_model.tokenizer,
        graph_options=encoder_options,
        log=progress.table(),
        record={"options": dict(experiment.options), "input_digests": digests, "counts": counts},
    )
    write_model_folder(output_dir, trained, [path for _, path in inputs.artefacts(options.node_text)])
    checkpoints.remove()


def graph_encoder_options(
    language_model: LanguageModel, options: Pretraining, num_relations: int
) -> GraphEncoderOptions:
    """The size of the graph encoder beside a language model."""
    return GraphEncoderOptions(
        hidden_size=language_model.model.config.hidden_size,
        num_relations=num_relations,
        num_layers=options.num_graph_layers,
        num_heads=options.num_graph_heads,
        dropout=options.dropout,
    )


def make_model(
    language_model: LanguageModel, options: Pretraining, encoder_options: GraphEncoderOptions
) -> AlignmentModel:
    """The model to train; with `mlm_weight` 0 the head gets no gradient, and is frozen but for tied embeddings."""
    model = AlignmentModel(language_model.model, make_graph_encoder(options.graph_encoder, encoder_options))
    if options.mlm_weight == 0:
        body = {id(parameter) for parameter in language_model.model.base_model.parameters()}
        for parameter in prediction_head(language_model.model).parameters():
            parameter.requires_grad_(id(parameter) in body)
    return model
