import math

import pytest
import torch
from torch.nn import functional

from bali.errors import ConfigError
from bali.objectives.link_prediction import LinkPrediction, link_scores
from tests.unit.objectives.cases import assert_zero_with_zero_gradients, requiring_gradients

METHODS = ["transe", "distmult", "rotate"]
MARGINS = {"transe": 1, "distmult": 0, "rotate": 1}
TRIPLES = torch.tensor([[0, 1, 3, 0, 4], [0, 2, 1, 1, 0], [1, 2, 0, 4, 3]])
NEGATIVES = torch.tensor([[2, 3, 1], [2, 2, 0], [1, 4, 2], [3, 3, 1], [3, 3, 3]])  # some are the true targets


def nodes(seed=0):
    return torch.randn(5, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def objective(method):
    torch.manual_seed(0)
    module = LinkPrediction(method, num_relations=3, hidden_size=6).double()
    torch.nn.init.normal_(module.relations.weight)  # far from the identity, so that the relation shows
    return module


def pykeen_scores(method, sources, relations, targets):
    """(..., hidden) each; PyKEEN's complex vectors are complex tensors."""
    from pykeen.nn import modules  # noqa: PLC0415, takes seconds to import

    if method == "transe":
        return modules.TransEInteraction(p=2)(sources, relations, targets)
    if method == "distmult":
        return modules.DistMultInteraction()(sources, relations, targets)
    rotations = torch.polar(torch.ones_like(relations), relations)
    return modules.RotatEInteraction(p=2)(as_complex(sources), rotations, as_complex(targets))


def as_complex(vectors):
    return torch.complex(*vectors.chunk(2, dim=-1))


@pytest.mark.parametrize("method", METHODS)
def test_scores_agree_with_pykeen(method):
    generator = torch.Generator().manual_seed(1)
    sources, targets = (torch.randn(2, 9, 6, dtype=torch.float64, generator=generator) for _ in range(2))
    relations = torch.randn(2, 9, 3 if method == "rotate" else 6, dtype=torch.float64, generator=generator)
    expected = pykeen_scores(method, sources, relations, targets)
    assert expected.shape == (2, 9)
    assert expected.std() > 0.1
    torch.testing.assert_close(link_scores(method, sources, relations, targets), expected)


def test_scores_of_known_vectors_have_the_closed_form():
    source, target = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    assert link_scores("transe", source, torch.tensor([-1.0, 1.0]), target).item() == 0
    assert link_scores("transe", source, torch.tensor([0.0, 0.0]), target).item() == pytest.approx(-math.sqrt(2))
    assert link_scores("distmult", source, torch.tensor([3.0, 5.0]), source).item() == 3
    assert link_scores("rotate", source, torch.tensor([math.pi / 2]), target).item() == pytest.approx(0, abs=1e-7)
    assert link_scores("rotate", source, torch.tensor([-math.pi / 2]), target).item() == pytest.approx(-2)


@pytest.mark.parametrize("method", METHODS)
def test_loss_agrees_with_binary_cross_entropy_triple_by_triple(method):
    module, vectors = objective(method), functional.normalize(nodes(), dim=1)

    def cost(source, relation, target, label):
        score = pykeen_scores(method, vectors[[source]], module.relations.weight[[relation]], vectors[[target]])
        logit = (MARGINS[method] + score) / 0.1
        return functional.binary_cross_entropy_with_logits(logit, torch.full_like(logit, label)).item()

    costs, num_left_out = [], 0
    for (source, relation, target), row in zip(TRIPLES.T.tolist(), NEGATIVES.tolist(), strict=True):
        false = [cost(source, relation, negative, 0) for negative in row if negative != target]
        num_left_out += len(row) - len(false)
        costs.append(cost(source, relation, target, 1) + (sum(false) / len(false) if false else 0))
    assert num_left_out == 6
    found = module(nodes(), TRIPLES, NEGATIVES).item()
    assert found == pytest.approx(sum(costs) / len(costs), rel=1e-9)
    assert found > 0


@pytest.mark.parametrize("method", METHODS)
def test_order_of_triples_negatives_and_nodes_does_not_matter(method):
    module, expected = objective(method), objective(method)(nodes(), TRIPLES, NEGATIVES)
    rows, columns = torch.tensor([4, 1, 0, 3, 2]), torch.tensor([2, 0, 1])
    torch.testing.assert_close(module(nodes(), TRIPLES[:, rows], NEGATIVES[rows][:, columns]), expected)
    order = torch.tensor([3, 0, 4, 1, 2])
    place = order.argsort()
    renumbered = torch.stack([place[TRIPLES[0]], TRIPLES[1], place[TRIPLES[2]]])
    torch.testing.assert_close(module(nodes()[order], renumbered, place[NEGATIVES]), expected)


@pytest.mark.parametrize("method", METHODS)
def test_the_length_of_a_node_vector_does_not_matter(method):
    lengths = torch.tensor([1.0, 2.0, 0.5, 7.0, 3.0]).double().unsqueeze(1)
    module = objective(method)
    torch.testing.assert_close(module(nodes() * lengths, TRIPLES, NEGATIVES), module(nodes(), TRIPLES, NEGATIVES))


@pytest.mark.parametrize("method", ["transe", "rotate"])
def test_the_direction_of_a_relation_matters(method):
    module = objective(method)
    reverse = TRIPLES[[2, 1, 0]]
    forth, back = (module(nodes(), triples, NEGATIVES[:, :0]).item() for triples in (TRIPLES, reverse))
    assert forth != pytest.approx(back, rel=1e-3)


@pytest.mark.parametrize("method", METHODS)
def test_gradient_reaches_nodes_and_relations_and_agrees_with_differences(method):
    module = objective(method)
    (vectors,) = requiring_gradients(nodes())
    module(vectors, TRIPLES, NEGATIVES).backward()
    assert vectors.grad.abs().sum(dim=1).min() > 0
    assert module.relations.weight.grad.abs().sum(dim=1).min() > 0
    assert torch.autograd.gradcheck(lambda values: module(values, TRIPLES, NEGATIVES), (vectors,))


@pytest.mark.parametrize("method", METHODS)
def test_a_new_relation_is_nearly_the_identity(method):
    torch.manual_seed(0)
    relations = LinkPrediction(method, num_relations=50, hidden_size=6).relations.weight.detach().double()
    same = functional.normalize(torch.randn(50, 6, dtype=torch.float64), dim=1)
    assert link_scores(method, same, relations, same).mean().item() == pytest.approx(
        1 if method == "distmult" else 0, abs=0.1
    )
    assert relations.std().item() == pytest.approx(0.02, rel=0.3)


@pytest.mark.parametrize("method", METHODS)
def test_a_self_link_under_the_exact_identity_has_a_finite_gradient(method):
    module = objective(method)
    torch.nn.init.constant_(module.relations.weight, 1.0 if method == "distmult" else 0.0)
    (vectors,) = requiring_gradients(nodes())
    module(vectors, torch.tensor([[1], [0], [1]]), torch.tensor([[1, 2]])).backward()
    assert torch.isfinite(vectors.grad).all()
    assert torch.isfinite(module.relations.weight.grad).all()


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("num_nodes", [5, 0])
def test_no_triples_is_zero_with_zero_gradients(method, num_nodes):
    module = objective(method)
    (vectors,) = requiring_gradients(nodes()[:num_nodes])
    loss = module(vectors, torch.empty(3, 0, dtype=torch.int64), torch.empty(0, 3, dtype=torch.int64))
    assert_zero_with_zero_gradients(loss, vectors, module.relations.weight)


def test_rotate_refuses_an_odd_hidden_size():
    with pytest.raises(ConfigError, match="even hidden size, got 7"):
        LinkPrediction("rotate", num_relations=2, hidden_size=7)
    assert LinkPrediction("transe", num_relations=2, hidden_size=7).relations.weight.shape == (2, 7)


@pytest.mark.parametrize("method", METHODS)
def test_autocast_does_not_lower_the_precision(method):
    module, vectors = objective(method).float(), nodes().float()
    expected = module(vectors, TRIPLES, NEGATIVES)
    with torch.autocast("cpu", torch.bfloat16):
        assert module(vectors, TRIPLES, NEGATIVES).item() == expected.item()
