"""The search of `benchmarks.evaluation`, in a process of its own: seconds, peak of memory, and whether it is exact."""

import argparse
import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import torch

from bali.evaluation.dictionary import NUM_NAMES_SEARCHED, Dictionary, StoredRows
from bali.evaluation.dictionary_vectors import MAX_NAME_LENGTH, DictionaryVectors, open_vectors
from bali.evaluation.encoder import Encoder, Vectors, rounded
from bali.evaluation.language_model import load_language_model
from bali.evaluation.nearest_names import nearest_rows
from bali.models.device import choose_device
from bali.training.memory import GIB
from benchmarks.evaluation import BATCH_SIZE
from benchmarks.training_clock import seconds
from benchmarks.umls import say

NUM_CHECKED = 50  # queries
EQUAL = 1e-6  # cosines that differ by less count as equal
_SEED = 29
_SECONDS_BETWEEN = 0.005
Floats = npt.NDArray[np.float64]


def make_queries(names: pl.Series, num_queries: int) -> list[str]:
    """Texts like mentions: every other one is a name, the rest are names that lost a character."""
    rng = np.random.default_rng(np.random.SeedSequence(_SEED))
    rows = rng.integers(0, len(names), num_queries)
    queries = names.gather(rows).to_list()
    for number in range(1, num_queries, 2):
        text = queries[number]
        place = int(rng.integers(0, len(text)))
        queries[number] = text[:place] + text[place + 1 :]
    return queries


def is_exact(queries: torch.Tensor, rows: npt.NDArray[np.int64], stored: DictionaryVectors, pooling: str) -> bool:
    """Whether the rows are those of a plain sort of the cosines in float64.

    Args:
        queries: (num_queries, hidden).
        rows: (num_queries, k) that were found.
        stored: vectors of the dictionary.
        pooling: of the vectors.
    """
    cosines = _cosines(queries, stored, pooling)  # (num_queries, num_names)
    k = min(rows.shape[1], cosines.shape[1])
    best = np.take_along_axis(cosines, np.argsort(-cosines, axis=1, kind="stable")[:, :k], axis=1)
    found = np.take_along_axis(cosines, rows[:, :k], axis=1)
    distinct = all(len(set(row)) == k for row in rows[:, :k].tolist())
    return distinct and bool((np.abs(best - found) < EQUAL).all())


def _cosines(queries: torch.Tensor, stored: DictionaryVectors, pooling: str) -> Floats:
    units = [_unit(getattr(block, pooling)) for block in stored.blocks()]
    query = _unit(queries)
    return np.concatenate([query @ unit.T for unit in units], axis=1)


def _unit(vectors: torch.Tensor) -> Floats:
    values = vectors.cpu().numpy().astype(np.float64)
    return values / np.linalg.norm(values, axis=1, keepdims=True)


@contextmanager
def watched_memory(device: torch.device) -> Iterator[list[int]]:
    """Bytes before the block and every 5 ms in it: resident of the process on a CPU, allocated on a GPU."""
    seen = [_memory(device)]
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(_SECONDS_BETWEEN):
            seen.append(_memory(device))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        is_over.set()
        watcher.join()
        seen.append(_memory(device))


def _memory(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def measure(folder: Path, num_queries: int) -> dict[str, Any]:
    """Search the vectors in `folder`, and check a sample of the queries."""
    device = choose_device("auto")
    encoder = Encoder(load_language_model(folder / "model", device), BATCH_SIZE, MAX_NAME_LENGTH)
    path = folder / "dictionary.parquet"
    names = pl.read_parquet(path, columns=["name"])["name"]
    queries = rounded(encoder.encode(make_queries(names, num_queries)))
    stored = open_vectors(folder / "vectors", path, folder / "model")
    rows = StoredRows(path, np.arange(len(names)))
    dictionary = Dictionary(names, pl.Series([], dtype=pl.List(pl.String)), rows)
    found: dict[str, npt.NDArray[np.int64]] = {}
    with watched_memory(device) as memory:
        taken = seconds(lambda: found.update(nearest_rows(dictionary, queries, encoder, stored)), device)
    peak = (max(memory) - memory[0]) / GIB
    say(f"{num_queries:,} queries over {len(stored):,} names: {taken:.3g} s, {peak:.3g} GiB")
    checked = np.linspace(0, num_queries - 1, min(NUM_CHECKED, num_queries)).astype(np.int64)
    return {
        "search_seconds": taken,
        "search_peak_gib": peak,
        "num_queries": num_queries,
        "num_nearest": NUM_NAMES_SEARCHED,
        "num_checked_queries": len(checked),
        "is_exact": all(
            is_exact(getattr(queries, pooling)[torch.from_numpy(checked)], found[pooling][checked], stored, pooling)
            for pooling in Vectors._fields
        ),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.evaluation_search", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="with dictionary.parquet, model and vectors")
    parser.add_argument("--queries", type=int, required=True, help="texts that are searched")
    chosen = parser.parse_args(arguments)
    print(json.dumps(measure(chosen.folder, chosen.queries)))


if __name__ == "__main__":
    main()
