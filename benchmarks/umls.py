"""Ingestion, graph and subgraphs of a generated release, timed against the floor and against usual code, in one run.

`python -m benchmarks.umls --scale 1` generates a release (about 8 GB at scale 1, removed afterwards), runs everything
below one after the other, each in a process of its own, and prints one JSON object as its last line. Filters are off:
every row is kept. What is compared with what:

- `ratio_to_floor`: wall time of `bali ingest` and `bali build-graph`, start-up included, over that of reading MRCONSO,
  MRREL and MRSTY with pyarrow's CSV reader and dropping the rows (the faster of one read before and one after).
- `ratio_to_floor_polars`: the same, over polars' streaming reader.
- `ratio_to_pandas`: seconds a row of row-wise pandas, on the first rows, over ours on the whole.
- `ratio_to_pyg`, `ratio_to_networkx`: our roots a second (2 hops, fan-out [5, 5], one core) over theirs (all neighbours
  within 2 hops, as they have no fan-out); for networkx both on a slice of the edges that it can hold.
- `subgraph_memory_ratio`: memory of the walk, beyond an interpreter that has everything imported and compiled, over the
  size of the graph's arrays.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OPTIONS = {"languages": "all", "suppress": ["N", "O", "Y", "E"], "max_srl": 9, "release": "generated"}
GIB = 1 << 30
FANOUT = (5, 5)


@dataclass(frozen=True)
class Run:
    """A process that ended well: wall time, peak memory and what it printed on its last line."""

    seconds: float
    peak_gib: float
    last_line: str


def run(*command: str) -> Run:
    """Run a command and measure it; its log goes to our standard error only if it fails."""
    begin = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen([sys.executable, "-m", *command], stdout=subprocess.PIPE, stderr=log)
        assert process.stdout is not None
        output = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        if status:
            log.seek(0)
            sys.exit(f"{' '.join(command)} failed:\n{log.read().decode()}")
    lines = output.strip().splitlines()
    return Run(seconds, usage.ru_maxrss * 1024 / GIB, lines[-1] if lines else "")


def measure(scale: float, folder: Path) -> dict[str, Any]:
    """All figures for a release of this scale, generated in `folder`."""
    release, umls, graph = (folder / name for name in ("release", "umls", "graph"))
    say(f"generating a release of scale {scale:g}")
    run("benchmarks.umls_generator", "--scale", str(scale), "--output-dir", str(release))
    os.sync()  # or the disk is still busy with the release when the first part is timed
    floors = [part("floor", release)]
    polars = part("floor_polars", release)
    options = json.dumps({"umls": OPTIONS})
    ingest = run("bali", "ingest", "--input", str(release), "--output-dir", str(umls), "--options", options)
    say(f"ingest {ingest.seconds:.1f} s, {ingest.peak_gib:.2f} GiB")
    build = run("bali", "build-graph", "--umls-dir", str(umls), "--output-dir", str(graph))
    say(f"build-graph {build.seconds:.1f} s, {build.peak_gib:.2f} GiB")
    floors.append(part("floor", release))
    pandas = part("pandas", release)
    walks = [part(name, graph) for name in ("subgraphs", "slice", "pyg", "networkx")]
    return summarise(floors, polars, (ingest, build), pandas, walks)


def summarise(
    floors: Sequence[dict[str, float]],
    polars: dict[str, float],
    stages: Sequence[Run],
    pandas: dict[str, float],
    walks: Sequence[dict[str, float]],
) -> dict[str, Any]:
    """The figures of the last line."""
    seconds = sum(stage.seconds for stage in stages)
    floor = min(found["seconds"] for found in floors)
    subgraphs, sliced, pyg, networkx = walks
    return {
        "ingest_seconds": round(seconds, 1),
        "stage_seconds": [round(stage.seconds, 1) for stage in stages],
        "peak_gib": round(max(stage.peak_gib for stage in stages), 2),
        "floor_seconds": [round(found["seconds"], 1) for found in floors],
        "ratio_to_floor": round(seconds / floor, 2),
        "ratio_to_floor_polars": round(seconds / polars["seconds"], 2),
        "ratio_to_pandas": round(pandas["seconds"] / pandas["rows"] / (seconds / floors[0]["rows"]), 1),
        "subgraphs_per_second": round(subgraphs["per_second"]),
        "subgraph_memory_ratio": round(subgraphs["memory_ratio"], 2),
        "ratio_to_pyg": round(subgraphs["per_second"] / pyg["per_second"]),
        "ratio_to_networkx": round(sliced["per_second"] / networkx["per_second"]),
        "names": int(floors[0]["names"]),
        "relations": int(floors[0]["relations"]),
        "edges": int(subgraphs["edges"]),
        "cores": len(os.sched_getaffinity(0)),
    }


def part(name: str, folder: Path) -> dict[str, float]:
    """One part in a process of its own: the JSON object that it prints."""
    found: dict[str, float] = json.loads(run("benchmarks.umls", "--part", name, "--folder", str(folder)).last_line)
    say(f"{name}: {found}")
    return found


def say(text: str) -> None:
    """Progress, on standard error."""
    print(text, file=sys.stderr, flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    from benchmarks.umls_parts import PARTS  # noqa: PLC0415 - only a part may import libraries: memory is measured

    parser = argparse.ArgumentParser(prog="python -m benchmarks.umls", description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0, help="1 is the size of a full release")
    parser.add_argument("--folder", type=Path, help="where to put the files (default: a temporary folder)")
    parser.add_argument("--part", choices=sorted(PARTS), help="run one part on --folder, as the whole does")
    options = parser.parse_args(arguments)
    if options.part:
        function: Callable[[Path], dict[str, float]] = PARTS[options.part]
        print(json.dumps(function(options.folder)))
    elif options.folder:
        print(json.dumps(measure(options.scale, options.folder)))
    else:
        with tempfile.TemporaryDirectory(prefix="bench-umls-") as folder:
            print(json.dumps(measure(options.scale, Path(folder))))


if __name__ == "__main__":
    main()
