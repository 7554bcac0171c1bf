import dataclasses
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from bali.batching.batch import Batch
from bali.config import Compute
from bali.errors import BaliError, ConfigError
from bali.io.parquet import read_artefact
from bali.schemas import TRAINING_LOG
from bali.training.alignment import compile_language_model
from bali.training.loading import in_advance
from bali.training.loop import Place, Trainer
from bali.training.memory import explained
from bali.training.metrics_log import MetricsLog
from bali.training.processes import join_processes
from bali.training.step import Step
from tests.unit.training.fixtures import make_world
from tests.unit.training.trainings import make_training

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


def train(training, **place):
    return Trainer(training.model, training.options, training.data.batches, Place(training.device, **place), 3).run()


def same(first, second):
    """Whether two batches are equal, tensor by tensor."""
    if isinstance(first, torch.Tensor):
        return torch.equal(first, second)
    if isinstance(first, tuple):
        return len(first) == len(second) and all(same(a, b) for a, b in zip(first, second, strict=True))
    if dataclasses.is_dataclass(first):
        names = [field.name for field in dataclasses.fields(first)]
        return all(same(getattr(first, name), getattr(second, name)) for name in names)
    return first == second


@pytest.mark.parametrize("num_workers", [0, 1, 2])
def test_workers_make_the_batches_of_their_numbers_in_order(world, tmp_path, num_workers):
    changes = {"link_prediction_weight": 1.0, "infomax_weight": 1.0, "mask_related": True}
    make = make_training(world, tmp_path, **changes).data.batches.train
    found = list(in_advance(make, range(3, 9), num_workers))
    assert len(found) == 6
    assert isinstance(found[0], Batch)
    assert all(same(batch, make(number)) for number, batch in zip(range(3, 9), found, strict=True))
    assert not same(found[0], found[1])


def test_everything_is_said_before_the_first_step(world, tmp_path, caplog):
    training = make_training(world, tmp_path, num_steps=3, log_every=1)
    with caplog.at_level(logging.INFO):
        train(training)
    lines = [record.getMessage() for record in caplog.records]
    first_step = next(number for number, line in enumerate(lines) if line.startswith("step 1/3"))
    before = "\n".join(lines[:first_step])
    assert "parameters of the language model" in before
    assert "on cpu in float32, 1 process(es): 3 steps of 1 x 8 sentences" in before
    assert "dry run of the largest batch: 8 sentences" in before
    assert "expected time:" in before
    assert "sentences/s" in lines[first_step]
    assert "left" in lines[first_step]


def test_the_dry_run_leaves_nothing_behind(world, tmp_path):
    training = make_training(world, tmp_path, num_steps=2)
    other = make_training(world, tmp_path, num_steps=2)
    batches = dataclasses.replace(other.data.batches, largest=None)
    train(training)
    Trainer(other.model, other.options, batches, Place(other.device), 3).run()
    for first, second in zip(training.model.parameters(), other.model.parameters(), strict=True):
        assert torch.equal(first, second)


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError("[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory"),
        MemoryError(),
    ],
)
def test_out_of_memory_says_which_keys_to_lower_before_the_first_step(world, tmp_path, monkeypatch, error):
    training = make_training(world, tmp_path)

    def fail(*arguments, **keywords):
        raise error

    monkeypatch.setattr(Step, "backward", fail)
    with pytest.raises(BaliError, match=r"dry run of the largest batch: .*sentences_at_once.*batch_size.*fanout"):
        train(training)


def test_other_errors_are_not_taken_for_memory():
    with pytest.raises(RuntimeError, match="mat1 and mat2"), explained("in training", torch.device("cpu")):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")


def test_metrics_are_written_while_training(world, tmp_path):
    training = make_training(world, tmp_path / "cache", num_steps=4, log_every=2, validate_every=4)
    progress = train(training, metrics=MetricsLog(tmp_path, tensorboard=False))
    rows = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert [(row["step"], row["split"]) for row in rows] == [(2, "train"), (4, "train"), (4, "validation")]
    assert rows[0]["loss"] == pytest.approx(rows[0]["mlm_loss"] + rows[0]["alignment_loss"])
    logged = {(step, split, name): value for step, split, name, value in progress.log}
    found = {
        (row["step"], row["split"], name): value
        for row in rows
        for name, value in row.items()
        if name not in ("step", "split")
    }
    assert found == logged


