"""Which rows of a release are kept: each row that is not gets the first reason, in a fixed order, that applies."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import polars as pl

from bali.io.census import Tally
from bali.umls.semantic_groups import expand_semantic_types
from bali.vocabulary import Sab, Tui

Rule = tuple[str, pl.Expr]  # the reason of the rows that are dropped, and what the kept rows satisfy


@dataclass(frozen=True)
class UmlsFilters:
    """What to keep of a release; None keeps all.

    Attributes:
        languages: MRCONSO.LAT.
        suppress: MRCONSO.SUPPRESS and MRREL.SUPPRESS.
        sources: SAB of names and relations.
        exclude_sources: SAB of names and relations that are dropped.
        term_types: MRCONSO.TTY.
        tuis: semantic types; a concept with at least one of them is kept, with all its types.
        relations: MRREL.RELA, or MRREL.REL of rows without RELA.
        max_srl: highest restriction level, of the row for names, of its source for relations.
    """

    languages: frozenset[str] | None = None
    suppress: frozenset[str] | None = None
    sources: frozenset[Sab] | None = None
    exclude_sources: frozenset[Sab] = frozenset()
    term_types: frozenset[str] | None = None
    tuis: frozenset[Tui] | None = None
    relations: frozenset[str] | None = None
    max_srl: int = 9

    @property
    def named_sources(self) -> frozenset[Sab]:
        """The sources that the filters name, to keep or to drop."""
        return (self.sources or frozenset()) | self.exclude_sources

    def name_rules(self) -> list[Rule]:
        """What a row of MRCONSO must satisfy, in the order in which reasons apply."""
        return [
            ("language", _is_in("LAT", self.languages)),
            ("suppress", _is_in("SUPPRESS", self.suppress)),
            ("source", self._keeps_source()),
            ("term type", _is_in("TTY", self.term_types)),
            ("restriction level", pl.col("SRL") <= self.max_srl),
        ]

    def relation_rules(self) -> list[Rule]:
        """What a row of MRREL must satisfy, in the order in which reasons apply; SRL is the level of its source."""
        label = pl.when(pl.col("RELA") == "").then("REL").otherwise("RELA").alias("label")
        return [
            ("suppress", _is_in("SUPPRESS", self.suppress)),
            ("source", self._keeps_source()),
            ("restriction level", pl.col("SRL") <= self.max_srl),
            ("relation", pl.lit(True) if self.relations is None else label.is_in(sorted(self.relations))),
        ]

    def _keeps_source(self) -> pl.Expr:
        return _is_in("SAB", self.sources) & ~pl.col("SAB").is_in(sorted(self.exclude_sources))


def choice(wanted: Iterable[str] | str) -> frozenset[str] | None:
    """A configured list as a set; the word `all` as None."""
    return None if wanted == "all" else frozenset(wanted)


def choose_tuis(wanted: Iterable[str] | str) -> frozenset[Tui] | None:
    """Configured TUIs and semantic groups as TUIs; the word `all` as None.

    Raises:
        ConfigError: as `expand_semantic_types`.
    """
    return None if wanted == "all" else expand_semantic_types(wanted)


def keep_rows(frame: pl.DataFrame, rules: Sequence[Rule], tally: Tally) -> pl.DataFrame:
    """The rows that satisfy all rules; the others are counted in `tally` under the first rule they break."""
    passed = len(rules)
    broken = pl.lit(passed)
    for number, (_, keeps) in reversed(list(enumerate(rules))):
        broken = pl.when(keeps).then(broken).otherwise(number)
    first_broken = frame.select(broken.cast(pl.UInt8).alias("rule")).to_series()
    for number, (reason, _) in enumerate(rules):
        tally.drop(reason, int((first_broken == number).sum()))
    return frame.filter(first_broken == passed)


def _is_in(column: str, wanted: Collection[str] | None) -> pl.Expr:
    return pl.lit(True) if wanted is None else pl.col(column).is_in(sorted(wanted))
