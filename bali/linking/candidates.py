"""What a back end of the linker proposes for a batch of sentences, and how it is opened: the contract of both of them.

QuickUMLS (Soldaini and Goharian, 2016) defines the answers. `quickumls` is that package; `fast` is ours and gives the
same rows in the same order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal, Protocol

import polars as pl

from bali.linking.index_files import Manifest
from bali.vocabulary import LinkingBackend, Overlapping, Similarity, Tui

# Rows stand in the package's order: sentence by sentence, span by span as it ranks them, candidates within a span.
_COLUMNS: dict[str, Any] = {
    "sentence": pl.Int32,  # number in the batch
    "span": pl.Int32,  # number in the batch, rising
    "start": pl.Int32,  # in the sentence, code points
    "end": pl.Int32,  # exclusive
    "cui": pl.String,
    "term": pl.String,  # the dictionary's string
    "similarity": pl.Float64,  # as the package gives it: 0-1, but for "overlap" the number of shared trigrams
    "tuis": pl.List(pl.String),  # sorted
    "preferred": pl.Boolean,  # the term is the preferred name of the concept
    "source_rank": pl.Int32,  # of the best source that has the term for the concept, 0 is best
}
CANDIDATES = pl.Schema(_COLUMNS)


@dataclass(frozen=True)
class MatcherOptions:
    """QuickUMLS's parameters, by its names where ours do not say more.

    Attributes:
        threshold: lowest similarity of a term, 0-1.
        similarity: measure over character trigrams.
        window: longest mention, tokens.
        min_match_length: shortest mention, characters.
        overlapping: which of two overlapping spans is kept: of the higher score, or the longer one.
        semantic_types: TUIs to accept; "quickumls" takes the package's list, "all" any, also concepts without type.
        best_match: of overlapping spans only the best is kept; otherwise all are.
        keep_uppercase: where the dictionary is not lower-cased, n-grams in capitals are not lower-cased either.
        ignore_syntax: every sequence of tokens is an n-gram, whatever it starts and ends with.
    """

    threshold: float = 0.7
    similarity: Similarity = "jaccard"
    window: int = 5
    min_match_length: int = 3
    overlapping: Overlapping = "score"
    semantic_types: Sequence[Tui] | Literal["quickumls", "all"] = "quickumls"
    best_match: bool = True
    keep_uppercase: bool = False
    ignore_syntax: bool = False


class CandidateFinder(Protocol):
    """What proposes concepts for the spans of sentences.

    Attributes:
        manifest: of its index.
    """

    manifest: Manifest

    def candidates(self, sentences: Sequence[str]) -> pl.DataFrame:
        """The candidates of a batch of sentences, in the schema `CANDIDATES` and its order."""
        ...


def accepted_types(semantic_types: Sequence[Tui] | Literal["quickumls", "all"]) -> frozenset[Tui] | None:
    """The TUIs of which a concept must have one; None where any concept will do."""
    if semantic_types == "all":
        return None
    if semantic_types == "quickumls":
        text = resources.files("bali.linking.quickumls").joinpath("accepted_types.txt").read_text(encoding="utf-8")
        return frozenset(line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(semantic_types)


def open_finder(backend: LinkingBackend, index_dir: Path, options: MatcherOptions) -> CandidateFinder:
    """Open a back end.

    Raises:
        ArtefactError: the index is missing, damaged, or of another back end.
    """
    if backend == "quickumls":
        from bali.linking.quickumls.adapter import QuickUmlsFinder  # noqa: PLC0415 - takes seconds

        return QuickUmlsFinder(index_dir, options)
    from bali.linking.fast.finder import FastFinder  # noqa: PLC0415 - a second

    return FastFinder(index_dir, options)
