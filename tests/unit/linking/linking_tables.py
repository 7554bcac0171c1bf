"""Tables from rows, for the tests of this folder."""

from collections.abc import Sequence

import pyarrow as pa


def rows_of(schema: pa.Schema, rows: Sequence[tuple[object, ...]]) -> pa.Table:
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema)
