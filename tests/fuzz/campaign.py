"""Fuzzing of the readers: `python -m tests.fuzz.campaign --inputs 200000 [--readers obo ...]`.

Every input follows from the reader's name and a seed, so `--readers obo --seed 17` runs that one alone and shows the
whole traceback. An input must be read, or refused by a `BaliError` of one line, within two seconds of processor time
and within the memory limit. A process takes a chunk of seeds; where it dies or hangs, its last seed is the finding.
"""

import argparse
import mmap
import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from bali.errors import BaliError
from tests.fuzz.mutation import mutate
from tests.fuzz.reader import Reader

ISSUE = ("rrf_files", "pubmed_xml", "pubtator", "bioc_json", "obo", "config")  # readers that get all inputs
OTHERS = (
    *("jsonl", "text", "xml_blocks", "release", "zip_release", "obo_release", "kgx", "kgx_json", "medgen"),
    *("medgen_csv", "rxnorm", "obographs", "sssom", "evaluation_sets", "chemprot_corpus", "identifier_map"),
    "artefact_json",
)
OTHERS_SHARE = 40  # the others get one input in so many: most are slower
SECONDS = 2.0  # of processor time for one input: other work on the machine is no hang
LONGEST_MESSAGE = 4003
_CHUNK = 25_000
_STALLED_SECONDS = 30.0  # in code that no signal stops
_MEMORY_BYTES = 2 << 30  # beside what is mapped after the first inputs
_GROWTH_BYTES = 300 << 20  # of resident memory, from the first inputs to the last of a chunk
_WARM, _COMPILING_SECONDS = 200, 60.0  # inputs, in which numba may have to compile; seconds for one of them
_SHARED = Path("/dev/shm")


class HangError(BaseException):
    """An input took too long; no `except Exception` catches it."""


@dataclass
class Outcome:
    """What became of the inputs of a chunk or campaign.

    Attributes:
        num_read: inputs that were read.
        num_refused: inputs that were refused in one line.
        findings: "what, where" -> the seeds.
        seconds: of processor time for all of them.
        growth: of resident memory, bytes; of several processes the highest.
    """

    num_read: int = 0
    num_refused: int = 0
    findings: dict[str, list[int]] = field(default_factory=dict)
    seconds: float = 0.0
    growth: int = 0

    def add(self, other: "Outcome") -> None:
        """Take in another chunk."""
        self.num_read += other.num_read
        self.num_refused += other.num_refused
        for finding, seeds in other.findings.items():
            self.findings.setdefault(finding, []).extend(seeds)
        self.seconds += other.seconds
        self.growth = max(self.growth, other.growth)


def make_reader(name: str) -> Reader:
    """The target of that name."""
    # Imported here: that takes seconds, and the parent needs none of them.
    from tests.fuzz import corpus_readers, ontology_readers, release_readers, stage_readers  # noqa: PLC0415

    modules = (corpus_readers, stage_readers, release_readers, ontology_readers)
    reader: Reader = next(getattr(module, name) for module in modules if hasattr(module, name))()
    return reader


class Attack:
    """Runs inputs against one reader, in a folder of its own in memory."""

    def __init__(self, name: str, folder: Path) -> None:
        self._name = name
        self._reader = make_reader(name)
        self._folder = folder / "input"
        self._folder.mkdir()
        signal.signal(signal.SIGPROF, _stop)
        if self._reader.whole:
            for file, seeds in self._reader.seeds.items():
                (self._folder / file).write_bytes(seeds[0])

    def read(self, seed: int, seconds: float = SECONDS) -> int:
        """Read the input of a seed; raises what the reader raises, and `HangError` after so many seconds."""
        draw = random.Random(f"{self._name} {seed}")
        file = draw.choice(sorted(self._reader.seeds))
        path = self._folder / file
        path.write_bytes(mutate(draw, self._reader.seeds[file], self._reader.tokens))
        try:
            signal.setitimer(signal.ITIMER_PROF, seconds)
            return self._reader.read(path, self._folder)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            if self._reader.whole:
                path.write_bytes(self._reader.seeds[file][0])

    def judge(self, seed: int, seconds: float, outcome: Outcome) -> None:
        """Read the input of a seed and note what came of it."""
        try:
            self.read(seed, seconds)
        except BaliError as error:
            outcome.num_refused += 1
            if fault := _fault_of_message(str(error)):
                outcome.findings.setdefault(f"{fault} {_place(error)}", []).append(seed)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt | SystemExit):
                raise
            outcome.findings.setdefault(f"{type(error).__name__} {_place(error)}", []).append(seed)
        else:
            outcome.num_read += 1


def run_chunk(name: str, first: int, count: int, folder: Path, beat: Callable[[int], None]) -> Outcome:
    """The seeds from `first` on, in this process."""
    attack, outcome = Attack(name, folder), Outcome()
    start, resident = time.process_time(), 0
    for number, seed in enumerate(range(first, first + count)):
        beat(seed)
        attack.judge(seed, SECONDS if number >= _WARM else _COMPILING_SECONDS, outcome)
        if number == min(_WARM, count - 1):
            resident = _resident()
            mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
            resource.setrlimit(resource.RLIMIT_AS, (mapped + _MEMORY_BYTES, resource.RLIM_INFINITY))
    outcome.seconds = time.process_time() - start
    outcome.growth = max(_resident() - resident, 0)
    if outcome.growth > _GROWTH_BYTES:
        outcome.findings.setdefault(f"memory grew by {outcome.growth >> 20} MiB", []).append(first)
    return outcome


