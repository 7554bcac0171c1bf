"""What the search of the training documents found for the evaluation texts, as rows of OVERLAPS."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import polars as pl

from bali.io.census import Census
from bali.overlap.documents import BestDocuments, TextIndex
from bali.overlap.table import PMID, TEXT, account
from bali.schemas import OVERLAPS
from bali.tasks.examples import EvaluationText

MIN_SHINGLES = 5  # nine words: what is shorter stands in many documents by chance
MIN_SHARE = 0.5  # of a text's shingles: less is not kept as a row
NO_PMID = "no PMID"
NO_TEXT = "no text"
SHORT = f"fewer than {MIN_SHINGLES} shingles"
_KEY = ("task", "dataset", "example_id")


class DatasetText(NamedTuple):
    """A text and the dataset that it belongs to."""

    task: str
    dataset: str
    text: EvaluationText


def text_overlaps(texts: Sequence[DatasetText], index: TextIndex, best: BestDocuments, census: Census) -> pl.DataFrame:
    """Rows of the check `text`: the best document of each example where it holds at least `MIN_SHARE`.

    The census gets a table for each dataset: its examples, those checked, those that are not by reason. Where several
    texts have one `example_id`, the one counts that a document holds most of.

    Returns:
        Columns of OVERLAPS, in no order.
    """
    found: dict[str, Any] = {
        "has_text": [text.text.text.strip() != "" for text in texts],
        "num_shingles": index.num_shingles,
        "share": best.num_shared / np.maximum(index.num_shingles, 1),
        "best": best.pmid,
    }
    table = _keys(texts).with_columns(**{name: pl.Series(name, values) for name, values in found.items()})
    reason = pl.when(~pl.col("has_text")).then(pl.lit(NO_TEXT)).when(pl.col("num_shingles") < MIN_SHINGLES)
    table = table.with_columns(reason=reason.then(pl.lit(SHORT)))
    order = [pl.col("reason").is_not_null(), -pl.col("share"), pl.col("best"), pl.col("num_shingles")]
    table = table.sort([*map(pl.col, _KEY), *order]).unique(_KEY, keep="first", maintain_order=True)
    _count(table, TEXT, census)
    rows = table.filter(pl.col("reason").is_null() & (pl.col("share") >= MIN_SHARE))
    return _rows(rows.with_columns(pmid=pl.col("best")), TEXT)


def pmid_overlaps(texts: Sequence[DatasetText], trained: pl.Series, census: Census) -> pl.DataFrame:
    """Rows of the check `pmid`: the evaluation documents that were trained on.

    Args:
        texts: of the datasets.
        trained: PMIDs of training documents; the others of the texts are not among them.
        census: as of `text_overlaps`, where an example with several documents counts once for each.

    Returns:
        Columns of OVERLAPS, in no order.
    """
    pmids = pl.Series("pmid", [text.text.pmid for text in texts], pl.Int64)
    table = _keys(texts).with_columns(pmids).unique(maintain_order=True)
    table = table.with_columns(reason=pl.when(pl.col("pmid").is_null()).then(pl.lit(NO_PMID)))
    _count(table, PMID, census)
    rows = table.filter(pl.col("pmid").is_in(trained.unique().implode()))
    return _rows(rows.with_columns(share=pl.lit(1.0)), PMID)


def _keys(texts: Sequence[DatasetText]) -> pl.DataFrame:
    rows = [(text.task, text.dataset, text.text.example_id) for text in texts]
    return pl.DataFrame(rows, dict.fromkeys(_KEY, pl.String), orient="row")


def _count(table: pl.DataFrame, check: str, census: Census) -> None:
    counts = table.group_by("task", "dataset", "reason").len().sort("task", "dataset", "reason", nulls_last=True)
    for task, dataset, reason, number in counts.iter_rows():
        tally = census.table(account(check, task, dataset))
        tally.rows_in += number
        if reason is None:
            tally.rows_out += number
        else:
            tally.drop(reason, number)


def _rows(rows: pl.DataFrame, check: str) -> pl.DataFrame:
    return rows.with_columns(check=pl.lit(check), source=pl.lit("")).select(OVERLAPS.names)
