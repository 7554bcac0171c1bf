"""The mini-Metathesaurus in Rich Release Format (UMLS Reference Manual, chapter 3)."""

from pathlib import Path

from source.knowledge import Concept, Fact, Knowledge, find_concept, read_table

RELEASE = "2026DEMO"
ABSENT_CUI = "C9999901"  # named by relations, without a row in MRCONSO
COLUMNS = {
    "MRCONSO.RRF": "CUI,LAT,TS,LUI,STT,SUI,ISPREF,AUI,SAUI,SCUI,SDUI,SAB,TTY,CODE,STR,SRL,SUPPRESS,CVF",
    "MRCUI.RRF": "CUI1,VER,REL,RELA,MAPREASON,CUI2,MAPIN",
    "MRFILES.RRF": "FIL,DES,FMT,CLS,RWS,BTS",
    "MRREL.RRF": "CUI1,AUI1,STYPE1,REL,CUI2,AUI2,STYPE2,RELA,RUI,SRUI,SAB,SL,RG,DIR,SUPPRESS,CVF",
    "MRSAB.RRF": "VCUI,RCUI,VSAB,RSAB,SON,SF,SVER,VSTART,VEND,IMETA,RMETA,SLC,SCC,SRL,TFR,CFR,CXTY,TTYL,ATNL,LAT,"
    "CENC,CURVER,SABIN,SSN,SCIT",
    "MRSTY.RRF": "CUI,TUI,STN,STY,ATUI,CVF",
}
DESCRIPTIONS = {
    "MRCONSO.RRF": "Concept names and sources",
    "MRCUI.RRF": "Historical CUIs",
    "MRFILES.RRF": "Relation Metadata",
    "MRREL.RRF": "Related Concepts",
    "MRSAB.RRF": "Source Metadata",
    "MRSTY.RRF": "Semantic Types",
}
LICENSED_RELATIONS = [  # (source, head, rela, tail); one row each, without its inverse
    ("DEMO_RESTRICTED", "heart failure", "isa", "cardiomyopathy"),
    ("DEMO_RESTRICTED", "asthma", "has_finding_site", "lung"),
    ("DEMO_RESTRICTED", "depression", "associated_with", "anxiety disorder"),
    ("DEMO_LICENSED", "hypertension", "has_finding_site", "cardiovascular system"),
    ("DEMO_LICENSED", "chest pain", "associated_with", "heart"),
]
Row = tuple[str, ...]


def write_metathesaurus(knowledge: Knowledge, directory: Path) -> None:
    """Write MRCONSO, MRREL, MRSTY, MRSAB, MRCUI and MRFILES into `directory`."""
    directory.mkdir(parents=True, exist_ok=True)
    names = _name_rows(knowledge)
    relations = _relation_rows(knowledge)
    tables = {
        "MRCONSO.RRF": names,
        "MRCUI.RRF": _retired_rows(knowledge),
        "MRREL.RRF": relations,
        "MRSAB.RRF": _source_rows(names, relations),
        "MRSTY.RRF": _type_rows(knowledge),
    }
    texts = {name: _format(rows, COLUMNS[name].count(",") + 1) for name, rows in tables.items()}
    texts["MRFILES.RRF"] = _format_files(texts)
    for name, text in texts.items():
        (directory / name).write_text(text, encoding="utf-8", newline="\n")


def term_type(concept: Concept, name: str) -> str:
    """A plausible TTY: preferred term, abbreviation, permuted term or synonym."""
    if name == concept.key:
        return "PT"
    if len(name) <= 6 and sum(c.isupper() for c in name) >= 2:
        return "AB"
    return "PM" if ", " in name else "SY"


def _format(rows: list[Row], num_columns: int) -> str:
    for row in rows:
        assert len(row) == num_columns, f"expected {num_columns} columns: {row}"
        assert not any("|" in value or "\n" in value for value in row), f"a separator in {row}"
    return "".join("|".join(row) + "|\n" for row in rows)


