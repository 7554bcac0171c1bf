"""`bali fetch model`: the real client of the hub against a local hub that behaves, and one that does not."""

import errno
import hashlib
import json
import logging
import re
import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

from bali.cli import main
from bali.errors import ArtefactError, InputError
from bali.fetching import hub as hub_module
from bali.fetching.models import UNFINISHED, choose_files, is_model_id, read_record, resolve_model
from tests.unit.fetching.hub_server import Hub, serve_hub

MODEL = "some-org/Tiny.Model-1"
OLD, NEW = "a" * 40, "b" * 40
WEIGHTS = hashlib.sha256(b"weights").digest() * 10_000  # 320 kB
KEPT = {
    "config.json": b'{"model_type": "bert"}',
    "vocab.txt": b"[PAD]\n[UNK]\n",
    "tokenizer_config.json": b"{}",
    "1_Pooling/config.json": b"{}",
    "README.md": b"# Tiny\n",
    "model.safetensors": WEIGHTS,
}
LEFT = {
    "pytorch_model.bin": b"pickle",
    "tf_model.h5": b"tensorflow",
    "flax_model.msgpack": b"flax",
    "rust_model.ot": b"rust",
    "onnx/model.onnx": b"onnx",
    "modeling_tiny.py": b"import os",
    "model.fp16.safetensors": b"half",
    ".gitattributes": b"*.bin",
    "training_args.bin": b"pickle",
}


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between the client's attempts


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with serve_hub(MODEL, {OLD: {**KEPT, **LEFT}}) as state:
        monkeypatch.setenv("HF_ENDPOINT", state.url)
        yield state


def fetch(folder: Path, *options: str, model: str = MODEL) -> int:
    return main(["fetch", "model", model, "--output", str(folder), *options])


