"""Both container recipes hold what a run needs, from the lock file; building them needs an engine (tests/places)."""

import re
import shlex
from pathlib import Path

from tests.workflow.running import COPIED

ROOT = Path(__file__).parents[2]
DOCKER = (ROOT / "containers/Dockerfile").read_text()
APPTAINER = (ROOT / "containers/bali.def").read_text()
LOCKS = ["requirements/lock.txt", "requirements/quickumls.txt"]


def instructions(name: str) -> list[list[str]]:
    """The words of each instruction of the Dockerfile with this name."""
    joined = DOCKER.replace("\\\n", " ")
    return [shlex.split(line)[1:] for line in joined.splitlines() if line.startswith(f"{name} ")]


def section(name: str) -> list[str]:
    """The lines of a section of Apptainer's definition."""
    found = re.search(rf"^%{name}\n(.*?)(?=^%|\Z)", APPTAINER, re.MULTILINE | re.DOTALL)
    return [line.strip() for line in found[1].splitlines() if line.strip()]


def copied_by_docker() -> set[str]:
    return {source for words in instructions("COPY") if not words[0].startswith("--") for source in words[:-1]}


def copied_by_apptainer() -> dict[str, str]:
    return dict(line.split() for line in section("files"))


def test_both_copy_what_a_run_and_the_installation_need():
    needed = {*COPIED, *LOCKS, "pyproject.toml", "README.md", "LICENSE", "configs"} - {"resources"} | {"resources/demo"}
    assert copied_by_docker() == set(copied_by_apptainer()) == needed
    assert all((ROOT / source).exists() for source in needed)
    assert {target for target in copied_by_apptainer().values()} == {f"/opt/bali/{source}" for source in needed}


def test_both_install_the_lock_file_and_nothing_else():
    for text in ("\n".join(" ".join(words) for words in instructions("RUN")), "\n".join(section("post"))):
        installed = re.findall(r"pip install (.*?)(?: &&|\n|$)", text)
        assert [line for line in installed if "--no-cache-dir" not in line] == []
        assert [re.sub(r"--no-cache-dir |/opt/bali/", "", line) for line in installed] == [
            f"-r {LOCKS[0]}",
            f"--no-deps -r {LOCKS[1]}",
            "--no-deps --editable /opt/bali".replace("/opt/bali/", ""),
        ]


def test_the_version_of_python_is_that_of_the_environments():
    version = re.search(r"python=(3\.\d+)", (ROOT / "envs/data.yaml").read_text())[1]
    assert {words[0] for words in instructions("FROM")} == {f"python:{version}-slim"}
    assert f"From: python:{version}-slim" in APPTAINER


def test_the_image_runs_without_rights():
    [[user]] = instructions("USER")
    assert user not in ("root", "0")
    assert DOCKER.index("USER ") > DOCKER.rindex("RUN ")


def test_only_what_is_copied_is_sent_to_the_builder():
    lines = (ROOT / "containers/Dockerfile.dockerignore").read_text().splitlines()
    kept = {line.removeprefix("!") for line in lines if line.startswith("!")}
    assert "*" in lines
    assert kept == copied_by_docker()
