"""Both back ends of the linker on the same sentences under many parameters: every row and column, in order.

`python -m benchmarks.linking_identity --abstracts 5000 --settings all` ingests the open Metathesaurus and reads PubMed
files in the folder that BALI_DEVELOPMENT_DATA names (without it, the demo's), builds each back end's index for each
kind of dictionary, and prints a line per setting and one JSON object at the end. Settings under which the package takes
many times as long get a share of the abstracts (`benchmarks.linking_settings`); `--settings all overlap=1000` gives one
of them a number of its own. Some awkward sentences are compared before the abstracts, and these 500 at a time, so that
memory does not grow with their number. The exit code is 1 where anything differs; then the JSON object holds the first
sentence that does and both sides' rows.
"""

import argparse
import json
import math
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import polars as pl

from bali.errors import BaliError
from bali.linking.candidates import CandidateFinder, open_finder
from bali.linking.terms import TermOptions
from bali.vocabulary import LinkingBackend
from benchmarks.linking_names import DATA, DEMO
from benchmarks.linking_settings import Setting, choose_settings, describe, dictionary_name
from benchmarks.linking_texts import AWKWARD_SENTENCES, SENTENCES, read_sentences, read_texts, write_sentences
from benchmarks.umls import run, say

BACKENDS: tuple[LinkingBackend, LinkingBackend] = ("fast", "quickumls")
ABSTRACTS_PER_BATCH = 500
NUM_PROCESSES = 2


@dataclass(frozen=True)
class Comparison:
    """How the back ends compare under a setting.

    Attributes:
        setting: its name.
        abstracts: how many were linked, the awkward sentences not counted.
        sentences: all.
        rows: candidates of the package.
        equal: no row, no value and no place differs.
        seconds: of each back end, by name.
        difference: the first sentence that differs, and both back ends' rows; empty where none does.
    """

    setting: str
    abstracts: int
    sentences: int
    rows: int
    equal: bool
    seconds: dict[LinkingBackend, float]
    difference: dict[str, Any]

    def __str__(self) -> str:
        """One line: rows and whether they are equal."""
        verdict = "equal" if self.equal else "DIFFERENT"
        times = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.seconds.items())
        return f"{self.setting}: {self.rows} rows of {self.abstracts} abstracts, {verdict}; {times}"


def check(settings: Sequence[tuple[Setting, int | None]], num_abstracts: int, folder: Path) -> list[Comparison]:
    """Compare the back ends under each setting, in two processes; lines are printed as they come.

    Args:
        settings: with the number of abstracts, None for the setting's share of `num_abstracts`.
        num_abstracts: as many are read, fewer where there are fewer.
        folder: to put the files in.

    Returns:
        The comparisons in the order of the settings.
    """
    numbers = [number or math.ceil(num_abstracts * setting.share) for setting, number in settings]
    umls = ingest(folder)
    texts = read_texts(max(numbers))
    write_sentences([AWKWARD_SENTENCES, *texts.abstracts], folder / SENTENCES)
    say(f"{len(texts.abstracts)} abstracts ({texts.kind})")
    dictionaries = list(dict.fromkeys(setting.terms for setting, _ in settings))
    with ProcessPoolExecutor(NUM_PROCESSES, get_context("spawn"), max_tasks_per_child=1) as pool:
        list(pool.map(build, *zip(*((umls, folder, terms) for terms in dictionaries), strict=True)))
        tasks = {
            pool.submit(compare, setting, folder, min(number, len(texts.abstracts))): setting.name
            for (setting, _), number in zip(settings, numbers, strict=True)
        }
        found = {}
        for task in as_completed(tasks):
            found[tasks[task]] = task.result()
            print(task.result(), flush=True)
    return [found[setting.name] for setting, _ in settings]


def ingest(folder: Path) -> Path:
    """Ingest the release with the pipeline's default filters; returns the folder of its artefacts."""
    say("ingesting the release")
    release = folder_of_release()
    run("bali", "ingest", "--input", str(release), "--output-dir", str(folder / "umls"))
    return folder / "umls"


def folder_of_release() -> Path:
    """The open Metathesaurus of the development data, or the demo's release."""
    return Path(os.environ[DATA]) / "open_meta" if DATA in os.environ else DEMO / "umls"


