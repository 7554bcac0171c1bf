"""Runs in odd places: as a user without an account, in folders that cannot be written, without a network."""

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from tests.workflow.running import COPIED, NOT_COPIED, ROOT, SMALL

USER = "4321"  # no account has this number, as in `docker run --user`
LOG = "connections.txt"  # what the watch below saw
TINY = {  # all kinds of stages, each as small as it can be
    **SMALL,
    "base_model": {**SMALL["base_model"], "num_steps": 5},
    "pretraining": {**SMALL["pretraining"], "num_steps": 6, "validate_every": 3, "log_every": 2},
    "experiments": {"bali_gat": {}},
}
TASKS = ("entity_linking", "concept_retrieval", "ner")

# Each Python of a run reads this first: its folder is the first of PYTHONPATH. It writes down every attempt of a
# connection and refuses it; code in other languages meets a machine without any network.
WATCH = """
import os, sys

def watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"):
        address = arguments[1] if event in ("socket.connect", "socket.sendto") else arguments[0]
        if event.startswith("socket.get") or isinstance(address, tuple):  # of a local socket it is a path
            with open(os.environ["CONNECTIONS"], "a") as log:
                log.write(f"{event} {address} {sys.argv}\\n")
            raise OSError(f"no connections here: {event} {address}")

sys.addaudithook(watch)
"""


def reason_to_skip() -> str | None:
    """Why this machine cannot make such places; None where it can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "needs Linux and root: it mounts folders read-only and takes the number of another user"
    if not all(shutil.which(tool) for tool in ("unshare", "setpriv", "mount")):
        return "needs unshare, setpriv and mount (util-linux)"
    if subprocess.run(["unshare", "--mount", "--net", "true"], check=False, capture_output=True).returncode:
        return "needs a kernel that lets root make namespaces"
    return None


@dataclass(frozen=True)
class Place:
    """Folders of a run.

    Attributes:
        code: copy of the project; can be read, not written.
        home: of the user; can be read, not written.
        run: the folder that the run is started in, with its config.yaml.
        temporary: TMPDIR.
    """

    code: Path
    home: Path
    run: Path
    temporary: Path

    @property
    def connections(self) -> list[str]:
        """The attempts of a connection, a line each."""
        log = self.temporary.parent / LOG
        return log.read_text().splitlines() if log.exists() else []


def make_place(folder: Path, run: str = "run") -> Place:
    """Make the folders, and a copy of the project with a tiny configuration whose paths are absolute."""
    folder.chmod(0o755)
    place = Place(folder / "code", folder / "home", folder / run, folder / "temporary")
    for path in (place.code, place.home, place.run, place.temporary):
        path.mkdir()
    for name in COPIED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
        options = {"ignore": NOT_COPIED} if (ROOT / name).is_dir() else {}
        copy(ROOT / name, place.code / name, **options)
    (place.code / "sitecustomize.py").write_text(WATCH)
    (folder / LOG).touch()
    write_config(place, tiny_config(place))
    for path in (place.run, place.temporary, folder / LOG):
        shutil.chown(path, int(USER), int(USER))
    return place


def tiny_config(place: Place) -> dict:
    """The demo's configuration, made tiny, with the demo's data where the copy of the project lies."""
    text = (ROOT / "config.yaml").read_text(encoding="utf-8").replace("resources/demo", f"{place.code}/resources/demo")
    config = yaml.safe_load(text)
    for name, values in TINY.items():
        config[name] = values if name == "experiments" else {**config[name], **values}
    config["evaluation"]["models"] = ["base", *TINY["experiments"]]
    config["evaluation"]["tasks"] = {task: config["evaluation"]["tasks"][task] for task in TASKS}
    config["evaluation"]["tasks"]["ner"]["num_epochs"] = 1
    return config


def write_config(place: Place, config: dict, name: str = "config.yaml") -> None:
    (place.run / name).write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")


def snakemake(*arguments: str) -> list[str]:
    """The command of a user who has the workflow of another folder."""
    return [sys.executable, "-m", "snakemake", "--cores", "2", *arguments]


def run_at(place: Place, command: list[str], *, network: bool, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the run's folder as a user without an account; nothing of this environment comes along."""
    variables = {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(place.home),
        "TMPDIR": str(place.temporary),
        "PYTHONPATH": str(place.code),
        "CONNECTIONS": str(place.temporary.parent / LOG),
        **environment,
    }
    script = "\n".join(["set -euo pipefail", "mount --make-rprivate /", *_mounts(place), _start(variables, command)])
    space = ["unshare", "--mount", *([] if network else ["--net"])]
    return subprocess.run(
        [*space, "bash", "-c", script],
        cwd=place.run,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=3600,
    )


def _start(variables: dict[str, str], command: list[str]) -> str:
    user = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs"]
    environment = ["env", "--ignore-environment", *(f"{name}={value}" for name, value in variables.items())]
    return "exec " + shlex.join([*user, *environment, *command])


def hides_tmp(place: Place) -> bool:
    """Whether the runs find an empty /tmp that they cannot write to; not where something that they need lies in it."""
    needed = (place.run, Path(sys.prefix), Path(sys.base_prefix), ROOT)
    return not any(path.is_relative_to("/tmp") for path in needed)


def _mounts(place: Place) -> list[str]:
    """Shell lines: the interpreter where everybody finds it, home and code read-only, no /tmp but TMPDIR."""
    lines = _open_interpreter(place.temporary.parent)
    for folder in map(shlex.quote, map(str, (place.code, place.home))):
        lines += [f"mount --bind {folder} {folder}", f"mount -o remount,bind,ro {folder}"]
    if hides_tmp(place):
        lines.append("mount -t tmpfs -o ro tmpfs /tmp")
    return [*lines, f"cd {shlex.quote(str(place.run))}"]


def _open_interpreter(folder: Path) -> list[str]:
    """Shell lines that leave of a folder closed to others, as /root may be, only the interpreter in it."""
    inside = {path: closed for path in (Path(sys.base_prefix), Path(sys.prefix)) if (closed := _closed(path))}
    lines = []
    for number, path in enumerate(inside):
        stash = folder / f"interpreter{number}"
        stash.mkdir(exist_ok=True)
        lines.append(f"mount --bind {shlex.quote(str(path))} {shlex.quote(str(stash))}")
    lines += [
        f"mount -t tmpfs -o mode=0755 tmpfs {shlex.quote(str(closed))}" for closed in sorted(set(inside.values()))
    ]
    for number, path in enumerate(inside):
        quoted = shlex.quote(str(path))
        lines += [f"mkdir -p {quoted}", f"mount --bind {shlex.quote(str(folder / f'interpreter{number}'))} {quoted}"]
    return lines


def _closed(path: Path) -> Path | None:
    """The first folder on the way to `path` that others may not enter."""
    return next((p for p in reversed((path, *path.parents)) if p.stat().st_mode & 0o005 != 0o005), None)


def temporary_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder that others may enter, unlike pytest's own, and outside /tmp, which the runs do not see."""
    return tempfile.TemporaryDirectory(prefix="bali-places-", dir="/var/tmp")
