"""One experiment from files to a model folder."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from bali.batching.randomness import Stream, torch_seed
from bali.config import Compute, Pretraining
from bali.graph.folder import read_relation_pairs
from bali.models.language_model import load_language_model
from bali.training.alignment import compile_language_model
from bali.training.checkpoints import Checkpoints
from bali.training.data import read_training_data
from bali.training.device import Device, set_up_device
from bali.training.inputs import TrainingInputs
from bali.training.loop import Place, Trainer
from bali.training.metrics_log import MetricsLog
from bali.training.model_folder import TrainedModel, write_model_folder
from bali.training.new_model import ModelSizes, make_model
from bali.training.processes import Processes, join_processes, leave_processes

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
    """Train a model and write its folder; resumes from the checkpoint of the same options, inputs and code.

    Started by `torchrun`, each process trains on its share, and the first one writes.

    Raises:
        BaliError: an input or option does not serve; nothing is written to `output_dir` then.
        SystemExit: with code 143 after SIGTERM.
    """
    device = set_up_device(experiment.compute)
    processes = join_processes(experiment.pretraining.num_processes, device.device.type)
    try:
        _run(experiment, inputs, (output_dir, checkpoint_dir), (device, processes))
    finally:
        leave_processes()


def _run(
    experiment: Experiment, inputs: TrainingInputs, folders: tuple[Path, Path], place: tuple[Device, Processes]
) -> None:
    options = experiment.pretraining
    output_dir, checkpoint_dir = folders
    device, processes = place
    if not processes.is_first:
        logging.getLogger("bali").setLevel(logging.ERROR)  # the first one speaks for all
    torch.manual_seed(torch_seed(experiment.seed, Stream.INITIALISATION))
    longest = max(options.max_sentence_length, options.max_name_length)
    if options.graph_encoder == "linearised":
        longest = max(longest, options.max_graph_length)
    language_model = load_language_model(inputs.base_model, longest)
    digests = inputs.digests(options)
    identity = {"options": experiment.options, "input_digests": digests, "code": experiment.code_digest}
    checkpoints = Checkpoints(checkpoint_dir, identity)
    checkpoints.check()
    metrics = MetricsLog(checkpoint_dir, options.tensorboard) if processes.is_first else None
    data = read_training_data(
        inputs, options, language_model.tokenizer, experiment.seed, (checkpoints.directory, processes)
    )
    sizes = ModelSizes.of(language_model, options, read_relation_pairs(inputs.relation_labels))
    model = make_model(language_model, options, sizes, inputs.base_model)
    if options.compile:
        compile_language_model(model.language_model)
    trainer = Trainer(model, options, data.batches, Place(device, processes, checkpoints, metrics), experiment.seed)
    progress = trainer.run()
    if not processes.is_first:
        return
    counts: dict[str, Any] = {**data.counts, "seen_in_training": dict(sorted(progress.counts.items()))}
    trained = TrainedModel(
        name=experiment.name,
        model=model.cpu(),
        tokenizer=language_model.tokenizer,
        sizes=sizes,
        log=progress.table(),
        record={
            "options": dict(experiment.options),
            "input_digests": digests,
            "code": experiment.code_digest,
            "counts": counts,
        },
    )
    write_model_folder(output_dir, trained, [path for _, path in inputs.artefacts(options)])
    checkpoints.remove()