def test_the_wrong_number_of_processes_is_refused(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    with pytest.raises(ConfigError, match=r"expected 2 processes, found 1\. Start .*torchrun"):
        join_processes(2, "cpu")


def test_accumulated_batches_are_averaged(world, tmp_path):
    one = make_training(world, tmp_path, with_dropout=False, num_steps=1, accumulation_steps=3, max_gradient_norm=1e9)
    gradients = [make_training(world, tmp_path, with_dropout=False).gradients(number) for number in range(3)]
    trainer = Trainer(one.model, one.options, one.data.batches, Place(one.device), 3)
    found = {}
    original = trainer.optimiser.step
    parameters = dict(one.model.named_parameters())

    def step():
        found.update({name: p.grad.clone() for name, p in parameters.items() if p.grad is not None})
        return original()

    trainer.optimiser.step = step
    one.model.train = lambda mode=True: one.model  # dropout stays off
    trainer.run()
    assert found.keys() == gradients[0].keys()
    for name, gradient in found.items():
        mean = sum(each[name] for each in gradients) / 3
        torch.testing.assert_close(gradient, mean, rtol=1e-4, atol=1e-6, msg=name)


def test_bfloat16_trains(world, tmp_path):
    training = make_training(world, tmp_path, num_steps=30, log_every=10)
    device = dataclasses.replace(training.device, autocast_dtype=torch.bfloat16)
    progress = Trainer(training.model, training.options, training.data.batches, Place(device), 3).run()
    losses = [value for _, split, name, value in progress.log if (split, name) == ("train", "loss")]
    assert losses[0] > losses[1] > losses[2]
    assert {parameter.dtype for parameter in training.model.parameters()} == {torch.float32}


@pytest.mark.slow
def test_a_compiled_language_model_gives_the_same_losses_and_the_same_names(world, tmp_path):
    plain, compiled = (make_training(world, tmp_path, with_dropout=False) for _ in range(2))
    names = [name for name, _ in compiled.model.named_parameters()]
    compile_language_model(compiled.model.language_model)
    for number in range(3):
        first, second = (t.step().backward(t.data.batches.train(number), number) for t in (plain, compiled))
        assert float(second["loss"]) == pytest.approx(float(first["loss"]), rel=1e-4)
    assert [name for name, _ in compiled.model.named_parameters()] == names


def test_the_command_trains_in_two_processes(world, tmp_path):
    """As the rule starts it; one model folder, and the log counts the sentences of both."""
    inputs = world.inputs
    options = {
        "pretraining": {"num_steps": 3, "batch_size": 8, "max_sentence_length": 48, "num_processes": 2},
        "experiments": {"bali": {}},
        "evaluation": {"models": ["bali"]},
        "compute": Compute(accelerator="cpu").model_dump(),
    }
    arguments = ["--experiment", "bali", "--base-model", inputs.base_model, "--train", *inputs.train]
    arguments += ["--validation", *inputs.validation, "--subgraphs", inputs.subgraphs, "--graph-dir", inputs.graph_dir]
    arguments += ["--umls-dir", inputs.umls_dir, "--output-dir", tmp_path / "bali"]
    arguments += ["--checkpoint-dir", tmp_path / "checkpoints", "--options", json.dumps(options)]
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    found = subprocess.run(
        [*launcher, "-m", "bali", "pretrain", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-3000:]
    assert found.stderr.count("dry run of the largest batch") == 1, "the first process speaks for all"
    counts = json.loads((tmp_path / "bali/bali.json").read_text())["counts"]
    assert counts["seen_in_training"]["sentences"] == 24
    log = read_artefact(tmp_path / "bali/training_log.parquet", TRAINING_LOG).to_pylist()
    assert {"loss", "mlm_loss", "alignment_loss", "gradient_norm"} <= {row["name"] for row in log}
    assert not (tmp_path / "checkpoints").exists()
