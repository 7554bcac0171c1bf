import pytest
from running import copy_project, snakemake
from secret_values import SECRETS


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A project whose small run is done. Tests may plan changed runs in it and put back what they changed."""
    project = copy_project(tmp_path_factory.mktemp("finished") / "project")
    result = snakemake(project, PYTHONHASHSEED="1", **SECRETS)
    assert result.returncode == 0, result.stdout
    return project
