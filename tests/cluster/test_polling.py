"""Runs on a cluster without accounting, where only squeue tells what became of a job."""

import json
import subprocess
import time

import pytest
from lab import PROFILE, ask, command, digests, jobs_in_memory, make_project, run

from tests.workflow.running import change_config

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.usefixtures("cluster_without_accounting")]
CORPUS = "results/corpus/selection.parquet"  # parse_corpus of all shards, select_versions
GRAPH = "results/graph/nodes.parquet"  # ingest_umls, build_graph


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    project = make_project(tmp_path_factory.mktemp("local") / "project")
    run(project, "--cores", "2", CORPUS, GRAPH)
    return project


def test_a_run_is_followed_without_accounting(local, tmp_path):
    assert subprocess.run(["sacct"], capture_output=True, check=False).returncode != 0
    project = make_project(tmp_path / "project")
    output = run(project, *PROFILE, CORPUS, GRAPH)
    jobs = jobs_in_memory(output)
    assert sorted(job.rule for job in jobs) == ["build_graph", "ingest_umls", "parse_parse_corpus", "select_versions"]
    assert {job.state for job in jobs} == {"COMPLETED"}
    expected = digests(local)
    assert len(expected) > 20
    assert digests(project) == expected


def test_the_next_attempt_asks_for_more_memory_and_time(tmp_path):
    project = make_project(tmp_path / "project")
    process = subprocess.Popen(
        command(*PROFILE, GRAPH), cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    cancel_first(project, "rule_ingest_umls")
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output
    first, second = [job for job in jobs_in_memory(output) if job.rule == "ingest_umls"]
    assert (first.state, second.state) == ("CANCELLED", "COMPLETED")
    assert megabytes(second) == pytest.approx(2 * megabytes(first), abs=2)
    assert second.minutes == 2 * first.minutes


def cancel_first(project, comment):
    """Cancel the first job of that comment as soon as it is there."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for line in ask("squeue", "-h", "--states=PENDING,RUNNING", "-o", "%i|%k|%Z").splitlines():
            number, *found = line.split("|")
            if found == [comment, str(project)]:
                ask("scancel", number)
                return
        time.sleep(0.2)
    pytest.fail(f"no job {comment} came")


def megabytes(job):
    amount, unit = job.asked["mem"][:-1], job.asked["mem"][-1]
    return float(amount) * {"M": 1, "G": 1024}[unit]


def test_two_processes_are_one_task_with_two_gpus(tmp_path):
    project = make_project(tmp_path / "project")
    experiment = {"num_processes": 2, "num_steps": 8}
    change_config(project, experiments={"two": experiment}, evaluation={"models": ["two"]})
    output = run(project, *PROFILE, "results/models/two")
    (job,) = [job for job in jobs_in_memory(output) if job.rule == "pretrain_model two"]
    assert job.asked["gres/gpu"] == "2"
    assert job.asked["cpu"] == "2"
    assert "NumTasks=1 " in ask("scontrol", "-o", "show", "job", job.number)
    log = (project / "results/logs/pretrain_model/two.log").read_text()
    assert "2 process(es)" in log


def test_a_group_holds_eight_shards_at_most(tmp_path):
    project = make_project(tmp_path / "project")
    for number in range(10):
        (project / f"{number}.jsonl").write_text(json.dumps({"pmid": number, "text": "A text."}))
    change_config(project, corpus={"inputs": ["*.jsonl"]})
    output = run(project, *PROFILE, CORPUS)
    jobs = [job for job in jobs_in_memory(output) if job.rule == "parse_parse_corpus"]
    assert sorted(int(job.asked["cpu"]) for job in jobs) == [2, 8]
    assert {job.state for job in jobs} == {"COMPLETED"}


def test_shards_as_an_array(local, tmp_path):
    project = make_project(tmp_path / "project")
    arrays = ("--groups", "find_overlaps=find", "--slurm-array-jobs", "parse_corpus")
    output = run(project, *PROFILE, *arrays, CORPUS)
    numbers = [job.number for job in jobs_in_memory(output) if job.rule.startswith("parse_corpus")]
    assert len(numbers) == 3
    assert "Submitted array job" in output
    expected = {name: digest for name, digest in digests(local).items() if name.startswith("corpus/")}
    assert len(expected) > 10
    assert digests(project) == expected
