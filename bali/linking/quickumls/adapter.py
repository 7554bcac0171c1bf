"""The one place that talks to QuickUMLS's matcher (Soldaini and Goharian, 2016; package quickumls).

The package wants a spaCy model and NLTK's stop words at start, and downloads what it does not find. Here it gets a
blank English pipeline (a tokeniser only; the package was made for it, see its `spacy_component`) and our own list
`stop_words.txt`, in the place where it looks for NLTK's. So a link depends on no other file of the machine, and nothing
reaches for the network.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import nltk.corpus
import polars as pl

from bali.linking.candidates import CANDIDATES, MatcherOptions, accepted_types
from bali.linking.english import blank_english
from bali.linking.index_files import DATABASE, PACKAGE, verify_index
from bali.linking.quickumls.database import RANKS
from bali.linking.quickumls.package import QuickUMLS
from bali.linking.stop_words import stop_words
from bali.linking.surrogates import replace_surrogates

_MEMO_SIZE = 1 << 18  # n-grams and terms remembered by a process; some 100 MB when full


class QuickUmlsFinder:
    """Proposes concepts for the spans of sentences: the package's answers as a table.

    Args:
        index_dir: folder made by the stage build_linker_index; its database is verified before it is opened.
        options: the matcher's parameters.

    Raises:
        ArtefactError: the index is missing, is not the one that its manifest names, or is of another back end.
    """

    def __init__(self, index_dir: Path, options: MatcherOptions) -> None:
        self.manifest = verify_index(index_dir, PACKAGE)
        self._options = options
        self._tokenise = blank_english().tokenizer  # the pipeline itself takes no text of over a million characters
        self._ranks = pl.read_parquet(index_dir / DATABASE / RANKS)
        self._matcher = open_matcher(index_dir / DATABASE, options)
        self._matcher.ss_db = _Memo(self._matcher.ss_db.get)
        self._matcher.cuisem_db = _Memo(self._matcher.cuisem_db.get)

    def candidates(self, sentences: Sequence[str]) -> pl.DataFrame:
        """The candidates of a batch of sentences; columns and order as in `bali.linking.candidates.CANDIDATES`."""
        rows = []
        num_spans = 0
        for number, sentence in enumerate(sentences):
            for group in self.spans(sentence):
                rows += [(number, num_spans, *_values(candidate)) for candidate in group]
                num_spans += 1
        columns = {name: kind for name, kind in CANDIDATES.items() if name != "source_rank"}
        frame = pl.DataFrame(rows, schema=columns, orient="row")
        return frame.join(self._ranks, on=["term", "cui"], how="left", maintain_order="left").select(CANDIDATES.names())

    def spans(self, sentence: str) -> list[list[dict[str, Any]]]:
        """What the package proposes for a sentence: a list of candidates per span.

        Lone surrogates, which no encoding has, become U+FFFD.
        """
        document = self._tokenise(replace_surrogates(sentence))
        options = self._options
        return self._matcher._match(document, best_match=options.best_match, ignore_syntax=options.ignore_syntax)


def _values(candidate: dict[str, Any]) -> tuple[object, ...]:
    return (
        candidate["start"],
        candidate["end"],
        candidate["cui"],
        candidate["term"],
        float(candidate["similarity"]),
        sorted(candidate["semtypes"]),
        bool(candidate["preferred"]),
    )


class _Memo:
    """Stands for a reader of the package: the same `get`, recent answers remembered.

    A third to a half of a shard's n-grams come again; measured, this saves 12 % of the time at 77 thousand terms.
    """

    def __init__(self, get: Callable[[str], Any]) -> None:
        self.get = lru_cache(maxsize=_MEMO_SIZE)(lambda key: tuple(get(key)))


def open_matcher(database: Path, options: MatcherOptions) -> QuickUMLS:
    """The package's matcher on a database folder."""
    with _stop_words_in_place():
        return QuickUMLS(
            str(database),
            overlapping_criteria=options.overlapping,
            threshold=options.threshold,
            window=options.window,
            similarity_name=options.similarity,
            min_match_length=options.min_match_length,
            accepted_semtypes=accepted_types(options.semantic_types),
            keep_uppercase=options.keep_uppercase,
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
