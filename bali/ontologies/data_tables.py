"""The small tables of this package: rules that are data, as tab-separated files beside the code."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import polars as pl


@cache
def read_data_table(name: str) -> pl.DataFrame:
    """A table of this package, all columns strings.

    Args:
        name: its file name without `.tsv`.
    """
    path = Path(__file__).with_name(f"{name}.tsv")
    return pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False).fill_null("")


def restriction_levels(unknown: str) -> pl.Expr:
    """The column SAB as restriction levels, for releases that do not give them.

    The table holds the sources under the restriction categories of the UMLS Metathesaurus licence (1-4; 9 for SNOMED
    CT) that are met outside the Metathesaurus. It errs on the strict side.

    Args:
        unknown: level of the sources that are not in the table.
    """
    levels = dict(read_mapping("restriction_levels", "sab", "srl"))
    return pl.col("SAB").replace_strict(levels, default=unknown, return_dtype=pl.String)


@cache
def read_mapping(name: str, key: str, value: str) -> Mapping[str, str]:
    """Two columns of a table as key -> value, without the rows whose value is empty."""
    rows = read_data_table(name).select(key, value).iter_rows()
    return {left: right for left, right in rows if right}
