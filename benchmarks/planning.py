"""What Snakemake itself costs in a corpus of thousands of shards: planning, time per job, planning anew.

`python -m benchmarks.planning --shards 2000` makes a project of as many one-abstract files, runs everything below one
after the other and prints one JSON object as its last line. Jobs are stubs that make their outputs at once
(`benchmarks.planning_project`); all else is as in any run: shell, logs, benchmark files, metadata.

- `plan_seconds`, `plan_peak_gib`: `snakemake --dry-run` where nothing is done yet.
- `run_seconds`, `run_peak_gib`: the whole run, its planning included; `seconds_per_job` is that over `num_jobs`,
  `overhead_per_job` without the stub (`stub_seconds`, measured alone, of which `cores` run at once).
- `replan_seconds`: `snakemake` on the finished run, which finds nothing to do; `replan_dry_seconds` as a dry run.
- `replan_changed_seconds`: a dry run after one file of the corpus was changed, which sets off `changed_jobs` jobs.
- `cluster_job_seconds`: one job as a job of a cluster runs it, by a Snakemake of its own.

Each `..._cpu_seconds` is the time of the processor, to compare where the machine had other work; a run's has the stubs.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.planning_project import make_project, planned_jobs, shard_path, stub_environment, write_table
from benchmarks.umls import GIB, say

NUM_STUBS = 200  # how often the stub is timed
NOTHING = "Nothing to be done"
_TOTAL = re.compile(r"^total +(\d+)$", re.MULTILINE)


@dataclass(frozen=True)
class Ended:
    """A run of Snakemake that ended well: wall time, time of the processor, peak memory and what it printed."""

    seconds: float
    cpu_seconds: float
    peak_gib: float
    output: str

    def figures(self, name: str) -> dict[str, float]:
        """The figures of a run, each with `name` before it."""
        return {
            f"{name}_seconds": round(self.seconds, 1),
            f"{name}_cpu_seconds": round(self.cpu_seconds, 1),
            f"{name}_peak_gib": round(self.peak_gib, 2),
        }


class Runs:
    """Runs of Snakemake in a project, as a user starts them, with arguments that all of them get."""

    def __init__(self, folder: Path, cores: int, arguments: Sequence[str] = ()) -> None:
        self.folder, self.cores = folder, cores
        self._command = [sys.executable, "-m", "snakemake", "--cores", str(cores), *arguments]
        self._environment = stub_environment(folder)

    def run(self, name: str, *arguments: str) -> Ended:
        """Run Snakemake and measure it; what it printed is shown only if it fails."""
        begin = time.perf_counter()
        with tempfile.TemporaryFile() as printed:
            command = [*self._command, *arguments]
            process = subprocess.Popen(
                command, cwd=self.folder, env=self._environment, stdout=printed, stderr=subprocess.STDOUT
            )
            _, status, usage = os.wait4(process.pid, 0)
            seconds = time.perf_counter() - begin
            process.returncode = os.waitstatus_to_exitcode(status)
            printed.seek(0)
            output = printed.read().decode()
        if status:
            sys.exit(f"{name} failed:\n{output[-2000:]}")
        ended = Ended(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / GIB, output)
        say(f"{name}: {seconds:.1f} s, {ended.cpu_seconds:.1f} s of CPU, {ended.peak_gib:.2f} GiB")
        return ended


def num_jobs(output: str) -> int:
    """The jobs that a run started or would start; 0 where there is nothing to do."""
    found = _TOTAL.search(output)
    assert found or NOTHING in output, "a run counts its jobs or says that there is nothing to do"
    return int(found[1]) if found else 0


def measure(runs: Runs, num_shards: int) -> dict[str, Any]:
    """All figures of the project that `runs` is for; leaves its run finished and one file of the corpus changed."""
    plan = runs.run("planning", "--dry-run")
    jobs = planned_jobs(plan.output)
    write_table(runs.folder, jobs)
    ran = runs.run("run")
    stub_seconds = time_stub(runs.folder, jobs[0].log)
    total = num_jobs(ran.output)
    per_job = ran.seconds / total
    figures: dict[str, Any] = {"num_shards": num_shards, "num_jobs": total, "cores": runs.cores}
    figures |= plan.figures("plan") | ran.figures("run")
    figures |= {"seconds_per_job": round(per_job, 4), "stub_seconds": round(stub_seconds, 4)}
    figures |= {"overhead_per_job": round(per_job - stub_seconds / runs.cores, 4)}
    return figures | measure_again(runs)


def measure_again(runs: Runs) -> dict[str, Any]:
    """Planning of a finished run, with nothing to do and with one file changed; and one job as a cluster runs it."""
    idle, idle_dry = runs.run("run again"), runs.run("planning again", "--dry-run")
    assert num_jobs(idle.output) == num_jobs(idle_dry.output) == 0, "a finished run has nothing to do"
    first = shard_path(runs.folder, 1)
    first.write_text(first.read_text(encoding="utf-8").replace("lowers", "reduces"), encoding="utf-8")
    changed = runs.run("planning after a change", "--dry-run")
    job = ("--target-jobs", f"link_mentions:shard={first.stem}", "--allowed-rules", "link_mentions")
    one = runs.run("one job", *job, "--force", "--mode", "remote", "--nolock")
    figures = idle.figures("replan") | idle_dry.figures("replan_dry") | changed.figures("replan_changed")
    return figures | {"changed_jobs": num_jobs(changed.output)} | one.figures("cluster_job")


def time_stub(folder: Path, log: str) -> float:
    """Seconds of a stub started by itself: a shell, the function, the outputs; the mean of `NUM_STUBS`."""
    command = ["bash", "-c", f"python > {log} 2>&1"]
    environment = stub_environment(folder)
    begin = time.perf_counter()
    for _ in range(NUM_STUBS):
        subprocess.run(command, cwd=folder, env=environment, check=True)
    return (time.perf_counter() - begin) / NUM_STUBS


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    options = _parser().parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bench-planning-") as temporary:
        folder = make_project((options.folder or Path(temporary)) / "project", options.shards)
        print(json.dumps(measure(Runs(folder, options.cores, options.snakemake.split()), options.shards)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.planning", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shards", type=int, default=2000, help="files of the corpus")
    parser.add_argument("--cores", type=int, default=len(os.sched_getaffinity(0)), help="jobs at once")
    parser.add_argument("--snakemake", default="", help="further arguments of all runs, e.g. '--scheduler ilp'")
    parser.add_argument("--folder", type=Path, help="where to make the project and leave it (default: removed)")
    return parser


if __name__ == "__main__":
    main()
