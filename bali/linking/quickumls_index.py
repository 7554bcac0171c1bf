"""Building QuickUMLS's database from our names, with the package's own writer.

The key-value store is UnQLite: any number of processes may read it at once and reading leaves its files as they are.
(LevelDB, the package's other store, lets one process in and rewrites its files at each opening.) The package keeps its
whole list of terms in memory while it writes: about 1 kB a term, so 6 GB for 6 million rows.
"""

import importlib.metadata
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from bali.io.census import Census
from bali.io.parquet import iterate_artefact, read_artefact
from bali.linking.quickumls_package import parse_and_encode_ngrams
from bali.schemas import NAMES, SEMANTIC_TYPES

BACKEND = "quickumls"
_STORE = "unqlite"
_LANGUAGE = "ENG"  # only chooses the package's stop words, which are our own list
EMPTY_NAME = "empty name"
REPEATED_NAME = "repeated name of the concept"


def backend_version() -> str:
    """Package and version, e.g. "quickumls 1.4.2"."""
    return f"{BACKEND} {importlib.metadata.version(BACKEND)}"


def build_database(names: Path, semantic_types: Path, folder: Path, lowercase: bool, census: Census) -> None:
    """Write QuickUMLS's database of all names.

    Names are stripped, lower-cased on demand and brought to Unicode's NFKD as the package does; a concept's names that
    become equal are one term, preferred if any of them is. Terms go in sorted. A concept without semantic type gets the
    empty set: it is found only where the linker accepts all types.

    Args:
        names: artefact NAMES.
        semantic_types: artefact SEMANTIC_TYPES.
        folder: a folder to make; the database.
        lowercase: lower-case the terms (and later the text).
        census: counts the names, and the concepts without semantic type.
    """
    terms = _terms(names, lowercase, census)
    types = _types_by_cui(semantic_types)
    census.notes["terms"] = terms["term"].n_unique()
    census.notes["concepts"] = terms["cui"].n_unique()
    census.notes["concepts without semantic type"] = len(set(terms["cui"].unique()) - types.keys())
    folder.mkdir(parents=True)
    if lowercase:
        (folder / "lowercase.flag").touch()
    (folder / "language.flag").write_text(_LANGUAGE, encoding="utf-8")
    (folder / "database_backend.flag").write_text(_STORE, encoding="utf-8")
    rows = _rows(terms, types)
    parse_and_encode_ngrams(rows, str(folder / "umls-simstring.db"), str(folder / "cui-semtypes.db"), _STORE)


def _terms(names: Path, lowercase: bool, census: Census) -> pl.DataFrame:
    """Distinct (term, cui) with is_preferred, sorted."""
    pieces = []
    for batch in iterate_artefact(names, NAMES, ["cui", "name", "is_preferred"]):
        terms = [_normalise(name, lowercase) for name in batch.column("name").to_pylist()]
        pieces.append(
            pl.DataFrame({"term": terms, "cui": batch.column("cui"), "is_preferred": batch.column("is_preferred")})
        )
    empty = pl.DataFrame(schema={"term": pl.String, "cui": pl.String, "is_preferred": pl.Boolean})
    all_terms = pl.concat([empty, *pieces])
    filled = all_terms.filter(pl.col("term") != "")
    distinct = filled.group_by("term", "cui").agg(pl.col("is_preferred").any()).sort("term", "cui")
    tally = census.table("names")
    tally.rows_in += all_terms.height
    tally.rows_out += distinct.height
    tally.drop(EMPTY_NAME, all_terms.height - filled.height)
    tally.drop(REPEATED_NAME, filled.height - distinct.height)
    return distinct


def _normalise(name: str, lowercase: bool) -> str:
    name = name.strip()
    return unicodedata.normalize("NFKD", name.lower() if lowercase else name)


def _types_by_cui(semantic_types: Path) -> dict[str, list[str]]:
    frame = pl.DataFrame(read_artefact(semantic_types, SEMANTIC_TYPES, ["cui", "tui"]))
    grouped = frame.group_by("cui").agg(pl.col("tui").unique().sort())
    return dict(grouped.iter_rows())


def _rows(terms: pl.DataFrame, types: dict[str, list[str]]) -> Iterator[tuple[str, str, list[str], int]]:
    """Rows as the package's writer takes them: (term, CUI, TUIs, 1 where preferred)."""
    for term, cui, is_preferred in terms.iter_rows():
        yield term, cui, types.get(cui, []), int(is_preferred)
