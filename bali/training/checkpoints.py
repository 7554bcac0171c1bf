"""Checkpoints of a training: safetensors and JSON, whole or absent, never resumed by a run they do not belong to."""

import json
import logging
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from bali.errors import ArtefactError, ConfigError
from bali.io.files import atomic_path, digest_file, read_json, write_json
from bali.training import metrics_log
from bali.training.progress import Progress

logger = logging.getLogger(__name__)

_KEPT = 2  # the last one, and one before it
_TENSORS = "state.safetensors"
_PROGRESS = "progress.json"
_IDENTITY = "identity.json"
_IDENTITY_KEYS = {"options", "input_digests", "code"}
_STEP = re.compile(r"step-\d{8}")
_CACHE = re.compile(r".+\.arrow")  # copies of training data that are mapped into memory
_METRICS = re.compile(re.escape(metrics_log.FILE_NAME))
_PARTIAL = re.compile(rf"\.({_STEP.pattern}|{_CACHE.pattern}|{_METRICS.pattern})\.[\w-]*\d+\.partial")  # atomic_path's
_ADAMW_STATE = ("step", "exp_avg", "exp_avg_sq")
_MAX_NAMED = 5  # differences of a kind that an error names


class Checkpoints:
    """The checkpoints of one run: `DIRECTORY/step-00000012/{state.safetensors,progress.json,identity.json}`.

    A run whose identity differs from that of the last checkpoint is refused. A process that is killed, at any moment,
    leaves whole checkpoints only.

    Args:
        directory: of this run alone; made where it is absent. Copies of training data may lie beside the checkpoints.
        identity: what gives the same weights when it is the same, as a JSON value: `options` (nested), `input_digests`
            (name -> SHA-256) and `code` (digest).
    """

    def __init__(self, directory: Path, identity: Mapping[str, Any]) -> None:
        assert identity.keys() == _IDENTITY_KEYS, f"expected {sorted(_IDENTITY_KEYS)}, got {sorted(identity)}"
        self.directory = directory
        self._identity = identity

    def check(self) -> None:
        """Refuse to go on from a checkpoint of another run; to be called before work is put into this one.

        Raises:
            ConfigError: the last checkpoint is of a run with other options, inputs or code.
            ArtefactError: its identity cannot be read.
        """
        steps = self._steps()
        if not steps:
            return
        found = self._read_json(steps[-1] / _IDENTITY)
        is_identity = found.keys() == _IDENTITY_KEYS and all(
            isinstance(found[key], dict) for key in ("options", "input_digests")
        )
        if not is_identity:
            raise self._damage(steps[-1] / _IDENTITY, "expected options, input_digests and code, found something else")
        if differences := _differences(found, self._identity):
            raise ConfigError(
                f"{self.directory}: expected a checkpoint of this run, found one with {', '.join(differences)}. "
                f"Delete {self.directory} to start anew, or restore the old configuration to resume."
            )

    def save(self, model: nn.Module, optimiser: torch.optim.Optimizer, progress: Progress) -> None:
        """Write a checkpoint and delete all but the last two.

        Raises:
            OutputError: it cannot be written; the checkpoints before it are still there.
        """
        path = self.directory / f"step-{progress.step:08d}"
        assert not path.exists(), f"{path}: a checkpoint is written once"
        with atomic_path(path) as partial:
            partial.mkdir()
            with atomic_path(partial / _TENSORS) as file:  # flushed to the disk, as the JSON files are
                _write_tensors(file, _tensors(model, optimiser))
            write_json(partial / _IDENTITY, self._identity)
            write_json(partial / _PROGRESS, {**progress.encode(), "sha256": digest_file(partial / _TENSORS)})
        for old in self._steps()[:-_KEPT]:
            _discard(old)
        logger.info("checkpoint: %s", path)

    def restore(self, model: nn.Module, optimiser: torch.optim.Optimizer) -> Progress:
        """Load the last checkpoint into model and optimiser; without one, both stay as they are.

        What a killed process left half-written is deleted.

        Args:
            model: on any device.
            optimiser: AdamW over parameters of `model`; its learning rates stay.

        Raises:
            ConfigError: the last checkpoint is of a run with other options, inputs or code.
            ArtefactError: the last checkpoint is damaged; the one before is not taken silently.
        """
        self.check()
        for path in self._paths(_PARTIAL):
            _discard(path)
        steps = self._steps()
        if not steps:
            return Progress()
        progress = self._read_progress(steps[-1])
        tensors = load_file(steps[-1] / _TENSORS)
        if unfit := _unfit_tensors(tensors, model):
            problem = f"expected the tensors of this model, found {_listed(unfit, 'tensor')} missing, foreign or of"
            raise self._damage(steps[-1] / _TENSORS, f"{problem} another shape or type")
        _load(tensors, model, optimiser)
        logger.info("resuming after step %d from %s", progress.step, steps[-1])
        return progress

    def remove(self) -> None:
        """Delete what the training wrote here: the run is finished.

        Checkpoints (the last one last), copies of training data, metrics and what is left half-written go; nothing
        else in the folder is touched, and it goes where it is empty then.
        """
        for pattern in (_PARTIAL, _CACHE, _METRICS, _STEP):
            for path in self._paths(pattern):
                _discard(path)
        if self.directory.is_dir() and not any(self.directory.iterdir()):
            self.directory.rmdir()

    def _steps(self) -> list[Path]:
        return [path for path in self._paths(_STEP) if path.is_dir()]

    def _paths(self, pattern: re.Pattern[str]) -> list[Path]:
        """What lies in the folder under such names, sorted."""
        if not self.directory.is_dir():
            return []
        return sorted(path for path in self.directory.iterdir() if pattern.fullmatch(path.name))

    def _read_progress(self, path: Path) -> Progress:
        """The progress of the checkpoint `path`, whose tensors must be the bytes that were written with it."""
        value = self._read_json(path / _PROGRESS)
        try:
            progress, expected = Progress.decode(value), value["sha256"]
        except (KeyError, TypeError, ValueError) as error:
            raise self._damage(path / _PROGRESS, "expected the progress of a training, found something else") from error
        tensors = path / _TENSORS
        if not tensors.is_file():
            raise self._damage(tensors, "expected the tensors of the checkpoint, found no file")
        if digest_file(tensors) != expected:
            raise self._damage(tensors, f"expected SHA-256 {expected}, found another")
        return progress

    def _read_json(self, path: Path) -> dict[str, Any]:
        try:
            value = read_json(path)
        except ArtefactError as error:
            problem = "damaged JSON" if path.exists() else "no file"
            raise self._damage(path, f"expected a file of the checkpoint, found {problem}") from error
        if not isinstance(value, dict):
            raise self._damage(path, "expected a JSON object, found another value")
        return value

    def _damage(self, path: Path, problem: str) -> ArtefactError:
        """The error for a file of the last checkpoint."""
        *before, last = self._steps()
        rest = f"resume from {before[-1].name}" if before else "start anew"
        return ArtefactError(f"{path}: {problem}. Delete {last} to {rest}.")


