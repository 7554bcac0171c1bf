"""A temperature that is learnt with the model."""

import math

import torch
from torch import Tensor, nn

_GREATEST_SCALE = 100.0  # CLIP, section 2.5: beyond it training became unstable


class LearnableTemperature(nn.Module):
    """The temperature exp(-log_scale), log_scale a parameter; never below 1/100.

    Learnt as a logarithm, so that it stays positive and steps are relative; clipped as in CLIP (Radford et al., ICML
    2021, section 2.5): the parameter itself is put back to the limit. A clamp of the value alone would leave a
    parameter beyond the limit without a gradient, and so there for ever.

    It is to be left out of weight decay, which would pull the temperature to 1.

    Args:
        temperature: where it starts, above 0.
    """

    def __init__(self, temperature: float) -> None:
        super().__init__()
        assert temperature > 0, f"the temperature must be above 0, got {temperature}"
        self.log_scale = nn.Parameter(torch.tensor(-math.log(temperature)))

    def forward(self) -> Tensor:
        """The temperature, 0-dimensional."""
        with torch.no_grad():
            self.log_scale.clamp_(max=math.log(_GREATEST_SCALE))
        return torch.exp(-self.log_scale)
