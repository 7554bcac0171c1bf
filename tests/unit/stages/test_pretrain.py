import json

import pytest
import torch
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer

from bali.cli import main
from tests.unit.training.fixtures import make_world


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


def command(world, output, name="bali"):
    inputs = world.inputs
    options = {
        "pretraining": {"num_steps": 3, "batch_size": 8, "max_sentence_length": 48},
        "experiments": {"bali": {"graph_encoder": "gat"}},
        "compute": {"accelerator": "cpu"},
    }
    arguments = ["pretrain", "--experiment", name, "--base-model", inputs.base_model, "--train", *inputs.train]
    arguments += ["--validation", *inputs.validation, "--subgraphs", inputs.subgraphs, "--graph-dir", inputs.graph_dir]
    arguments += [
        "--umls-dir",
        inputs.umls_dir,
        "--output-dir",
        output,
        "--checkpoint-dir",
        output.parent / "checkpoints",
    ]
    return main([str(argument) for argument in [*arguments, "--options", json.dumps(options)]])


def test_the_folder_loads_as_users_load_it(world, tmp_path):
    assert command(world, tmp_path / "bali") == 0
    model = AutoModelForMaskedLM.from_pretrained(tmp_path / "bali")
    tokenizer = AutoTokenizer.from_pretrained(tmp_path / "bali")
    inputs = tokenizer("renal [MASK]", return_tensors="pt")
    assert model(**inputs).logits.shape[-1] == len(tokenizer)
    encoder = AutoModel.from_pretrained(tmp_path / "bali")
    base = AutoModel.from_pretrained(world.inputs.base_model)
    weight = "encoder.layer.0.attention.self.query.weight"
    assert not torch.equal(encoder.state_dict()[weight], base.state_dict()[weight])
    record = json.loads((tmp_path / "bali/bali.json").read_text())
    assert record["counts"]["train"] == {"num_sentences": 48, "num_mentions": 101, "num_concepts": 12}
    assert record["counts"]["seen_in_training"]["sentences"] == 24
    assert record["umls_release"] == "test"
    card = (tmp_path / "bali/README.md").read_text()
    assert "| UMLS release | test |" in card
    assert "**not** been chosen" in card


def test_an_unknown_experiment_is_one_line(world, tmp_path, capsys):
    assert command(world, tmp_path / "bali", name="balli") == 2
    assert "--experiment: expected one of bali, got 'balli'." in capsys.readouterr().err


def test_a_base_model_without_tokenizer_is_one_line(world, tmp_path, capsys):
    hidden = world.inputs.base_model / "tokenizer.json"
    content = hidden.read_bytes()
    hidden.unlink()
    try:
        assert command(world, tmp_path / "bali") == 2
    finally:
        hidden.write_bytes(content)
    (line,) = capsys.readouterr().err.strip().splitlines()[-1:]
    assert "expected a tokenizer" in line
    assert list(tmp_path.glob("bali*")) == []


def test_a_garbled_artefact_is_one_line(tmp_path, capsys):
    world = make_world(tmp_path)
    world.inputs.subgraphs.write_bytes(b"garbage")
    assert command(world, tmp_path / "bali") == 2
    assert "subgraphs.parquet: expected a Parquet file" in capsys.readouterr().err.strip().splitlines()[-1]
