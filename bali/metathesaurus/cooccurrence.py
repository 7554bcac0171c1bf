"""Pairs of diseases that MEDLINE's citations have as topics together (dhimmel/medline)."""

from pathlib import Path

from bali.errors import InputError
from bali.io.census import Census
from bali.metathesaurus.content import Content, add_statement
from bali.ontologies.tables import read_table

# One-sided Fisher test of the table, Bonferroni for its 8,778 pairs (0.05 / 8778); and twice as often as by chance,
# which leaves out pairs that are significant only because both are frequent. Both numbers are ours.
MAX_P = 0.05 / 8778
MIN_ENRICHMENT = 2.0
_COLUMNS = ("doid_code_0", "doid_code_1", "enrichment", "p_fisher")


def read_cooccurrence(content: Content, path: Path, census: Census) -> None:
    """Add `co_occurs_with` once for each pair that is significant and enriched; the table has each pair twice.

    Raises:
        InputError: as `read_table`, or a number cannot be read.
    """
    tally = census.table(f"{content.sab}: pairs")
    for first, second, enrichment, p_value in read_table(path, _COLUMNS):
        tally.rows_in += 1
        try:
            is_significant = float(p_value) <= MAX_P and float(enrichment) >= MIN_ENRICHMENT
        except ValueError:
            raise InputError(f"{path}: expected numbers, got {enrichment[:20]!r} and {p_value[:20]!r}.") from None
        if first >= second:
            tally.drop("the pair the other way round", 1)
        elif not is_significant:
            tally.drop("not significant or not enriched", 1)
        else:
            tally.rows_out += 1
            add_statement(content, first, "co_occurs_with", second, census)
