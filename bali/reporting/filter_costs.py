"""What each filter of the section `umls` cost in rows, as one small table out of the census of ingest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bali.io.census import Census, Tally
from bali.reporting.results import Results

COLUMNS = {"names": "MRCONSO.RRF", "relations": "MRREL.RRF", "types": "MRSTY.RRF", "definitions": "MRDEF.RRF"}
# In the order in which ingest asks: a row that several filters drop counts for the first. Other reasons follow by name.
ORDER = (
    "language",
    "suppress",
    "source",
    "term type",
    "restriction level",
    "relation",
    "semantic type",
    "CUI without a kept name",
    "duplicate row",
    "few names",
)


@dataclass(frozen=True)
class FilterCosts:
    """Rows by fate and table.

    Attributes:
        columns: what the rows are; only of tables that the release has.
        read: rows of each column's table.
        dropped: (reason, rows of each column).
        kept: rows of each column's table.
    """

    columns: Sequence[str]
    read: Sequence[int]
    dropped: Sequence[tuple[str, Sequence[int]]]
    kept: Sequence[int]


def filter_costs(results: Results) -> FilterCosts | None:
    """The costs; None where ingest left no census of a release."""
    return next(filter(None, map(costs_of, results.censuses("umls/census.json"))), None)


def costs_of(census: Census) -> FilterCosts | None:
    """The costs by a census of ingest; None where it has none of the tables."""
    found: Mapping[str, Tally] = {
        column: census.tables[table] for column, table in COLUMNS.items() if table in census.tables
    }
    if not found:
        return None
    reasons = {reason for tally in found.values() for reason in tally.dropped}
    known = [reason for reason in ORDER if reason in reasons]
    return FilterCosts(
        columns=list(found),
        read=[tally.rows_in for tally in found.values()],
        dropped=[
            (reason, [tally.dropped[reason] for tally in found.values()])
            for reason in [*known, *sorted(reasons.difference(known))]
        ],
        kept=[tally.rows_out for tally in found.values()],
    )
