"""The folder of a trained model: loads everywhere, says what it is, and holds nothing else."""

import ast
import json
import re
import socket

import pytest
import torch
import yaml
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer

from bali.config import Compute, Config, Pretraining, section_options
from bali.evaluation.encoder import Encoder
from bali.evaluation.language_model import load_language_model
from bali.io.parquet import read_artefact
from bali.schemas import TRAINING_LOG
from bali.training import experiment as module
from bali.training.model_card import model_card
from bali.training.model_folder import write_model_folder
from bali.training.progress import Progress
from tests.unit.training.fixtures import make_world

NAMES = ["renal failure", "failing cardiac organ", "liv disease", "the renal failure " * 20]
OPTIONS = {
    "num_steps": 4,
    "pooling": "attention",
    "learnable_temperature": True,
    "link_prediction": "transe",
    "link_prediction_weight": 0.5,
    "infomax_weight": 0.1,
    "mention_name_weight": 0.2,
}


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def train(world, root, **options):
    """The model at the end of a training, the artefacts it was made from, and its folder."""
    pretraining = Pretraining(batch_size=8, max_sentence_length=48, learning_rate=3e-3, **options)
    config = Config(pretraining=pretraining, experiments={}, compute=Compute(accelerator="cpu"))
    values = section_options(config, ["pretraining", "compute", "seed"])
    experiment = module.Experiment("test", pretraining, config.compute, config.seed, values, "code")
    caught = []

    def write(directory, trained, artefacts):
        caught.extend([trained, artefacts])
        write_model_folder(directory, trained, artefacts)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "write_model_folder", write)
        module.run_experiment(experiment, world.inputs, root / "model", root / "checkpoints")
    return *caught, root / "model"


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def trained(world, tmp_path_factory):
    return train(world, tmp_path_factory.mktemp("trained"), **OPTIONS)


