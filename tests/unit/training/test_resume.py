"""An interrupted run equals the uninterrupted one, bit for bit."""

import dataclasses
import json
import multiprocessing
import os
import random
import shutil
import signal
from pathlib import Path

import pytest
import torch

from bali.config import Compute, Config, Pretraining, section_options
from bali.errors import ArtefactError, BaliError, ConfigError, InputError
from bali.io.parquet import Provenance, read_artefact, write_artefact
from bali.schemas import EXAMPLES, TRAINING_LOG
from bali.training import loop
from bali.training.experiment import Experiment, run_experiment
from tests.unit.training.fixtures import make_world

DEFAULTS = Pretraining()


class KilledError(Exception):
    pass


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


def experiment(**changes):
    options = {"num_steps": 12, "batch_size": 8, "log_every": 5, "validate_every": 6, "checkpoint_every": 4}
    options |= {"learning_rate": 3e-3, "head_learning_rate": 3e-3, "max_sentence_length": 48}
    config = Config(pretraining=Pretraining(**{**options, **changes}), compute=Compute(accelerator="cpu"))
    values = section_options(config, ["pretraining", "compute", "seed"])
    return Experiment("test", config.pretraining, config.compute, config.seed, values, "code")


def run(world, root, **changes):
    run_experiment(experiment(**changes), world.inputs, root / "model", root / "checkpoints")
    return contents(root / "model")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def die_after(monkeypatch, step):
    """Let the process die, as by kill -9, when `step` steps are done."""
    original = loop.Trainer._record

    def record(self, progress, seconds):
        if progress.step > step:
            raise KilledError
        original(self, progress, seconds)

    monkeypatch.setattr(loop.Trainer, "_record", record)


@pytest.fixture(scope="module")
def whole(world, tmp_path_factory):
    return run(world, tmp_path_factory.mktemp("whole"))


def test_the_folder_is_complete_and_the_checkpoints_are_gone(whole, world, tmp_path):
    assert {
        "model.safetensors",
        "config.json",
        "tokenizer.json",
        "bali.json",
        "README.md",
        "training_log.parquet",
    } <= set(whole)
    assert {"graph_encoder/model.safetensors", "graph_encoder/config.json"} <= set(whole)
    assert str(world.root).encode() not in b"".join(whole.values())
    assert run(world, tmp_path) == whole, "the same seed gives the same bytes in another folder"
    assert not (tmp_path / "checkpoints").exists()


@pytest.mark.parametrize("step", [3, 7])
def test_a_run_that_ends_in_mid_step_resumes_to_the_same_bytes(world, whole, tmp_path, monkeypatch, step):
    with monkeypatch.context() as patch:
        die_after(patch, step)
        with pytest.raises(KilledError):
            run(world, tmp_path)
    assert not (tmp_path / "model").exists()
    saved = sorted(path.name for path in (tmp_path / "checkpoints").glob("step-*"))
    assert saved == [f"step-{s:08d}" for s in (4, 8) if s <= step]
    assert run(world, tmp_path) == whole


