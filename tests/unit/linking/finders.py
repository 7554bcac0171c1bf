"""Opening the back ends of the linker in tests, and their rows."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from bali.linking.building import build_index
from bali.linking.candidates import CandidateFinder
from bali.linking.terms import TermOptions
from tests.unit.linking.packages_own import Row

BACKENDS = ("quickumls", "fast")


def build_indexes(umls_dir: Path, folder: Path, options: TermOptions) -> dict[str, Path]:
    """An index for each back end, by its name."""
    for backend in BACKENDS:
        build_index(umls_dir, folder / backend, backend, options)
    return {backend: folder / backend for backend in BACKENDS}


def rows_of_finder(finder: CandidateFinder, sentences: Sequence[str]) -> list[Row]:
    """The candidates of sentences as `packages_own.package_rows` gives them."""
    frame = finder.candidates(sentences)
    spans = frame["span"]
    assert spans.is_sorted(), "spans rise"
    assert frame.group_by("span").agg(pl.struct("sentence", "start", "end").n_unique())["sentence"].max() in (1, None)
    columns = ["sentence", "start", "end", "cui", "term", "similarity", "tuis", "preferred"]
    return [(*row[:6], tuple(row[6]), row[7]) for row in frame.select(columns).iter_rows()]
