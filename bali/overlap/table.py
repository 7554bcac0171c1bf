"""The overlaps of all shards as the report shows them: a line for each dataset and check."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import polars as pl

from bali.errors import ArtefactError
from bali.io.census import Census
from bali.io.parquet import read_artefact
from bali.schemas import OVERLAPS

PMID, TEXT, PAIR = "pmid", "text", "pair"  # values of OVERLAPS.check
NEAR_DUPLICATE = 0.8  # share of shingles: of a sentence of 30 words with one changed word 21 of 26 are left, 0.81
_KEY = ["task", "dataset", "check"]


class OverlapRow(NamedTuple):
    """How much of what a dataset tests was trained on.

    Attributes:
        task: of the dataset.
        dataset: its name in the configuration.
        check: `pmid` (documents trained on), `text` (near duplicates of a training document), `pair` (gold pairs of
            concepts that an edge of the graph joins).
        source: of a pair, the SAB of the edges; "" for all sources together and for the other checks.
        num_found: examples (pairs) that overlap.
        num_checked: examples that could be compared.
        num_all: examples of the dataset, with those that could not.
        example: the one with the highest share, found or not; "" where there is none.
        share: its share.
        pmid: the training document that it has it with; None for pairs.
    """

    task: str
    dataset: str
    check: str
    source: str
    num_found: int
    num_checked: int
    num_all: int
    example: str
    share: float
    pmid: int | None


def account(check: str, task: str, dataset: str) -> str:
    """Name of the census table that says how many examples of a dataset were checked."""
    return f"{check}.{task}.{dataset}"


def overlap_table(artefacts: Iterable[Path], censuses: Iterable[Path]) -> list[OverlapRow]:
    """Merge the overlaps of all shards and of the pairs; the order of the files makes no difference.

    Args:
        artefacts: files of schema OVERLAPS, of `find-overlaps` for each shard and of `find-pair-overlaps`.
        censuses: what the same commands counted.

    Returns:
        Rows sorted by task, dataset, check, source; a dataset that was checked has a row though nothing was found.

    Raises:
        ArtefactError: a file is missing or damaged, or the shards were checked against different sets.
    """
    tables = [pl.DataFrame(read_artefact(path, OVERLAPS)) for path in artefacts]
    empty = pl.DataFrame(OVERLAPS.empty_table())
    found = pl.concat([empty, *tables]).sort("share", "pmid", "example_id", descending=[True, False, False])
    rows = []
    for (check, task, dataset), (num_checked, num_all) in _accounts(censuses).items():
        own = found.filter(task=task, dataset=dataset, check=check)
        for source in ["", *own["source"].unique().sort().to_list()] if check == PAIR else [""]:
            part = own if source == "" else own.filter(source=source)
            counts = (_num_found(part, check), num_checked, num_all)
            example = part.select("example_id", "share", "pmid").row(0) if part.height else ("", 0.0, None)
            rows.append(OverlapRow(task, dataset, check, source, *counts, *example))
    return sorted(rows, key=lambda row: row[:4])


def _num_found(part: pl.DataFrame, check: str) -> int:
    """Distinct examples, for the shards may each have found one; of PMIDs an example may have several."""
    columns = ["example_id", "pmid"] if check == PMID else ["example_id"]
    return part.filter(pl.col("share") >= NEAR_DUPLICATE).select(columns).n_unique()


def _accounts(censuses: Iterable[Path]) -> dict[tuple[str, str, str], tuple[int, int]]:
    """(check, task, dataset) -> examples checked, all examples."""
    accounts: dict[tuple[str, str, str], tuple[int, int]] = {}
    for path in sorted(censuses):
        for name, tally in Census.read(path).tables.items():
            check, task, dataset = name.split(".", 2)
            counts = (tally.rows_out, tally.rows_in)
            before = accounts.setdefault((check, task, dataset), counts)
            if before != counts:
                raise ArtefactError(
                    f"{path}: {task}, {dataset}: expected {before[0]} checked examples of {before[1]} as for the other"
                    f" shards, found {counts[0]} of {counts[1]}. Run find-overlaps again for all shards."
                )
    return accounts
