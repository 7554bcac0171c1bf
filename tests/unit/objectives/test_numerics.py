import pytest
import torch
from torch._subclasses.fake_tensor import DataDependentOutputException, DynamicOutputShapeException, FakeTensorMode

from bali.objectives.corrupted_edges import corrupted_edge_contrast
from bali.objectives.infomax import DeepGraphInfomax
from bali.objectives.infonce import symmetric_infonce
from bali.objectives.link_prediction import LinkPrediction
from bali.objectives.mlm import masked_language_modelling
from bali.objectives.multi_similarity import multi_similarity
from bali.objectives.numerics import at_least_float32, cosine_matrix, masked_mean
from bali.objectives.temperature import LearnableTemperature


def test_masked_mean_is_the_mean_of_the_kept_and_zero_without_any():
    values = torch.tensor([[1.0, 2.0, 6.0], [3.0, 4.0, 5.0]], requires_grad=True)
    means = masked_mean(values, torch.tensor([[True, False, True], [False, False, False]]))
    assert means.tolist() == [3.5, 0]
    means.sum().backward()
    assert values.grad.tolist() == [[0.5, 0, 0.5], [0, 0, 0]]


def test_only_half_precision_is_raised():
    dtypes = [torch.float16, torch.bfloat16, torch.float32, torch.float64]
    found = [at_least_float32(torch.ones(1, dtype=dtype)).dtype for dtype in dtypes]
    assert found == [torch.float32, torch.float32, torch.float32, torch.float64]


def test_cosines_agree_with_torch():
    rows, columns = torch.randn(4, 5), torch.randn(3, 5)
    expected = torch.nn.functional.cosine_similarity(rows[:, None], columns[None], dim=2)
    torch.testing.assert_close(cosine_matrix(rows, columns), expected)
    assert cosine_matrix(rows, torch.zeros(1, 5)).tolist() == [[0.0]] * 4


def test_no_loss_looks_at_a_value_so_none_waits_for_the_device():
    """Fake tensors have shapes and no values: whatever would copy a value off the device raises."""
    with FakeTensorMode():
        vectors, flags = torch.randn(4, 6, requires_grad=True), torch.ones(4, dtype=torch.bool)
        pairs, ids = torch.eye(4, dtype=torch.bool), torch.zeros(4, dtype=torch.int64)
        with pytest.raises(DynamicOutputShapeException):
            vectors[flags]
        with pytest.raises(DataDependentOutputException):
            vectors.sum().item()
        temperature = LearnableTemperature(0.07)()
        losses = [
            symmetric_infonce(vectors, vectors, pairs, temperature, ~pairs),
            multi_similarity(vectors, vectors, pairs, ~pairs),
            corrupted_edge_contrast(vectors, vectors, vectors, flags, temperature),
            masked_language_modelling(vectors, ids),
            DeepGraphInfomax(6)(vectors, vectors, ids, 2),
            *(
                LinkPrediction(method, 3, 6)(vectors, torch.stack([ids, ids, ids]), ids[:, None].expand(4, 2))
                for method in ("transe", "distmult", "rotate")
            ),
        ]
        torch.stack(losses).sum().backward()
        assert len(losses) == 8