def run_campaign(name: str, num_inputs: int, first: int = 0, environment: dict[str, str] | None = None) -> Outcome:
    """All seeds from `first` on, in one process after another."""
    total, end = Outcome(), first + num_inputs
    while first < end:
        count = min(_CHUNK, end - first)
        outcome, num_done = _run_process(name, first, count, environment or {})
        total.add(outcome)
        first += num_done
    return total


def _run_process(name: str, first: int, count: int, environment: dict[str, str]) -> tuple[Outcome, int]:
    """One process; how many seeds it did, the one that ended it included."""
    with tempfile.TemporaryDirectory(dir=_SHARED if _SHARED.is_dir() else None, prefix="bali-fuzz-") as folder:
        pulse = Path(folder) / "pulse"
        pulse.write_bytes(struct.pack("q", first))
        command = [sys.executable, "-m", "tests.fuzz.campaign", "--readers", name, "--seed", str(first)]
        command += ["--inputs", str(count), "--folder", folder]
        variables = {**os.environ, "OMP_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1", **environment}
        process = subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, text=True)
        reason = _watch(process, pulse)
        output = process.communicate()[0]
        seed = struct.unpack("q", pulse.read_bytes())[0]
    if not reason and process.returncode == 0:
        return _parse(output), count
    reason = reason or f"process ended with {process.returncode}"
    return Outcome(findings={reason: [seed]}), seed - first + 1


def _watch(process: "subprocess.Popen[str]", pulse: Path) -> str:
    """Wait for the end of a process; why it was killed, if it was."""
    last, since = -1, time.monotonic()
    while process.poll() is None:
        time.sleep(0.1)
        seed = struct.unpack("q", pulse.read_bytes())[0]
        if seed != last:
            last, since = seed, time.monotonic()
        elif time.monotonic() - since > _STALLED_SECONDS + _COMPILING_SECONDS:
            process.kill()
            return "hang in compiled code"
    return ""


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise HangError("it took too long")


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def _fault_of_message(message: str) -> str:
    if len(message.splitlines()) != 1:
        return "message of several lines"
    if len(message) > LONGEST_MESSAGE:
        return "long message"
    return "" if message.isprintable() else "message with control characters"


def _place(error: BaseException) -> str:
    """The innermost line of ours, and the function that failed."""
    frames = traceback.extract_tb(error.__traceback__)[-60:]
    own = [
        frame for frame in frames if f"{os.sep}bali{os.sep}" in frame.filename and "site-packages" not in frame.filename
    ]
    last = (own or list(frames))[-1]
    return f"{'/'.join(Path(last.filename).parts[-3:])}:{last.lineno}"


def _parse(output: str) -> Outcome:
    first, *others = output.splitlines()
    num_read, num_refused, growth, seconds = first.split()
    found = (line.split("\t") for line in others)
    findings = {finding: list(map(int, seeds.split())) for finding, seeds in found}
    return Outcome(int(num_read), int(num_refused), findings, float(seconds), int(growth))


def _format(outcome: Outcome) -> Iterator[str]:
    yield f"{outcome.num_read} {outcome.num_refused} {outcome.growth} {outcome.seconds}"
    yield from (f"{finding}\t{' '.join(map(str, seeds))}" for finding, seeds in outcome.findings.items())


def _beater(pulse: Path) -> Callable[[int], None]:
    with pulse.open("r+b") as stream:
        memory = mmap.mmap(stream.fileno(), 8)

    def beat(seed: int) -> None:
        """Leave the seed where it outlives this process."""
        memory[:8] = struct.pack("q", seed)

    return beat


def _show_one(name: str, seed: int) -> int:
    folder = Path(tempfile.mkdtemp(prefix="bali-fuzz-"))
    try:
        attack = Attack(name, folder)
        try:
            sys.stdout.write(f"read: {attack.read(seed)}\n")
        except BaliError as error:
            sys.stdout.write(f"refused: {error}\n")
    finally:
        shutil.rmtree(folder)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a campaign and print a table; 1 where there are findings."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--readers", nargs="*", default=[*ISSUE, *OTHERS], choices=[*ISSUE, *OTHERS])
    parser.add_argument("--inputs", type=int, default=0, help="of each reader; the slower ones get a share")
    parser.add_argument("--seed", type=int, default=0, help="the first; without --inputs the only one")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.folder:
        outcome = run_chunk(
            *options.readers, options.seed, options.inputs, options.folder, _beater(options.folder / "pulse")
        )
        sys.stdout.write("".join(f"{line}\n" for line in _format(outcome)))
        return 0
    if not options.inputs:
        return _show_one(*options.readers, options.seed)
    sys.stdout.write("reader            inputs      read   refused  seconds  growth\n")
    num_findings = 0
    for name in options.readers:
        whole = name in ISSUE or len(options.readers) == 1
        num_inputs = options.inputs if whole else max(options.inputs // OTHERS_SHARE, 1)
        outcome = run_campaign(name, num_inputs, options.seed)
        num_findings += len(outcome.findings)
        counts = f"{num_inputs:8} {outcome.num_read:9} {outcome.num_refused:9}"
        sys.stdout.write(f"{name:15} {counts} {outcome.seconds:8.1f} {outcome.growth >> 20:3} MiB\n")
        for finding, seeds in sorted(outcome.findings.items()):
            sys.stdout.write(f"  {len(seeds)} x {finding}: seed {seeds[0]}\n")
        sys.stdout.flush()
    return int(num_findings > 0)


if __name__ == "__main__":
    sys.exit(main())
