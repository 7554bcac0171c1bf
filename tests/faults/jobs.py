"""The jobs of a run: what each reads and writes, how long it takes, who waits for whom."""

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from tests.workflow.running import snakemake

_BLOCK = re.compile(r"^(?:local)?rule (\w+):\n((?:    .*\n)+)", re.MULTILINE)
_LINE = re.compile(r"^    (\w+): (.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Job:
    """A job of the workflow; paths are relative to the project."""

    rule: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    log: str
    seconds: float
    level: int

    def reads(self, path: str) -> bool:
        return any(path == name or path.startswith(f"{name}/") for name in self.inputs)


def read_jobs(project: Path) -> list[Job]:
    """The jobs of a finished project, by log; the level of a job is the longest way to it."""
    result = snakemake(project, "--dry-run", "--forceall")
    assert result.returncode == 0, result.stdout
    found = {}
    for rule, block in _BLOCK.findall(result.stdout):
        lines = dict(_LINE.findall(block))
        if "log" in lines:
            found[lines["log"]] = (rule, _files(lines.get("input", "")), _files(lines["output"]), lines)
    maker = {output: log for log, (_, _, outputs, _) in found.items() for output in outputs}
    levels: dict[str, int] = {}

    def level(log: str) -> int:
        if log not in levels:
            makers = {maker[name] for name in found[log][1] if name in maker}
            levels[log] = 1 + max(map(level, sorted(makers)), default=-1)
        return levels[log]

    return [
        Job(rule, inputs, outputs, log, _seconds(project / lines["benchmark"]), level(log))
        for log, (rule, inputs, outputs, lines) in sorted(found.items())
    ]


def _files(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(", ") if name)


def _seconds(benchmark: Path) -> float:
    with benchmark.open() as file:
        return float(next(csv.DictReader(file, delimiter="\t"))["s"])
