"""The fast back end: QuickUMLS's candidates for batches of sentences."""

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

from bali.linking.candidates import CANDIDATES, MatcherOptions, accepted_types
from bali.linking.fast.join import MARK
from bali.linking.fast.memory import CandidateMemory
from bali.linking.fast.ngrams import Ngrams, NgramTable
from bali.linking.fast.search import search
from bali.linking.fast.selection import Groups, Spans, group_candidates, select_spans, spread_candidates
from bali.linking.fast.storage import FastIndex, open_index
from bali.linking.fast.tables import Answers, Array
from bali.linking.fast.tokens import Tokeniser
from bali.linking.index_files import DATABASE, FAST, verify_index
from bali.linking.similarity import Matching, as_matched, trigram_similarity
from bali.linking.surrogates import replace_surrogates

_SENTENCES_PER_PIECE = 2048
_NGRAMS_PER_SEARCH = 1 << 16
_MOST_NGRAMS = 1 << 19  # remembered, with their candidates: some 100 MB
_MOST_PIECES = 1 << 18
_MARK = chr(MARK)


class FastFinder:
    """Proposes concepts for the spans of sentences, as QuickUMLS does.

    Args:
        index_dir: folder made by the stage build_linker_index.
        options: the matcher's parameters.

    Raises:
        ArtefactError: the index is missing, damaged, or of another back end.
    """

    def __init__(self, index_dir: Path, options: MatcherOptions) -> None:
        self.manifest = verify_index(index_dir, FAST)
        self._options = options
        self._matching = Matching(
            options.similarity, self.manifest.lowercase, self.manifest.normalize_unicode, options.keep_uppercase
        )
        self._index: FastIndex = open_index(index_dir / DATABASE)
        accepted = accepted_types(options.semantic_types)
        self._is_accepted = np.array(
            [accepted is None or not accepted.isdisjoint(types) for types in self._index.types], np.bool_
        )
        self._types = pa.array(self._index.types, pa.list_(pa.string()))
        self._tokeniser = Tokeniser(self.manifest.lowercase, options.ignore_syntax)
        self._table = NgramTable(options.window, options.min_match_length, options.ignore_syntax)
        self._memory = CandidateMemory()

    def candidates(self, sentences: Sequence[str]) -> pl.DataFrame:
        """The candidates of a batch of sentences; columns and order as in `bali.linking.candidates.CANDIDATES`."""
        frames = [pl.DataFrame(schema=CANDIDATES)]
        num_spans = 0
        for start in range(0, len(sentences), _SENTENCES_PER_PIECE):
            spans = self._find(sentences[start : start + _SENTENCES_PER_PIECE])
            frames.append(self._as_frame(spans, start, num_spans))
            num_spans += int(spans.spans[-1]) + 1 if spans.spans.size else 0
        return pl.concat(frames, rechunk=True)

    def _find(self, sentences: Sequence[str]) -> Spans:
        if self._table.count > _MOST_NGRAMS or self._tokeniser.num_pieces > _MOST_PIECES:
            self._tokeniser.forget()
            self._table.forget()
            self._memory.forget()
        sentences = [replace_surrogates(sentence) for sentence in sentences]
        ngrams, firsts = self._table.number(self._tokeniser.tokenise(sentences))
        for start in range(0, len(firsts), _NGRAMS_PER_SEARCH):
            self._remember(self._texts(sentences, ngrams, firsts[start : start + _NGRAMS_PER_SEARCH]))
        longest_first = self._options.overlapping == "length"
        by_ngram, (rows, similarities) = self._memory.by_ngram, self._memory.candidates
        chosen = select_spans(ngrams, *by_ngram, similarities, longest_first, self._options.best_match)
        return Spans(*spread_candidates(chosen, ngrams, *by_ngram, rows, similarities))

    def _texts(self, sentences: Sequence[str], ngrams: Ngrams, places: Array) -> list[str]:
        """The n-grams at some places, as the package looks them up."""
        spans = (column[places].tolist() for column in (ngrams.sentences, ngrams.starts, ngrams.ends))
        texts = [sentences[sentence][start:end] for sentence, start, end in zip(*spans, strict=True)]
        return as_matched(texts, self._matching)

    def _remember(self, texts: Sequence[str]) -> None:
        """Search the dictionary for new n-grams and keep their candidates."""
        queries = [_as_query(text) for text in texts]
        answers = search(self._index.dictionary, queries, self._options.similarity, self._options.threshold)
        self._correct(answers, texts, queries)
        found = answers.offsets, answers.entries, answers.similarities
        self._memory.add(Groups(*group_candidates(self._index.concepts, self._is_accepted, *found)))

    def _correct(self, answers: Answers, texts: Sequence[str], queries: Sequence[str]) -> None:
        """Compute similarities anew where the package compares another string than the one that it looks up."""
        for number, (text, query) in enumerate(zip(texts, queries, strict=True)):
            if text is query and _MARK not in text and not self._index.has_marks:
                continue
            for at in range(answers.offsets[number], answers.offsets[number + 1]):
                row = self._index.concepts.firsts[answers.entries[at]]
                term = self._index.rows["term"][row].as_py()
                answers.similarities[at] = trigram_similarity(text, term, self._options.similarity)

    def _as_frame(self, spans: Spans, first_sentence: int, first_span: int) -> pl.DataFrame:
        taken = pl.DataFrame(self._index.rows.take(pa.array(spans.rows)))
        types = pl.Series(self._types.take(pa.array(self._index.concepts.types[spans.rows])))
        return pl.DataFrame(
            {
                "sentence": spans.sentences + np.int32(first_sentence),
                "span": spans.spans + np.int32(first_span),
                "start": spans.starts,
                "end": spans.ends,
                "cui": taken["cui"],
                "term": taken["term"],
                "similarity": spans.similarities,
                "tuis": types,
                "preferred": taken["is_preferred"],
                "source_rank": taken["source_rank"],
            },
            schema=CANDIDATES,
        )


def _as_query(text: str) -> str:
    """What simstring is asked for: NFKD, and no more than stands before U+0000."""
    if not text.isascii():
        normal = unicodedata.normalize("NFKD", text)
        text = text if normal == text else normal
    return text.split("\x00", 1)[0] if "\x00" in text else text
