"""Vocabularies whose names and codes must not enter: SNOMED CT, MedDRA, NDDF, MMSL, VANDF.

SNOMED CT may be used only under the licence of the user's country; MedDRA, First Databank (NDDF) and Multum (MMSL) have
owners who restrict them (UMLS licence, appendix 1). VANDF codes stay out with them.
"""

import re

# As sources spell them: SNOMEDCT_2010_1_31, SNOMEDCT_US_2023, SCTID, SCT, snomedbrowser, MDR20, MedDRA, RCD, CTV3 (Read
# codes, which SNOMED CT absorbed), NDDF, MMSL, MMX, MDDB, VANDF.
_RESTRICTED = re.compile(
    r"SNOMED|SNMI|(?<![A-Z])SCT(?:ID)?(?![A-Z])|MEDDRA|(?<![A-Z])(?:MDR|RCD|CTV3|NDDF|MMSL|MMX|MDDB|VANDF)(?![A-Z])",
    re.IGNORECASE,
)


def is_restricted(provenance: str) -> bool:
    """The identifier, or the note where a name came from, speaks of a restricted vocabulary."""
    return bool(_RESTRICTED.search(provenance))
