"""The benchmark of planning: its project is the pipeline's, its jobs make what the rules say, its figures are right."""

import subprocess
from pathlib import Path

import pytest

from bali.config import load_config
from bali.plan import corpus_shards
from benchmarks import planning
from benchmarks.planning import Ended, Runs, measure, num_jobs
from benchmarks.planning_project import Job, make_project, planned_jobs, shard_path, stub_environment, write_table

PLANNED = """\
Job stats:
job              count
-------------  -------
all                  1
build_graph          1
parse_corpus         1
total                3

[Sun Nov 29 19:04:00 2026]
rule parse_corpus:
    input: corpus/pubmed26n0001.jsonl
    output: results/corpus/parsed/pubmed26n0001/documents.parquet, results/corpus/parsed/pubmed26n0001/census.json
    log: results/logs/parse_corpus/pubmed26n0001.log
    jobid: 4
    benchmark: results/benchmarks/parse_corpus/pubmed26n0001.tsv
    reason: Missing output files: results/corpus/parsed/pubmed26n0001/documents.parquet
    wildcards: shard=pubmed26n0001
    resources: mem_mb=1000
[Sun Nov 29 19:04:00 2026]
rule build_linker_index:
    input: results/umls/names.parquet
    output: results/linker
    log: results/logs/build_linker_index.log
    jobid: 5
[Sun Nov 29 19:04:00 2026]
rule all:
    input: results/linker
    jobid: 0
"""
JOBS = [
    Job(
        "results/logs/parse_corpus/pubmed26n0001.log",
        (
            "results/corpus/parsed/pubmed26n0001/documents.parquet",
            "results/corpus/parsed/pubmed26n0001/census.json",
        ),
    ),
    Job("results/logs/build_linker_index.log", ("results/linker",)),
]


NAMES = ("plan", "run", "replan", "replan_dry", "replan_changed", "cluster_job")


def test_the_project_is_the_pipeline_with_a_shard_a_file(tmp_path, monkeypatch):
    project = make_project(tmp_path / "project", 12)
    monkeypatch.chdir(project)
    config = load_config(Path("config.yaml"))
    shards = corpus_shards(config)
    assert list(shards) == [f"pubmed26n{number:04d}" for number in range(1, 13)]
    assert len({Path(file).read_text() for file in shards.values()}) == 12
    assert (project / "workflow/Snakefile").is_file()
    assert (project / "resources/demo/umls/MRCONSO.RRF").is_file()


def test_a_dry_run_tells_logs_and_outputs():
    assert planned_jobs(PLANNED) == JOBS
    assert num_jobs(PLANNED) == 3


def test_a_run_without_jobs_must_say_so():
    assert num_jobs("Nothing to be done (all requested files are present and up to date).") == 0
    with pytest.raises(AssertionError, match="nothing to do"):
        num_jobs("Building DAG of jobs...")


@pytest.mark.parametrize("job", JOBS)
def test_a_stub_makes_the_outputs_of_its_job_and_nothing_else(tmp_path, job):
    write_table(tmp_path, JOBS)
    before = set(tmp_path.rglob("*"))
    for path in (job.log, *job.outputs):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    command = f"set -euo pipefail; export PATH=/nowhere:$PATH; python -m bali any --x 'a b' > {job.log} 2>&1"
    subprocess.run(["bash", "-c", command], cwd=tmp_path, env=stub_environment(tmp_path), check=True)
    made = {str(path.relative_to(tmp_path)) for path in set(tmp_path.rglob("*")) - before}
    expected = {job.log, *job.outputs}
    parents = {str(parent) for path in expected for parent in Path(path).parents}
    assert expected <= made <= expected | parents
    assert (tmp_path / job.outputs[0]).is_dir() == (job.outputs[0] == "results/linker")
    assert (tmp_path / job.log).read_text() == ""


def test_a_job_that_the_table_does_not_know_fails(tmp_path):
    write_table(tmp_path, JOBS)
    (tmp_path / "logs").mkdir()
    command = ["bash", "-c", "set -e; python > logs/other.log 2>&1"]
    assert subprocess.run(command, cwd=tmp_path, env=stub_environment(tmp_path), check=False).returncode != 0


class FakeRuns(Runs):
    """Answers as Snakemake would, in seconds that are known."""

    def run(self, name, *arguments):
        known = {
            "planning": Ended(2.0, 1.0, 0.25, PLANNED),
            "run": Ended(6.0, 5.0, 0.5, PLANNED),
            "run again": Ended(3.0, 2.5, 0.3, "Nothing to be done"),
            "planning again": Ended(3.5, 2.75, 0.3, "Nothing to be done"),
            "one job": Ended(1.5, 1.25, 0.2, PLANNED),
            "planning after a change": Ended(4.0, 3.25, 0.4, PLANNED),
        }
        self.names = [*getattr(self, "names", []), name]
        return known[name]


def test_each_figure_is_from_its_run(tmp_path, monkeypatch):
    monkeypatch.setattr(planning, "time_stub", lambda folder, log: 0.01)
    (tmp_path / "corpus").mkdir()
    shard_path(tmp_path, 1).write_text("Aspirin lowers fever.")
    runs = FakeRuns(tmp_path, cores=2)
    figures = measure(runs, num_shards=1)
    assert (figures["num_shards"], figures["num_jobs"], figures["changed_jobs"]) == (1, 3, 3)
    assert [figures[f"{name}_seconds"] for name in NAMES] == [2.0, 6.0, 3.0, 3.5, 4.0, 1.5]
    assert [figures[f"{name}_cpu_seconds"] for name in NAMES] == [1.0, 5.0, 2.5, 2.8, 3.2, 1.2]
    assert (figures["plan_peak_gib"], figures["replan_changed_peak_gib"]) == (0.25, 0.4)
    assert figures["seconds_per_job"] == 2.0
    assert figures["overhead_per_job"] == pytest.approx(2.0 - 0.01 / 2)
    assert shard_path(tmp_path, 1).read_text() == "Aspirin reduces fever."
    assert runs.names.index("planning after a change") > runs.names.index("run again")


@pytest.mark.slow
def test_the_command_measures_the_pipeline(tmp_path, capsys):
    planning.main(["--shards", "3", "--cores", "2", "--folder", str(tmp_path)])
    figures = planning.json.loads(capsys.readouterr().out.splitlines()[-1])
    assert figures["num_jobs"] > 5 * 3
    assert figures["changed_jobs"] > 5 * 3 - 2  # parse_corpus of one shard, the rest of all shards
    assert 0 < figures["overhead_per_job"] < figures["seconds_per_job"]
    assert (tmp_path / "project/results/report/index.html").is_file()


def test_the_command_of_the_make_target_exists():
    makefile = (Path(__file__).parents[3] / "Makefile").read_text(encoding="utf-8")
    assert "-m benchmarks.planning --shards" in makefile
