from dataclasses import replace

import numpy as np
import pytest
import torch

from bali.batching.example_dataset import Example, ExampleDataset, copy_examples
from bali.models.language_model import load_language_model
from bali.training.losses import Loss, shown, total
from bali.training.optimiser import OptimiserOptions, learning_rate_factor, make_optimiser
from bali.training.step import Parts
from tests.unit.batching.sides import collator, draws
from tests.unit.training.fixtures import make_world
from tests.unit.training.trainings import COMBINATIONS, make_training

OPTIMISER = OptimiserOptions(1e-3, 2e-3, 0.01, "cosine", 0.1, 100)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_every_trained_parameter_gets_a_gradient_and_is_in_the_optimiser_once(world, tmp_path, combination):
    training = make_training(world, tmp_path, with_dropout=False, **COMBINATIONS[combination])
    found = {}
    for number in range(4):  # a relation or an edge to predict may be absent from a batch
        for name, gradient in training.gradients(number).items():
            found[name] = found.get(name, 0.0) + (0.0 if gradient is None else float(gradient.abs().sum()))
    assert len(found) > 20
    assert [name for name, size in found.items() if not size > 0] == []
    in_groups = [id(p) for group in make_optimiser(training.model, OPTIMISER).param_groups for p in group["params"]]
    assert len(in_groups) == len(set(in_groups))
    assert set(in_groups) == {id(p) for p in training.model.parameters() if p.requires_grad}


@pytest.mark.parametrize("combination", [name for name in COMBINATIONS if name != "none"])
def test_an_objective_reaches_both_sides(world, tmp_path, combination):
    """Mentions and concepts, or nodes: whatever an objective reads gets a gradient."""
    training = make_training(world, tmp_path, with_dropout=False, **COMBINATIONS[combination])
    options = training.options
    batches = [training.data.batches.train(number) for number in range(4)]
    batch = max(batches, key=lambda batch: batch.graph.links.triples.shape[1] if batch.graph.links else 0)
    parts = Parts(training.step(), batch, 1)
    vectors = [parts.read(part, with_targets=False)[0].detach().requires_grad_() for part in range(len(parts.texts))]
    losses = parts.concept_losses(vectors)
    if not losses:
        assert options.graph_mlm_weight > 0
        return
    total(losses).backward()
    mentions, texts = parts.by_kind([torch.zeros_like(v) if v.grad is None else v.grad for v in vectors])
    reads_mentions = options.alignment_weight or options.mention_name_weight or options.corrupted_edges_weight
    assert (float(mentions.abs().sum()) > 0) == bool(reads_mentions)
    assert texts.abs().sum() > 0
    if options.alignment_loss == "infonce" and options.alignment_weight and not options.mask_related:
        assert mentions.abs().sum(dim=1).min() > 0


@pytest.mark.parametrize("combination", COMBINATIONS)
def test_the_loss_falls(world, tmp_path, combination):
    """Over a few steps on the same batches; without dropout, so that the loss is that of the weights alone."""
    training = make_training(world, tmp_path, with_dropout=False, **COMBINATIONS[combination])
    step, batches = training.step(), [training.data.batches.train(number) for number in range(4)]
    optimiser = make_optimiser(training.model, replace(OPTIMISER, learning_rate=2e-3))

    def epoch():
        losses = []
        for number, batch in enumerate(batches):
            losses.append(float(step.backward(batch, number)["loss"]))
            optimiser.step()
            optimiser.zero_grad()
        return sum(losses)

    first, *_, last = [epoch() for _ in range(6)]
    assert last < 0.99 * first


def test_weights_act():
    losses = {"mlm_loss": Loss(torch.tensor(3.0), 2.0), "alignment_loss": Loss(torch.tensor(4.0), 0.5, num_copies=2)}
    assert total(losses) == 8.0
    assert {name: float(value) for name, value in shown(losses).items()} == {
        "loss": 7.0,
        "mlm_loss": 3.0,
        "alignment_loss": 2.0,
    }


def test_a_batch_with_nothing_to_learn_from_is_a_loss_of_nothing(world, tmp_path):
    training = make_training(world, tmp_path, mlm_weight=0.0)
    tokenizer = load_language_model(world.inputs.base_model, 48).tokenizer
    batch = collator(world, tokenizer)([Example("no concept here", ())], draws())
    for cached in (None, 2):
        object.__setattr__(training.options, "sentences_at_once", cached)
        assert {name: float(value) for name, value in training.step().backward(batch, 0).items()} == {"loss": 0.0}
        assert all(parameter.grad is None for parameter in training.model.parameters())


