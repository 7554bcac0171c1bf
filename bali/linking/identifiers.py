"""From the identifiers that annotated corpora use (CUIs, retired CUIs, MeSH and other codes) to CUIs of the release."""

import re
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from bali.io.parquet import check_artefact
from bali.schemas import CODES, NAMES, RETIRED_CUIS
from bali.vocabulary import CUI_PATTERN

NO_IDENTIFIER = "no identifier"
COMPOSITE = "composite identifier"
UNKNOWN = "identifier not in the release"

_MESH = re.compile(r"[CD]\d+")
_PREFIXED = re.compile(r"([A-Za-z][A-Za-z0-9_]*):(.+)")
_SAB_OF_PREFIX = {"MESH": "MSH", "HP": "HPO"}  # prefixes that differ from the release's source abbreviation
_NONE = {"", "-", "-1", "None", "NULL"}


def resolve_identifiers(identifiers: Iterable[str], umls_dir: Path) -> pl.DataFrame:
    """The CUI of each identifier that has one in the release.

    A CUI stands for itself where it has a name, else for its replacement (RETIRED_CUIS); "MESH:D003924" and "D003924"
    are codes of MSH, "OMIM:215600" one of OMIM (CODES). Of several CUIs the lowest is taken.

    Args:
        identifiers: as the corpus gives them.
        umls_dir: folder of the ingested release.

    Returns:
        Columns identifier, cui, num_cuis (how many there were to take from), sorted by identifier.
    """
    distinct = sorted(set(identifiers))
    cuis = pl.DataFrame(
        [(i, cui) for i in distinct if (cui := _as_cui(i))], {"identifier": pl.String, "cui": pl.String}, orient="row"
    )
    codes = pl.DataFrame(
        [(i, sab, code) for i in distinct if not _as_cui(i) for sab, code in _as_codes(i)],
        {"identifier": pl.String, "sab": pl.String, "code": pl.String},
        orient="row",
    )
    current = _named(cuis, umls_dir)
    retired = cuis.join(current, on="identifier", how="anti")
    replaced = retired.join(_rows(umls_dir / "retired_cuis.parquet", RETIRED_CUIS, "cui", retired["cui"]), on="cui")
    replaced = _named(replaced.select("identifier", cui="replacement_cui"), umls_dir)
    coded = codes.join(_rows(umls_dir / "codes.parquet", CODES, "code", codes["code"]), on=["sab", "code"])
    found = pl.concat([current, replaced, coded.select("identifier", "cui")])
    return found.group_by("identifier").agg(pl.col("cui").min(), num_cuis=pl.col("cui").n_unique()).sort("identifier")


def unresolved_reason(identifier: str) -> str:
    """Why an identifier without CUI has none."""
    if identifier in _NONE:
        return NO_IDENTIFIER
    return COMPOSITE if any(mark in identifier for mark in "|+,;") else UNKNOWN


def _as_cui(identifier: str) -> str | None:
    bare = identifier.removeprefix("UMLS:")
    return bare if CUI_PATTERN.fullmatch(bare) else None


def _as_codes(identifier: str) -> list[tuple[str, str]]:
    """(SAB, code) pairs that the identifier may mean; some sources keep the prefix in the code ("HP:0000118")."""
    if _MESH.fullmatch(identifier):
        return [("MSH", identifier)]
    match = _PREFIXED.fullmatch(identifier)
    if not match:
        return []
    sab = match[1].upper()
    sab = _SAB_OF_PREFIX.get(sab, sab)
    return [(sab, match[2]), (sab, identifier)]


def _named(rows: pl.DataFrame, umls_dir: Path) -> pl.DataFrame:
    """Rows whose CUI has a name in the release."""
    return rows.join(_rows(umls_dir / "names.parquet", NAMES, "cui", rows["cui"]), on="cui", how="semi")


def _rows(path: Path, schema: object, column: str, values: pl.Series) -> pl.DataFrame:
    """Rows of an artefact whose `column` is one of `values`; read in a stream."""
    check_artefact(path, schema)
    frame = pl.scan_parquet(path).filter(pl.col(column).is_in(values.unique().implode()))
    return frame.collect(engine="streaming")
