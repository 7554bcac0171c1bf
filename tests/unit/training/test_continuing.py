"""Graph encoder and heads go on from an earlier training where they fit, relation by relation."""

import dataclasses
import json
import logging

import pytest
import torch
from torch import nn

from bali.config import Compute, Pretraining
from bali.errors import InputError
from bali.io.files import digest_file
from bali.models.graph_encoders import GraphEncoderOptions, make_graph_encoder
from bali.models.language_model import load_language_model
from bali.training.alignment import AlignmentModel
from bali.training.continuing import continue_from, save_parts
from bali.training.experiment import Experiment, run_experiment
from bali.training.new_model import ModelSizes, _make_heads, make_model
from tests.unit.training.fixtures import make_world

RELATIONS = (("PAR", ""), ("RO", "cause_of"), ("RO", "treats"), ("RN", ""))
OTHER_RELATIONS = (("AQ", ""), ("RN", ""), ("RO", "cause_of"), ("RO", "finding_of"), ("PAR", ""))
KNOWN = {1: 3, 2: 1, 4: 0}  # row in OTHER_RELATIONS -> row in RELATIONS
ALL_HEADS = {
    "pooling": "attention",
    "learnable_temperature": True,
    "link_prediction": "transe",
    "link_prediction_weight": 1.0,
    "infomax_weight": 1.0,
}
HEADS = {"heads.pooling", "heads.temperature", "heads.link_prediction", "heads.infomax"}


def sizes(relations=RELATIONS, **changes):
    options = GraphEncoderOptions(
        hidden_size=8, num_relations=len(relations), num_layers=2, num_heads=2, dropout=0.1, num_bases=3
    )
    return ModelSizes(dataclasses.replace(options, **changes), tuple(relations))


def make(graph_encoder, size, seed, **options):
    """A model without a language model, all of whose tensors depend on the seed, and its options."""
    pretraining = Pretraining(graph_encoder=graph_encoder, **{**ALL_HEADS, **options})
    encoder = make_graph_encoder(graph_encoder, size.graph_encoder)
    model = AlignmentModel(nn.Identity(), encoder, _make_heads(pretraining, size.graph_encoder))
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter))
    return model, pretraining


