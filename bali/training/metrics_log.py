"""Metrics while a training runs: a JSON line for each, and TensorBoard's event files where they are asked for."""

import json
import logging
import math
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from bali.errors import ConfigError
from bali.io.files import write_text
from bali.vocabulary import Split

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

logger = logging.getLogger(__name__)

FILE_NAME = "metrics.jsonl"
TENSORBOARD = "tensorboard"  # folder of the event files, beside it


class MetricsLog:
    """`metrics.jsonl`, a line for each step and split that was measured, and event files.

    A line reads `{"step": 12, "split": "train", "loss": 1.5, ...}`, names sorted; JSON has no NaN, so a number that is
    not finite is null. Lines are there as soon as they are written: `tail -f` shows them.

    Args:
        directory: of the file; made where it is absent.
        tensorboard: also write event files into its folder `tensorboard`, for the command of that name.

    Raises:
        ConfigError: `tensorboard` is true and the package is not installed.
    """

    def __init__(self, directory: Path, tensorboard: bool) -> None:
        self.path = directory / FILE_NAME
        self._writer_class = _summary_writer() if tensorboard else None
        self._stream: TextIO | None = None
        self._writer: SummaryWriter | None = None

    def start(self, step: int) -> None:
        """Open the log after `step`; 0 starts anew.

        A killed run may have written lines after its last checkpoint, the last one not to its end; they are cut off.

        Raises:
            OutputError: the file cannot be written.
        """
        old = self.path.read_text(encoding="utf-8", errors="replace") if self.path.exists() else ""
        lines = old.splitlines(keepends=True)
        kept = list(takewhile(lambda line: _is_whole_until(line, step), lines))
        if len(kept) < len(lines):
            logger.info("%s: %d lines after step %d cut off", self.path, len(lines) - len(kept), step)
        write_text(self.path, "".join(kept))
        self._stream = self.path.open("a", encoding="utf-8", buffering=1)  # by line
        if self._writer_class:
            self._writer = self._writer_class(self.path.parent / TENSORBOARD, purge_step=step + 1)

    def write(self, step: int, split: Split, values: Mapping[str, float]) -> None:
        """Write the metrics of a step; in TensorBoard they are called `train/loss` and so on."""
        assert self._stream, "the log is not open"
        numbers = {name: value if math.isfinite(value) else None for name, value in sorted(values.items())}
        self._stream.write(json.dumps({"step": step, "split": split, **numbers}) + "\n")
        if self._writer:
            for name, value in sorted(values.items()):
                self._writer.add_scalar(f"{split}/{name}", value, step)
            self._writer.flush()

    def close(self) -> None:
        """Close the files; nothing happens where they are not open."""
        if self._stream:
            self._stream.close()
        if self._writer:
            self._writer.close()
        self._stream = self._writer = None


def _is_whole_until(line: str, step: int) -> bool:
    """Whether a line was written to its end, and is of `step` or before."""
    try:
        return line.endswith("\n") and bool(json.loads(line)["step"] <= step)
    except (ValueError, KeyError, TypeError):  # a crash of the machine may leave zeros in place of a line
        return False


def _summary_writer() -> "type[SummaryWriter]":
    try:
        from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415 - only where it is asked for
    except ImportError:
        raise ConfigError(
            "pretraining.tensorboard: expected the package tensorboard, found none. pip install tensorboard, or set it "
            "to false."
        ) from None
    return SummaryWriter
