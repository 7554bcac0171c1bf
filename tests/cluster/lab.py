"""A SLURM cluster for tests, and runs of the workflow on it through the repository's own profile."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bali.io.files import digest_file
from tests.workflow.running import ROOT, copy_project

SCRIPT = Path(__file__).with_name("slurm.sh")
CANNOT_RUN_HERE = 2  # the script's exit code
# A first look after 2 s: at 40 s, the plugin's default, a run of short jobs mostly waits.
PROFILE = ("--profile", "workflow/profiles/slurm", "--slurm-init-seconds-before-status-checks", "2")
# What tells of the run and not of its result; of the page only the section of times, memory and disk.
OF_THE_RUN = ("logs/", "benchmarks/", "report/index.html")
COST_SECTION = re.compile(r'<section aria-labelledby="cost">.*?</section>', re.DOTALL)


@contextmanager
def cluster(*options: str) -> Iterator[None]:
    """A running cluster; skips where the script says that it cannot run."""
    started = subprocess.run([SCRIPT, "start", *options], capture_output=True, text=True, check=False, timeout=300)
    if started.returncode == CANNOT_RUN_HERE:
        pytest.skip(started.stderr.strip())
    try:
        assert started.returncode == 0, started.stdout + started.stderr
        yield
    finally:
        subprocess.run([SCRIPT, "stop"], check=True, timeout=300)


def make_project(folder: Path, *, small: bool = True) -> Path:
    """A copy of the project with the small configuration or the demo's own."""
    copy_project(folder)
    if not small:
        shutil.copy2(ROOT / "config.yaml", folder)
    return folder


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "snakemake", *arguments]


def run(project: Path, *arguments: str, timeout: int = 1200) -> str:
    """Run Snakemake to its end, which must be a good one; the output."""
    result = subprocess.run(
        command(*arguments),
        cwd=project,
        env={name: value for name, value in os.environ.items() if not name.startswith("SLURM_")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=timeout,
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


def ask(*words: str) -> str:
    """The output of one of SLURM's commands."""
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout


@dataclass(frozen=True)
class SlurmJob:
    """A job as SLURM tells of it: rule and wildcards, what it asked for and got (cpu, mem, gres/gpu), time limit."""

    number: str
    rule: str
    state: str
    partition: str
    asked: dict[str, str]
    got: dict[str, str]
    minutes: int


def jobs_in_accounting(output: str) -> list[SlurmJob]:
    """All jobs of a run, of which `output` is Snakemake's, as `sacct` has them."""
    columns = "JobID,Comment,State,Partition,ReqTRES,AllocTRES,TimelimitRaw"
    rows = ask("sacct", "-X", "-n", "-P", "--name", run_id(output), "--format", columns).splitlines()
    return [_job(row.split("|")) for row in rows]


def jobs_in_memory(output: str) -> list[SlurmJob]:
    """The same of the controller, which forgets them after MinJobAge; without accounting this is all there is."""
    found = []
    for line in ask("scontrol", "-o", "show", "jobs").splitlines():
        job = dict(re.findall(r"(\w+)=(\S*)", line))
        if job["JobName"] == run_id(output):
            resources = re.search(r" TRES=(\S*)", line)[1]  # without GPUs where there is no accounting
            resources += "".join(f",gres/gpu={num}" for num in re.findall(r" TresPerNode=gres.gpu:(\d+)", line))
            names = ("JobId", "Comment", "JobState", "Partition")
            found.append(_job([*(job[name] for name in names), resources, resources, minutes(job["TimeLimit"])]))
    return found


def run_id(output: str) -> str:
    """The name that all jobs of a run have."""
    (found,) = re.findall(r"SLURM run ID: (\S+)", output)
    return found


def minutes(limit: str) -> str:
    """A time limit as SLURM shows it, [DAYS-]HOURS:MINUTES:SECONDS, in minutes."""
    days, _, rest = limit.rpartition("-")
    hours, minutes, _ = rest.split(":")
    return str((int(days or 0) * 24 + int(hours)) * 60 + int(minutes))


def _job(row: list[str]) -> SlurmJob:
    number, comment, state, partition, asked, got, limit = row
    rule = comment.removeprefix("rule_").replace("_wildcards_", " ")
    return SlurmJob(number, rule, state, partition, _resources(asked), _resources(got), int(limit))


def _resources(text: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in text.split(",") if part)


def digests(project: Path) -> dict[str, str]:
    """The digest of every result, by its path below results/."""
    results = project / "results"
    paths = {path: path.relative_to(results).as_posix() for path in sorted(results.rglob("*")) if path.is_file()}
    return {
        name: digest_file(path)
        for path, name in paths.items()
        if not name.startswith(OF_THE_RUN) and path.name != ".snakemake_timestamp"
    }


def page(project: Path) -> str:
    """The report without its section of times, memory and disk."""
    text = (project / "results/report/index.html").read_text(encoding="utf-8")
    shortened, num_sections = COST_SECTION.subn("", text)
    assert num_sections == 1
    return shortened
