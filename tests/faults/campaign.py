"""A campaign of faults: jobs of a finished project are struck, run again, and compared with the undisturbed run.

A round takes jobs of which none waits for another, removes what they wrote, and lets Snakemake make it again while
each is struck; then the same command, without faults, must bring the bytes of the undisturbed run.
"""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from bali.io.parquet import read_provenance
from tests.faults.damage import damage, kinds_for, meaning
from tests.faults.jobs import Job, read_jobs
from tests.workflow.running import command, snakemake

STAGE_KINDS = ("SIGKILL", "SIGTERM", "SIGINT", "SIGTERM, SIGKILL", "out of memory")
RUN_KINDS = ("lost node", "Snakemake alone killed", "Ctrl-C", "Snakemake terminated")
DISK_FULL = "disk full"
PAGE = 4096
PARALLEL = 3  # jobs of a rule that a round strikes at most
# What differs between equal runs: the pages show run times.
UNEQUAL = re.compile(r"results/(report/index\.html|SOURCES\.md|report/model_cards)(/|$)")
REFUSAL = re.compile(r"^bali [a-z-]+: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Outcome:
    """What one injection did; `result` is one of the words of `EXPECTED` where all is well."""

    rule: str
    kind: str
    result: str
    detail: str = ""


EXPECTED = ("came back", "refused", "harmless", "over before")


class Campaign:
    """Faults on copies of a finished project.

    Args:
        reference: the finished project; left as it is.
        folder: where the copy lies that is struck.
        seed: of all that is left to chance.
    """

    def __init__(self, reference: Path, folder: Path, seed: int) -> None:
        self.reference = reference
        self.project = folder / "project"
        self.jobs = read_jobs(reference)
        self.outcomes: list[Outcome] = []
        self._chance = random.Random(seed)
        self._expected = {job.log: self._contents(reference, job) for job in self.jobs}
        assert all(self._expected.values()), "every job of the undisturbed run wrote something"
        self.restore()

    def restore(self) -> None:
        """Make the project a copy of the finished one."""
        shutil.rmtree(self.project, ignore_errors=True)
        shutil.copytree(self.reference, self.project, ignore=shutil.ignore_patterns("locks"))
        shutil.copy2(Path(__file__).with_name("injector.py"), self.project / "sitecustomize.py")

    def levels(self, rules: Sequence[str] = ()) -> Iterator[list[Job]]:
        """Jobs that do not wait for each other, up to three of a rule by chance; the last ones first.

        What is made again leaves the jobs of later levels out of date, so they must have had their turn.
        """
        for level in sorted({job.level for job in self.jobs}, reverse=True):
            chosen: list[Job] = []
            jobs = [job for job in self.jobs if job.level == level and (not rules or job.rule in rules)]
            for rule in sorted({job.rule for job in jobs}):
                same = [job for job in jobs if job.rule == rule]
                chosen += self._chance.sample(same, min(PARALLEL, len(same)))
            if chosen:
                yield chosen

    def strike_stages(self, jobs: Sequence[Job], kinds: Sequence[str] = STAGE_KINDS) -> None:
        """Strike the process of each job at a moment by chance, half of them while they write."""
        faults = {job.log: self._fault(job, kinds) for job in jobs}
        struck = self._run(jobs, faults)
        left = {job.log: self._half_files(job) for job in jobs}
        self._come_back(jobs)
        for job in jobs:
            kind = faults[job.log]["kind"]
            result = "came back" if job.log in struck else "over before"
            self._note(job, kind, left[job.log] or self.difference(job) or result)

    def strike_run(self, jobs: Sequence[Job], kind: str) -> None:
        """Strike Snakemake itself, or all of its processes, at a moment by chance."""
        self.remove(jobs)
        delay = self._chance.uniform(1.5, 4 + sum(job.seconds for job in jobs) / 2)
        process = subprocess.Popen(
            command(*self._targets(jobs)),
            cwd=self.project,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            process.wait(delay)
            is_over = True
        except subprocess.TimeoutExpired:
            is_over = False
            if kind in ("lost node", "Ctrl-C"):
                os.killpg(process.pid, signal.SIGKILL if kind == "lost node" else signal.SIGINT)
            else:
                process.send_signal(signal.SIGTERM if kind == "Snakemake terminated" else signal.SIGKILL)
        process.wait(120)
        self._come_back(jobs)
        _wait_for_orphans(process.pid)
        for job in jobs:
            self._note(job, kind, self.difference(job) or ("over before" if is_over else "came back"))

    @contextmanager
    def small_disk(self) -> Iterator[Path]:
        """The project's results on a file system of their own; to be used as root."""
        disk = self.project / "results"
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1G", "tmpfs", disk], check=True)
        try:
            shutil.copytree(self.reference / "results", disk, dirs_exist_ok=True)
            yield disk
        finally:
            subprocess.run(["umount", "--lazy", disk], check=True)
            self.restore()

    def fill_disk(self, jobs: Sequence[Job], disk: Path) -> None:
        """Run the jobs while so many pages of the disk are free, as are needed for a part of what they write."""
        self.remove(jobs)
        needed = sum(-(-len(content) // PAGE) for job in jobs for content in self._bytes(job))
        used = int(subprocess.check_output(["df", "--output=used", "-B", str(PAGE), disk], text=True).split()[1])
        free = self._chance.randrange(max(1, needed))
        subprocess.run(["mount", "-o", f"remount,size={(used + free) * PAGE}", disk], check=True)
        (disk / "tmp").mkdir(exist_ok=True)
        snakemake(self.project, *self._targets(jobs), TMPDIR=str(disk / "tmp"))
        subprocess.run(["mount", "-o", "remount,size=1G", disk], check=True)
        failed = {job.log: self._is_incomplete(job) for job in jobs}
        left = {job.log: self._half_files(job) for job in jobs}
        self._come_back(jobs)
        for job in jobs:
            result = "came back" if failed[job.log] else "over before"
            self._note(job, DISK_FULL, left[job.log] or self.difference(job) or result)

    def damage_inputs(self, jobs: Sequence[Job]) -> None:
        """Damage a file that each job reads; what is refused is deleted, as the message says, and made again."""
        self._spoil(jobs, self._damaged)

    def exchange_inputs(self, jobs: Sequence[Job]) -> None:
        """Put an artefact of the same columns in the place of one from which another input of the job was made."""
        self._spoil(jobs, self._exchanged)

    def _spoil(self, jobs: Sequence[Job], spoil: Callable[[Job, list[str]], tuple[str, str] | None]) -> None:
        damaged: dict[str, tuple[str, str]] = {}
        struck: list[Job] = []
        for job in jobs:
            if any(job.reads(name) for name, _ in damaged.values()):
                continue
            files = [name for name in self._files_read(job) if not any(other.reads(name) for other in struck)]
            spoiled = spoil(job, files) if files else None
            if spoiled is not None:
                damaged[job.log] = spoiled
                struck.append(job)
        if not struck:
            return
        self._run(struck, {})
        results = {job.log: self._refusal(job, damaged[job.log][0]) for job in struck}
        for name, _ in damaged.values():
            self._delete(name)
        self._come_back(struck)
        for job in struck:
            name, kind = damaged[job.log]
            self._note(job, kind, self.difference(job) or results[job.log], name)
        self.restore()

    def _damaged(self, job: Job, files: list[str]) -> tuple[str, str] | None:
        """Damage one of the files, which the job reads; (its name, the kind)."""
        name = self._chance.choice(files)
        kind = self._chance.choice(kinds_for(self.project / name))
        return (name, kind) if damage(self.project / name, kind, self._chance) else None

    def _exchanged(self, job: Job, files: list[str]) -> tuple[str, str] | None:
        """Exchange one of the files, which the job reads; (its name, the kind), or None where nothing would tell."""
        artefacts = {self.project / name: self._provenance(name) for name in files if name.endswith(".parquet")}
        tellers = [name for name in self._files_read(job) if not name.startswith("results/models/")]  # read as a model
        told = {label for name in tellers for label in self._provenance(name).get("input_digests", ())}
        for file in self._chance.sample(sorted(artefacts), len(artefacts)):
            if f"{artefacts[file]['artefact']}/{file.name}" not in told:
                continue
            schema, content = pq.read_schema(file), file.read_bytes()
            for other in sorted(self.reference.glob("results/**/*.parquet")):
                if other.read_bytes() != content and pq.read_schema(other).equals(schema):
                    stat = file.stat()
                    file.write_bytes(other.read_bytes())
                    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
                    return str(file.relative_to(self.project)), "exchanged"
        return None

    def _provenance(self, name: str) -> dict[str, Any]:
        return read_provenance(self.project / name) if name.endswith(".parquet") else {}

    def _fault(self, job: Job, kinds: Sequence[str]) -> dict[str, object]:
        num_before = Counter(outcome.kind for outcome in self.outcomes if outcome.rule == job.rule)
        kind = min(kinds, key=lambda kind: (num_before[kind], self._chance.random()))
        is_writing = self._chance.random() < 0.5
        return {
            "kind": kind,
            "writing": is_writing,
            "delay": 0.0 if is_writing else self._chance.uniform(0.05, 0.85) * job.seconds,
            "pause": self._chance.uniform(0, 0.05),
            "slack": self._chance.randrange(0, 32 << 20),
        }

    def _run(self, jobs: Sequence[Job], faults: dict[str, dict[str, object]]) -> set[str]:
        """Remove what the jobs wrote and run them; the logs of those that were struck."""
        self.remove(jobs)
        plan = self.project / "faults.json"
        plan.write_text(json.dumps({str(self.project / log): fault for log, fault in faults.items()}))
        snakemake(self.project, *self._targets(jobs), BALI_FAULTS=str(plan))
        marks = {path.name.removeprefix("faults.json.") for path in self.project.glob("faults.json.*")}
        for path in self.project.glob("faults.json*"):
            path.unlink()
        return {job.log for job in jobs if job.log.replace("/", "+") in marks}

    def _come_back(self, jobs: Sequence[Job]) -> None:
        """Start the run again, as a user would; a lock that is left is said, and lifted as it says."""
        result = snakemake(self.project, *self._targets(jobs))
        if "cannot be locked" in result.stdout:
            assert "--unlock" in result.stdout
            assert snakemake(self.project, "--unlock").returncode == 0
            result = snakemake(self.project, *self._targets(jobs))
        if result.returncode:
            self._note(jobs[0], "plain run", "CAME NOT BACK", result.stdout[-2000:])

    def _note(self, job: Job, kind: str, result: str, detail: str = "") -> None:
        self.outcomes.append(Outcome(job.rule, kind, result, detail))

    def _targets(self, jobs: Sequence[Job]) -> list[str]:
        return sorted(job.outputs[0] for job in jobs)

    def remove(self, jobs: Sequence[Job]) -> None:
        """Remove what jobs wrote, and their logs."""
        for job in jobs:
            for name in (*job.outputs, job.log):
                _remove(self.project / name)

    def _delete(self, name: str) -> None:
        """Delete a damaged file, or the folder that its stage writes as a whole."""
        outputs = [output for job in self.jobs for output in job.outputs if f"{name}/".startswith(f"{output}/")]
        _remove(self.project / outputs[0])

    def _files_read(self, job: Job) -> list[str]:
        """The files below results/ that a job reads."""
        paths = [self.project / name for name in job.inputs if name.startswith("results/")]
        files = [file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path])]
        kept = [file for file in files if file.is_file() and not file.name.startswith(".") and file.stat().st_size]
        return [str(file.relative_to(self.project)) for file in kept]

    def _refusal(self, job: Job, name: str) -> str:
        """How a job took the damage of a file."""
        log = self.project / job.log
        lines = REFUSAL.findall(log.read_text(errors="replace")) if log.exists() else []
        if not lines:
            return "harmless" if not self.difference(job) else f"TRACEBACK OR WRONG RESULT: {log}"
        if len(lines) > 1 or (name not in lines[0] and str(Path(name).parent) not in lines[0]):
            return f"NOT NAMED: {lines}"
        return self._half_files(job) or "refused"

    def _is_incomplete(self, job: Job) -> bool:
        return not all((self.project / name).exists() for name in job.outputs)

    def _half_files(self, job: Job) -> str:
        """What a job left that is not what it leaves undisturbed; empty where all is well."""
        expected, found = self._expected[job.log], self._contents(self.project, job)
        wrong = sorted(name for name in found if found[name] != expected.get(name))
        return f"HALF FILE: {', '.join(wrong)}" if wrong else ""

    def difference(self, job: Job) -> str:
        """What differs from the undisturbed run; empty where nothing does."""
        expected, found = self._expected[job.log], self._contents(self.project, job)
        wrong = sorted(name for name in expected.keys() | found.keys() if found.get(name) != expected.get(name))
        return f"DIFFERS: {', '.join(wrong)}" if wrong else ""

    def _bytes(self, job: Job) -> list[bytes]:
        paths = [self.reference / name for name in job.outputs]
        return [file.read_bytes() for path in paths for file in _files(path)]

    def _contents(self, project: Path, job: Job) -> dict[str, object]:
        """Path -> content of what a job wrote; of what may differ only that it is there."""
        found: dict[str, object] = {}
        for name in job.outputs:
            if UNEQUAL.match(name):
                found |= {name: True} if (project / name).exists() else {}
                continue
            for file in _files(project / name):
                found[str(file.relative_to(project))] = meaning(file)
        return found


def table(outcomes: Sequence[Outcome]) -> str:
    """Kinds of fault by outcome, as a Markdown table."""
    kinds = sorted({outcome.kind for outcome in outcomes})
    results = [*EXPECTED, "wrong"]
    counts = Counter((o.kind, o.result if o.result in EXPECTED else "wrong") for o in outcomes)
    rules = {kind: len({outcome.rule for outcome in outcomes if outcome.kind == kind}) for kind in kinds}
    lines = [f"| Kind | Rules | {' | '.join(results)} |", f"|---|{'---:|' * (len(results) + 1)}"]
    for kind in kinds:
        lines.append(f"| {kind} | {rules[kind]} | {' | '.join(str(counts[kind, result]) for result in results)} |")
    return "\n".join(lines)


def _files(path: Path) -> list[Path]:
    """The file, or the files of the folder, without Snakemake's own."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [file for file in files if file.is_file() and file.name != ".snakemake_timestamp"]


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _wait_for_orphans(session: int) -> None:
    """Wait for the stages that outlived their Snakemake."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if subprocess.run(["pgrep", "-s", str(session)], stdout=subprocess.DEVNULL, check=False).returncode:
            return
        time.sleep(0.1)
