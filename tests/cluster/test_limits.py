"""Jobs that SLURM ends at a limit: the next attempt asks for more, and brings the bytes of a run without limits."""

import shutil

import pytest
from lab import PROFILE, digests, jobs_in_memory, make_project, run

from tests.workflow.running import change_config

pytestmark = [pytest.mark.cluster, pytest.mark.slow, pytest.mark.usefixtures("cluster_without_accounting")]
NUM_STEPS = 5000  # of a tiny model: two minutes; SLURM ends a job of one minute some time in its second one
MODEL = "results/models/mlm_only"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A project in which only the training is left to do."""
    project = make_project(tmp_path_factory.mktemp("limits") / "project")
    change_config(project, pretraining={"num_steps": NUM_STEPS, "checkpoint_every": 50, "validate_every": NUM_STEPS})
    run(project, "--cores", "2", "--until", "build_base_model", "make_examples")  # all that these wait for as well
    return project


@pytest.fixture(scope="module")
def expected(prepared, tmp_path_factory):
    project = tmp_path_factory.mktemp("unlimited") / "project"
    shutil.copytree(prepared, project)
    run(project, "--cores", "2", MODEL)
    return of_the_model(project)


def of_the_model(project):
    return {name: digest for name, digest in digests(project).items() if name.startswith("models/")}


@pytest.mark.parametrize(
    ("limit", "ends"),
    [("runtime=attempt", {"TIMEOUT"}), ("mem_mb=450 * attempt * attempt", {"OUT_OF_MEMORY", "FAILED"})],
)
def test_a_training_over_its_limit_goes_on(prepared, expected, tmp_path, limit, ends):
    project = tmp_path / "project"
    shutil.copytree(prepared, project)
    output = run(project, *PROFILE, "--set-resources", f"pretrain_model:{limit}", "--", MODEL)
    states = [job.state for job in jobs_in_memory(output) if job.rule == "pretrain_model mlm_only"]
    assert states[0] in ends
    assert states[-1] == "COMPLETED"
    log = (project / "results/logs/pretrain_model/mlm_only.log").read_text()
    assert "resuming after step" in log or "TIMEOUT" not in states
    assert of_the_model(project) == expected
