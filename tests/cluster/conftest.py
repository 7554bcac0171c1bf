import pytest
from lab import cluster


def pytest_addoption(parser):
    parser.addoption("--small", action="store_true", help="the tests' small configuration instead of the demo's")


def pytest_collection_modifyitems(config, items):
    """Tests on a cluster write to /etc/slurm and start daemons: only whoever names their marker gets them."""
    if "cluster" in config.option.markexpr:
        return
    for item in items:
        if item.get_closest_marker("cluster"):
            item.add_marker(pytest.mark.skip(reason="starts a SLURM cluster; run by `make test-cluster`"))


@pytest.fixture(scope="module")
def cluster_without_accounting():
    with cluster():
        yield
