"""Identifiers of many vocabularies in one spelling: PREFIX:CODE, with one prefix a vocabulary."""

from functools import cache

from bali.vocabulary import CUI_PATTERN

CUI_PREFIX = "UMLS"

# Spelling in the sources, in lower case -> ours. A vocabulary that is not listed is not used: that keeps SNOMED CT,
# MedDRA, NDDF, MMSL and VANDF codes out, whatever a file calls them.
_PREFIXES = {
    "chebi": "CHEBI",
    "cl": "CL",
    "doid": "DOID",
    "drugbank": "DRUGBANK",
    "drugtarget": "DRUGTARGET",
    "hp": "HP",
    "mesh": "MESH",
    "mim": "OMIM",
    "mondo": "MONDO",
    "nci": "NCIT",
    "ncit": "NCIT",
    "ndfrt": "NDFRT",
    "omim": "OMIM",
    "ordo": "ORPHA",
    "orpha": "ORPHA",
    "orphanet": "ORPHA",
    "pharmgkb.disease": "PHARMGKB",
    "pharmgkb.drug": "PHARMGKB",
    "rxnorm": "RXNORM",
    "symp": "SYMP",
    "uberon": "UBERON",
    "umls": CUI_PREFIX,
    "umls_cui": CUI_PREFIX,
}
# Addresses that sources use instead of a CURIE.
_ADDRESSES = {"http://linkedlifedata.com/resource/umls/id/": CUI_PREFIX}


@cache
def normalise(identifier: str) -> str:
    """The identifier as PREFIX:CODE; "" for a vocabulary that is not used and for a UMLS id that is no CUI."""
    for address, prefix in _ADDRESSES.items():
        if identifier.startswith(address):
            identifier = f"{prefix}:{identifier.removeprefix(address)}"
    prefix, colon, code = identifier.partition(":")
    prefix = _PREFIXES.get(prefix.lower(), "")
    if not (colon and prefix and code):
        return ""
    if prefix == CUI_PREFIX and not CUI_PATTERN.fullmatch(code):
        return ""
    return f"{prefix}:{code}"


def as_cui(identifier: str) -> str:
    """The CUI of a normalised identifier UMLS:C...; "" for others."""
    return identifier[len(CUI_PREFIX) + 1 :] if identifier.startswith(f"{CUI_PREFIX}:") else ""


def code_of(identifier: str) -> str:
    """The part after the prefix."""
    return identifier.partition(":")[2]
