"""MRCUI.RRF and MERGEDCUI.RRF -> the concepts that replace retired ones."""

from collections.abc import Mapping

import polars as pl

from bali.errors import InputError
from bali.io.census import Census, Tally
from bali.rrf.layouts import MERGEDCUI, MRCUI
from bali.rrf.reading import read_columns
from bali.rrf.source import RrfSource
from bali.umls.manifest import Manifest

_COLUMNS = {MRCUI: ("CUI1", "CUI2"), MERGEDCUI: ("PCUI", "CUI")}
_MOST_STEPS, _FEW = 100, 1_000_000  # a release a step, and the UMLS has had some seventy
_SCHEMA = {"cui": pl.String, "replacement_cui": pl.String}


def read_retired_cuis(files: Mapping[str, RrfSource], manifest: Manifest, census: Census) -> pl.DataFrame:
    """Retired CUIs and the concepts that replace them, as `schemas.RETIRED_CUIS`.

    A replacement that was itself retired is followed to those that replace it.

    Args:
        files: of the release; of them MRCUI and MERGEDCUI are read where present.
        manifest: of the release.
        census: takes a tally of each file.

    Raises:
        InputError: as `map_blocks`; the replacements of replacements are too many to follow.
    """
    pairs = pl.DataFrame(schema=_SCHEMA)
    for usual, columns in _COLUMNS.items():
        if usual.name in files:
            found = read_columns(files[usual.name], manifest.layout(usual, columns), columns)
            found = found.rename(dict(zip(columns, _SCHEMA, strict=True)))
            pairs = pl.concat([pairs, _keep(found, pairs, census.table(usual.name))])
    return _follow(pairs).sort("cui", "replacement_cui")


def _keep(found: pl.DataFrame, known: pl.DataFrame, tally: Tally) -> pl.DataFrame:
    """The rows with a replacement that are not yet known."""
    replaced = found.filter(pl.col("replacement_cui") != "")
    distinct = replaced.unique().join(known, on=list(_SCHEMA), how="anti")
    tally.rows_in, tally.rows_out = found.height, distinct.height
    tally.drop("deleted without replacement", found.height - replaced.height)
    tally.drop("duplicate row", replaced.height - distinct.height)
    return distinct


def _follow(pairs: pl.DataFrame) -> pl.DataFrame:
    """Each retired concept with the ends of its chains of replacements; a circle has none."""
    most = _MOST_STEPS * pairs.height + _FEW
    step = pairs.rename({"cui": "replacement_cui", "replacement_cui": "next_cui"})
    seen = pairs
    current, ends = pairs, [pairs.clear()]
    while current.height:
        joined = current.join(step, on="replacement_cui", how="left")
        is_end = pl.col("next_cui").is_null()
        ends.append(joined.filter(is_end).select(list(_SCHEMA)))
        following = joined.filter(~is_end).select("cui", replacement_cui="next_cui").unique()
        current = following.join(seen, on=list(_SCHEMA), how="anti")
        seen = pl.concat([seen, current])
        if seen.height > most:
            raise InputError(
                f"MRCUI.RRF, MERGEDCUI.RRF: expected chains of about {_MOST_STEPS} replacements at most, got"
                f" {seen.height:,} steps from {pairs.height:,} rows. Download the files again."
            )
    return pl.concat(ends).unique()