def build(umls_dir: Path, folder: Path, terms: TermOptions) -> None:
    """Build both back ends' indexes of a dictionary."""
    from bali.linking.building import build_index  # noqa: PLC0415 - only in the process that builds

    for backend in BACKENDS:
        build_index(umls_dir, folder / dictionary_name(terms) / backend, backend, terms)


def compare(setting: Setting, folder: Path, num_abstracts: int) -> Comparison:
    """Link the awkward sentences, which are number 0, and the first abstracts by both back ends and compare."""
    indexes = folder / dictionary_name(setting.terms)
    finders = [open_finder(backend, indexes / backend, setting.matcher) for backend in BACKENDS]
    seconds = dict.fromkeys(BACKENDS, 0.0)
    num_sentences = num_rows = 0
    difference: dict[str, Any] = {}
    end = num_abstracts + 1
    for first in range(0, end, ABSTRACTS_PER_BATCH):
        sentences = read_sentences(folder / SENTENCES, first, min(first + ABSTRACTS_PER_BATCH, end))
        frames = []
        for backend, finder in zip(BACKENDS, finders, strict=True):
            begin = time.perf_counter()
            frames.append(finder.candidates(sentences))
            seconds[backend] += time.perf_counter() - begin
        num_sentences += len(sentences)
        num_rows += frames[1].height
        difference = difference or first_difference(sentences, frames, finders)
    if difference:
        difference |= {"options": describe(setting)}
    return Comparison(setting.name, num_abstracts, num_sentences, num_rows, not difference, seconds, difference)


def first_difference(
    sentences: Sequence[str], frames: Sequence[pl.DataFrame], finders: Sequence[CandidateFinder]
) -> dict[str, Any]:
    """The first sentence of a batch whose rows differ, and both sides' rows; empty where the frames are equal.

    Args:
        sentences: of the batch.
        frames: what each back end gave.
        finders: both back ends; asked again, to see whether the sentence differs by itself too.
    """
    if same(*frames):
        return {}
    for number, sentence in enumerate(sentences):
        rows = [_of_sentence(frame, number) for frame in frames]
        if not same(*rows):
            alone = [finder.candidates([sentence]) for finder in finders]
            shown: dict[str, Any] = {name: frame.rows() for name, frame in zip(BACKENDS, rows, strict=True)}
            return {"sentence": sentence, "alone_too": not same(*alone), **shown}
    return {"sentence": None, "schemas": [str(frame.schema) for frame in frames]}


def same(first: pl.DataFrame, second: pl.DataFrame) -> bool:
    """Whether two tables have the same columns, types and rows, in order."""
    return first.schema == second.schema and first.equals(second)


def _of_sentence(frame: pl.DataFrame, number: int) -> pl.DataFrame:
    """The rows of a sentence, their spans numbered from 0."""
    rows = frame.filter(pl.col("sentence") == number)
    return rows.with_columns(pl.col("span") - pl.col("span").min())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns the exit code: 0, 1 where anything differs or nothing was found, 2 for wrong options."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.linking_identity", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--abstracts", type=int, default=5000, help="abstracts to compare (default: 5000)")
    parser.add_argument("--settings", nargs="+", default=["all"], metavar="NAME[=ABSTRACTS]", help="all, or names")
    parser.add_argument("--folder", type=Path, help="where to put the files (default: a temporary folder)")
    options = parser.parse_args(arguments)
    try:
        settings = choose_settings(options.settings)
        if options.folder:
            options.folder.mkdir(parents=True, exist_ok=True)
            found = check(settings, options.abstracts, options.folder)
        else:
            with tempfile.TemporaryDirectory(prefix="check-linking-") as folder:
                found = check(settings, options.abstracts, Path(folder))
    except BaliError as error:
        print(f"benchmarks.linking_identity: {error}", file=sys.stderr)
        return 2
    is_proven = all(one.equal and one.rows for one in found)
    print(json.dumps({"identical": is_proven, "settings": [asdict(one) for one in found]}, ensure_ascii=False))
    return 0 if is_proven else 1


if __name__ == "__main__":
    sys.exit(main())
