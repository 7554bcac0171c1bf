"""Checkpoints of a training: safetensors and JSON, whole or absent, never resumed by a run they do not belong to."""

import logging
import re
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from bali.errors import ArtefactError
from bali.io.files import atomic_path, digest_file, read_json, write_json
from bali.training.progress import Progress

logger = logging.getLogger(__name__)

_KEPT = 2  # the last one, and one before it
_TENSORS = "state.safetensors"
_PROGRESS = "progress.json"
_FINGERPRINT_DIGITS = 16
_FOLDER_NAME = re.compile(rf"[0-9a-f]{{{_FINGERPRINT_DIGITS}}}")


class Checkpoints:
    """The checkpoints of one run: `DIRECTORY/FINGERPRINT/step-N/`.

    The folder's name is the digest of options, inputs and code; a run with others has another folder, so it can never
    resume from here. Folders of other runs are left alone until `remove`.
    """

    def __init__(self, directory: Path, fingerprint: str) -> None:
        self._root = directory
        self.directory = directory / fingerprint[:_FINGERPRINT_DIGITS]

    def save(self, model: nn.Module, optimiser: torch.optim.Optimizer, progress: Progress) -> None:
        """Write a checkpoint and delete all but the last two."""
        path = self.directory / f"step-{progress.step:08d}"
        with atomic_path(path) as partial:
            partial.mkdir(parents=True)
            save_file(_tensors(model, optimiser), partial / _TENSORS)
            write_json(partial / _PROGRESS, {**progress.encode(), "sha256": digest_file(partial / _TENSORS)})
        for old in self._steps()[:-_KEPT]:
            shutil.rmtree(old)
        logger.info("checkpoint: %s", path)

    def restore(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> Progress:
        """Load the last checkpoint into model and optimiser; nothing happens where there is none.

        Raises:
            ArtefactError: the last checkpoint is damaged.
        """
        steps = self._steps()
        if not steps:
            others = sorted(path.name for path in self._root.glob("*/step-*"))
            if others:
                logger.warning("%s: checkpoints of other options, inputs or code are there; starting anew", self._root)
            return Progress()
        value = read_json(steps[-1] / _PROGRESS)
        tensors_path = steps[-1] / _TENSORS
        if not tensors_path.is_file() or digest_file(tensors_path) != value["sha256"]:
            raise ArtefactError(
                f"{tensors_path}: expected SHA-256 {value['sha256']}, found another. Delete {steps[-1]}."
            )
        _load(load_file(tensors_path), model, optimiser)
        logger.info("resuming after step %d from %s", value["step"], steps[-1])
        return Progress.decode(value)

    def remove(self) -> None:
        """Delete the checkpoints of this experiment, those of other options included: the run is finished.

        Nothing else in the folder is touched; it goes where it is empty then.
        """
        for folder in sorted(self._root.iterdir()):
            if folder.is_dir() and _FOLDER_NAME.fullmatch(folder.name):
                shutil.rmtree(folder)
        if not any(self._root.iterdir()):
            self._root.rmdir()

    def _steps(self) -> list[Path]:
        return sorted(path for path in self.directory.glob("step-*") if path.is_dir())


def _tensors(model: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Weights and optimiser state by name; tied weights once."""
    tensors = {f"model.{name}": value.detach() for name, value in _weights(model).items()}
    for name, parameter in model.named_parameters():
        for key, value in optimiser.state.get(parameter, {}).items():
            tensors[f"optimiser.{key}.{name}"] = value
    return {name: value.contiguous() for name, value in tensors.items()}


def _weights(model: nn.Module) -> dict[str, Tensor]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def _load(tensors: dict[str, Tensor], model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    weights = _weights(model)
    found = {name.removeprefix("model.") for name in tensors if name.startswith("model.")}
    assert found == set(weights), f"the checkpoint's fingerprint fits, its weights do not: {found ^ set(weights)}"
    with torch.no_grad():
        for name, value in weights.items():
            value.copy_(tensors[f"model.{name}"])
    optimiser.state.clear()
    for name, parameter in model.named_parameters():
        state: dict[str, Any] = {}
        for key in ("step", "exp_avg", "exp_avg_sq"):
            if (saved := tensors.get(f"optimiser.{key}.{name}")) is not None:
                state[key] = saved if key == "step" else saved.to(parameter.device)
        if state:
            optimiser.state[parameter] = state
