"""Where an evaluation computes: threads, determinism, precision."""

import os

import torch

from bali.config import Compute
from bali.models.device import choose_device
from bali.vocabulary import Precision


def set_up_device(compute: Compute) -> torch.device:
    """Choose the device, set the threads, and ask for the deterministic algorithms where there are two kinds.

    Raises:
        ConfigError: `compute.accelerator` is cuda and there is no GPU.
    """
    device = choose_device(compute.accelerator)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", str(compute.cpu_threads > 1).lower())
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read by cuBLAS; without it its sums may differ
    torch.set_num_threads(compute.cpu_threads)
    if device.type == "cuda":  # on the CPU all are deterministic, and the call costs seconds
        torch.use_deterministic_algorithms(True, warn_only=True)
    return device


def autocast_dtype(precision: Precision, device: torch.device) -> torch.dtype | None:
    """bfloat16 on a GPU that has it, unless `compute.precision` is float32; else None, which is float32."""
    if device.type != "cuda" or precision == "float32" or not torch.cuda.is_bf16_supported(including_emulation=False):
        return None
    return torch.bfloat16