def state(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def continued(folder, saved, new):
    """The state of a model before and after it continues another, and that other's."""
    (old_model, old_options), old_sizes = saved
    save_parts(folder, old_model, old_options.graph_encoder, old_sizes)
    (model, options), new_sizes = new
    before = state(model)
    continue_from(folder, model, options, new_sizes)
    return before, state(model), state(old_model)


def part_of(name):
    return "graph_encoder" if name.startswith("graph_encoder.") else ".".join(name.split(".")[:2])


@pytest.mark.parametrize("graph_encoder", ["gat", "sage", "rgcn"])
def test_the_same_training_goes_on_with_every_tensor(tmp_path, graph_encoder):
    old, new = (make(graph_encoder, sizes(), seed) for seed in (1, 2))
    before, after, saved = continued(tmp_path, (old, sizes()), (new, sizes()))
    assert {part_of(name) for name in after} == {"graph_encoder", *HEADS}
    for name, value in after.items():
        assert torch.equal(value, saved[name]), name
        assert not torch.equal(value, before[name]), name


def test_nothing_is_shared_and_all_is_still_trained(tmp_path):
    old, new = (make("gat", sizes(), seed) for seed in (1, 2))
    parameters = dict(new[0].named_parameters())
    continued(tmp_path, (old, sizes()), (new, sizes()))
    assert dict(new[0].named_parameters()).keys() == parameters.keys()
    for name, parameter in new[0].named_parameters():
        assert parameter is parameters[name], "an optimiser that was made before still holds it"
        assert parameter.requires_grad


@pytest.mark.parametrize(
    ("graph_encoder", "tensors"),
    [
        ("gat", ["graph_encoder.relations.weight"]),
        ("rgcn", [f"graph_encoder.layers.{layer}.convolution.coefficients" for layer in range(2)]),
    ],
)
def test_relations_go_by_label_and_new_ones_start_afresh(tmp_path, caplog, graph_encoder, tensors):
    caplog.set_level(logging.INFO)
    old, new = make(graph_encoder, sizes(), 1), make(graph_encoder, sizes(OTHER_RELATIONS), 2)
    before, after, saved = continued(tmp_path, (old, sizes()), (new, sizes(OTHER_RELATIONS)))
    for name in (*tensors, "heads.link_prediction.relations.weight"):
        for row in range(len(OTHER_RELATIONS)):
            expected = saved[name][KNOWN[row]] if row in KNOWN else before[name][row]
            assert torch.equal(after[name][row], expected), (name, row)
        num_own = len(saved[name]) - len(RELATIONS)
        assert num_own == (name == "graph_encoder.relations.weight"), "gat alone has a row for self loops"
        assert torch.equal(after[name][len(OTHER_RELATIONS) :], saved[name][len(RELATIONS) :])
        assert len(after[name]) == len(OTHER_RELATIONS) + num_own
    others = after.keys() - {*tensors, "heads.link_prediction.relations.weight"}
    assert len(others) > 10
    assert all(torch.equal(after[name], saved[name]) for name in others)
    counts = "3 relations; 2 new to it start afresh, 1 are not in this graph"
    assert f"the graph encoder of {tmp_path} continues: {counts}" in caplog.messages
    assert f"the head link prediction of {tmp_path} continues: {counts}" in caplog.messages
    assert f"the head temperature of {tmp_path} continues" in caplog.messages


def test_without_a_common_relation_the_rest_goes_on(tmp_path):
    foreign = (("SY", ""),)
    before, after, saved = continued(
        tmp_path, (make("gat", sizes(), 1), sizes()), (make("gat", sizes(foreign), 2), sizes(foreign))
    )
    name = "graph_encoder.relations.weight"
    assert torch.equal(after[name], torch.stack([before[name][0], saved[name][-1]]))
    assert torch.equal(after["graph_encoder.layers.0.scale"], saved["graph_encoder.layers.0.scale"])


@pytest.mark.parametrize(
    ("now", "part", "message"),
    [
        (("sage", {}, "transe"), "graph_encoder", "graph_encoder gat, here sage"),
        (("gat", {"num_layers": 3}, "transe"), "graph_encoder", "num_layers 2, here 3"),
        (
            ("gat", {"num_heads": 4, "num_layers": 1}, "transe"),
            "graph_encoder",
            "num_heads 2, here 4; num_layers 2, here 1",
        ),
        (("gat", {}, "distmult"), "heads.link_prediction", "method transe, here distmult"),
        (("gat", {}, "rotate"), "heads.link_prediction", "method transe, here rotate"),
    ],
)
def test_what_does_not_fit_starts_afresh_alone(tmp_path, caplog, now, part, message):
    graph_encoder, size, method = now
    old, new = make("gat", sizes(), 1), make(graph_encoder, sizes(**size), 2, link_prediction=method)
    before, after, saved = continued(tmp_path, (old, sizes()), (new, sizes(**size)))
    fresh = {name for name in after if part_of(name) == part}
    assert fresh
    assert all(torch.equal(after[name], before[name]) for name in fresh)
    others = after.keys() - fresh
    assert {part_of(name) for name in others} == {"graph_encoder", *HEADS} - {part}
    assert all(torch.equal(after[name], saved[name]) for name in others)
    label = part.replace("heads.", "head ").replace("_", " ")
    (warning,) = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warning == f"{tmp_path}: its {label} does not fit, and a new one starts: {message}"


@pytest.mark.parametrize("changes", [{"dropout": 0.5}, {"num_heads": 4}, {"num_bases": 9}])
def test_what_shapes_no_tensor_may_differ(tmp_path, caplog, changes):
    old, new = make("sage", sizes(), 1), make("sage", sizes(**changes), 2)
    _, after, saved = continued(tmp_path, (old, sizes()), (new, sizes(**changes)))
    assert len(after) > 10
    assert all(torch.equal(value, saved[name]) for name, value in after.items())
    assert not caplog.records


def test_parts_that_the_new_training_lacks_are_left_out_with_a_warning(tmp_path, caplog):
    old, new = make("gat", sizes(), 1), make("names_only", sizes(), 2, pooling="mean", infomax_weight=0.0)
    _, after, saved = continued(tmp_path, (old, sizes()), (new, sizes()))
    assert {part_of(name) for name in after} == {"heads.temperature", "heads.link_prediction"}
    assert all(torch.equal(value, saved[name]) for name, value in after.items())
    lines = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert lines == [
        f"{tmp_path}: its {part} is left out, for this training has none"
        for part in ("graph encoder", "head infomax", "head pooling")
    ]


def test_a_learnt_temperature_goes_on(tmp_path):
    old, new = (make("gat", sizes(), seed, temperature=0.05) for seed in (1, 2))
    with torch.no_grad():
        old[0].head("temperature").log_scale.fill_(3.0)
    continued(tmp_path, (old, sizes()), (new, sizes()))
    assert new[0].head("temperature")().item() == pytest.approx(0.049787, abs=1e-6)


def test_a_base_model_of_others_changes_and_says_nothing(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    model, options = make("gat", sizes(), 1)
    before = state(model)
    continue_from(tmp_path, model, options, sizes())
    assert len(before) > 10
    assert all(torch.equal(value, before[name]) for name, value in state(model).items())
    assert not caplog.records


def test_a_model_without_parts_leaves_no_folder(tmp_path):
    plain = {"pooling": "mean", "learnable_temperature": False, "link_prediction_weight": 0.0, "infomax_weight": 0.0}
    for graph_encoder in ("none", "names_only", "linearised"):
        model, _ = make(graph_encoder, sizes(), 1, **plain)
        save_parts(tmp_path, model, graph_encoder, sizes())
    assert not list(tmp_path.iterdir())


def test_equal_models_leave_equal_bytes_in_one_format(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        save_parts(tmp_path / name, make("rgcn", sizes(), 1)[0], "rgcn", sizes())
    files = sorted(path.relative_to(tmp_path / "first") for path in (tmp_path / "first").rglob("*") if path.is_file())
    assert [str(path) for path in files] == [
        f"{folder}/{name}" for folder in ("graph_encoder", "heads") for name in ("config.json", "model.safetensors")
    ]
    for path in files:
        assert (tmp_path / "first" / path).read_bytes() == (tmp_path / "second" / path).read_bytes()
    config = json.loads((tmp_path / "first/graph_encoder/config.json").read_text())
    assert config["graph_encoder"] == "rgcn"
    assert (config["hidden_size"], config["num_layers"], config["num_bases"]) == (8, 2, 3)
    assert [tuple(pair) for pair in config["relations"]] == list(RELATIONS)
    config = json.loads((tmp_path / "first/heads/config.json").read_text())
    assert sorted(config["heads"]) == ["infomax", "link_prediction", "pooling", "temperature"]
    assert config["heads"]["link_prediction"] == {"method": "transe", "hidden_size": 8}
    assert [tuple(pair) for pair in config["relations"]] == list(RELATIONS)


def cut(path):
    path.write_bytes(path.read_bytes()[:-9])


def set_key(key, value):
    def change(path):
        path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))

    return change


@pytest.mark.parametrize("folder", ["graph_encoder", "heads"])
@pytest.mark.parametrize(
    ("file", "damage", "message"),
    [
        ("model.safetensors", cut, "expected the tensors"),
        ("model.safetensors", lambda path: path.write_bytes(b""), "expected the tensors"),
        ("model.safetensors", lambda path: path.unlink(), "expected the tensors"),
        ("config.json", cut, "expected config.json"),
        ("config.json", lambda path: path.unlink(), "expected config.json"),
        ("config.json", lambda path: path.write_text("[]"), "expected config.json"),
        ("config.json", set_key("relations", [["RO"]]), "expected config.json"),
        ("config.json", set_key("relations", []), "expected tensors of the sizes"),
    ],
)
def test_damage_is_one_line_with_a_way_out(tmp_path, folder, file, damage, message):
    model, options = make("gat", sizes(), 1)
    save_parts(tmp_path, model, "gat", sizes())
    damage(tmp_path / folder / file)
    with pytest.raises(InputError, match=message) as caught:
        continue_from(tmp_path, model, options, sizes())
    directory = tmp_path / folder
    assert str(caught.value).startswith(f"{directory}: ")
    assert str(caught.value).endswith(f"Copy the model again, or delete {directory} to start that part anew.")


@pytest.mark.parametrize(
    ("folder", "key", "value"), [("graph_encoder", "graph_encoder", "gcn"), ("heads", "heads", ["pooling"])]
)
def test_foreign_configurations_are_damage(tmp_path, folder, key, value):
    model, options = make("gat", sizes(), 1)
    save_parts(tmp_path, model, "gat", sizes())
    set_key(key, value)(tmp_path / folder / "config.json")
    with pytest.raises(InputError, match=r"in config\.json"):
        continue_from(tmp_path, model, options, sizes())


def test_a_training_goes_on_where_another_ended(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    world = make_world(tmp_path / "world")
    options = Pretraining(num_steps=2, max_sentence_length=48, learnable_temperature=True, pooling="attention")
    values = {"pretraining": options.model_dump(exclude={"base_model"})}
    training = Experiment("test", options, Compute(accelerator="cpu"), 29, values, "code")
    first, second = tmp_path / "first", tmp_path / "second"
    run_experiment(training, world.inputs, first, tmp_path / "checkpoints")
    saved = {folder: digest_file(first / folder / "model.safetensors") for folder in ("graph_encoder", "heads")}

    language_model = load_language_model(first, 48)
    pairs = [tuple(pair) for pair in json.loads((first / "graph_encoder/config.json").read_text())["relations"]]
    size = ModelSizes.of(language_model, options, pairs)
    (tmp_path / "again").mkdir()
    save_parts(tmp_path / "again", make_model(language_model, options, size, first), "gat", size)
    assert saved == {name: digest_file(tmp_path / "again" / name / "model.safetensors") for name in saved}

    caplog.clear()
    run_experiment(training, dataclasses.replace(world.inputs, base_model=first), second, tmp_path / "checkpoints")
    digests = json.loads((second / "bali.json").read_text())["input_digests"]
    for folder, digest in saved.items():
        assert digests[f"base_model/{folder}/model.safetensors"] == digest
        assert digest_file(second / folder / "model.safetensors") != digest
    for part in ("graph encoder", "head pooling", "head temperature"):
        assert any(line.startswith(f"the {part} of {first} continues") for line in caplog.messages)
