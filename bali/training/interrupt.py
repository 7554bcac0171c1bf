"""SIGTERM, as schedulers send it before they kill: finish the step, write a checkpoint, leave."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

EXIT_TERMINATED = 128 + signal.SIGTERM


class StopRequest:
    """Whether the process was asked to end."""

    def __init__(self) -> None:
        self.is_set = False

    def set(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        self.is_set = True


@contextmanager
def stop_on_sigterm() -> Iterator[StopRequest]:
    """Note SIGTERM instead of dying of it while the block runs."""
    request = StopRequest()
    previous = signal.signal(signal.SIGTERM, request.set)
    try:
        yield request
    finally:
        signal.signal(signal.SIGTERM, previous)
