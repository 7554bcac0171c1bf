"""The whole demo through SLURM, its jobs polled by sacct, against a run without SLURM."""

import pytest
from lab import PROFILE, cluster, digests, jobs_in_accounting, make_project, page, run

from tests.workflow.running import planned

pytestmark = [pytest.mark.cluster, pytest.mark.slow]
TIMEOUT = 3600  # seconds, on two cores that others may use as well


@pytest.fixture(scope="module")
def projects(tmp_path_factory, request):
    """Two copies of one state of the project."""
    folder = tmp_path_factory.mktemp("demo")
    return [make_project(folder / name, small=request.config.getoption("--small")) for name in ("local", "submitted")]


@pytest.fixture(scope="module")
def local(projects):
    run(projects[0], "--cores", "2", timeout=TIMEOUT)
    return projects[0]


@pytest.fixture(scope="module")
def submitted(projects):
    """The project after a run through SLURM, and the jobs of that run."""
    with cluster("--accounting"):
        output = run(projects[1], *PROFILE, "--slurm-status-command", "sacct", timeout=TIMEOUT)
        return projects[1], jobs_in_accounting(output)


@pytest.fixture
def jobs(submitted):
    return submitted[1]


def test_every_job_ended_well(jobs):
    assert len(jobs) > 20
    assert {job.state for job in jobs} == {"COMPLETED"}
    rules = {job.rule.split()[0] for job in jobs}
    assert {"ingest_umls", "link_link_mentions", "pretrain_model", "evaluate_model", "write_report"} <= rules


def test_each_training_got_the_gpu_that_it_asked_for(jobs):
    trainings = {job.rule: job for job in jobs if job.rule.startswith("pretrain_model")}
    assert {"pretrain_model bali_gat", "pretrain_model mlm_only"} <= set(trainings)
    for job in trainings.values():
        assert job.partition == "gpu"
        assert job.asked["gres/gpu"] == job.got["gres/gpu"] == "1"


def test_jobs_without_need_of_a_gpu_ask_for_none(jobs):
    asked = {job.rule.split()[0]: job.asked.get("gres/gpu") for job in jobs}
    assert asked["evaluate_model"] == "1"
    assert asked["ingest_umls"] is None
    assert asked["evaluate_baselines"] is None


def test_shards_share_a_job(jobs):
    (job,) = [job for job in jobs if job.rule == "parse_parse_corpus"]
    assert job.asked["cpu"] == "3"
    assert job.asked["mem"] in ("3000M", "2.93G")


def test_results_have_the_bytes_of_a_local_run(submitted, local):
    expected, found = digests(local), digests(submitted[0])
    assert len(expected) > 60
    assert {"models/bali_gat/model.safetensors", "report/metrics.parquet"} <= set(expected)
    assert [name for name in expected if found.get(name) != expected[name]] == []
    assert sorted(found) == sorted(expected)


def test_a_local_run_then_finds_nothing_to_do(submitted):
    assert planned(submitted[0]) == set()


def test_the_report_says_the_same(submitted, local):
    expected = page(local)
    assert len(expected) > 10_000
    assert page(submitted[0]) == expected
