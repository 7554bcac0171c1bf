"""Model folders from elsewhere: no code in them runs, no pickle is trusted, nothing asks the network."""

import contextlib
import json
import pickle
import socket
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertForMaskedLM

from bali.errors import InputError
from bali.evaluation import language_model as evaluation
from bali.models import language_model as models
from bali.models.language_model import save_language_model
from bali.models.wordpiece import SPECIAL_TOKENS, make_tokenizer

SIZES = {"vocab_size": 9, "hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
PARTS = ("Config", "Model", "ModelForMaskedLM", "Tokenizer", "TokenizerFast")


def pretrained(folder):
    return models.load_language_model(folder, 32)  # pretraining.base_model


def evaluated(folder):
    return evaluation.load_language_model(folder, torch.device("cpu"))  # evaluation.other_models, linking.ranker_model


@pytest.fixture(params=[pretrained, evaluated])
def load(request):
    return request.param


@pytest.fixture
def canary(tmp_path):
    return tmp_path / "canary"


@pytest.fixture
def folder(tmp_path, canary):
    """A good model, beside it code that leaves the canary when it is imported."""
    torch.manual_seed(0)
    folder = tmp_path / "model"
    save_language_model(
        BertForMaskedLM(BertConfig(**SIZES, max_position_embeddings=32)),
        make_tokenizer([*SPECIAL_TOKENS, "a", "b", "##a", "##b"], 32),
        folder,
    )
    classes = "\n".join(f"class {name}: pass" for name in PARTS)
    for name in ("evil.py", "__init__.py", "modeling_bert.py", "tokenization_bert.py"):
        (folder / name).write_text(f"open({str(canary)!r}, 'w').close()\n{classes}\n")
    return folder


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Refuse connections; none may have been attempted, whatever became of the refusal."""
    attempts = []

    def refuse(*arguments, **_):
        attempts.append(arguments)
        raise OSError("no connections here")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert attempts == []


def change(path: Path, **values):
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def auto_map(prefix: str = "") -> dict:
    return {
        "AutoConfig": f"{prefix}evil.Config",
        "AutoModel": f"{prefix}evil.Model",
        "AutoModelForMaskedLM": f"{prefix}evil.ModelForMaskedLM",
        "AutoTokenizer": [f"{prefix}evil.Tokenizer", f"{prefix}evil.TokenizerFast"],
    }


def refused(load, folder) -> str:
    with pytest.raises(InputError) as caught:
        load(folder)
    assert str(caught.value).isprintable()
    return str(caught.value)


def test_the_code_would_leave_its_trace(folder, canary):
    exec((folder / "evil.py").read_text())
    assert canary.exists()


@pytest.mark.parametrize("prefix", ["", "somebody/else--"])
def test_an_architecture_of_the_folders_own_is_refused(load, folder, canary, prefix):
    change(folder / "config.json", model_type="evil", architectures=["ModelForMaskedLM"], auto_map=auto_map(prefix))
    assert str(folder) in refused(load, folder)
    assert not canary.exists()


@pytest.mark.parametrize("prefix", ["", "somebody/else--"])
def test_code_beside_a_known_architecture_is_not_run(load, folder, canary, prefix):
    change(folder / "config.json", auto_map=auto_map(prefix))
    change(folder / "tokenizer_config.json", auto_map={"AutoTokenizer": auto_map(prefix)["AutoTokenizer"]})
    loaded = load(folder)
    assert type(loaded.model).__module__.startswith("transformers.models.bert")
    assert not canary.exists()


def test_a_tokenizer_class_of_the_folders_own_is_not_run(load, folder, canary):
    change(
        folder / "tokenizer_config.json",
        tokenizer_class="evil.Tokenizer",
        auto_map={"AutoTokenizer": auto_map()["AutoTokenizer"]},
    )
    try:
        tokenizer = load(folder).tokenizer
    except InputError:
        tokenizer = None
    assert tokenizer is None or type(tokenizer).__module__.startswith("transformers.")
    assert not canary.exists()


def test_modules_of_sentence_transformers_are_not_run(load, folder, canary):
    (folder / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": "evil.Model"}]))
    assert load(folder).model is not None
    assert not canary.exists()


@pytest.mark.parametrize("key", ["attn_implementation", "_attn_implementation", "_attn_implementation_internal"])
def test_kernels_of_a_repository_are_not_fetched(load, folder, canary, key):
    change(folder / "config.json", **{key: "somebody/kernel"})
    with contextlib.suppress(InputError):
        load(folder)
    assert not canary.exists()


class Evil:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def write_pickled_weights(folder: Path, canary: Path) -> None:
    weights = {**BertForMaskedLM.from_pretrained(folder).state_dict(), "evil": Evil(canary)}
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")


def test_pickled_weights_run_nothing(load, folder, canary):
    write_pickled_weights(folder, canary)
    assert "eights" in refused(load, folder)
    assert not canary.exists()
    torch.load(folder / "pytorch_model.bin", weights_only=False)["evil"].close()
    assert canary.exists()  # it was a trap


def test_a_plain_pickle_in_the_place_of_weights_runs_nothing(load, folder, canary):
    (folder / "model.safetensors").unlink()
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Evil(canary)))
    refused(load, folder)
    assert not canary.exists()


def test_honest_pickled_weights_are_read(load, folder):
    weights = BertForMaskedLM.from_pretrained(folder).state_dict()
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    assert load(folder).model is not None


HEADER = b'{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 8 + b"{}",  # a header longer than any file
        (2**40).to_bytes(8, "little") + HEADER,
        len(HEADER).to_bytes(8, "little") + HEADER,  # no tensor behind the header
        (2).to_bytes(8, "little") + b"{}" + b"\0" * 64,
        (4).to_bytes(8, "little") + b"null",
        b"\x80\x04" + pickle.dumps("a pickle under the name of safetensors"),
        len(HEADER).to_bytes(8, "little") + HEADER.replace(b"[0,4]", b"[0,9223372036854775807]") + b"\0" * 4,
    ],
)
def test_wrong_headers_of_safetensors_are_one_line(load, folder, content):
    (folder / "model.safetensors").write_bytes(content)
    refused(load, folder)


def test_an_index_that_leads_out_of_the_folder_runs_nothing(load, folder, canary, tmp_path):
    (tmp_path / "outside.bin").write_bytes(pickle.dumps(Evil(canary)))
    (folder / "model.safetensors").unlink()
    index = {"metadata": {"total_size": 1}, "weight_map": {"a": "../outside.bin"}}
    (folder / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    refused(load, folder)
    assert not canary.exists()
