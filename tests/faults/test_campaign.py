"""The campaign of faults (`make test-faults`): every stage, every kind; after it the undisturbed run's bytes."""

import os
import re
import subprocess
import sys
import time

import pytest

from tests.faults.campaign import EXPECTED, RUN_KINDS, Campaign, table
from tests.workflow.running import command, copy_project, snakemake

pytestmark = [pytest.mark.faults, pytest.mark.slow]
SEED = int(os.environ.get("BALI_FAULTS_SEED", "29"))
SWEEPS = 3  # over the stages with faults of processes; with several jobs of a rule in each
DAMAGE_SWEEPS = 2
NUM_INJECTIONS = 100


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    project = copy_project(tmp_path_factory.mktemp("reference") / "project")
    result = snakemake(project)
    assert result.returncode == 0, result.stdout
    return project


def wrong(campaign):
    return [str(outcome) for outcome in campaign.outcomes if outcome.result not in EXPECTED]


@pytest.fixture(scope="module")
def campaign(reference, tmp_path_factory):
    campaign = Campaign(reference, tmp_path_factory.mktemp("campaign"), SEED)
    yield campaign
    sys.stdout.write(f"\n{len(campaign.outcomes)} injections, seed {SEED}\n\n{table(campaign.outcomes)}\n")


def test_struck_stages_come_back(campaign):
    for _ in range(SWEEPS):
        campaign.restore()
        for jobs in campaign.levels():
            campaign.strike_stages(jobs)
    assert wrong(campaign) == []
    assert {outcome.rule for outcome in campaign.outcomes} == {job.rule for job in campaign.jobs}
    assert sum(outcome.result == "came back" for outcome in campaign.outcomes) >= NUM_INJECTIONS
    result = snakemake(campaign.project)  # all that went through the faults, brought up to date
    assert result.returncode == 0, result.stdout
    assert [difference for job in campaign.jobs if (difference := campaign.difference(job))] == []


def test_struck_runs_come_back(campaign):
    for kind in RUN_KINDS:
        campaign.restore()
        for jobs in list(campaign.levels())[:: len(RUN_KINDS)]:
            campaign.strike_run(jobs, kind)
    assert wrong(campaign) == []


def test_full_disks_come_back(campaign):
    if os.geteuid():
        pytest.skip("only root can mount a small file system")
    campaign.restore()
    with campaign.small_disk() as disk:
        for jobs in campaign.levels():
            campaign.fill_disk(jobs, disk)
    assert wrong(campaign) == []
    assert sum((outcome.kind, outcome.result) == ("disk full", "came back") for outcome in campaign.outcomes) > 10


def test_damaged_files_are_refused(campaign):
    for _ in range(DAMAGE_SWEEPS):
        for jobs in campaign.levels():
            campaign.damage_inputs(jobs)
    assert wrong(campaign) == []
    assert sum(outcome.result == "refused" for outcome in campaign.outcomes) > 20


def test_exchanged_files_are_refused(campaign):
    for jobs in campaign.levels():
        campaign.exchange_inputs(jobs)
    assert wrong(campaign) == []
    assert sum(outcome.kind == "exchanged" for outcome in campaign.outcomes) > 2


def test_two_runs_exclude_each_other(campaign):
    campaign.restore()
    job = next(job for job in campaign.jobs if job.rule == "build_base_model")
    campaign.remove([job])
    first = subprocess.Popen(
        command(job.outputs[0]), cwd=campaign.project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not list(campaign.project.glob(".snakemake/locks/*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    second = snakemake(campaign.project, job.outputs[0])
    assert first.poll() is None, "the first run was still at work"
    assert second.returncode != 0
    assert re.search("Directory cannot be locked", second.stdout)
    assert first.wait(120) == 0
    assert campaign.difference(job) == ""
