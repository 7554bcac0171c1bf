"""Becomes `sitecustomize.py` of a project: strikes the stage whose log the plan names, at the moment that it names.

The plan is a JSON file named by the variable BALI_FAULTS: path of a log -> {kind, delay, writing, slack}. A child that
was forked before anything was imported watches the stage and strikes; it leaves a file beside the plan when it has.
"""

import json
import os
import resource
import signal
import sys
import time
from pathlib import Path

SIGNALS = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT}
STEP = 0.002  # seconds between two looks
GRACE = 0.2  # seconds from SIGTERM to SIGKILL; schedulers give 30


def arm() -> None:
    plan = os.environ.get("BALI_FAULTS")
    if not plan or sys.orig_argv[1:3] != ["-m", "bali"]:
        return
    log = os.readlink("/proc/self/fd/1")
    fault = json.loads(Path(plan).read_text()).get(log)
    stage = os.getpid()
    if fault is None or os.fork():
        return
    try:
        if wait(fault, stage):
            Path(f"{plan}.{Path(log).relative_to(Path(plan).parent).as_posix().replace('/', '+')}").touch()
            strike(fault, stage)
    finally:
        os._exit(0)


def wait(fault: dict, stage: int) -> bool:
    """Wait for the moment; whether the stage is still there then."""
    begin = time.monotonic()
    while os.getppid() == stage:
        if time.monotonic() - begin > fault["delay"] and (not fault["writing"] or is_writing(stage)):
            time.sleep(fault["pause"] if fault["writing"] else 0)
            return os.getppid() == stage
        time.sleep(STEP)
    return False


def is_writing(stage: int) -> bool:
    """Whether an open file of the stage is one that has not taken its name yet."""
    try:
        return any(".partial" in os.readlink(entry.path) for entry in os.scandir(f"/proc/{stage}/fd"))
    except OSError:
        return False


def strike(fault: dict, stage: int) -> None:
    if fault["kind"] in SIGNALS:
        os.kill(stage, SIGNALS[fault["kind"]])
    elif fault["kind"] == "SIGTERM, SIGKILL":
        os.kill(stage, signal.SIGTERM)
        time.sleep(GRACE)
        if os.getppid() == stage:
            os.kill(stage, signal.SIGKILL)
    elif fault["kind"] == "out of memory":
        pages = int(Path(f"/proc/{stage}/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + fault["slack"]
        resource.prlimit(stage, resource.RLIMIT_AS, (limit, limit))


arm()
