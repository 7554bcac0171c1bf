"""Atom identifiers for names whose release has none: made from what the name says, not from where it stands."""

from collections.abc import Sequence
from hashlib import blake2b

import polars as pl

_DIGEST_BYTES = 7  # 2^56 numbers; only names of one concept must differ


def number_atoms(rows: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """`A` and 17 digits for each row: a digest of the values of `columns` (strings without nulls)."""
    keys = rows.select(pl.concat_str(columns, separator="\x1f")).to_series()
    return pl.Series("AUI", [_number(key) for key in keys], pl.String)


def _number(key: str) -> str:
    return f"A{int.from_bytes(blake2b(key.encode(), digest_size=_DIGEST_BYTES).digest()):017d}"
