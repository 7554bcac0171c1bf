"""Gold identifiers (CUIs, MeSH, OMIM, ...) to concepts of the release."""

import gzip
import re
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import polars as pl

from bali.errors import InputError
from bali.io.parquet import check_artefact
from bali.linking.identifiers.forms import as_codes
from bali.schemas import CODES, RETIRED_CUIS
from bali.vocabulary import CUI_PATTERN

_SEPARATORS = re.compile(r"[|;,+]")
_NO_CONCEPT = "-1"  # what BC5CDR writes for a mention without a MeSH id
# Descriptors are D and 6 or 9 digits, supplementary concepts C and 6 or 9: a CUI is C and 7.
_BARE_MESH = re.compile(r"D\d{6,9}|C(\d{6}|\d{9})")
_MESH_PREFIX, _CUI_PREFIX = "MESH:", "UMLS:"


def split_identifiers(text: str) -> list[str]:
    """The identifiers of a mention, normalised, distinct, sorted; `-1` is none.

    Composite mentions join several by `|`, `;`, `,` or `+`. `D003924` and `C536778` become `MESH:D003924` and
    `MESH:C536778`, `UMLS:C0011860` becomes `C0011860`; other identifiers stay as they are.
    """
    parts = (part.strip() for part in _SEPARATORS.split(text))
    return sorted({_normalise(part) for part in parts if part and part != _NO_CONCEPT})


def map_identifiers(
    identifiers: Iterable[str], umls_dir: Path, identifier_map: Path | None
) -> dict[str, frozenset[str]]:
    """Concepts of normalised identifiers; an identifier without any is absent.

    A CUI stands for itself, a retired one for its replacements. Any other is looked up among the source codes of the
    release (`linking.identifier_forms`), and in the identifier map where the release does not know it.

    Raises:
        ArtefactError: codes or retired_cuis are missing in `umls_dir`.
        InputError: the identifier map is broken.
    """
    identifiers = set(identifiers)
    found: dict[str, set[str]] = {i: {i} for i in identifiers if CUI_PATTERN.fullmatch(i)}
    found |= _from_codes(umls_dir / "codes.parquet", identifiers - found.keys())
    if identifier_map is not None:
        found |= _from_map(identifier_map, identifiers - found.keys())
    replacements = _replacements(umls_dir / "retired_cuis.parquet", set().union(*found.values()))
    return {
        identifier: frozenset(new for cui in cuis for new in replacements.get(cui, [cui]))
        for identifier, cuis in found.items()
    }


def _normalise(identifier: str) -> str:
    if identifier.startswith(_CUI_PREFIX):
        return identifier.removeprefix(_CUI_PREFIX)
    return _MESH_PREFIX + identifier if _BARE_MESH.fullmatch(identifier) else identifier


def _from_codes(path: Path, identifiers: Collection[str]) -> dict[str, set[str]]:
    check_artefact(path, CODES)
    wanted = [(identifier, sab, code) for identifier in sorted(identifiers) for sab, code in as_codes(identifier)]
    table = pl.DataFrame(wanted, {"identifier": pl.String, "sab": pl.String, "code": pl.String}, orient="row")
    rows = table.lazy().join(pl.scan_parquet(path), on=["sab", "code"]).select("identifier", "cui").collect()
    return _grouped(rows.iter_rows())


def _from_map(path: Path, identifiers: Collection[str]) -> dict[str, set[str]]:
    rows = ((_normalise(identifier), cui) for identifier, cui in _read_map(path))
    return _grouped((identifier, cui) for identifier, cui in rows if identifier in identifiers)


def _read_map(path: Path) -> Iterator[tuple[str, str]]:
    """(identifier, CUI) of each line; a first line without a CUI is a header, further columns are left out."""
    opener = gzip.open if path.suffix == ".gz" else open
    try:
        with opener(path, "rt", encoding="utf-8", newline="\n") as stream:
            for number, line in enumerate(stream, start=1):
                columns = line.rstrip("\r\n").split("\t")
                if len(columns) >= 2 and CUI_PATTERN.fullmatch(columns[1]):
                    yield columns[0], columns[1]
                elif number > 1:
                    raise InputError(f"{path} line {number}: expected identifier, tab, CUI, got {line.strip()[:60]!r}.")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise InputError(
            f"{path}: expected a UTF-8 text file or its gzip, got: {error}. Fetch the file again."
        ) from error


def _replacements(path: Path, cuis: Collection[str]) -> dict[str, set[str]]:
    check_artefact(path, RETIRED_CUIS)
    rows = pl.scan_parquet(path).filter(pl.col("cui").is_in(sorted(cuis))).collect()
    return _grouped(rows.iter_rows())


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    groups: dict[str, set[str]] = defaultdict(set)
    for key, value in pairs:
        groups[key].add(value)
    return dict(groups)
