"""Memory: how much was used, and what to change when it ran out."""

import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from bali.errors import BaliError

GIB = 2**30
_CPU_WORDS = ("can't allocate memory", "not enough memory")  # of PyTorch's allocator for the CPU


def peak_gib(device: torch.device) -> float:
    """The most memory used so far, GiB: allocated on a GPU, else resident of this process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / GIB
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / GIB


@contextmanager
def explained(where: str, device: torch.device) -> Iterator[None]:
    """Turn running out of memory into one line that names the keys to change.

    Raises:
        BaliError: memory ran out while the block ran.
    """
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError, RuntimeError) as error:
        is_memory = isinstance(error, torch.OutOfMemoryError | MemoryError)
        if not is_memory and not any(words in str(error) for words in _CPU_WORDS):
            raise
        detail = (str(error).splitlines() or ["no memory left"])[0]
        raise BaliError(
            f"out of memory on {device} {where}: set or lower pretraining.sentences_at_once (the same result in less "
            "memory), or lower batch_size, max_sentence_length, max_name_length, max_graph_length, or subgraphs.fanout "
            f"and num_hops. {detail}"
        ) from error