def _discard(path: Path) -> None:
    """Delete so that no part of `path` is ever seen under its own name."""
    if not path.is_dir():
        path.unlink()
        return
    if not _PARTIAL.fullmatch(path.name):
        path = path.rename(path.with_name(f".{path.name}.{os.getpid()}.partial"))
    shutil.rmtree(path)


def _differences(found: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs between two identities, as parts of a sentence about the one found; empty where they are equal."""
    options = [
        f"other {key} ({'absent' if old is None else old}, now {'absent' if new is None else new})"
        for key, old, new in _changes(found["options"], now["options"])
    ]
    inputs = [
        f"other input {name}" if old and new else f"input {name} (now absent)" if old else f"no input {name} (now read)"
        for name, old, new in _changes(found["input_digests"], now["input_digests"])
    ]
    parts = [_listed(items, noun) for items, noun in ((options, "option"), (inputs, "input")) if items]
    return parts + ["other code"] * (found["code"] != now["code"])


def _changes(found: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, str | None, str | None]]:
    """(dotted key, JSON found, JSON now) of the leaves that differ, sorted; None where a side lacks the key."""
    old, new = dict(_leaves(found)), dict(_leaves(now))
    for key in sorted(old.keys() | new.keys()):
        if old.get(key) != new.get(key):
            yield key, old.get(key), new.get(key)


def _leaves(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """(dotted key, value as JSON); an empty mapping is a value."""
    for key, item in value.items():
        if isinstance(item, Mapping) and item:
            yield from _leaves(item, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", json.dumps(item, sort_keys=True, ensure_ascii=False)


def _listed(items: list[str], noun: str) -> str:
    """The first items, and how many more there are."""
    num_more = len(items) - _MAX_NAMED
    more = [f"and {num_more} more {noun}{'s' if num_more > 1 else ''}"] if num_more > 0 else []
    return ", ".join(items[:_MAX_NAMED] + more)


def _write_tensors(path: Path, tensors: dict[str, Tensor]) -> None:
    try:
        save_file(tensors, path)
    except SafetensorError as error:  # a full disk, among others
        raise OSError(str(error)) from error


def _tensors(model: nn.Module, optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Weights and optimiser state by name; tied weights once."""
    tensors = {f"model.{name}": value.detach() for name, value in _weights(model).items()}
    for name, parameter in model.named_parameters():
        for key, value in optimiser.state.get(parameter, {}).items():
            tensors[f"optimiser.{key}.{name}"] = value
    return {name: value.contiguous() for name, value in tensors.items()}


def _weights(model: nn.Module) -> dict[str, Tensor]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def _unfit_tensors(tensors: Mapping[str, Tensor], model: nn.Module) -> list[str]:
    """The names of tensors that are missing, foreign or of another shape or type, sorted.

    A parameter that no gradient has reached yet has no optimiser state; one that has, has it whole.
    """
    expected = {f"model.{name}": (value.shape, value.dtype) for name, value in _weights(model).items()}
    for name, parameter in model.named_parameters():
        names = [f"optimiser.{key}.{name}" for key in _ADAMW_STATE]
        if any(state in tensors for state in names):
            expected |= dict.fromkeys(names, (parameter.shape, parameter.dtype))
            expected[names[0]] = (torch.Size(), torch.float32)
    found = {name: (value.shape, value.dtype) for name, value in tensors.items()}
    return sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))


def _load(tensors: Mapping[str, Tensor], model: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    with torch.no_grad():
        for name, value in _weights(model).items():
            value.copy_(tensors[f"model.{name}"])
    names = {parameter: name for name, parameter in model.named_parameters()}
    trained = [names[parameter] for group in optimiser.param_groups for parameter in group["params"]]
    state = {
        number: {key: tensors[f"optimiser.{key}.{name}"] for key in _ADAMW_STATE}
        for number, name in enumerate(trained)
        if f"optimiser.step.{name}" in tensors
    }
    # PyTorch knows on which device each kind of AdamW keeps what.
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
