import copy
from dataclasses import replace

import pytest
import torch

from bali.evaluation.fine_tuning import (
    MAX_TOKENS,
    Learner,
    accumulate_gradients,
    epoch_order,
    fine_tune,
    make_optimiser,
    warmup_then_linear,
)
from bali.evaluation.heads.choice import ChoiceHead
from bali.evaluation.heads.classification import ClassificationHead
from bali.evaluation.heads.tagging import TaggingHead
from bali.evaluation.heads.tokens import Tokens
from bali.evaluation.language_model import load_language_model
from tests.unit.evaluation.fixtures import MAX_LENGTH, write_model
from tests.unit.evaluation.toy import bert, labelled, questions, sentences, split, training

KINDS = {
    "classification": (labelled, lambda e: e.label),
    "choice": (questions, lambda e: e.answer),
    "tagging": (sentences, lambda e: e.tags),
}


@pytest.fixture(scope="module")
def learners(tmp_path_factory):
    folder = write_model(tmp_path_factory.mktemp("model"))
    model = bert(load_language_model(folder, torch.device("cpu")).tokenizer)
    tokens = Tokens(model, MAX_LENGTH)
    heads = {
        "classification": ClassificationHead(tokens, ("maybe", "no", "yes")),
        "choice": ChoiceHead(tokens),
        "tagging": TaggingHead(tokens, ("B-Chemical", "B-Disease", "I-Disease", "O")),
    }
    return {kind: Learner(model, head) for kind, head in heads.items()}


def right(kind):
    """Share of examples answered rightly."""
    gold = KINDS[kind][1]
    return lambda dev, found: sum(gold(e) == f for e, f in zip(dev, found, strict=True)) / len(dev)


