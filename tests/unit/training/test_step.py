"""Cached gradients, accumulation, and several processes: all give what one plain step gives."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from bali.batching.batch import to_device
from tests.unit.training.fixtures import make_world
from tests.unit.training.trainings import make_training

ROOT = Path(__file__).parents[3]
ALL_OBJECTIVES = {
    "mention_name_weight": 0.5,
    "link_prediction_weight": 0.5,
    "infomax_weight": 0.5,
    "corrupted_edges_weight": 0.5,
    "learnable_temperature": True,
    "pooling": "attention",
}
SHARED = {"mention_name_weight": 0.5, "learnable_temperature": True, "pooling": "attention", "mask_related": True}
# Float sums in another order: the differences seen are below 1e-6 of the largest gradient.
TOLERANCE = {"rtol": 1e-4, "atol": 1e-6}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


def step_of(training, number=2):
    """Losses and gradients of a batch."""
    losses = training.step().backward(to_device(training.data.batches.train(number), torch.device("cpu")), number)
    gradients = {name: p.grad for name, p in training.model.named_parameters() if p.grad is not None}
    return losses, gradients


@pytest.mark.parametrize(
    "changes",
    [
        ALL_OBJECTIVES,
        {"graph_encoder": "linearised", "graph_mlm_weight": 0.5},
        {"graph_encoder": "names_only", "alignment_loss": "multi_similarity"},
        {"graph_encoder": "none"},
    ],
    ids=["gat", "linearised", "names_only", "none"],
)
def test_cached_gradients_are_those_of_a_plain_step(world, tmp_path, changes, monkeypatch):
    """With dropout on: both readings of a part see the same units."""
    cached = make_training(world, tmp_path, sentences_at_once=3, **changes)
    plain = make_training(world, tmp_path, sentences_at_once=3, **changes)
    monkeypatch.setattr("bali.training.step._cached", None)
    object.__setattr__(plain.options, "sentences_at_once", None)  # the same parts, read once
    with pytest.raises(TypeError):
        step_of(cached)
    expected_losses, expected = step_of(plain)
    monkeypatch.undo()
    losses, found = step_of(cached)
    assert len(found) > 20
    assert len(cached.data.batches.train(2).sentences) == 3
    assert losses.keys() == expected_losses.keys()
    for name, loss in losses.items():
        torch.testing.assert_close(loss, expected_losses[name], **TOLERANCE, msg=name)
    assert found.keys() == expected.keys()
    for name, gradient in found.items():
        torch.testing.assert_close(gradient, expected[name], **TOLERANCE, msg=name)
        assert gradient.abs().sum() > 0, name


def test_parts_change_nothing_without_dropout(world, tmp_path):
    whole = step_of(make_training(world, tmp_path, with_dropout=False, **ALL_OBJECTIVES))
    parts = step_of(make_training(world, tmp_path, with_dropout=False, sentences_at_once=2, **ALL_OBJECTIVES))
    assert len(whole[1]) > 20
    for (name, expected), found in zip(whole[1].items(), parts[1].values(), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-5, msg=name)
    for name, expected in whole[0].items():
        torch.testing.assert_close(parts[0][name], expected, rtol=1e-4, atol=1e-5, msg=name)


CHILD = """
import json, os, sys
from pathlib import Path
import torch
from bali.training.processes import join_processes, leave_processes
from tests.unit.training.fixtures import world_at
from tests.unit.training.trainings import make_training

world, cache, output = world_at(Path(sys.argv[1])), Path(sys.argv[2]), Path(sys.argv[4])
changes = json.loads(sys.argv[3])
processes = join_processes(int(os.environ["WORLD_SIZE"]), "cpu")
training = make_training(world, cache, processes, with_dropout=False, **changes)
found = {}
for number in range(3):
    losses = training.step(processes).backward(training.data.batches.train(number), number)
    names = sorted(losses)
    sums = processes.sum_numbers([float(losses[name]) for name in names])
    found[number] = dict(zip(names, sums))
processes.sum_gradients([p for p in training.model.parameters() if p.requires_grad])
if processes.is_first:
    torch.save({n: p.grad for n, p in training.model.named_parameters() if p.requires_grad}, output / "gradients.pt")
    (output / "losses.json").write_text(json.dumps(found))
leave_processes()
"""


@pytest.mark.parametrize(
    "changes",
    [{**SHARED, "sentences_at_once": 2}, {"graph_encoder": "linearised", "alignment_loss": "multi_similarity"}],
    ids=["gat with cached gradients", "linearised"],
)
def test_two_processes_are_one_with_the_same_batch(world, tmp_path, changes):
    """`torchrun` with gloo: losses, contrastive negatives of the other process included, and summed gradients.

    Objectives on a process's own graph are left out: their negatives are drawn from its own nodes, by design.
    Tolerance: 1e-4 relative, 1e-5 absolute (sums in another order). Dropout is off: processes draw their own.
    """
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    script = tmp_path / "child.py"
    script.write_text(CHILD)
    values = json.dumps({**changes, "num_processes": 2})
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    found = subprocess.run(
        [*command, str(script), str(world.root), str(tmp_path / "cache"), values, str(tmp_path)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert found.returncode == 0, found.stderr[-3000:]
    training = make_training(world, tmp_path, with_dropout=False, **{**changes, "num_processes": 2})
    losses = json.loads((tmp_path / "losses.json").read_text())
    for number in range(3):
        expected = training.step().backward(training.data.batches.train(number), number)
        assert expected.keys() == losses[str(number)].keys()
        for name, value in expected.items():
            assert losses[str(number)][name] == pytest.approx(float(value), rel=1e-4, abs=1e-5), name
    gradients = torch.load(tmp_path / "gradients.pt", weights_only=True)
    trained = {name: p.grad for name, p in training.model.named_parameters() if p.requires_grad}
    assert gradients.keys() == trained.keys()
    assert len(trained) > 20
    for name, gradient in trained.items():
        torch.testing.assert_close(gradients[name], gradient, rtol=1e-3, atol=1e-5, msg=name)
        assert gradient.abs().sum() > 0, name
