"""The one place that talks to QuickUMLS's matcher (Soldaini and Goharian, 2016; package quickumls).

The package wants a spaCy model and NLTK's stop words at start, and downloads what it does not find. Here it gets a
blank English pipeline (a tokeniser only; the package was made for it, see its `spacy_component`) and our own list
`stop_words.txt`, in the place where it looks for NLTK's. So a link depends on no other file of the machine, and nothing
reaches for the network.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any, Literal

import nltk.corpus
import spacy

from bali.linking.index_files import DATABASE, verify_index
from bali.linking.quickumls_package import ACCEPTED_SEMTYPES, QuickUMLS, make_ngrams
from bali.vocabulary import Cui, Overlapping, Similarity, Tui

_MEMO_SIZE = 1 << 18  # n-grams and terms remembered by a process; some 100 MB when full
_NGRAM_LENGTH = 3  # the package's


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
    """

    threshold: float = 0.7
    similarity: Similarity = "jaccard"
    window: int = 5
    min_match_length: int = 3
    overlapping: Overlapping = "score"
    semantic_types: Sequence[Tui] | Literal["quickumls", "all"] = "quickumls"


@dataclass(frozen=True)
class Link:
    """The concept kept for a span of a sentence; fields as in `bali.schemas.MENTIONS`."""

    start: int
    end: int
    cui: Cui
    term: str
    similarity: float
    tuis: tuple[Tui, ...]
    num_candidates: int


class QuickUmlsLinker:
    """Finds the mentions of a sentence and links each to one concept.

    Args:
        index_dir: folder made by the stage build_linker_index; its database is verified before it is opened.
        options: the matcher's parameters.

    Raises:
        ArtefactError: the index is missing, or is not the one that its manifest names.
    """

    def __init__(self, index_dir: Path, options: MatcherOptions) -> None:
        self.manifest = verify_index(index_dir)
        self._options = options
        self._tokenise = spacy.blank("en")
        self._matcher = _open_matcher(index_dir / DATABASE, options)
        self._matcher.ss_db = _Memo(self._matcher.ss_db.get)
        self._matcher.cuisem_db = _Memo(self._matcher.cuisem_db.get)

    def candidates(self, sentence: str) -> list[list[dict[str, Any]]]:
        """What the package proposes: a list of candidates per span; spans do not overlap."""
        return self._matcher._match(self._tokenise(sentence))

    def link(self, sentence: str) -> list[Link]:
        """The mentions of a sentence, sorted by start; they do not overlap.

        Of a span's candidates the one with the highest similarity is kept, then a preferred name, then the lowest CUI,
        then the first term in order of code points.
        """
        links = [self._choose(group) for group in self.candidates(sentence)]
        return sorted(links, key=lambda link: link.start)

    def _choose(self, group: Sequence[dict[str, Any]]) -> Link:
        best = min(group, key=lambda c: (-c["similarity"], -c["preferred"], c["cui"], c["term"]))
        return Link(
            start=best["start"],
            end=best["end"],
            cui=best["cui"],
            term=best["term"],
            similarity=self._bounded(best),
            tuis=tuple(sorted(best["semtypes"])),
            num_candidates=len({candidate["cui"] for candidate in group}),
        )

    def _bounded(self, candidate: dict[str, Any]) -> float:
        """The similarity, 0-1: for "overlap" the package gives the number of shared trigrams, which is no share."""
        similarity = float(candidate["similarity"])
        if self._options.similarity != "overlap":
            return similarity
        ngram = candidate["ngram"].lower() if self._matcher.to_lowercase_flag else candidate["ngram"]
        sizes = [len(set(make_ngrams(text, _NGRAM_LENGTH))) for text in (ngram, candidate["term"])]
        return min(1.0, similarity / min(sizes))


class _Memo:
    """Stands for a reader of the package: the same `get`, recent answers remembered.

    A third to a half of a shard's n-grams come again; measured, this saves 12 % of the time at 77 thousand terms.
    """

    def __init__(self, get: Callable[[str], Any]) -> None:
        self.get = lru_cache(maxsize=_MEMO_SIZE)(lambda key: tuple(get(key)))


def stop_words() -> list[str]:
    """The words of `stop_words.txt`, sorted."""
    lines = resources.files("bali.linking").joinpath("stop_words.txt").read_text(encoding="utf-8").splitlines()
    return sorted({line.strip() for line in lines if line.strip() and not line.startswith("#")})


def _open_matcher(database: Path, options: MatcherOptions) -> QuickUMLS:
    accepted = {"quickumls": ACCEPTED_SEMTYPES, "all": None}
    types = options.semantic_types
    with _stop_words_in_place():
        return QuickUMLS(
            str(database),
            overlapping_criteria=options.overlapping,
            threshold=options.threshold,
            window=options.window,
            similarity_name=options.similarity,
            min_match_length=options.min_match_length,
            accepted_semtypes=accepted[types] if isinstance(types, str) else set(types),
            spacy_component=True,
        )


class _StopWords:
    """Answers as NLTK's corpus of stop words does, with our list for every language."""

    def words(self, fileids: str | None = None) -> list[str]:
        """As NLTK's reader: the words, of whatever language is asked for."""
        return stop_words()


@contextmanager
def _stop_words_in_place() -> Iterator[None]:
    """While the matcher is made, `nltk.corpus.stopwords` is our list; afterwards it is what it was."""
    theirs = nltk.corpus.stopwords
    nltk.corpus.stopwords = _StopWords()
    try:
        yield
    finally:
        nltk.corpus.stopwords = theirs
