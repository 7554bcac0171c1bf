"""The container recipes, built where an engine is at hand; takes minutes, and a network for the base image."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TAG = "bali-test"

pytestmark = [pytest.mark.places, pytest.mark.slow]


def engine() -> str | None:
    """Docker or Podman, where it answers."""
    for name in ("docker", "podman"):
        if shutil.which(name) and not subprocess.run([name, "info"], check=False, capture_output=True).returncode:
            return name
    return None


def run(*command: str) -> str:
    result = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=3000
    )
    assert result.returncode == 0, result.stdout
    return result.stdout


@pytest.mark.skipif(engine() is None, reason="needs Docker or Podman, with its service running")
def test_the_image_of_docker_runs_the_demo_without_rights_and_network(tmp_path):
    name = engine()
    run(name, "build", "--file", "containers/Dockerfile", "--tag", TAG, ".")
    shutil.copytree(ROOT / "resources/demo", tmp_path / "resources/demo")
    shutil.copy2(ROOT / "config.yaml", tmp_path)
    for path in (tmp_path, *tmp_path.rglob("*")):
        path.chmod(0o777)
    where = ["--rm", "--user", "4321:4321", "--network", "none", "--volume", f"{tmp_path}:/work"]
    run(name, "run", *where, TAG, "--cores", "2")
    assert (tmp_path / "results/report/index.html").is_file()


@pytest.mark.skipif(shutil.which("apptainer") is None, reason="needs Apptainer")
def test_the_image_of_apptainer_plans_a_run(tmp_path):
    image = str(tmp_path / "bali.sif")
    run("apptainer", "build", image, "containers/bali.def")
    assert "write_report" in run("apptainer", "run", "--pwd", str(ROOT), image, "--dry-run")
