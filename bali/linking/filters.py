"""Which of the linker's mentions are kept: by type, letters, word and number of concepts; each loss is counted."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from importlib import resources

import polars as pl

from bali.io.census import Tally
from bali.vocabulary import Tui

OTHER_TYPE = "no concept of the kept types"
FEW_LETTERS = "too few letters"
STOP_TERM = "stop term"
AMBIGUOUS_WORD = "short and ambiguous word"
MANY_CANDIDATES = "too many candidates"
_WORDS = "short_and_ambiguous.tsv"
_Test = Callable[[pl.DataFrame], pl.Series]


@dataclass(frozen=True)
class MentionFilters:
    """What a mention must be; the defaults keep all.

    Attributes:
        types: candidates of other semantic types do not count; None keeps all, also those without type.
        min_letters: letters, as Unicode defines them, that a mention must have.
        stop_terms: mentions to drop, in any case.
        ambiguous_words: drop the words of short_and_ambiguous.tsv.
        max_candidates: distinct concepts that a mention may have; None sets no limit.
    """

    types: Collection[Tui] | None = None
    min_letters: int = 0
    stop_terms: Collection[str] = ()
    ambiguous_words: bool = False
    max_candidates: int | None = None


def of_types(candidates: pl.DataFrame, types: Collection[Tui] | None) -> pl.DataFrame:
    """The candidates that have one of the semantic types; all where `types` is None.

    Args:
        candidates: with a column tuis, a list of strings.
        types: TUIs.
    """
    if types is None:
        return candidates
    kept = pl.lit(pl.Series([sorted(types)], dtype=pl.List(pl.String)))
    return candidates.filter(pl.col("tuis").list.set_intersection(kept).list.len() > 0)


def filter_mentions(mentions: pl.DataFrame, filters: MentionFilters, tally: Tally) -> pl.DataFrame:
    """The mentions that pass; the first filter that drops one counts it (letters, terms, words, concepts).

    Args:
        mentions: columns surface and num_candidates; others stay.
        filters: what to keep; its `types` are `of_types`'s.
        tally: counts what is dropped.
    """
    for reason, passes in _tests(filters):
        kept = mentions.filter(passes(mentions))
        tally.drop(reason, mentions.height - kept.height)
        mentions = kept
    return mentions


def ambiguous_words() -> frozenset[str]:
    """The words of short_and_ambiguous.tsv (columns word, reason)."""
    lines = resources.files("bali.linking").joinpath(_WORDS).read_text(encoding="utf-8").splitlines()
    return frozenset(line.split("\t")[0] for line in lines if line and not line.startswith("#"))


def is_ambiguous(surface: str, words: Collection[str]) -> bool:
    """Whether a mention is one of the words: as it is written, or lower-cased where it is not all in capitals."""
    return surface in words or (not surface.isupper() and surface.lower() in words)


def _tests(filters: MentionFilters) -> Iterator[tuple[str, _Test]]:
    """The filters that are on, with the reason that each drops for."""
    if filters.min_letters:
        yield FEW_LETTERS, lambda rows: rows["surface"].str.count_matches(r"\p{L}") >= filters.min_letters
    if filters.stop_terms:
        terms = frozenset(term.lower() for term in filters.stop_terms)
        yield STOP_TERM, lambda rows: _flags(rows, lambda surface: surface.lower() not in terms)
    if filters.ambiguous_words:
        words = ambiguous_words()
        yield AMBIGUOUS_WORD, lambda rows: _flags(rows, lambda surface: not is_ambiguous(surface, words))
    if filters.max_candidates is not None:
        limit = filters.max_candidates
        yield MANY_CANDIDATES, lambda rows: rows["num_candidates"] <= limit


def _flags(rows: pl.DataFrame, passes: Callable[[str], bool]) -> pl.Series:
    return pl.Series([passes(surface) for surface in rows["surface"]], dtype=pl.Boolean)