def _name_rows(knowledge: Knowledge) -> list[Row]:
    levels = {sab: level for sab, _, level, _ in read_table("sources.tsv")}
    extra: dict[str, list[list[str]]] = {}
    for label, *rest in read_table("extra_names.tsv"):
        extra.setdefault(find_concept(list(knowledge.concepts), label).cui, []).append(rest)
    ids = _Identifiers()
    rows: list[Row] = []
    for position, concept in enumerate(knowledge.concepts):
        atoms: list[Row] = [("ENG", concept.sab, term_type(concept, name), "N", name) for name in concept.names]
        if position % 3 == 0:
            atoms.insert(1, ("ENG", "DEMO_THESAURUS", "MH", "N", concept.key[0].upper() + concept.key[1:]))
        if position % 5 == 0:
            atoms.insert(1, ("ENG", "DEMO_THESAURUS", "ET", "N", concept.key))
        atoms += [(lat, sab, tty, suppress, name) for lat, sab, tty, suppress, name in extra.get(concept.cui, [])]
        rows += _concept_rows(concept, atoms, levels, ids)
    return rows


class _Identifiers:
    """LUI, SUI and AUI: numbers given in the order of first use."""

    def __init__(self) -> None:
        self._lui: dict[tuple[str, str], str] = {}
        self._sui: dict[tuple[str, str], str] = {}
        self._num_atoms = 0

    def lui(self, language: str, name: str) -> str:
        return self._lui.setdefault((language, " ".join(sorted(name.lower().split()))), f"L99{len(self._lui) + 1:05d}")

    def sui(self, language: str, name: str) -> str:
        return self._sui.setdefault((language, name), f"S99{len(self._sui) + 1:05d}")

    def aui(self) -> str:
        self._num_atoms += 1
        return f"A99{self._num_atoms:06d}"


def _concept_rows(concept: Concept, atoms: list[Row], levels: dict[str, str], ids: _Identifiers) -> list[Row]:
    """The atoms of a concept; the first of each language is the preferred one (TS=P, STT=PF, ISPREF=Y)."""
    rows: list[Row] = []
    preferred_lui: dict[str, str] = {}
    preferred_sui: dict[str, str] = {}
    seen_sui: set[str] = set()
    for lat, sab, tty, suppress, name in atoms:
        lui, sui = ids.lui(lat, name), ids.sui(lat, name)
        preferred_lui.setdefault(lat, lui)
        preferred_sui.setdefault(lui, sui)
        status = "P" if preferred_lui[lat] == lui else "S"
        kind = "PF" if preferred_sui[lui] == sui else "VC" if tty == "MH" else "VO"
        first = "N" if sui in seen_sui else "Y"
        seen_sui.add(sui)
        code = f"{sab[5:7]}{concept.cui[3:]}"
        identifiers = (lui, kind, sui, first, ids.aui(), "", code, "")
        rows.append((concept.cui, lat, status, *identifiers, sab, tty, code, name, levels[sab], suppress, ""))
    return rows


def _relation_rows(knowledge: Knowledge) -> list[Row]:
    """Each fact as UMLS gives it: a row reads "CUI2 RELA CUI1", and the inverse is a row of its own."""
    labels = {rela: rest for rela, *rest in read_table("relation_labels.tsv")}
    pairs: list[tuple[str, str, str, str, str, str]] = []  # cui1, rel, cui2, rela, sab, suppress
    for fact in knowledge.facts:
        inverse, rel, inverse_rel = labels[fact.rela]
        sab = fact.head.sab
        pairs.append((fact.tail.cui, rel, fact.head.cui, fact.rela, sab, "N"))
        pairs.append((fact.head.cui, inverse_rel, fact.tail.cui, inverse, sab, "N"))
    concepts = list(knowledge.concepts)
    for sab, head, rela, tail in LICENSED_RELATIONS:
        rel = labels[rela][1]
        pairs.append((find_concept(concepts, tail).cui, rel, find_concept(concepts, head).cui, rela, sab, "N"))
    pairs += _siblings(knowledge.facts) + _odd_relations(concepts)
    rows: list[Row] = []
    for cui1, rel, cui2, rela, sab, suppress in sorted(set(pairs)):
        rui = f"R99{len(rows) + 1:06d}"
        rows.append((cui1, "", "CUI", rel, cui2, "", "CUI", rela, rui, "", sab, sab, "", "", suppress, ""))
    return rows


