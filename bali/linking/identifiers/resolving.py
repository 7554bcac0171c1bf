"""From the identifiers that annotated corpora use (CUIs, retired CUIs, MeSH and other codes) to CUIs of the release."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl
import pyarrow as pa

from bali.linking.identifiers.forms import as_codes, as_cui, vocabulary_of
from bali.linking.identifiers.lookup import rows_where
from bali.linking.identifiers.preferred_codes import preferred_concepts
from bali.schemas import CODES, NAMES, RETIRED_CUIS

NO_IDENTIFIER = "no identifier"
COMPOSITE = "composite identifier"
UNKNOWN = "identifier not in the release"

_NONE = {"", "-", "-1", "none", "null", "cui-less", "cui_less"}  # in any case; "CUI-less" is BERN2's
_MARKS = "|+,;"  # what joins several identifiers
_WITH_MARKS = {"tmVar"}  # vocabularies whose identifiers hold such marks


def resolve_identifiers(identifiers: Iterable[str], umls_dir: Path) -> pl.DataFrame:
    """The CUI of each identifier that has one in the release.

    A CUI stands for itself where it has a name, else for its replacement (RETIRED_CUIS; of several the lowest). Others
    are codes of a source (CODES): "MESH:D003924", "mesh:D003924" and "D003924" of MSH, "OMIM:215600" of OMIM. Of
    several concepts with that code the one is taken that it is foremost for (`preferred_codes`).

    Args:
        identifiers: as the corpus gives them.
        umls_dir: folder of the ingested release.

    Returns:
        Columns identifier, cui, num_cuis (how many there were to take from), sorted by identifier.

    Raises:
        ArtefactError: an artefact of the release is missing, damaged, or has other columns.
    """
    distinct = sorted(set(identifiers))
    cuis = pl.DataFrame(
        [(i, cui) for i in distinct if (cui := as_cui(i))], {"identifier": pl.String, "cui": pl.String}, orient="row"
    )
    codes = pl.DataFrame(
        [(i, sab, code) for i in distinct for sab, code in as_codes(i)],
        {"identifier": pl.String, "sab": pl.String, "code": pl.String},
        orient="row",
    )
    current = _named(cuis, umls_dir)
    retired = cuis.join(current, on="identifier", how="anti")
    replaced = retired.join(_rows(umls_dir / "retired_cuis.parquet", RETIRED_CUIS, "cui", retired["cui"]), on="cui")
    replaced = _named(replaced.select("identifier", cui="replacement_cui"), umls_dir)
    coded = codes.join(_rows(umls_dir / "codes.parquet", CODES, "code", codes["code"]), on=["sab", "code"])
    named = (
        pl.concat([current, replaced])
        .group_by("identifier")
        .agg(pl.col("cui").min(), num_cuis=pl.col("cui").n_unique())
    )
    return pl.concat([named, preferred_concepts(coded, umls_dir)]).sort("identifier")


def unresolved_reason(identifier: str) -> str:
    """Why an identifier without CUI has none; by vocabulary where its form tells one, so there are few reasons."""
    if identifier.casefold() in _NONE:
        return NO_IDENTIFIER
    vocabulary = vocabulary_of(identifier)
    if vocabulary not in _WITH_MARKS and any(mark in identifier for mark in _MARKS):
        return COMPOSITE
    return f"{UNKNOWN}: {vocabulary}" if vocabulary else UNKNOWN


def _named(rows: pl.DataFrame, umls_dir: Path) -> pl.DataFrame:
    """Rows whose CUI has a name in the release."""
    return rows.join(_rows(umls_dir / "names.parquet", NAMES, "cui", rows["cui"]), on="cui", how="semi")


def _rows(path: Path, schema: pa.Schema, column: str, values: pl.Series) -> pl.DataFrame:
    return rows_where(path, schema, column, values).collect(engine="streaming")
