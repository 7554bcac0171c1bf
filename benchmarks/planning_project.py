"""A project of many tiny shards whose jobs make their outputs at once: what is left is Snakemake's own time.

The project is a copy of the pipeline with a corpus of one abstract a file. Jobs run through bash as ever, but the
command `python` is a bash function there. It finds the outputs of its job in a table by the log that it writes to.
"""

import os
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
COPIED = ("bali", "workflow", "envs", "resources/demo")
TASKS = ("entity_linking", "concept_retrieval")  # one reads files of the user, one a file of every shard
TABLE = "job_outputs"  # folder: for each log of a job a file that lists its outputs
# The function has the shell's own standard output, which is the job's log; a folder's name ends in a slash.
STUB = """() {
  local log file
  log=$(readlink /proc/$$/fd/1)
  while IFS= read -r file; do
    case "$file" in */) mkdir -p "$file" ;; *) : > "$file" ;; esac
  done < "$BALI_BENCHMARK_TABLE/${log##*/logs/}"
}"""
_RULE = re.compile(r"^(?:local)?rule \w+:$", re.MULTILINE)
_OUTPUTS = re.compile(r"^    output: (.+)$", re.MULTILINE)
_LOG = re.compile(r"^    log: (.+)$", re.MULTILINE)
_SHARD = '{{"pmid": {number}, "title": "Fever {number}.", "abstract": "Aspirin lowers fever in patient {number}."}}\n'


@dataclass(frozen=True)
class Job:
    """What a dry run tells of a job: its log and its outputs."""

    log: str
    outputs: tuple[str, ...]


def make_project(folder: Path, num_shards: int) -> Path:
    """Copy the pipeline into `folder` and give it `num_shards` files of one abstract each; returns the folder."""
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "corpus").mkdir()
    for number in range(1, num_shards + 1):
        shard_path(folder, number).write_text(_SHARD.format(number=number), encoding="utf-8")
    config = yaml.safe_load((ROOT / "config.yaml").read_text(encoding="utf-8"))
    config["corpus"]["inputs"] = ["corpus/*.jsonl"]
    config["evaluation"]["tasks"] = {task: config["evaluation"]["tasks"][task] for task in TASKS}
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    return folder


def shard_path(folder: Path, number: int) -> Path:
    """The file of shard `number`, counted from 1, named as NLM names the files of a PubMed baseline."""
    return folder / "corpus" / f"pubmed26n{number:04d}.jsonl"


def planned_jobs(dry_run: str) -> list[Job]:
    """The jobs that a dry run printed, those that only ask for files left out."""
    return [_planned_job(block) for block in _RULE.split(dry_run) if _OUTPUTS.search(block)]


def _planned_job(block: str) -> Job:
    outputs, log = _OUTPUTS.search(block), _LOG.search(block)
    assert outputs, "a job has outputs"
    assert log, f"a job has a log: {block}"
    return Job(log[1], tuple(outputs[1].split(", ")))


def write_table(folder: Path, jobs: Iterable[Job]) -> None:
    """Write for the stub which outputs a job has; one without a suffix is a folder."""
    for job in jobs:
        table = folder / TABLE / job.log.partition("/logs/")[2]
        table.parent.mkdir(parents=True, exist_ok=True)
        lines = [output if Path(output).suffix else f"{output}/" for output in job.outputs]
        table.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def stub_environment(folder: Path) -> dict[str, str]:
    """The environment of a run whose jobs are stubs."""
    return {**os.environ, "BASH_FUNC_python%%": STUB, "BALI_BENCHMARK_TABLE": str(folder.resolve() / TABLE)}
