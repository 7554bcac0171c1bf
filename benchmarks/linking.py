"""Linking by our back end, timed against the package QuickUMLS and against the tokeniser that both of them use.

`python -m benchmarks.linking` makes a dictionary of a million names and the sentences of 2,000 abstracts, runs
everything below one after the other, each in a process of its own, and prints one JSON object as its last line. Real
names and abstracts are used where BALI_DEVELOPMENT_DATA names a folder of them, else those of the demo. Seconds of a
process are those of the whole of it: start, imports, opening of the index, end; only the writing of its rows, for the
comparison, is taken off. One throw-away run comes first: compiled code is in its cache, as for any second use.

- `identical`: both give the same rows, every column, in the same order (QuickUMLS's default parameters).
- `ratio_to_quickumls`: seconds of the package, called sentence by sentence as by its users, over ours.
- `ratio_to_tokenising`: our seconds over those of spaCy's blank English pipeline on the same sentences (the faster of
  one run before and one after).
- `scaling_2_processes`: seconds of linking all sentences in one process, over those of two processes at once on half of
  them each, from the same moment to the end of the slower; `..._with_start` counts the whole processes. Best of three.
- `extra_process_mib`: private memory of a process that has linked 500 abstracts beside another one that did; what both
  read of the index, they share.
- `index_seconds`, `index_peak_gib`: `bali build-linker-index` of `--index-names` names.
- `xml_ratio_to_pubmed_parser`: seconds of the package pubmed_parser over ours on the largest file of the corpus.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.linking_parts import PARTS, READY, Part
from benchmarks.umls import Run, run, say

MEMORY_ABSTRACTS = 500
SCALING_ROUNDS = 3
_BACKEND = json.dumps({"linking": {"backend": "fast"}})


@dataclass(frozen=True)
class Sizes:
    """How much is measured: names, abstracts, abstracts that the package gets, names of the index that is timed."""

    names: int
    abstracts: int
    package_abstracts: int
    index_names: int


@dataclass(frozen=True)
class Timed:
    """A part that ended: seconds of its process without the writing of rows, and what it printed."""

    seconds: float
    found: dict[str, Any]


class OnWord:
    """A process that has opened our back end and links its abstracts on our word; it ends with the block."""

    def __init__(self, part: Part) -> None:
        command = [sys.executable, "-m", "benchmarks.linking", *_arguments("on_word", part)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> "OnWord":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def wait_until_open(self) -> None:
        """Wait for the process to be ready."""
        assert self._read() == READY, "the first line says that the process is ready"

    def start(self) -> None:
        """Give the word."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def result(self) -> dict[str, Any]:
        """Wait for the end of the linking: seconds, rows, memory."""
        return dict(json.loads(self._read()))

    def end(self) -> None:
        """Let the process end."""
        self._process.communicate()

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        if not line:
            sys.exit("a process that links ended too early; its error stands above")
        return line


def measure(sizes: Sizes, folder: Path) -> dict[str, Any]:
    """All figures; files are made in `folder`."""
    main, large = folder / "main", folder / "large"
    main.mkdir(parents=True, exist_ok=True)
    release = part("release", Part(main, size=sizes.names)).found
    texts = part("texts", Part(main, size=sizes.abstracts)).found
    build_index(main)
    package_index = part("package_index", Part(main))
    figures = {"texts": texts["texts"], "num_abstracts": texts["abstracts"], "num_sentences": texts["sentences"]}
    figures |= {"num_names": release["rows"], "package_index_seconds": round(package_index.seconds, 1)}
    figures |= measure_speed(Part(main, end=texts["abstracts"]), min(sizes.package_abstracts, texts["abstracts"]))
    figures |= measure_scaling(main, texts["abstracts"])
    figures |= measure_memory(main, min(MEMORY_ABSTRACTS, texts["abstracts"]))
    large.mkdir(exist_ok=True)
    rows = part("release", Part(large, size=sizes.index_names)).found["rows"]
    index = build_index(large)
    figures |= {
        "index_names": rows,
        "index_seconds": round(index.seconds, 1),
        "index_peak_gib": round(index.peak_gib, 2),
    }
    figures |= part("xml", Part(main)).found
    return figures | {"cores": len(os.sched_getaffinity(0))}


