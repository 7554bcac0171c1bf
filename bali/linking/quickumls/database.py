"""Building QuickUMLS's database from our names, with the package's own writer.

The key-value store is UnQLite: any number of processes may read it at once and reading leaves its files as they are.
(LevelDB, the package's other store, lets one process in and rewrites its files at each opening.) The package keeps its
whole list of terms in memory while it writes: about 1 kB a term, so 6 GB for 6 million rows.
"""

import importlib.metadata
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from bali.linking.index_files import PACKAGE
from bali.linking.quickumls.package import parse_and_encode_ngrams
from bali.linking.terms import TermOptions

_STORE = "unqlite"
RANKS = "source_ranks.parquet"
_LANGUAGE = "ENG"  # only chooses the package's stop words, which are our own list


def backend_version() -> str:
    """Package and version, e.g. "quickumls 1.4.2"."""
    return f"{PACKAGE} {importlib.metadata.version(PACKAGE)}"


def build_database(terms: pl.DataFrame, types: dict[str, list[str]], folder: Path, options: TermOptions) -> None:
    """Write QuickUMLS's database of a dictionary.

    A concept without semantic type gets the empty set: it is found only where the linker accepts all types. The ranks
    of the sources, which the package does not know, stand beside its files.

    Args:
        terms: as `bali.linking.terms.read_terms` gives them; they go in in that order.
        types: the sorted TUIs of every concept that has any.
        folder: an empty folder, to fill.
        options: how the names became terms.
    """
    if options.lowercase:
        (folder / "lowercase.flag").touch()
    if options.normalize_unicode:
        (folder / "normalize-unicode.flag").touch()
    (folder / "language.flag").write_text(_LANGUAGE, encoding="utf-8")
    (folder / "database_backend.flag").write_text(_STORE, encoding="utf-8")
    rows = _rows(terms, types)
    parse_and_encode_ngrams(rows, str(folder / "umls-simstring.db"), str(folder / "cui-semtypes.db"), _STORE)
    terms.select("term", "cui", "source_rank").write_parquet(folder / RANKS)


def _rows(terms: pl.DataFrame, types: dict[str, list[str]]) -> Iterator[tuple[str, str, list[str], int]]:
    """Rows as the package's writer takes them: (term, CUI, TUIs, 1 where preferred)."""
    for term, cui, is_preferred in terms.select("term", "cui", "is_preferred").iter_rows():
        yield term, cui, types.get(cui, []), int(is_preferred)