def files_of(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def failure(capsys: pytest.CaptureFixture[str]) -> str:
    lines = capsys.readouterr().err.splitlines()
    assert lines
    assert lines[-1].startswith("bali fetch: ")
    assert "Traceback" not in "".join(lines)
    return lines[-1]


def test_the_model_is_fetched_as_plain_files_with_a_record(tmp_path: Path, hub: Hub) -> None:
    assert fetch(tmp_path) == 0
    files = files_of(tmp_path / MODEL)
    record = json.loads(files.pop("fetched.json"))
    assert files == KEPT
    assert [path for path in tmp_path.rglob("*") if path.is_dir() and path.name == ".cache"] == []
    assert (record["model_id"], record["commit"]) == (MODEL, OLD)
    assert record["files"] == [
        {"name": name, "size": len(text), "sha256": hashlib.sha256(text).hexdigest()}
        for name, text in sorted(KEPT.items())
    ]
    assert resolve_model(MODEL, tmp_path) == tmp_path / MODEL


def test_a_second_run_fetches_nothing_and_a_damaged_file_only(tmp_path: Path, hub: Hub) -> None:
    assert fetch(tmp_path) == 0
    before = files_of(tmp_path)
    hub.requests.clear()
    assert fetch(tmp_path) == 0
    assert hub.fetched() == []
    damaged = bytearray(WEIGHTS)
    damaged[7] ^= 1
    (tmp_path / MODEL / "model.safetensors").write_bytes(damaged)
    (tmp_path / MODEL / "vocab.txt").unlink()
    assert fetch(tmp_path) == 0
    assert hub.fetched() == ["model.safetensors", "vocab.txt"]
    assert files_of(tmp_path) == before


def test_a_new_commit_replaces_the_old_one_and_a_revision_is_kept_to(tmp_path: Path, hub: Hub) -> None:
    hub.commits = {OLD: {**KEPT, **LEFT}}
    assert fetch(tmp_path) == 0
    files = {name: text for name, text in KEPT.items() if name != "model.safetensors"}
    hub.commits[NEW] = {**files, "README.md": b"# New\n", "pytorch_model.bin": b"pickle"}
    (tmp_path / MODEL / "notes of mine.txt").write_text("kept")
    hub.requests.clear()
    assert fetch(tmp_path) == 0
    assert hub.fetched() == ["README.md", "pytorch_model.bin"]
    found = files_of(tmp_path / MODEL)
    assert json.loads(found.pop("fetched.json"))["commit"] == NEW
    assert found.pop("notes of mine.txt") == b"kept"
    assert found == hub.commits[NEW]  # the old safetensors are gone: they would be read first
    assert fetch(tmp_path / "old", "--revision", OLD) == 0
    assert files_of(tmp_path / "old" / MODEL).keys() == {*KEPT, "fetched.json"}


def test_a_broken_fetch_is_noticed_and_goes_on(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    hub.cut = {"model.safetensors"}
    assert fetch(tmp_path) == 2
    assert "cannot be fetched from the hub" in failure(capsys)
    folder = tmp_path / MODEL
    assert (folder / "config.json").is_file()
    assert not (folder / "fetched.json").exists()
    assert read_record(folder) is None
    for name in (MODEL, str(folder)):
        with pytest.raises(InputError, match=r"is not whole, its fetching was broken off\. Run `bali fetch model"):
            resolve_model(name, tmp_path)
    hub.cut = set()
    hub.requests.clear()
    assert fetch(tmp_path) == 0
    assert hub.fetched() == ["model.safetensors"]
    assert files_of(folder).keys() == {*KEPT, "fetched.json"}


@pytest.mark.parametrize("name", ["model.safetensors", "vocab.txt"])
def test_other_bytes_than_the_hub_promised_are_refused(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    hub.spoil = {name}
    assert fetch(tmp_path) == 2
    assert re.search(rf"{name}: expected [0-9,]+ bytes with the digest [0-9a-f]+, got others", failure(capsys))
    assert not (tmp_path / MODEL / "fetched.json").exists()
    hub.spoil = set()
    assert fetch(tmp_path) == 0
    assert (tmp_path / MODEL / name).read_bytes() == KEPT[name]


def test_a_token_opens_a_private_model_and_is_never_shown(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, caplog
) -> None:
    caplog.set_level(logging.DEBUG)
    hub.token = "hf_" + "s" * 30
    assert fetch(tmp_path) == 2
    line = failure(capsys)
    assert "no such model, or it is private" in line
    assert "HF_TOKEN" in line
    monkeypatch.setenv("HF_TOKEN", "hf_" + "w" * 30)
    assert fetch(tmp_path) == 2
    shown = capsys.readouterr().err
    monkeypatch.setenv("HF_TOKEN", hub.token)
    assert fetch(tmp_path) == 0
    assert hub.tokens == {"", "hf_" + "w" * 30, hub.token}
    shown += capsys.readouterr().err + caplog.text
    assert "hf_" not in shown + "".join(path.read_text("latin1") for path in tmp_path.rglob("*") if path.is_file())


def test_a_gated_model_says_so(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    hub.token, hub.gated = "hf_secret", True
    assert fetch(tmp_path) == 2
    assert "its owner asks for consent" in failure(capsys)


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ("some-org/other", [], "no such model, or it is private"),
        (MODEL, ["--revision", "nowhere"], "the model has no revision 'nowhere'"),
        ("bert-base-uncased", [], "expected the id of a model as ORG/NAME"),
        ("https://huggingface.co/some-org/other", [], "expected the id of a model as ORG/NAME"),
        ("../../etc", [], "expected the id of a model as ORG/NAME"),
        ("a..b/c", [], "expected the id of a model as ORG/NAME"),
    ],
)
def test_what_does_not_exist_is_one_line(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], model: str, options: list[str], message: str
) -> None:
    assert fetch(tmp_path, *options, model=model) == 2
    assert message in failure(capsys)
    assert list(tmp_path.iterdir()) == []


def test_a_hub_in_trouble_or_no_network_is_one_line(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.status = 503
    assert fetch(tmp_path) == 2
    assert "the hub answers 503. Try later" in failure(capsys)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{free.getsockname()[1]}")
        assert fetch(tmp_path) == 2
    assert "cannot be fetched from the hub: " in (line := failure(capsys))
    assert "Check the network" in line
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert fetch(tmp_path) == 2
    assert "HF_HUB_OFFLINE" in failure(capsys)


def test_a_full_disk_is_one_line(
    tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(1, 1, 100_000))
    assert fetch(tmp_path) == 2
    assert "GiB are to come, 0.0 GiB are free" in failure(capsys)
    monkeypatch.undo()
    monkeypatch.setenv("HF_ENDPOINT", hub.url)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(hub_module, "snapshot_download", full)
    assert fetch(tmp_path) == 2
    assert "cannot be written: No space left on device" in failure(capsys)
    (tmp_path / "file").write_text("no folder")
    assert fetch(tmp_path / "file") == 2
    assert "cannot be written: Not a directory" in failure(capsys)


def test_two_at_once_are_refused(tmp_path: Path, hub: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    with hub_module._filling(tmp_path / MODEL):
        assert fetch(tmp_path) == 2
        assert "another `bali fetch` writes here" in failure(capsys)
    assert fetch(tmp_path) == 0


def test_safetensors_go_before_pytorch_and_shards_with_their_index() -> None:
    shards = [f"model-0000{n}-of-00002.safetensors" for n in (1, 2)] + ["model.safetensors.index.json"]
    bins = [name.replace("model", "pytorch_model").replace("safetensors", "bin") for name in shards]
    plain = ["config.json", "spiece.model", "tokenizer.json", "LICENSE.txt"]
    assert choose_files([*bins, *plain, *shards], "a/b") == sorted([*plain, *shards])
    assert choose_files([*bins, *plain, "x/config.json"], "a/b") == sorted([*plain, *bins])
    with pytest.raises(
        InputError, match=r"a/b: expected a model of transformers with a config.json, found none among 1"
    ):
        choose_files(["model.safetensors"], "a/b")
    with pytest.raises(
        InputError, match=r"a/b: expected weights as model.safetensors or pytorch_model.bin, found neither"
    ):
        choose_files(["config.json", "tf_model.h5", "adapter_model.safetensors", "sub/model.safetensors"], "a/b")


def test_names_mean_local_folders_then_fetched_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    by_hand = tmp_path / "models" / "org" / "name"
    by_hand.mkdir(parents=True)
    key = "evaluation.other_models.sapbert"
    message = (
        r"^evaluation\.other_models\.sapbert: expected a Hugging Face folder, with a config\.json, or a model"
        r" fetched into models/, found"
    )
    with pytest.raises(
        InputError, match=message + r" neither at org/name or models/org/name\. Run `bali fetch model org"
    ):
        resolve_model("org/name", key=key)
    (by_hand / "config.json").write_text("{}")
    assert resolve_model("org/name") == Path("models/org/name")
    Path("org/name").mkdir(parents=True)
    assert resolve_model("org/name") == Path("models/org/name"), "a folder without a model is none"
    Path("org/name/config.json").write_text("{}")
    assert resolve_model("org/name") == Path("org/name")
    assert resolve_model(str(by_hand)) == by_hand
    with pytest.raises(InputError, match=message + r" neither at /nowhere\. Run `bali fetch model ORG/NAME`"):
        resolve_model("/nowhere", key=key)
    (by_hand / UNFINISHED).touch()
    with pytest.raises(InputError, match="is not whole"):
        resolve_model("models/org/name")


def test_a_record_that_is_none_is_refused(tmp_path: Path) -> None:
    assert read_record(tmp_path) is None
    for text in ("[]", "{}", '{"model_id": "a/b", "commit": "c", "files": [{"size": 1}]}'):
        (tmp_path / "fetched.json").write_text(text)
        with pytest.raises(InputError, match="expected a record of `bali fetch model`, found another layout"):
            read_record(tmp_path)
    (tmp_path / "fetched.json").write_text("garbage")
    with pytest.raises(ArtefactError, match="expected JSON"):
        read_record(tmp_path)


def test_ids_of_models() -> None:
    good = ["michiyasunaga/BioLinkBERT-base", "a/b", "cambridgeltl/SapBERT-from-PubMedBERT-fulltext", "x_y/z.1"]
    bad = ["", "a", "a/b/c", "/a", "a/", "a/-b", "a/b.", "a--b/c", "a/..", "a b/c", "é/b", "x" * 97 + "/y", "a/b\n"]
    assert [text for text in good if not is_model_id(text)] == []
    assert [text for text in bad if is_model_id(text)] == []


def test_names_of_models_load_neither_torch_nor_the_client() -> None:
    code = "import sys, bali.fetching.models, bali.stages.fetch;"
    code += "sys.exit('torch' in sys.modules or 'huggingface_hub' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