def test_neighbours_and_padding_change_no_mention_and_no_concept(world, tmp_path):
    """A sentence alone has the vectors that it has in a batch with longer ones."""
    training = make_training(world, tmp_path)
    model = training.model.eval()
    tokenizer = load_language_model(world.inputs.base_model, 48).tokenizer
    collate = collator(world, tokenizer, mlm_probability=1e-12)
    copy_examples(world.inputs.train, tmp_path / "some.arrow")
    examples = ExampleDataset(tmp_path / "some.arrow").examples(np.arange(16))
    alone = [collate([example], draws()) for example in examples]
    together = collate(examples, draws())
    assert len({batch.sentences[0].tokens.input_ids.shape[1] for batch in alone}) > 1
    with torch.no_grad():
        apart = torch.cat([_vectors(model, batch.sentences, True) for batch in alone])
        joint = _vectors(model, together.sentences, True)
        apart_roots = torch.cat([_roots(model, batch.graph) for batch in alone])
        joint_roots = _roots(model, together.graph)
    assert len(joint) > 16
    torch.testing.assert_close(_sorted(joint), _sorted(apart), atol=1e-5, rtol=1e-4)
    places = torch.cat([torch.searchsorted(together.graph.concept, batch.graph.concept) for batch in alone])
    assert len(places) > 16
    torch.testing.assert_close(joint_roots[places], apart_roots, atol=1e-5, rtol=1e-4)


def _sorted(vectors):
    return vectors[vectors[:, 0].argsort()]


def _vectors(model, parts, are_sentences):
    return torch.cat([model.read(part, are_sentences, with_targets=False)[0] for part in parts])


def _roots(model, graph):
    texts = _vectors(model, graph.texts, False)
    return model.encode_nodes(graph, texts[graph.node_text])[graph.root_index]


def test_decay_and_learning_rates_are_where_they_belong(world, tmp_path):
    training = make_training(world, tmp_path, learnable_temperature=True, pooling="attention", infomax_weight=1.0)
    groups = {id(p): group for group in make_optimiser(training.model, OPTIMISER).param_groups for p in group["params"]}
    assert len({(g["lr"], g["weight_decay"]) for g in groups.values()}) == 4
    for name, parameter in training.model.named_parameters():
        group = groups[id(parameter)]
        assert group["lr"] == (1e-3 if name.startswith("language_model.") else 2e-3), name
        is_exempt = name.endswith(("bias", "scale", "pooling.query")) or "norm" in name.lower()
        assert group["weight_decay"] == (0.0 if is_exempt else 0.01), name


@pytest.mark.parametrize(("schedule", "middle"), [("cosine", 0.5), ("linear", 0.5)])
def test_the_schedule_warms_up_and_ends_above_zero(schedule, middle):
    options = OptimiserOptions(1e-3, 2e-3, 0.01, schedule, 0.1, 100)
    factors = [learning_rate_factor(step, options) for step in range(100)]
    assert factors[0] == pytest.approx(1 / 11)
    assert max(factors) == factors[10] == 1
    assert factors == [*sorted(factors[:11]), *sorted(factors[11:], reverse=True)]
    assert factors[55] == pytest.approx(middle)
    assert 0 < factors[-1] < 0.02
    assert factors[20] == pytest.approx(0.970 if schedule == "cosine" else 0.889, abs=0.001)


def test_frozen_layers_are_not_trained(world, tmp_path):
    training = make_training(world, tmp_path, frozen_layers=1)
    trained = {name for name, parameter in training.model.named_parameters() if parameter.requires_grad}
    prefix = "language_model.bert."
    assert not any(name.startswith((f"{prefix}embeddings.", f"{prefix}encoder.layer.0.")) for name in trained)
    assert any(name.startswith(f"{prefix}encoder.layer.1.") for name in trained)
    gradients = training.gradients()
    assert gradients.keys() == trained
    assert all(gradient is not None for gradient in gradients.values())


def test_without_a_graph_encoder_there_is_only_the_language_model(world, tmp_path):
    training = make_training(world, tmp_path, graph_encoder="none")
    assert training.model.graph_encoder is None
    assert set(training.step().backward(training.data.batches.train(0), 0)) == {"loss", "mlm_loss"}
