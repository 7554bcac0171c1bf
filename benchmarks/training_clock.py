"""Seconds on a device, and how fast it multiplies matrices."""

import time
from collections.abc import Callable

import torch


def synchronise(device: torch.device) -> None:
    """Wait for a GPU; nothing happens on a CPU."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def seconds(function: Callable[[], object], device: torch.device) -> float:
    """Seconds of a call, to the end of what it started on the device."""
    synchronise(device)
    begin = time.perf_counter()
    function()
    synchronise(device)
    return time.perf_counter() - begin


def matmul_tflops(device: torch.device, dtype: torch.dtype, size: int, rounds: int = 10) -> float:
    """The best of some products of two square matrices, 10^12 operations a second."""
    left, right = (torch.randn(size, size, device=device).to(dtype) for _ in range(2))
    best = min(seconds(lambda: left @ right, device) for _ in range(rounds))
    return 2 * size**3 / best / 1e12
