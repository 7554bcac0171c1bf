"""What jobs ask for, as far as a plan shows it: these tests need no cluster."""

import re

import pytest
import yaml
from lab import ROOT, make_project, run

GPU_RULES = {"build_base_model", "encode_dictionary", "evaluate_model"}
PROFILE = yaml.safe_load((ROOT / "workflow/profiles/slurm/config.yaml").read_text())


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return make_project(tmp_path_factory.mktemp("planned") / "project")


def planned_resources(project, *arguments):
    """Rule and resources of each planned job."""
    output = run(project, "--dry-run", *arguments)
    found = re.findall(r"^rule (\w+):\n(?:    .*\n)*?    resources: (.*)$", output, re.MULTILINE)
    assert len(found) > 40, output
    return found


def test_every_job_asks_for_memory_and_time_and_none_here_for_a_gpu(project):
    for rule, resources in planned_resources(project, "--cores", "2"):
        if rule != "all":
            assert "mem_mb=" in resources, rule
            assert "runtime=" in resources, rule
        assert "gres=" not in resources, rule


def test_the_profile_asks_for_gpus_where_a_model_computes(project):
    found = planned_resources(project, "--profile", "workflow/profiles/slurm")
    assert {rule for rule, resources in found if "gres=gpu:1" in resources} == GPU_RULES
    on_gpus = {rule for rule, resources in found if "slurm_partition=gpu" in resources}
    assert on_gpus == GPU_RULES | {"pretrain_model"}


def test_the_profile_names_rules_and_groups_that_exist():
    rules = set(re.findall(r"^ *rule (\w+):", "".join(map(_text, (ROOT / "workflow/rules").glob("*.smk"))), re.M))
    assert len(rules) > 15
    named = {*PROFILE["set-threads"], *PROFILE["set-resources"], *PROFILE["groups"]}
    assert named - rules == set()
    assert set(PROFILE["group-components"]) == set(PROFILE["groups"].values())


def _text(path):
    return path.read_text(encoding="utf-8")
