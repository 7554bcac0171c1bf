"""The rows of the release that concern some concepts, read in a stream: a release is larger than a gold standard."""

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from bali.linking.identifiers.lookup import rows_where
from bali.linking.quality.outcomes import Dictionary, fold
from bali.schemas import CONCEPTS, NAMES, SEMANTIC_TYPES
from bali.vocabulary import Tui


def types_of(umls_dir: Path, cuis: pl.Series) -> pl.DataFrame:
    """Columns cui, tui, sty of the given concepts, distinct.

    Raises:
        ArtefactError: semantic_types.parquet is missing, damaged, or has other columns.
    """
    return (
        rows_where(umls_dir / "semantic_types.parquet", SEMANTIC_TYPES, "cui", cuis)
        .collect(engine="streaming")
        .unique()
    )


def preferred_names(umls_dir: Path, cuis: pl.Series) -> pl.DataFrame:
    """Columns cui, preferred_name of the given concepts; errors as `types_of`."""
    rows = rows_where(umls_dir / "concepts.parquet", CONCEPTS, "cui", cuis)
    return rows.select("cui", "preferred_name").collect(engine="streaming")


def dictionary_of(
    umls_dir: Path, cuis: pl.Series, types: pl.DataFrame, required: Sequence[frozenset[Tui]]
) -> Dictionary:
    """What the linker could know of the given concepts; errors as `types_of`.

    Args:
        umls_dir: folder of the ingested release.
        cuis: concepts of the annotations.
        types: what `types_of` gave for them.
        required: sets of types; the linker looks for concepts that have a type of each set.
    """
    names = rows_where(umls_dir / "names.parquet", NAMES, "cui", cuis).select("cui", folded=fold(pl.col("name")))
    return Dictionary(names.unique().collect(engine="streaming"), types.select("cui", "tui"), required)