@pytest.mark.parametrize("kind", KINDS)
def test_every_head_learns_a_separable_task(learners, kind):
    splits = split(KINDS[kind][0], train=32)
    answers = fine_tune(learners[kind], splits, training(), right(kind))
    assert answers.notes["dev score"] == 1
    assert right(kind)(splits.test, answers.predicted) == 1
    assert len(set(answers.predicted)) > 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_in_parts_has_the_gradient_of_the_whole(learners, kind):
    learner = learners[kind]
    items = learner.head.tokenize(KINDS[kind][0](10))
    gradients = []
    for max_tokens in (MAX_TOKENS, 150, 1):
        module = learner.new_module(seed=0).eval()  # no dropout, which would differ
        accumulate_gradients(learner, module, items, max_tokens)
        gradients.append({name: parameter.grad for name, parameter in module.named_parameters()})
    whole = gradients[0]
    loss = torch.nn.functional.cross_entropy(
        learner.logits(module, items), torch.cat([torch.from_numpy(item.targets).long() for item in items])
    )
    mean = dict(zip(whole, torch.autograd.grad(loss, list(module.parameters())), strict=True))
    assert sum(gradient.abs().sum() for gradient in whole.values()) > 0.1
    for name, gradient in whole.items():
        for other in (gradients[1], gradients[2], mean):
            torch.testing.assert_close(other[name], gradient, atol=1e-5, rtol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_every_parameter_is_trained(learners, kind):
    learner = learners[kind]
    module = learner.new_module(seed=0)
    optimiser = make_optimiser(module, 1e-2)
    accumulate_gradients(learner, module, learner.head.tokenize(KINDS[kind][0](6)))
    trained = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    assert len({id(parameter) for parameter in trained}) == len(trained) == len(list(module.parameters())) > 20
    before = copy.deepcopy(module.state_dict())
    for group in optimiser.param_groups:
        group["weight_decay"] = 0.0  # which would move what has no gradient
    optimiser.step()
    unmoved = [name for name, parameter in module.named_parameters() if torch.equal(parameter, before[name])]
    unmoved = [name for name in unmoved if not name.endswith("key.bias")]  # which changes no softmax
    assert unmoved == []


def test_decay_is_not_on_biases_and_normalisation(learners):
    module = learners["choice"].new_module(seed=0)
    decayed, others = make_optimiser(module, 1e-2).param_groups
    names = {id(parameter): name for name, parameter in module.named_parameters()}
    assert [decayed["weight_decay"], others["weight_decay"]] == [0.01, 0.0]
    assert {names[id(p)].rsplit(".", 1)[-1] for p in decayed["params"]} == {"weight"}
    assert all("bias" in names[id(p)] or "LayerNorm" in names[id(p)] for p in others["params"])
    assert {"head.weight"} <= {names[id(p)] for p in decayed["params"]}


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_gives_the_same_answers_whatever_was_drawn_before(learners, kind):
    splits = split(KINDS[kind][0])
    options = training(num_epochs=2, learning_rates=[1e-4])
    scores = []

    def score(dev, found):
        scores.append(tuple(found))
        return right(kind)(dev, found)

    first = fine_tune(learners[kind], splits, options, score)
    torch.manual_seed(12345)
    state = torch.random.get_rng_state()
    again = fine_tune(learners[kind], splits, options, score)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert first == again
    assert scores[:2] == scores[2:]
    other = replace(options, seed=1)
    fine_tune(learners[kind], splits, other, score)
    assert scores[:2] != scores[4:]


def test_seed_and_epoch_give_the_order():
    orders = [epoch_order(50, seed, epoch) for seed, epoch in ((0, 1), (0, 1), (0, 2), (1, 1))]
    assert orders[0] == orders[1]
    assert len({tuple(order) for order in orders}) == 3
    for order in orders:
        assert sorted(order) == list(range(50))


def test_dropout_depends_on_the_seed(learners):
    """Head and order are equal here; only what is dropped differs."""
    learner = learners["classification"]
    (item,) = learner.head.tokenize(labelled(1))
    module = learner.new_module(seed=0).train()
    logits = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        logits.append(learner.logits(module, [item]))
    assert torch.equal(logits[0], logits[1])
    assert not torch.equal(logits[0], logits[2])


def test_the_encoder_itself_is_not_trained(learners):
    learner = learners["classification"]
    before = copy.deepcopy(learner.language_model.model.state_dict())
    fine_tune(learner, split(labelled), training(num_epochs=1), right("classification"))
    after = learner.language_model.model.state_dict()
    assert before
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not learner.language_model.model.training


def test_the_best_epoch_answers(learners):
    splits = split(labelled)
    splits = replace(splits, test=splits.dev)
    given, wanted = [], iter([0.2, 0.9, 0.1, 0.9])

    def score(dev, found):
        given.append(list(found))
        return next(wanted)

    answers = fine_tune(learners["classification"], splits, training(num_epochs=4), score)
    assert answers.notes["best epoch"] == 2
    assert answers.notes["dev score"] == 0.9
    assert answers.predicted == given[1]
    assert len({tuple(found) for found in given}) > 1


def test_each_learning_rate_starts_anew_and_the_best_counts(learners):
    splits = split(labelled)
    options = training(num_epochs=5)
    alone = fine_tune(learners["classification"], splits, options, right("classification"))
    grid = replace(options, learning_rates=[1e-9, *options.learning_rates, 1e-8])
    best = fine_tune(learners["classification"], splits, grid, right("classification"))
    assert alone.notes["dev score"] > 0.5
    assert best == alone


def test_the_first_of_equals_counts_and_patience_ends_a_training(learners):
    splits = split(labelled, train=12)
    num_scored = 0

    def score(dev, found):
        nonlocal num_scored
        num_scored += 1
        return 0.5

    options = training(num_epochs=6, patience=2, learning_rates=[1e-3, 1e-2])
    answers = fine_tune(learners["classification"], splits, options, score)
    assert answers.notes["best epoch"] == 1
    assert answers.notes["learning rate"] == 1e-3
    assert num_scored == 2 * 3


def test_warm_up_and_decline_are_linear():
    factors = [warmup_then_linear(20)(step) for step in range(21)]
    assert factors[:3] == [0.5, 1.0, 1.0]
    assert factors[3:] == pytest.approx([(20 - step) / 18 for step in range(3, 21)])
    assert factors[20] == 0
    assert warmup_then_linear(1)(0) == 1


def test_half_precision_is_of_the_matrix_products_only(learners):
    learner = learners["tagging"]
    half = replace(learner, autocast_dtype=torch.bfloat16)
    items = learner.head.tokenize(sentences(6))
    module = learner.new_module(seed=0).eval()
    whole, rounded = learner.logits(module, items), half.logits(module, items)
    assert rounded.dtype == torch.float32
    assert not torch.equal(whole, rounded)
    torch.testing.assert_close(rounded, whole, atol=2e-2, rtol=2e-2)
    answers = fine_tune(half, split(sentences, train=32), training(), right("tagging"))
    assert answers.notes["dev score"] == 1
