import numpy as np
import pytest
import torch

from bali.batching.collator import BatchOptions, Collator, GraphSide
from bali.batching.example_dataset import ExampleDataset
from bali.batching.name_table import NameTable
from bali.batching.names import encode_names
from bali.batching.subgraph_store import SubgraphStore
from bali.config import Pretraining
from bali.models.graph_encoders import GraphEncoderOptions
from bali.models.language_model import load_language_model
from bali.training.alignment import AlignmentModel
from bali.training.experiment import make_model
from bali.training.losses import batch_losses, positives_of
from bali.training.optimiser import OptimiserOptions, learning_rate_factor, make_optimiser
from tests.unit.training.fixtures import make_world

OPTIMISER = OptimiserOptions(1e-3, 2e-3, 0.01, 0.1, 100)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return make_world(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def examples(world, tmp_path_factory):
    dataset = ExampleDataset(world.inputs.train, tmp_path_factory.mktemp("cache") / "train.arrow")
    return dataset.examples(np.arange(16))


def model_and_collator(world, encoder, mlm_probability=0.15, **changes):
    torch.manual_seed(0)
    language_model = load_language_model(world.inputs.base_model, 48)
    options = Pretraining(graph_encoder=encoder, **changes)
    model = make_model(language_model, options, GraphEncoderOptions(16, 3, 2, 2, 0.1))
    store = SubgraphStore.read(world.inputs.subgraphs)
    if encoder == "names_only":
        store = store.roots_only()
    side = GraphSide(store, NameTable.read(world.inputs.names, world.inputs.nodes, store.node_ids()))
    lengths = BatchOptions(48, 16, mlm_probability, 0.0, 0.0)
    return model, Collator(language_model.tokenizer, lengths, None if encoder == "none" else side), options


def gradients(world, examples, encoder, **changes):
    model, collate, options = model_and_collator(world, encoder, **changes)
    batch = collate(examples, np.random.default_rng(0))
    batch_losses(model(batch), batch, options)["loss"].backward()
    return model, {n: p.grad for n, p in model.named_parameters() if p.requires_grad}


@pytest.mark.parametrize(
    ("encoder", "mlm_weight"), [("gat", 1.0), ("names_only", 1.0), ("none", 1.0), ("gat", 0.0), ("names_only", 0.0)]
)
def test_every_trained_parameter_gets_a_gradient_and_is_in_the_optimiser_once(world, examples, encoder, mlm_weight):
    model, found = gradients(world, examples, encoder, mlm_weight=mlm_weight)
    assert len(found) > 20
    assert [name for name, g in found.items() if g is None or not g.abs().sum() > 0] == []
    in_groups = [id(p) for group in make_optimiser(model, OPTIMISER).param_groups for p in group["params"]]
    assert len(in_groups) == len(set(in_groups))
    assert set(in_groups) == {id(p) for p in model.parameters() if p.requires_grad}


@pytest.mark.parametrize("encoder", ["gat", "names_only"])
def test_the_alignment_loss_reaches_both_sides(world, examples, encoder):
    model, collate, options = model_and_collator(world, encoder)
    batch = collate(examples, np.random.default_rng(0))
    output = model(batch)
    output.mention_vectors.retain_grad()
    output.concept_vectors.retain_grad()
    batch_losses(output, batch, options)["alignment_loss"].backward()
    assert output.mention_vectors.grad.abs().sum(dim=1).min() > 0
    assert output.concept_vectors.grad.abs().sum(dim=1).min() > 0


def test_weights_act(world, examples):
    model, collate, _ = model_and_collator(world, "gat")
    model.eval()
    batch = collate(examples, np.random.default_rng(0))
    losses = batch_losses(model(batch), batch, Pretraining(mlm_weight=2.0, alignment_weight=0.5))
    torch.testing.assert_close(losses["loss"], 2 * losses["mlm_loss"] + 0.5 * losses["alignment_loss"])
    assert losses["alignment_loss"] > 0


def test_positives_are_pairs_of_one_concept(world, examples):
    _, collate, _ = model_and_collator(world, "gat")
    batch = collate(examples, np.random.default_rng(0))
    is_positive = positives_of(batch)
    assert is_positive.sum(dim=1).tolist() == [1] * len(batch.mention_concept)
    assert is_positive.sum(dim=0).max() > 1
    assert is_positive.any(dim=0).all()


def test_neighbours_and_padding_change_no_mention_and_no_concept(world, examples):
    """A sentence alone has the vectors that it has in a batch with longer ones."""
    model, collate, _ = model_and_collator(world, "gat", mlm_probability=1e-12)
    model.eval()
    names = np.random.default_rng(0)
    alone = [collate([example], np.random.default_rng(7)) for example in examples]
    together = collate(examples, names)
    assert len({batch.sentences.input_ids.shape[1] for batch in alone}) > 1
    with torch.no_grad():
        apart = torch.cat([model(batch).mention_vectors for batch in alone])
        joint = model(together).mention_vectors
    assert len(joint) > 16
    torch.testing.assert_close(joint, apart, atol=1e-5, rtol=1e-4)


def test_the_vector_of_a_name_does_not_depend_on_its_bucket(world):
    model, collate, _ = model_and_collator(world, "names_only")
    model.eval()
    names = ["renal failure", "kid disease", "failing pulmonary organ with many more words in it than others"]
    together, number = encode_names(collate._tokenizer, names, 32)
    assert len(together) > 1
    with torch.no_grad():
        joint = torch.cat([model.encode_names(b.tokens, b.spans) for b in together])[torch.from_numpy(number)]
        apart = torch.cat(
            [model.encode_names(b.tokens, b.spans) for n in names for b in encode_names(collate._tokenizer, [n], 32)[0]]
        )
    torch.testing.assert_close(joint, apart, atol=1e-5, rtol=1e-4)


def test_decay_and_learning_rates_are_where_they_belong(world):
    model, _, _ = model_and_collator(world, "gat")
    groups = {id(p): group for group in make_optimiser(model, OPTIMISER).param_groups for p in group["params"]}
    assert len({(g["lr"], g["weight_decay"]) for g in groups.values()}) == 4
    for name, parameter in model.named_parameters():
        group = groups[id(parameter)]
        assert group["lr"] == (1e-3 if name.startswith("language_model.") else 2e-3), name
        is_exempt = name.endswith("bias") or "norm" in name.lower() or name.endswith("scale")
        assert group["weight_decay"] == (0.0 if is_exempt else 0.01), name


def test_the_schedule_warms_up_and_ends_above_zero():
    factors = [learning_rate_factor(step, OPTIMISER) for step in range(100)]
    assert factors[0] == pytest.approx(1 / 11)
    assert max(factors) == factors[10] == 1
    assert factors == [*sorted(factors[:11]), *sorted(factors[11:], reverse=True)]
    assert factors[55] == pytest.approx(0.5)
    assert 0 < factors[-1] < 0.01


def test_without_a_graph_encoder_there_is_only_the_language_model(world, examples):
    model, collate, options = model_and_collator(world, "none")
    assert isinstance(model, AlignmentModel)
    batch = collate(examples, np.random.default_rng(0))
    assert set(batch_losses(model(batch), batch, options)) == {"loss", "mlm_loss"}
