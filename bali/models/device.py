"""Which device a model runs on."""

import torch

from bali.errors import ConfigError
from bali.vocabulary import Accelerator


def choose_device(accelerator: Accelerator) -> torch.device:
    """The device that `compute.accelerator` asks for: `auto` takes a GPU where there is one.

    Raises:
        ConfigError: cuda is asked for, and there is none.
    """
    has_gpu = torch.cuda.is_available()
    if accelerator == "cuda" and not has_gpu:
        raise ConfigError(
            "compute.accelerator is cuda: expected a CUDA GPU, found none. Set it to auto or cpu to use the CPU."
        )
    return torch.device("cuda" if has_gpu and accelerator != "cpu" else "cpu")