def _train_and_die(world, root, step, changes):
    """In a process of its own: train, and be killed by SIGKILL somewhere in the step after `step` steps."""
    original = loop.Trainer._step

    def dying(self, progress, *arguments):
        if progress.step == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(self, progress, *arguments)

    loop.Trainer._step = dying
    run(world, root, **changes)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({}, id="plain"),
        pytest.param(
            {"sentences_at_once": 3, "accumulation_steps": 2, "num_workers": 2, "graph_encoder": "rgcn"},
            id="cached gradients, accumulation, workers",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_five_kills_and_resumes_are_the_uninterrupted_run(world, tmp_path, changes):
    """kill -9 at five random steps: the weights and the log have the bytes of a run that was never interrupted."""
    expected = run(world, tmp_path / "whole", **changes)
    context = multiprocessing.get_context("forkserver")  # a fork of this process could inherit a lock that is held
    context.set_forkserver_preload([__name__])
    steps = sorted(random.Random(29).sample(range(1, 12), 5))
    for step in steps:
        child = context.Process(target=_train_and_die, args=(world, tmp_path, step, changes))
        child.start()
        child.join(120)
        assert child.exitcode == -signal.SIGKILL
        assert not (tmp_path / "model").exists()
    found = run(world, tmp_path, **changes)
    assert found.keys() == expected.keys()
    assert [name for name in found if found[name] != expected[name]] == []


def test_sigterm_finishes_the_step_and_writes_a_checkpoint(world, whole, tmp_path, monkeypatch):
    original = loop.Trainer._step

    def step(self, progress, *arguments):
        if progress.step == 5:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(self, progress, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(loop.Trainer, "_step", step)
        with pytest.raises(SystemExit) as stopped:
            run(world, tmp_path)
    assert stopped.value.code == 143
    assert [path.name for path in sorted((tmp_path / "checkpoints").glob("step-*"))] == [
        "step-00000004",
        "step-00000006",
    ]
    assert run(world, tmp_path) == whole


def test_a_checkpoint_of_another_run_is_refused(world, whole, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        die_after(patch, 6)
        with pytest.raises(KilledError):
            run(world, tmp_path, learning_rate=1e-4)
    with pytest.raises(ConfigError, match=r"other pretraining\.learning_rate \(0\.0001, now 0\.003\).*to start anew"):
        run(world, tmp_path)
    shutil.rmtree(tmp_path / "checkpoints")
    assert run(world, tmp_path) == whole


def test_a_damaged_checkpoint_is_refused(world, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        die_after(patch, 6)
        with pytest.raises(KilledError):
            run(world, tmp_path)
    (tensors,) = (tmp_path / "checkpoints").glob("step-*/state.safetensors")
    content = bytearray(tensors.read_bytes())
    content[-1] ^= 1
    tensors.write_bytes(content)
    with pytest.raises(ArtefactError, match="Delete"):
        run(world, tmp_path)


def test_the_loss_falls_and_the_log_is_whole(world, tmp_path):
    run(world, tmp_path, num_steps=60, validate_every=30)
    log = read_artefact(tmp_path / "model/training_log.parquet", TRAINING_LOG).to_pylist()
    values = {(row["split"], row["name"], row["step"]): row["value"] for row in log}
    assert len(values) == len(log) > 50
    assert values["train", "loss", 60] < values["train", "loss", 5] - 0.3
    assert values["train", "alignment_loss", 60] < values["train", "alignment_loss", 5]
    accuracy = "mention_retrieval_accuracy"
    assert values["validation", accuracy, 60] >= values["validation", accuracy, 30] > 0.2


@pytest.mark.parametrize("encoder", ["sage", "rgcn", "linearised", "names_only", "none"])
def test_other_encoders_run_to_a_folder(world, tmp_path, encoder):
    changes = {} if encoder in ("sage", "rgcn") else {"head_learning_rate": DEFAULTS.head_learning_rate}
    changes |= {"max_graph_length": 48} if encoder == "linearised" else {}
    files = run(world, tmp_path, graph_encoder=encoder, num_steps=2, **changes)
    assert "model.safetensors" in files
    assert ("graph_encoder/config.json" in files) == (encoder in ("sage", "rgcn"))
    assert json.loads(files["bali.json"])["options"]["pretraining"]["graph_encoder"] == encoder


def test_definitions_are_trained_on_and_recorded_where_they_are_asked_for(world, whole, tmp_path):
    key = "umls/definitions.parquet"
    first = run(world, tmp_path / "a", node_text="names_and_definitions")
    assert key in json.loads(first["bali.json"])["input_digests"]
    assert key not in json.loads(whole["bali.json"])["input_digests"]
    assert first["model.safetensors"] != whole["model.safetensors"]
    assert run(world, tmp_path / "b", node_text="names_and_definitions") == first


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_graph_heads": 3}, "must divide"),
        ({"max_sentence_length": 49}, "48 positions"),
    ],
)
def test_options_that_do_not_serve_leave_nothing(world, tmp_path, changes, message):
    with pytest.raises(BaliError, match=message) as caught:
        run(world, tmp_path, **changes)
    assert isinstance(caught.value, ConfigError | InputError)
    assert not (tmp_path / "model").exists()


def test_a_gpu_that_is_not_there_is_refused(world, tmp_path):
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    asked = dataclasses.replace(experiment(), compute=Compute(accelerator="cuda"))
    with pytest.raises(ConfigError, match="expected a CUDA GPU"):
        run_experiment(asked, world.inputs, tmp_path / "model", tmp_path / "checkpoints")


def test_no_training_example_is_said(world, tmp_path):
    empty = tmp_path / "train-empty.parquet"
    write_artefact(empty, EXAMPLES.empty_table(), EXAMPLES, Provenance("examples"))
    inputs = dataclasses.replace(world.inputs, train=(empty,))
    with pytest.raises(InputError, match="expected training examples"):
        run_experiment(experiment(), inputs, tmp_path / "model", tmp_path / "checkpoints")


def test_a_diverging_run_is_stopped(world, tmp_path):
    with pytest.raises(BaliError, match=r"Lower pretraining.learning_rate"):
        run(world, tmp_path, learning_rate=1e25, head_learning_rate=1e25, max_gradient_norm=1e30)


def test_other_files_beside_the_checkpoints_survive(world, tmp_path):
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "checkpoints/notes.txt").write_text("mine")
    run(world, tmp_path, num_steps=1)
    assert [path.name for path in (tmp_path / "checkpoints").iterdir()] == ["notes.txt"]
