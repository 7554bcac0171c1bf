"""How annotated corpora write identifiers: which vocabulary one belongs to, and where a release would hold it.

The prefixes are those of PubTator files, BERN2 ("mesh:D003924", "NCBI:txid9606", "CVCL_0030") and OBO (CURIEs).
"""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import polars as pl

from bali.vocabulary import CUI_PATTERN, Cui, Sab

OTHER_VOCABULARY = "other vocabulary"
_CURIE = re.compile(r"([A-Za-z][A-Za-z0-9_.-]*):(.+)", re.DOTALL)
_WITH_UNDERSCORE = re.compile(r"([A-Za-z]+)_([A-Za-z0-9]+)")
_BARE = ((re.compile(r"[CD]\d+"), "MESH"), (re.compile(r"rs\d+"), "DBSNP"))
_TAXON = re.compile(r"txid(?=\d)", re.IGNORECASE)


class _Parsed(NamedTuple):
    """An identifier as prefix (upper case) and code; the prefix may be unknown."""

    prefix: str
    code: str


def as_cui(identifier: str) -> Cui | None:
    """The CUI that an identifier is ("C0011849", "UMLS:C0011849"), or None."""
    parsed = _parse(identifier)
    bare = parsed.code if parsed and parsed.prefix == "UMLS" else identifier
    return bare if CUI_PATTERN.fullmatch(bare) else None


def as_codes(identifier: str) -> list[tuple[Sab, str]]:
    """(SAB, CODE) pairs of MRCONSO that an identifier may mean, sorted; none for a CUI or a text without prefix.

    Some sources keep the prefix in the code (HPO: "HP:0000118"), some do not, so both are given. A prefix that is not
    in prefixes.tsv is taken for a SAB.
    """
    parsed = _parse(identifier)
    if parsed is None or as_cui(identifier):
        return []
    sabs, _ = _prefixes().get(parsed.prefix, ((parsed.prefix,), ""))
    code = _TAXON.sub("", parsed.code) if "NCBI" in sabs else parsed.code
    codes = {code, f"{parsed.prefix}:{code}", identifier}
    return sorted((sab, code) for sab in sabs for code in codes)


def vocabulary_of(identifier: str) -> str | None:
    """Name of the vocabulary that an identifier belongs to by its form; one of few: OTHER_VOCABULARY stands for many.

    None where the text has no prefix and no form that tells.
    """
    if as_cui(identifier):
        return "UMLS"
    parsed = _parse(identifier)
    return None if parsed is None else _prefixes().get(parsed.prefix, ((), OTHER_VOCABULARY))[1]


def _parse(identifier: str) -> _Parsed | None:
    for pattern, prefix in _BARE:
        if pattern.fullmatch(identifier):
            return _Parsed(prefix, identifier)
    if match := _CURIE.fullmatch(identifier):
        return _Parsed(match[1].upper(), match[2])
    match = _WITH_UNDERSCORE.fullmatch(identifier)
    return _Parsed(match[1].upper(), match[2]) if match and match[1].upper() in _prefixes() else None


@cache
def _prefixes() -> dict[str, tuple[tuple[Sab, ...], str]]:
    """Prefix -> the SABs that hold such codes (none: no source of a release does) and the vocabulary's name."""
    path = Path(__file__).with_name("prefixes.tsv")
    rows = pl.read_csv(path, separator="\t", quote_char=None, infer_schema=False).fill_null("").iter_rows()
    return {prefix: (tuple(sabs.split()), name) for prefix, sabs, name in rows}