def measure_speed(all_texts: Part, package_abstracts: int) -> dict[str, Any]:
    """Our back end over the floor on all abstracts, and the package over ours on some of them or on all."""
    some_texts = Part(all_texts.folder, end=package_abstracts)
    part("fast", Part(all_texts.folder, end=min(10, all_texts.end)))  # compiled code goes to its cache
    floors = [part("floor", all_texts)]
    fast = part("fast", all_texts)
    floors.append(part("floor", all_texts))
    ours = fast if package_abstracts == all_texts.end else part("fast", some_texts)
    package = part("package", some_texts)
    compared = part("compare", some_texts).found
    floor = min(timed.seconds for timed in floors)
    return {
        "identical": bool(compared["identical"]) and compared["rows"] > 0,
        "rows_compared": compared["rows"],
        "package_abstracts": package_abstracts,
        "ratio_to_quickumls": round(package.seconds / ours.seconds, 1),
        "quickumls_seconds": round(package.seconds, 1),
        "fast_seconds": round(fast.seconds, 2),
        "fast_cold_start_seconds": round(fast.seconds - fast.found["seconds"], 2),
        "abstracts_per_second": round(all_texts.end / fast.seconds),
        "abstracts_per_second_without_start": round(all_texts.end / fast.found["seconds"]),
        "floor_seconds": round(floor, 2),
        "floor_cold_start_seconds": round(min(timed.seconds - timed.found["seconds"] for timed in floors), 2),
        "ratio_to_tokenising": round(fast.seconds / floor, 2),
        "ratio_to_tokenising_without_start": round(
            fast.found["seconds"] / min(timed.found["seconds"] for timed in floors), 2
        ),
    }


def measure_scaling(folder: Path, num_abstracts: int) -> dict[str, Any]:
    """One process on all abstracts against two on a half each; the best of some rounds, taken in turn."""
    half = num_abstracts // 2
    whole, halves = [Part(folder, end=num_abstracts)], [Part(folder, end=half), Part(folder, half, num_abstracts)]
    rounds = [(link_at_once(whole), link_at_once(halves)) for _ in range(SCALING_ROUNDS)]
    (one, one_with_start), (two, two_with_start) = (
        [min(times) for times in zip(*of_kind, strict=True)] for of_kind in zip(*rounds, strict=True)
    )
    say(f"scaling: one process {one:.2f} s, two {two:.2f} s; with start {one_with_start:.2f} s, {two_with_start:.2f} s")
    return {
        "scaling_2_processes": round(one / two, 2),
        "scaling_2_processes_with_start": round(one_with_start / two_with_start, 2),
    }


def link_at_once(parts: Sequence[Part]) -> tuple[float, float]:
    """Link each part in a process, all at the same time; seconds without and with the start of the processes."""
    begin = time.perf_counter()
    processes = [OnWord(one) for one in parts]
    for process in processes:
        process.wait_until_open()
    word = time.perf_counter()
    for process in processes:
        process.start()
    for process in processes:
        process.result()
    linked = time.perf_counter()
    for process in processes:
        process.end()
    return linked - word, linked - begin


def measure_memory(folder: Path, num_abstracts: int) -> dict[str, Any]:
    """Memory of a process that has linked while another one has the same pages of the index in use."""
    with OnWord(Part(folder, end=num_abstracts)) as first, OnWord(Part(folder, end=num_abstracts)) as second:
        for process in (first, second):
            process.wait_until_open()
            process.start()
            found = process.result()
    say(f"memory: {found}")
    return {"extra_process_mib": round(found["uss"]), "pss_mib": round(found["pss"]), "rss_mib": round(found["rss"])}


def build_index(folder: Path) -> Run:
    """Build the index of our back end by the command of the pipeline."""
    index = ("--umls-dir", str(folder / "umls"), "--output-dir", str(folder / "fast"), "--options", _BACKEND)
    built = run("bali", "build-linker-index", *index)
    say(f"index: {built.seconds:.1f} s, {built.peak_gib:.2f} GiB")
    return built


def part(name: str, work: Part) -> Timed:
    """Run one part in a process of its own."""
    ended = run("benchmarks.linking", *_arguments(name, work))
    found: dict[str, Any] = json.loads(ended.last_line)
    say(f"{name}: {ended.seconds:.2f} s, {found}")
    return Timed(ended.seconds - found.get("writing_seconds", 0.0), found)


def _arguments(name: str, work: Part) -> list[str]:
    numbers = ("--first", str(work.first), "--end", str(work.end), "--size", str(work.size))
    return ["--part", name, "--folder", str(work.folder), *numbers]


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    options = _parser().parse_args(arguments)
    if options.part:
        PARTS[options.part](Part(options.folder, options.first, options.end, options.size))
        return
    abstracts = options.abstracts
    sizes = Sizes(options.names, abstracts, options.package_abstracts or abstracts, options.index_names)
    if options.folder:
        print(json.dumps(measure(sizes, options.folder)))
        return
    with tempfile.TemporaryDirectory(prefix="bench-linking-") as folder:
        print(json.dumps(measure(sizes, Path(folder))))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.linking", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--names", type=int, default=1_000_000, help="distinct names of the dictionary")
    parser.add_argument("--abstracts", type=int, default=4000, help="abstracts to link")
    parser.add_argument("--package-abstracts", type=int, help="abstracts that the package links (default: all)")
    parser.add_argument("--index-names", type=int, default=6_000_000, help="distinct names of the index that is timed")
    parser.add_argument("--folder", type=Path, help="where to put the files (default: a temporary folder)")
    parser.add_argument("--part", choices=sorted(PARTS), help="run one part on --folder, as the whole does")
    for name in ("first", "end", "size"):
        parser.add_argument(f"--{name}", type=int, default=0, help=f"of a part: {name}")
    return parser


if __name__ == "__main__":
    main()