def _siblings(facts: tuple[Fact, ...]) -> list[tuple[str, str, str, str, str, str]]:
    """SIB rows, which carry no RELA, between drugs of one class."""
    children: dict[str, list[Concept]] = {}
    for fact in facts:
        if fact.rela == "isa" and fact.head.table == "drugs":
            children.setdefault(fact.tail.cui, []).append(fact.head)
    rows = []
    for group in children.values():
        rows += [(a.cui, "SIB", b.cui, "", a.sab, "N") for a in group for b in group if a.cui != b.cui]
    return rows


def _odd_relations(concepts: list[Concept]) -> list[tuple[str, str, str, str, str, str]]:
    """Rows that a reader must survive: an absent CUI, a self loop, obsolete rows."""
    stroke, asthma, aspirin = (find_concept(concepts, label).cui for label in ("stroke", "asthma", "aspirin"))
    return [
        (ABSENT_CUI, "RO", aspirin, "may_treat", "DEMO_DRUG", "N"),
        (aspirin, "RO", ABSENT_CUI, "may_be_treated_by", "DEMO_DRUG", "N"),
        (stroke, "PAR", ABSENT_CUI, "inverse_isa", "DEMO_DISEASE", "N"),
        (asthma, "SY", asthma, "same_as", "DEMO_DISEASE", "N"),
        (stroke, "RQ", stroke, "", "DEMO_DISEASE", "N"),
        (stroke, "RO", aspirin, "contraindicated_with_disease", "DEMO_DRUG", "O"),
        (asthma, "RO", aspirin, "contraindicated_with_disease", "DEMO_DRUG", "O"),
    ]


def _type_rows(knowledge: Knowledge) -> list[Row]:
    types = {tui: (tree, name) for tui, tree, name in read_table("semantic_types.tsv")}
    rows: list[Row] = []
    for concept in knowledge.concepts:
        for tui in concept.tuis:
            rows.append((concept.cui, tui, *types[tui], f"AT99{len(rows) + 1:06d}", ""))
    return rows


def _retired_rows(knowledge: Knowledge) -> list[Row]:
    rows: list[Row] = []
    for cui, rel, label, mapped in read_table("retired_cuis.tsv"):
        replacement = find_concept(list(knowledge.concepts), label).cui if label else ""
        rows.append((cui, "2025DEMO", rel, "", "", replacement, mapped))
    return rows


def _source_rows(names: list[Row], relations: list[Row]) -> list[Row]:
    rows: list[Row] = []
    for number, (sab, title, level, language) in enumerate(read_table("sources.tsv"), start=1):
        own = [row for row in names if row[11] == sab]
        term_types = ",".join(sorted({row[12] for row in own}))
        num_concepts = str(len({row[0] for row in own}))
        assert own or any(row[10] == sab for row in relations), f"{sab} gives neither names nor relations"
        identity = (f"C99980{number:02d}", f"C99981{number:02d}", f"{sab}_2026", sab, title, sab, "2026")
        validity = ("", "", RELEASE, "", "BALI project", "BALI project", level)
        content = (str(len(own)), num_concepts, "", term_types, "", language, "UTF-8", "Y", "Y")
        rows.append((*identity, *validity, *content, title, "Invented for the BALI demonstration; not for medical use"))
    return rows


def _format_files(texts: dict[str, str]) -> str:
    """MRFILES lists itself, so its own size is sought until it agrees."""
    own_bytes, text = 0, ""
    while own_bytes == 0 or own_bytes != len(text.encode()):
        own_bytes = len(text.encode())
        rows: list[Row] = []
        for name, columns in COLUMNS.items():
            num_rows = texts[name].count("\n") if name in texts else len(COLUMNS)
            num_bytes = len(texts[name].encode()) if name in texts else own_bytes
            num_columns = str(columns.count(",") + 1)
            rows.append((name, DESCRIPTIONS[name], columns, num_columns, str(num_rows), str(num_bytes)))
        text = _format(rows, 6)
    return text