@pytest.fixture
def offline(monkeypatch):
    def refuse(*arguments):
        raise AssertionError(f"the network was asked for: {arguments[1:]}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def means(folder, texts):
    """The mean over all tokens of the last hidden states, text by text, without padding."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        encoded = [tokenizer(text, truncation=True, max_length=48, return_tensors="pt") for text in texts]
        assert max(batch["input_ids"].shape[1] for batch in encoded) == 48, "the longest text is cut"
        return torch.cat([model(**batch).last_hidden_state.mean(dim=1) for batch in encoded])


@torch.no_grad()
def test_hugging_face_loads_body_and_head(trained, offline):
    model, folder = trained[0].model.language_model.eval(), trained[2]
    masked, info = AutoModelForMaskedLM.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    embeddings = masked.get_input_embeddings().weight
    assert masked.get_output_embeddings().weight.data_ptr() == embeddings.data_ptr(), "the head is tied"
    batch = AutoTokenizer.from_pretrained(folder)(["renal [MASK]", "the skn disease of adults"], padding=True)
    batch = {name: torch.tensor(rows) for name, rows in batch.items()}
    logits = masked.eval()(**batch).logits
    assert logits.std() > 0.05
    assert torch.equal(logits, model(**batch).logits)

    body, info = AutoModel.from_pretrained(folder, output_loading_info=True)
    assert set(info["missing_keys"]) == {"pooler.dense.weight", "pooler.dense.bias"}
    assert info["unexpected_keys"]
    assert all(key.startswith("cls.predictions.") for key in info["unexpected_keys"]), "only the head is left over"
    states = body.eval()(**batch).last_hidden_state
    assert torch.equal(states, model.base_model(**batch).last_hidden_state)


def test_sentence_transformers_pools_as_the_training_does(trained, offline, caplog):
    sentence_transformers = pytest.importorskip("sentence_transformers")
    folder = trained[2]
    model = sentence_transformers.SentenceTransformer(str(folder), device="cpu")
    assert "mean pooling" not in caplog.text, "that it makes up a pooling is what it says of other folders"
    assert model.similarity_fn_name == "cosine"
    assert model.max_seq_length == 48
    vectors = model.encode(NAMES, convert_to_tensor=True)
    assert vectors.shape == (4, 16)
    torch.testing.assert_close(vectors, means(folder, NAMES), rtol=1e-5, atol=1e-6)
    ours = Encoder(load_language_model(folder, torch.device("cpu")), batch_size=2, max_length=512).encode(NAMES)
    torch.testing.assert_close(vectors, ours.mean, rtol=1e-5, atol=1e-6)
    assert (vectors - ours.cls).abs().max() > 0.01
    torch.testing.assert_close(model.similarity(vectors, vectors).diagonal(), torch.ones(4))


def test_parts_hold_the_weights_of_the_training(trained):
    result, _, folder = trained
    for name, part in (("graph_encoder", result.model.graph_encoder), ("heads", result.model.heads)):
        saved, expected = load_file(folder / name / "model.safetensors"), part.state_dict()
        assert saved.keys() == expected.keys()
        assert len(saved) >= 4
        assert all(torch.equal(saved[key], value) for key, value in expected.items())
        config = json.loads((folder / name / "config.json").read_text())
        assert config["relations"] == [["RO", "r0"], ["RO", "r1"], ["RO", "r2"]]


def test_equal_trainings_give_equal_bytes_without_a_path(world, trained, tmp_path):
    result, artefacts, folder = trained
    files = contents(folder)
    write_model_folder(tmp_path / "again", result, artefacts)
    assert contents(tmp_path / "again") == files
    assert {path.rpartition(".")[2] for path in files} == {"json", "safetensors", "parquet", "md"}
    joined = b"".join(files.values())
    assert str(world.root).encode() not in joined
    assert str(folder).encode() not in joined


def test_the_tokenizer_keeps_no_length_of_the_training(trained):
    value = json.loads((trained[2] / "tokenizer.json").read_text())
    assert len(value["model"]["vocab"]) > 50
    assert value["truncation"] is None
    assert value["padding"] is None
    assert AutoTokenizer.from_pretrained(trained[2]).model_max_length == 48


def test_without_parameters_there_are_no_parts(world, tmp_path):
    *_, folder = train(world, tmp_path, graph_encoder="names_only", num_steps=2)
    assert (folder / "model.safetensors").is_file()
    assert not (folder / "graph_encoder").exists()
    assert not (folder / "heads").exists()
    record = json.loads((folder / "bali.json").read_text())
    assert record["options"]["pretraining"]["graph_encoder"] == "names_only"
    assert "the language model goes on from here.\n" in (folder / "README.md").read_text()


def test_the_record_says_what_the_model_is_made_of(trained):
    record = json.loads((trained[2] / "bali.json").read_text())
    assert record["experiment"] == "test"
    assert record["umls_release"] == "test"
    assert record["restriction_levels"] == [0]
    assert record["options"]["seed"] == 29
    assert record["options"]["pretraining"]["link_prediction"] == "transe"
    assert all(re.fullmatch("[0-9a-f]{64}", digest) for digest in record["input_digests"].values())
    assert {"base_model/model.safetensors", "umls/names.parquet"} <= record["input_digests"].keys()
    assert {"bali", "torch", "transformers"} <= record["libraries"].keys()
    assert record["counts"]["train"]["num_sentences"] == 48


def test_the_card_has_the_last_values_of_the_log(trained):
    folder = trained[2]
    card = (folder / "README.md").read_text()
    log = read_artefact(folder / "training_log.parquet", TRAINING_LOG).to_pylist()
    last = {(row["split"], row["name"]): row["value"] for row in log if row["step"] == 4}
    names = {name for _, name in last if name == "loss" or name.endswith("_loss")}
    assert len(names) == 6
    cells = [row.split("|")[2:4] for row in card.splitlines() if row.startswith("| Loss")]
    assert len(cells) == len(names)
    for column, split in enumerate(("train", "validation")):
        shown = [float(row[column]) for row in cells]
        assert sorted(shown) == sorted(float(f"{last[split, name]:.4g}") for name in names)
    assert f"{last['validation', 'mention_retrieval_accuracy']:.4g}" in card
    assert "| Temperature, learnt | " in card


def test_the_card_opens_on_a_hub_without_a_licence_chosen(trained):
    _, head, text = (trained[2] / "README.md").read_text().split("---\n", maxsplit=2)
    assert "license" not in yaml.safe_load(head)
    assert "# license: to be chosen" in head
    assert "sentence-transformers" in yaml.safe_load(head)["tags"]
    assert "| Source restriction levels present | 0 |" in text
    assert "`graph_encoder/` and `heads/`" in text


def test_the_code_of_the_card_gives_the_vectors_it_speaks_of(trained, offline):
    folder = trained[2]
    first, second = re.findall(r"```python\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    assert 'SentenceTransformer("test")' in first
    ast.parse(first)
    found = {}
    exec(second.replace('"test"', repr(str(folder))), found)  # the card's own words
    texts = ["renal failure", "kidney failure", NAMES[3]]
    assert torch.allclose(found["vectors"], means(folder, texts)[:2], atol=1e-6)


def card(levels=(0,), **options):
    progress = Progress(step=7)
    progress.record("train", {"loss": 1.23456, "mlm_loss": 0.5, "learning_rate": 0.0})
    counts = dict.fromkeys(("num_sentences", "num_mentions", "num_concepts"), 12345)
    record = {
        "experiment": "name",
        "umls_release": "2026AB",
        "restriction_levels": list(levels),
        "counts": {"train": counts, "validation": counts},
    }
    return model_card(record, Pretraining(**options), progress.table(), [])


@pytest.mark.parametrize(
    ("options", "present", "absent"),
    [
        ({"graph_encoder": "gat"}, ["GATv2, 2 heads", "InfoNCE, temperature 0.07)"], ["Weight 0", "infomax"]),
        ({"graph_encoder": "sage", "infomax_weight": 2.0}, ["GraphSAGE", "Weight 2: deep graph infomax"], ["GATv2"]),
        ({"graph_encoder": "rgcn", "learnable_temperature": True}, ["R-GCN (8 bases)", "0.07, learnt"], ["GATv2"]),
        (
            {"graph_encoder": "linearised", "linearised_format": "v2", "graph_mlm_weight": 0.5, "max_hops": 1},
            ["as text, format v2, 128 tokens", "Weight 0.5: masked language modelling on the lin", "within 1 hops"],
            ["layers over"],
        ),
        ({"graph_encoder": "names_only", "alignment_loss": "multi_similarity"}, ["multi-similarity"], ["InfoNCE"]),
        ({"graph_encoder": "none"}, ["the control of", "Weight 1: masked"], ["alignment of mentions", "mean of its"]),
        ({"mlm_weight": 0.0, "shuffle_edges": True}, ["neighbours are shuffled"], ["masked language modelling on"]),
        ({"mask_related": True, "frozen_layers": 3}, ["with an edge are no", "lowest 3 layers"], ["name in common"]),
        ({"batch_size": 8, "accumulation_steps": 4, "num_steps": 1000}, ["1,000 steps of 32 sentences"], []),
    ],
)
def test_the_card_says_what_was_trained(options, present, absent):
    text = card(**options)
    for words in present:
        assert words in text
    for words in absent:
        assert words not in text
    assert "| Loss, weighted sum | 1.235 |  |" in text
    assert "12,345" in text


def test_the_card_warns_of_restricted_sources():
    words = "this model was trained on such sources"
    assert words in card(levels=(0, 3))
    assert words not in card()
    assert "| Source restriction levels present | 0, 3 |" in card(levels=(0, 3))
