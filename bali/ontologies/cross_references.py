"""What the identifiers of open ontologies say: the UMLS concept they name, the source they belong to."""

import re
from collections.abc import Iterable

from bali.ontologies.data_tables import read_mapping
from bali.vocabulary import Cui, Sab, Tui

# UMLS:C0011849, UMLS_CUI:C0011849, umls:C0011849, and addresses such as
# http://linkedlifedata.com/resource/umls/id/C0011849 or https://identifiers.org/umls:C0011849; also MedGen's CN012345
_UMLS = re.compile(r"(?:.*[/:_])?umls(?:_?cui|_id|/cui|/id|/concept)?[:/]\s*(C[0-9]{7}|CN[0-9]{6})", re.IGNORECASE)
_NOT_IN_SAB = re.compile(r"[^A-Z0-9_.-]+")
_NO_PREFIX = "LOCAL"  # of ids such as `drug`


def umls_cuis(identifiers: Iterable[str]) -> list[Cui]:
    """The UMLS CUIs among identifiers (CURIEs or addresses), each once, sorted."""
    return sorted({match[1].upper() for identifier in identifiers if (match := _UMLS.fullmatch(identifier.strip()))})


def source_of(identifier: str) -> Sab:
    """The source of a CURIE: its prefix in upper case, or NLM's name of the source where that differs (HP: HPO)."""
    prefix = _prefix(identifier)
    return read_mapping("obo_prefixes", "prefix", "sab").get(prefix, prefix)


def default_type(identifier: str) -> Tui:
    """The semantic type of most terms with the prefix of a CURIE; "" where we know none."""
    return read_mapping("obo_prefixes", "prefix", "tui").get(_prefix(identifier), "")


def to_sab(name: str) -> Sab:
    """A name as an abbreviation of a source: upper case, letters, digits, `_`, `.` and `-`."""
    return _NOT_IN_SAB.sub("_", name.strip().upper())


def _prefix(identifier: str) -> Sab:
    prefix, colon, _ = identifier.partition(":")
    return to_sab(prefix) if colon else _NO_PREFIX
