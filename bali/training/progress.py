"""What a training has done so far: its step, its log, its running means and its counts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from torch import Tensor

from bali.schemas import TRAINING_LOG
from bali.training.processes import Processes
from bali.vocabulary import Split

LOGGED = (
    "alignment_loss",
    "corrupted_edges_loss",
    "gradient_norm",
    "graph_mlm_loss",
    "infomax_loss",
    "link_prediction_loss",
    "loss",
    "mention_name_loss",
    "mlm_loss",
    "temperature",
)

LogRow = tuple[int, Split, str, float]


class RunningMeans:
    """Means of what is logged, over the batches since the last line; stays on the device until it is read.

    Each process adds its summands; a mean is over the batches that have the value in any process.
    """

    def __init__(self) -> None:
        self._sums: dict[str, Tensor | float] = {}
        self._sizes: Counter[str] = Counter()

    def add(self, values: Mapping[str, Tensor]) -> None:
        """Add scalars, each called by one of `LOGGED`; a name may be absent."""
        for name, value in values.items():
            assert name in LOGGED, f"{name} is not logged"
            self._sums[name] = self._sums.get(name, 0.0) + value.detach().double()
            self._sizes[name] += 1

    def take(self, processes: Processes) -> dict[str, float]:
        """The means by name, in order of name; starts anew."""
        sizes = [max(processes.gather_numbers(self._sizes[name])) for name in LOGGED]
        sums = processes.sum_numbers([float(self._sums.get(name, 0.0)) for name in LOGGED])
        found = zip(LOGGED, sums, sizes, strict=True)
        self._sums, self._sizes = {}, Counter()
        return {name: total / size for name, total, size in found if size}

    def encode(self) -> dict[str, Any]:
        """The state as a JSON value; floats survive it exactly."""
        return {"sums": {name: float(value) for name, value in self._sums.items()}, "sizes": dict(self._sizes)}

    @classmethod
    def decode(cls, value: Mapping[str, Any]) -> "RunningMeans":
        """The state that `encode` gave."""
        means = cls()
        means._sums, means._sizes = dict(value["sums"]), Counter(value["sizes"])
        return means


@dataclass
class Progress:
    """The state of a training beside weights and optimiser.

    Attributes:
        step: optimiser steps done.
        log: rows of the training log.
        means: since the last row.
        counts: of sentences and mentions seen, and mentions dropped by reason.
    """

    step: int = 0
    log: list[LogRow] = field(default_factory=list)
    means: RunningMeans = field(default_factory=RunningMeans)
    counts: Counter[str] = field(default_factory=Counter)

    def record(self, split: Split, values: Mapping[str, float]) -> None:
        """Append values of the present step to the log."""
        self.log.extend((self.step, split, name, value) for name, value in values.items())

    def encode(self) -> dict[str, Any]:
        """The state as a JSON value."""
        return {"step": self.step, "log": self.log, "means": self.means.encode(), "counts": dict(self.counts)}

    @classmethod
    def decode(cls, value: Mapping[str, Any]) -> "Progress":
        """The state that `encode` gave."""
        log: list[LogRow] = [(step, split, name, number) for step, split, name, number in value["log"]]
        return cls(value["step"], log, RunningMeans.decode(value["means"]), Counter(value["counts"]))

    def table(self) -> pa.Table:
        """The log as an artefact's table."""
        columns = zip(*self.log, strict=True) if self.log else ([], [], [], [])
        return pa.table([pa.array(c, f.type) for c, f in zip(columns, TRAINING_LOG, strict=True)], schema=TRAINING_LOG)
