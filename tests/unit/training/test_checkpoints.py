"""Checkpoints resume exactly, refuse what is not theirs, and are whole whenever the process dies."""

import copy
import functools
import itertools
import json
import os
import re
import shutil
import signal
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from bali.errors import ArtefactError, ConfigError, OutputError
from bali.io.files import digest_file
from bali.training import checkpoints as module
from bali.training.checkpoints import Checkpoints
from bali.training.progress import Progress

IDENTITY = {
    "options": {"pretraining": {"learning_rate": 1e-4, "graph_encoder": "gat", "fanout": [3, 2]}, "seed": 29},
    "input_digests": {"umls/names.parquet": "a" * 64, "graph/nodes.parquet": "b" * 64},
    "code": "c" * 64,
}
FILES = {"state.safetensors", "progress.json", "identity.json"}
CHANGES_FILES = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir"}


def make(seed=0, fused=None, width=4):
    """Weights, buffers of two types, a parameter that no gradient reaches, and their optimiser."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, width), nn.BatchNorm1d(width), nn.Linear(width, 1))
    model.unused = nn.Parameter(torch.ones(2))
    return model, torch.optim.AdamW(model.parameters(), lr=1e-2, fused=fused)


def train(model, optimiser, progress, num_steps):
    for _ in range(num_steps):
        torch.manual_seed(progress.step)
        optimiser.zero_grad()
        model(torch.randn(8, 3)).square().mean().backward()
        optimiser.step()
        progress.step += 1


def save_at(directory, steps, identity=IDENTITY):
    """Train and write checkpoints; gives the model, its optimiser and the progress at the last."""
    model, optimiser = make()
    progress = Progress()
    for step in steps:
        train(model, optimiser, progress, step - progress.step)
        Checkpoints(directory, identity).save(model, optimiser, progress)
    return model, optimiser, progress


def state(model, optimiser):
    values = {f"model.{name}": value.clone() for name, value in model.state_dict().items()}
    for name, parameter in model.named_parameters():
        values |= {f"{key}.{name}": value.clone() for key, value in optimiser.state.get(parameter, {}).items()}
    return values


def assert_same(first, second):
    assert first.keys() == second.keys()
    assert len(first) > 20
    for name, value in first.items():
        assert value.dtype == second[name].dtype, name
        assert torch.equal(value, second[name]), name


def changed(path, value):
    """IDENTITY with another value at a path of keys; None deletes."""
    identity = copy.deepcopy(IDENTITY)
    place = functools.reduce(lambda mapping, key: mapping[key], path[:-1], identity)
    place[path[-1]] = value
    if value is None:
        del place[path[-1]]
    return identity


@pytest.mark.parametrize("fused", [False, True])
def test_resume_equals_the_uninterrupted_run(tmp_path, fused):
    model, optimiser = make(fused=fused)
    progress = Progress()
    train(model, optimiser, progress, 3)
    Checkpoints(tmp_path, IDENTITY).save(model, optimiser, progress)
    saved = state(model, optimiser)
    train(model, optimiser, progress, 2)

    other, other_optimiser = make(seed=1, fused=fused)
    assert not torch.equal(other[0].weight, saved["model.0.weight"])
    other_optimiser.param_groups[0]["base_learning_rate"] = 0.25
    resumed = Checkpoints(tmp_path, IDENTITY).restore(other, other_optimiser)
    assert other_optimiser.param_groups[0]["base_learning_rate"] == 0.25, "the groups stay as they are"
    assert_same(saved, state(other, other_optimiser))
    steps = [value["step"] for value in other_optimiser.state.values()]
    assert [float(step) for step in steps] == [3.0] * 6
    assert all(step.dtype == torch.float32 for step in steps)
    train(other, other_optimiser, resumed, 2)
    assert resumed.step == progress.step == 5
    assert_same(state(model, optimiser), state(other, other_optimiser))


def test_without_a_checkpoint_nothing_changes(tmp_path):
    model, optimiser = make()
    before = copy.deepcopy(model.state_dict())
    checkpoints = Checkpoints(tmp_path / "absent", IDENTITY)
    checkpoints.check()
    assert checkpoints.restore(model, optimiser).encode() == Progress().encode()
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert not optimiser.state
    checkpoints.remove()
    assert not (tmp_path / "absent").exists()


def test_two_are_kept_and_hold_their_identity(tmp_path):
    save_at(tmp_path, [4, 8, 12])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["step-00000008", "step-00000012"]
    for folder in tmp_path.iterdir():
        assert {path.name for path in folder.iterdir()} == FILES
        assert json.loads((folder / "identity.json").read_text()) == IDENTITY


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("options", "pretraining", "learning_rate"), 2e-5, "other pretraining.learning_rate (2e-05, now 0.0001)"),
        (("options", "pretraining", "graph_encoder"), "sage", 'other pretraining.graph_encoder ("sage", now "gat")'),
        (("options", "pretraining", "graph_encoder"), None, 'other pretraining.graph_encoder (absent, now "gat")'),
        (("options", "compute"), {"precision": "auto"}, 'other compute.precision ("auto", now absent)'),
        (("options", "compute"), {}, "other compute ({}, now absent)"),
        (("input_digests", "umls/names.parquet"), "d" * 64, "other input umls/names.parquet"),
        (("input_digests", "umls/names.parquet"), None, "no input umls/names.parquet (now read)"),
        (("input_digests", "umls/more.parquet"), "d" * 64, "input umls/more.parquet (now absent)"),
        (("code",), "d" * 64, "other code"),
    ],
)
def test_another_run_is_refused_with_what_differs(tmp_path, path, value, message):
    save_at(tmp_path, [1], changed(path, value))
    for refuses in (Checkpoints(tmp_path, IDENTITY).check, lambda: Checkpoints(tmp_path, IDENTITY).restore(*make())):
        with pytest.raises(ConfigError) as caught:
            refuses()
        assert str(caught.value) == (
            f"{tmp_path}: expected a checkpoint of this run, found one with {message}. "
            f"Delete {tmp_path} to start anew, or restore the old configuration to resume."
        )
    assert (tmp_path / "step-00000001").is_dir()


def test_many_differences_are_counted(tmp_path):
    old = {"options": {f"o{i}": 1 for i in range(7)}, "input_digests": {f"i{i}": "d" for i in range(6)}, "code": "old"}
    save_at(tmp_path, [1], old)
    new = {"options": {f"o{i}": 2 for i in range(7)}, "input_digests": {f"i{i}": "e" for i in range(6)}, "code": "new"}
    options = ", ".join(f"other o{i} (1, now 2)" for i in range(5))
    inputs = ", ".join(f"other input i{i}" for i in range(5))
    expected = f"one with {options}, and 2 more options, {inputs}, and 1 more input, other code. Delete"
    with pytest.raises(ConfigError, match=re.escape(expected)):
        Checkpoints(tmp_path, new).check()


WEIGHT, MOMENT = "model.0.weight", "optimiser.exp_avg.0.bias"
FILE_DAMAGES = [
    ("identity.json", None, "expected a file of the checkpoint, found no file"),
    ("identity.json", b'{"opt', "expected a file of the checkpoint, found damaged JSON"),
    ("identity.json", b"[]", "expected a JSON object"),
    ("identity.json", b"{}", "expected options, input_digests and code"),
    ("progress.json", None, "expected a file of the checkpoint, found no file"),
    ("progress.json", b"\0\xff", "expected a file of the checkpoint, found damaged JSON"),
    ("progress.json", b'{"log": []}', "expected the progress of a training"),
    ("state.safetensors", None, "expected the tensors of the checkpoint, found no file"),
    ("state.safetensors", b"", "expected SHA-256 [0-9a-f]{64}, found another"),
]
TENSOR_DAMAGES = [
    (WEIGHT, None),
    (WEIGHT, torch.ones(1)),
    (WEIGHT, torch.ones(4, 3).double()),
    (MOMENT, None),
    (MOMENT, torch.ones(1)),
    ("foreign", torch.ones(1)),
]


def refusal(directory):
    with pytest.raises(ArtefactError) as caught:
        Checkpoints(directory, IDENTITY).restore(*make())
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("file", "content", "message"), FILE_DAMAGES)
def test_damage_is_refused_with_what_to_delete(tmp_path, file, content, message):
    save_at(tmp_path, [4, 8])
    first, last = sorted(tmp_path.iterdir())
    for folder, rest in ((last, f"resume from {first.name}"), (first, "start anew")):
        (folder / file).unlink()
        if content is not None:
            (folder / file).write_bytes(content)
        found = refusal(tmp_path)
        assert re.match(re.escape(f"{folder / file}: ") + message, found)
        assert found.endswith(f". Delete {folder} to {rest}.")
        shutil.rmtree(folder)
        assert Checkpoints(tmp_path, IDENTITY).restore(*make()).step == (4 if folder is last else 0)


@pytest.mark.parametrize(("name", "tensor"), TENSOR_DAMAGES)
def test_tensors_of_another_model_are_refused(tmp_path, name, tensor):
    save_at(tmp_path, [4])
    (folder,) = tmp_path.iterdir()
    tensors = load_file(folder / "state.safetensors") | {name: tensor}
    save_file({key: value for key, value in tensors.items() if value is not None}, folder / "state.safetensors")
    progress = json.loads((folder / "progress.json").read_text())
    digest = digest_file(folder / "state.safetensors")
    (folder / "progress.json").write_text(json.dumps(progress | {"sha256": digest}))
    assert f"found {name} missing, foreign or of another shape or type. Delete {folder}" in refusal(tmp_path)


def test_a_model_of_another_size_names_a_few_tensors(tmp_path):
    save_at(tmp_path, [1])
    with pytest.raises(ArtefactError, match=r"found (\S+, ){5}and \d+ more tensors missing"):
        Checkpoints(tmp_path, IDENTITY).restore(*make(width=5))


def test_a_full_disk_is_one_line_and_keeps_the_checkpoint_before(tmp_path, monkeypatch):
    model, optimiser, progress = save_at(tmp_path, [4])
    with monkeypatch.context() as patch:
        patch.setattr(module, "save_file", fail_to_save)
        progress.step = 8
        with pytest.raises(OutputError, match=r"cannot be written: .*No space left"):
            Checkpoints(tmp_path, IDENTITY).save(model, optimiser, progress)
    assert [path.name for path in tmp_path.iterdir()] == ["step-00000004"]
    assert Checkpoints(tmp_path, IDENTITY).restore(model, optimiser).step == 4


def fail_to_save(tensors, path):
    path.write_bytes(b"half")
    raise module.SafetensorError("I/O error: No space left on device (os error 28)")


def die_at(change, do):
    """Run `do` in a process that is killed before its change number `change` of the file system; its exit status."""
    if pid := os.fork():
        return os.waitpid(pid, 0)[1]
    changes = itertools.count(1)

    def kill(event, _):
        if event in CHANGES_FILES and next(changes) == change:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        sys.addaudithook(kill)
        do()
    except BaseException:
        os._exit(1)
    os._exit(0)


def die_everywhere(tmp_path, steps, do):
    """The folder of checkpoints after `do` was killed at each of its changes, and last after it was not."""
    save_at(tmp_path / "prepared", steps)
    for change in range(1, 200):
        directory = shutil.copytree(tmp_path / "prepared", tmp_path / str(change))
        status = die_at(change, lambda at=directory: do(Checkpoints(at, IDENTITY)))
        for folder in directory.glob("step-*"):
            assert {path.name for path in folder.iterdir()} == FILES
        yield directory
        if status == 0:
            return
        assert status == signal.SIGKILL
    pytest.fail("it never came to its end")


def test_a_kill_at_any_moment_of_saving_leaves_whole_checkpoints(tmp_path):
    trained, progress = make(), Progress(12)
    restored, num_left = [], 0
    for directory in die_everywhere(tmp_path, [4, 8], lambda checkpoints: checkpoints.save(*trained, progress)):
        num_left += len(list(directory.glob(".step-*")))
        checkpoints = Checkpoints(directory, IDENTITY)
        restored.append(checkpoints.restore(*make()).step)
        assert {path.name[:5] for path in directory.iterdir()} == {"step-"}, "what was left half-written is gone"
        checkpoints.save(*make(), Progress(16))
        assert len(list(directory.iterdir())) == 2
    assert num_left > 10
    assert restored == sorted(restored)
    assert min(restored.count(8), restored.count(12)) > 3


def test_a_kill_at_any_moment_of_removing_leaves_whole_checkpoints(tmp_path):
    restored = []
    for directory in die_everywhere(tmp_path, [4, 8], Checkpoints.remove):
        restored.append(Checkpoints(directory, IDENTITY).restore(*make()).step)
        Checkpoints(directory, IDENTITY).remove()
        assert not directory.exists()
    assert restored == sorted(restored, reverse=True)
    assert min(restored.count(8), restored.count(0)) > 2


def test_only_what_the_training_wrote_is_removed(tmp_path):
    save_at(tmp_path, [4, 8])
    made = ["train.arrow", "metrics.jsonl", ".train.arrow.7.partial", ".metrics.jsonl.7.partial"]
    mine = ["notes.txt", "step-by-step.md", "step-1", ".notes.txt.7.partial", "metrics.jsonl.bak", "arrow"]
    for name in made + mine:
        (tmp_path / name).write_text(name)
    (tmp_path / ".step-00000012.7.partial").mkdir()
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures/loss.svg").write_text("mine")
    Checkpoints(tmp_path, IDENTITY).remove()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*mine, "figures"])
    assert all((tmp_path / name).read_text() == name for name in mine)
    assert (tmp_path / "figures/loss.svg").read_text() == "mine"
    for name in mine:
        (tmp_path / name).unlink()
    shutil.rmtree(tmp_path / "figures")
    Checkpoints(tmp_path, IDENTITY).remove()
    assert not tmp_path.exists()
