"""Some rows of an artefact of the release: it is larger than what a corpus asks for."""

from pathlib import Path

import polars as pl
import pyarrow as pa

from bali.io.parquet import check_artefact


def rows_where(path: Path, schema: pa.Schema, column: str, values: pl.Series) -> pl.LazyFrame:
    """The rows whose `column` is one of `values`, to be collected with the streaming engine.

    Raises:
        ArtefactError: the file is missing, damaged, or has other columns.
    """
    check_artefact(path, schema)
    return pl.scan_parquet(path).filter(pl.col(column).is_in(values.unique().sort().implode()))
