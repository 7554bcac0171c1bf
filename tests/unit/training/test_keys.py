"""A key of `pretraining` either changes the training or is refused: shown by training with and without it."""

import pytest
import torch

from bali.config import Config, Pretraining
from bali.config.effects import KEY_NEEDS
from bali.errors import ConfigError
from bali.strict import decode
from bali.training.loop import Place, Trainer
from tests.unit.training.fixtures import make_world
from tests.unit.training.trainings import make_training

GAT, NAMES, NONE = ({"graph_encoder": name} for name in ("gat", "names_only", "none"))
SAGE, RGCN, LINEARISED = ({"graph_encoder": name} for name in ("sage", "rgcn", "linearised"))
SIMILARITY = {"alignment_loss": "multi_similarity"}

# key -> another value than the default, a training on which it acts, one on which it cannot.
KEYS = {
    "num_graph_layers": (3, GAT, NAMES),
    "num_graph_heads": (4, GAT, SAGE),
    "num_bases": (3, RGCN, GAT),
    "dropout": (0.5, SAGE, LINEARISED),
    "linearised_format": ("v2", LINEARISED, GAT),
    "relation_phrases": ({"r0": "causes"}, LINEARISED, GAT),
    "max_graph_length": (16, LINEARISED, GAT),
    "max_hops": (0, RGCN, NAMES),
    "shuffle_edges": (True, LINEARISED, NONE),
    "pooling": ("attention", NAMES, NONE),
    "alignment_weight": (2.0, GAT, NONE),
    "alignment_loss": ("multi_similarity", GAT, NONE),
    "temperature": (0.2, GAT, SIMILARITY),
    "learnable_temperature": (True, GAT, SIMILARITY),
    "mask_related": (True, NAMES, NONE),
    "mask_same_names": (True, None, NONE),  # no two concepts of the tiny world share a name
    "mention_name_weight": (0.5, GAT, NONE),
    "link_prediction": ("rotate", {"link_prediction_weight": 1.0}, GAT),
    "link_prediction_weight": (0.5, GAT, LINEARISED),
    "infomax_weight": (0.5, RGCN, NAMES),
    "corrupted_edges_weight": (0.5, SAGE, LINEARISED),
    "graph_mlm_weight": (0.5, LINEARISED, GAT),
    "mention_masking": (0.9, NAMES, {"alignment_weight": 0.0, "mlm_weight": 0.0, "infomax_weight": 1.0}),
    "centre_name_masking": (0.9, GAT, NAMES),
    "node_text": ("names_and_definitions", NAMES, NONE),
    "max_name_length": (4, NAMES, NONE),
    "head_learning_rate": (0.1, GAT, NAMES),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


def trained(world, cache, **changes):
    """All weights of the language model after a few steps."""
    training = make_training(world, cache, **{"num_steps": 4, "head_learning_rate": 3e-3, **changes})
    Trainer(training.model, training.options, training.data.batches, Place(training.device), seed=3).run()
    return torch.cat([parameter.detach().flatten() for parameter in training.model.language_model.parameters()])


def test_every_key_that_needs_something_is_tried():
    assert KEYS.keys() == KEY_NEEDS.keys()


@pytest.mark.parametrize("key", [key for key, (_, acting, _) in KEYS.items() if acting is not None])
def test_a_key_acts_where_it_is_allowed(world, tmp_path, key):
    value, acting, _ = KEYS[key]
    decode(Config, {"experiments": {"a": {**acting, key: value}}, "evaluation": {"models": ["base"]}})
    assert not torch.equal(trained(world, tmp_path, **acting), trained(world, tmp_path, **{**acting, key: value}))


@pytest.mark.parametrize("key", KEYS)
def test_a_key_without_effect_is_refused_and_would_change_nothing(world, tmp_path, key):
    value, _, idle = KEYS[key]
    with pytest.raises(ConfigError, match=rf"^configuration: experiments\.a\.{key} has no effect without \w+"):
        decode(Config, {"experiments": {"a": {**idle, key: value}}, "evaluation": {"models": ["base"]}})
    default = Pretraining.model_fields[key].get_default()
    base = {**idle, key: default}
    assert Pretraining(**{**idle, key: value}).effective() == Pretraining(**base)
    if not key.endswith("_weight"):  # the objective itself might run there; there is nothing that it could mean
        assert torch.equal(trained(world, tmp_path, **base), trained(world, tmp_path, **{**idle, key: value}))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"pretraining": {"num_bases": 4}},
            "pretraining.num_bases has no effect in any experiment: it needs graph_enc",
        ),
        ({"experiments": {"a": {"alignment_weight": 0.0}}}, "experiments.a: graph_encoder 'gat' is without effect"),
        (
            {"experiments": {"a": {"alignment_weight": 0.0, "mention_name_weight": 1.0}}},
            "experiments.a: graph_encoder 'gat' is without effect",
        ),
        ({"experiments": {"a": {"graph_encoder": "none", "mlm_weight": 0.0}}}, "nothing would be trained"),
        ({"experiments": {"a": {"num_processes": 3}}}, "num_processes must divide batch_size 32, got 3"),
    ],
)
def test_trainings_that_cannot_be_meant_are_refused(value, message):
    with pytest.raises(ConfigError) as caught:
        decode(Config, {"evaluation": {"models": ["base"]}, **value})
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_key_of_pretraining_may_act_on_one_experiment_alone():
    experiments = {"mlm_only": {"graph_encoder": "none"}, "bali_rgcn": {"graph_encoder": "rgcn"}}
    config = decode(Config, {"pretraining": {"num_bases": 4}, "experiments": experiments})
    assert config.experiment("bali_rgcn").effective().num_bases == 4
    assert config.experiment("mlm_only").num_bases == 4
    assert config.experiment("mlm_only").effective().num_bases == Pretraining().num_bases
