"""The semantic groups of UMLS: 127 semantic types in 15 groups.

Source: NLM, SemGroups.txt (semantic groups, 2018); McCray, Burgun, Bodenreider: Aggregating UMLS semantic types for
reducing conceptual complexity, Medinfo 2001.
"""

import difflib
from collections.abc import Iterable

from bali.errors import ConfigError
from bali.vocabulary import TUI_PATTERN, Tui

SEMANTIC_GROUPS: dict[str, tuple[Tui, ...]] = {
    group: tuple(f"T{number}" for number in numbers.split())
    for group, numbers in {
        "ACTI": "051 052 053 054 055 056 057 064 066",  # activities and behaviours
        "ANAT": "017 018 021 022 023 024 025 026 029 030 031",  # anatomy
        "CHEM": "103 104 109 114 116 120 121 122 123 125 126 127 129 130 131 192 195 196 197 200",  # chemicals, drugs
        "CONC": "077 078 079 080 081 082 089 102 169 170 171 185",  # concepts and ideas
        "DEVI": "074 075 203",  # devices
        "DISO": "019 020 033 037 046 047 048 049 050 184 190 191",  # disorders
        "GENE": "028 085 086 087 088",  # genes and molecular sequences
        "GEOG": "083",  # geographic areas
        "LIVB": "001 002 004 005 007 008 010 011 012 013 014 015 016 096 097 098 099 100 101 194 204",  # living beings
        "OBJC": "071 072 073 167 168",  # objects
        "OCCU": "090 091",  # occupations
        "ORGA": "092 093 094 095",  # organizations
        "PHEN": "034 038 067 068 069 070",  # phenomena
        "PHYS": "032 039 040 041 042 043 044 045 201",  # physiology
        "PROC": "058 059 060 061 062 063 065",  # procedures
    }.items()
}

GROUP_NAMES = {
    "ACTI": "Activities & Behaviors",
    "ANAT": "Anatomy",
    "CHEM": "Chemicals & Drugs",
    "CONC": "Concepts & Ideas",
    "DEVI": "Devices",
    "DISO": "Disorders",
    "GENE": "Genes & Molecular Sequences",
    "GEOG": "Geographic Areas",
    "LIVB": "Living Beings",
    "OBJC": "Objects",
    "OCCU": "Occupations",
    "ORGA": "Organizations",
    "PHEN": "Phenomena",
    "PHYS": "Physiology",
    "PROC": "Procedures",
}
_GROUP_OF_NAME = {name.casefold(): group for group, name in GROUP_NAMES.items()}


def expand_semantic_types(wanted: Iterable[str], key: str = "umls.semantic_types") -> frozenset[Tui]:
    """TUIs and semantic groups (their abbreviations, or their names in any case) as the set of TUIs that they mean.

    Args:
        wanted: entries of a configuration key.
        key: its name, for the error.

    Raises:
        ConfigError: an entry is neither.
    """
    tuis: set[Tui] = set()
    for entry in wanted:
        group = _GROUP_OF_NAME.get(entry.casefold(), entry)
        if group in SEMANTIC_GROUPS:
            tuis.update(SEMANTIC_GROUPS[group])
        elif TUI_PATTERN.fullmatch(entry):
            tuis.add(entry)
        else:
            known = {name.casefold(): name for name in (*SEMANTIC_GROUPS, *GROUP_NAMES.values())}
            close = difflib.get_close_matches(entry.casefold(), known, n=1)
            hint = f"Did you mean {known[close[0]]}?" if close else f"Groups: {', '.join(SEMANTIC_GROUPS)}."
            raise ConfigError(f"{key}: expected a TUI such as T047 or a semantic group, got {entry!r}. {hint}")
    return frozenset(tuis)
