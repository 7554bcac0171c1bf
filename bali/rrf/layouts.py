"""The columns of the files of a Metathesaurus, in the order of the file (UMLS Reference Manual, chapter 3).

`MRFILES.RRF` of a release has the last word: where it lists other columns for a file, or another order, they are used.
"""

from dataclasses import dataclass

Columns = tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """One file of the release: its name without `.gz`, and its columns."""

    name: str
    columns: Columns


def _columns(names: str) -> Columns:
    return tuple(names.split())


# Concept names and sources: one row an atom (section 3.3.4).
#
# | # | Column | Meaning | # | Column | Meaning |
# |---|---|---|---|---|---|
# | 1 | CUI | concept | 10 | SCUI | concept id in the source |
# | 2 | LAT | language, e.g. ENG | 11 | SDUI | descriptor id in the source |
# | 3 | TS | term status: P, S (of the LUI) | 12 | SAB | source |
# | 4 | LUI | term | 13 | TTY | term type in the source |
# | 5 | STT | string type: PF, VO, ... | 14 | CODE | the source's most useful id, or NOCODE |
# | 6 | SUI | string | 15 | STR | the name |
# | 7 | ISPREF | Y: preferred atom of its string | 16 | SRL | source restriction level |
# | 8 | AUI | atom | 17 | SUPPRESS | O, E, Y or N |
# | 9 | SAUI | atom id in the source | 18 | CVF | content view flag |
MRCONSO = Layout(
    "MRCONSO.RRF",
    _columns("CUI LAT TS LUI STT SUI ISPREF AUI SAUI SCUI SDUI SAB TTY CODE STR SRL SUPPRESS CVF"),
)

# Related concepts: a row reads "CUI2 RELA CUI1" (section 3.3.9).
#
# | # | Column | Meaning | # | Column | Meaning |
# |---|---|---|---|---|---|
# | 1 | CUI1 | first concept: our tail | 9 | RUI | relation |
# | 2 | AUI1 | its atom | 10 | SRUI | relation id in the source |
# | 3 | STYPE1 | column that identifies it | 11 | SAB | source |
# | 4 | REL | of the second to the first: PAR, CHD, RB, RN, RO, ... | 12 | SL | source of the label |
# | 5 | CUI2 | second concept: our head | 13 | RG | relation group |
# | 6 | AUI2 | its atom | 14 | DIR | Y: in the source's own direction |
# | 7 | STYPE2 | column that identifies it | 15 | SUPPRESS | O, E, Y or N |
# | 8 | RELA | finer label, may be empty | 16 | CVF | content view flag |
MRREL = Layout(
    "MRREL.RRF",
    _columns("CUI1 AUI1 STYPE1 REL CUI2 AUI2 STYPE2 RELA RUI SRUI SAB SL RG DIR SUPPRESS CVF"),
)

# Semantic types (section 3.3.7): concept, type, place in the tree of types, name of the type, attribute, content view.
MRSTY = Layout("MRSTY.RRF", ("CUI", "TUI", "STN", "STY", "ATUI", "CVF"))

# Definitions (section 3.3.6): concept, atom, attribute, id in the source, source, text, O E Y N, content view.
MRDEF = Layout("MRDEF.RRF", ("CUI", "AUI", "ATUI", "SATUI", "SAB", "DEF", "SUPPRESS", "CVF"))

# Sources with versions, restriction levels and licences (chapter 3, source information). RSAB is the SAB of the other
# files, SON the official name, SVER the version, SLC the licence contact, SRL the restriction level, CURVER Y the
# current version, SCIT the citation.
MRSAB = Layout(
    "MRSAB.RRF",
    _columns(
        "VCUI RCUI VSAB RSAB SON SF SVER VSTART VEND IMETA RMETA SLC SCC SRL TFR CFR CXTY TTYL ATNL LAT"
        " CENC CURVER SABIN SSN SCIT"
    ),
)

# Retired CUIs (section 3.3.19.6): the retired concept, the last release that had it, how it maps (DEL: deleted), finer
# label, reason, the current concept (empty for DEL), Y where that is in this release.
MRCUI = Layout("MRCUI.RRF", ("CUI1", "VER", "REL", "RELA", "MAPREASON", "CUI2", "MAPIN"))

# CUIs merged since the last release (CHANGE/MERGEDCUI.RRF): the old one, the one that took its names.
MERGEDCUI = Layout("MERGEDCUI.RRF", ("PCUI", "CUI"))

# Values of coded columns (section 3.3.3). DOCKEY RELA or REL with TYPE rela_inverse or rel_inverse gives the inverse of
# VALUE in EXPL.
MRDOC = Layout("MRDOC.RRF", ("DOCKEY", "VALUE", "TYPE", "EXPL"))

# The files of the release (section 3.3.1): name, description, columns joined by commas, their number, rows, bytes.
MRFILES = Layout("MRFILES.RRF", ("FIL", "DES", "FMT", "CLS", "RWS", "BTS"))

# The columns of the release (section 3.3.2): name, description, section, lengths (min, mean, max), file, SQL type.
MRCOLS = Layout("MRCOLS.RRF", ("COL", "DES", "REF", "MIN", "AV", "MAX", "FIL", "DTY"))
