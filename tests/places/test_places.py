"""The whole pipeline in places where not everything can be written or reached; `make test-places`, minutes."""

from pathlib import Path

import pytest

from tests.places.places import (
    Place,
    hides_tmp,
    make_place,
    reason_to_skip,
    run_at,
    snakemake,
    temporary_folder,
    tiny_config,
    write_config,
)
from tests.workflow.odd_names import CANARY, NAMES, oddly_named
from tests.workflow.secret_values import SECRETS, files_that_hold

pytestmark = [
    pytest.mark.places,
    pytest.mark.slow,
    pytest.mark.skipif(reason_to_skip() is not None, reason=str(reason_to_skip())),
]


@pytest.fixture
def folder():
    with temporary_folder() as name:
        yield Path(name)


def assert_refused(place: Place, command: str, *, network: bool = True) -> None:
    assert run_at(place, ["bash", "-c", command], network=network).returncode != 0


def assert_whole(place: Place, results: Path) -> None:
    assert (results / "report/index.html").stat().st_size > 100_000
    assert (results / "models/bali_gat/model.safetensors").is_file()
    assert list(place.home.iterdir()) == []
    left = [path.name for path in place.temporary.rglob("*") if path.is_file()]
    assert [name for name in left if not name.startswith("torch_geometric.")] == []


def test_a_home_that_cannot_be_written_and_another_folder_for_temporary_files(folder):
    place = make_place(folder)
    for path in (place.home, place.code / "bali", *([Path("/tmp")] if hides_tmp(place) else [])):
        assert_refused(place, f"touch {path}/new")
    assert run_at(place, ["id", "-u"], network=True).stdout.strip() == "4321"
    result = run_at(place, snakemake("--snakefile", str(place.code / "workflow/Snakefile")), network=True)
    assert result.returncode == 0, result.stdout
    assert_whole(place, place.run / "results")
    assert any((place.run / ".snakemake/numba").rglob("*.nbc"))  # else every job would have compiled anew


def test_no_network_odd_names_and_secrets_in_the_environment(folder):
    place = make_place(folder, run=NAMES["run"])
    config = oddly_named(tiny_config(place), place.run)
    write_config(place, config, NAMES["config"])
    for path in place.run.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (place.run / "config.yaml").unlink()

    for attempt in ('socket.create_connection(("localhost", 9))', 'socket.socket().connect(("127.0.0.1", 9))'):
        assert_refused(place, f"python -c 'import socket; {attempt}'", network=False)
    assert len(place.connections) == 2  # the watch sees what it should: a name that is looked up, a connection
    command = snakemake(
        "--snakefile", str(place.code / "workflow/Snakefile"), "--configfile", NAMES["config"], "--printshellcmds"
    )
    result = run_at(place, command, network=False, **SECRETS)
    assert result.returncode == 0, result.stdout
    assert place.connections[2:] == []
    assert_whole(place, place.run / NAMES["results"])
    assert list(place.run.rglob(CANARY)) == []
    assert files_that_hold(list(SECRETS.values()), place.run, at_least=100) == []
    assert not [value for value in SECRETS.values() if value in result.stdout]
