import math

import pytest
import torch

from bali.objectives.infonce import symmetric_infonce
from bali.objectives.temperature import LearnableTemperature
from tests.unit.objectives.cases import random_case


def test_starts_where_it_is_told_to_and_is_a_single_parameter():
    temperature = LearnableTemperature(0.07)
    assert temperature().shape == ()
    assert temperature().item() == pytest.approx(0.07)
    assert [name for name, _ in temperature.named_parameters()] == ["log_scale"]
    assert temperature.log_scale.item() == pytest.approx(math.log(1 / 0.07))


def test_gradient_has_the_closed_form():
    temperature = LearnableTemperature(0.07)
    temperature().backward()
    assert temperature.log_scale.grad.item() == pytest.approx(-0.07)


def test_gradient_of_a_loss_agrees_with_differences_and_with_the_chain_rule():
    anchors, positives, is_positive = random_case()
    temperature = LearnableTemperature(0.5).double()
    symmetric_infonce(anchors, positives, is_positive, temperature()).backward()
    start, step = temperature.log_scale.item(), 1e-6
    high, low = (
        symmetric_infonce(anchors, positives, is_positive, math.exp(-start - sign * step)).item() for sign in (1, -1)
    )
    assert temperature.log_scale.grad.item() != 0
    assert temperature.log_scale.grad.item() == pytest.approx((high - low) / (2 * step), rel=1e-5)


def test_the_scale_stays_at_most_100_and_can_come_back():
    temperature = LearnableTemperature(0.001)
    optimiser = torch.optim.SGD(temperature.parameters(), lr=1.0)
    (-temperature()).backward()  # the loss falls as the temperature rises
    assert temperature().item() == pytest.approx(0.01)
    assert temperature.log_scale.grad.item() == pytest.approx(0.01)
    optimiser.step()
    assert temperature().item() > 0.01


def test_two_uses_in_one_step_add_their_gradients():
    temperature = LearnableTemperature(0.001)
    (temperature() + temperature()).backward()
    assert temperature.log_scale.grad.item() == pytest.approx(-0.02)


def test_a_temperature_must_be_above_zero():
    with pytest.raises(AssertionError, match="above 0"):
        LearnableTemperature(0.0)
