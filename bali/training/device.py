"""Where a training runs: device, precision, threads, and determinism, said aloud before the first step."""

import logging
import os
from dataclasses import dataclass

import torch
from torch.utils import deterministic

from bali.config import Compute
from bali.errors import ConfigError
from bali.models.device import choose_device

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Device:
    """A device and the type of its matrix products.

    Attributes:
        device: cpu or cuda.
        autocast_dtype: None computes in float32.
    """

    device: torch.device
    autocast_dtype: torch.dtype | None

    @property
    def precision(self) -> str:
        """Of matrix products, in words."""
        return str(self.autocast_dtype or torch.float32).removeprefix("torch.")

    def autocast(self) -> torch.autocast:
        """The context of forward passes."""
        return torch.autocast(self.device.type, self.autocast_dtype, enabled=self.autocast_dtype is not None)


def set_up_device(compute: Compute) -> Device:
    """Choose the device and make the process deterministic on it.

    Raises:
        ConfigError: `compute.accelerator` is cuda and there is no GPU, or it cannot do what `compute.precision` asks.
    """
    device = choose_device(compute.accelerator)
    if compute.accelerator == "auto" and device.type == "cpu":
        logger.warning("NO GPU FOUND: computing on the CPU, which is slow for full-size models")
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # what deterministic products on a GPU need
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    torch.set_num_threads(compute.cpu_threads)
    torch.use_deterministic_algorithms(True)
    setattr(deterministic, "fill_uninitialized_memory", False)  # noqa: B010, untyped in torch; no result reads it, and filling costs time
    dtype = _autocast_dtype(compute, device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{compute.cpu_threads} CPU thread(s)"
    chosen = Device(device, dtype)
    logger.info("device: %s (%s), precision: %s", device, name, chosen.precision)
    return chosen


def _autocast_dtype(compute: Compute, device: torch.device) -> torch.dtype | None:
    gpu_has_bfloat16 = device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False)
    if compute.precision == "bfloat16" and device.type == "cuda" and not gpu_has_bfloat16:
        raise ConfigError(
            "compute.precision: expected a GPU with bfloat16, found one without. Set it to auto or float32."
        )
    wanted = compute.precision == "bfloat16" or (compute.precision == "auto" and gpu_has_bfloat16)
    return torch.bfloat16 if wanted else None
