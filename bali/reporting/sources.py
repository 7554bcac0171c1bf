"""Which vocabularies a run used, under which terms, and what the UMLS licence asks of its user."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bali.reporting.results import Results

# "License Agreement for Use of the UMLS Metathesaurus", section 11 a: to be displayed in full.
NLM_NOTICE = (
    "Some material in the UMLS Metathesaurus is from copyrighted sources of the respective copyright holders. Users of"
    " the UMLS Metathesaurus are solely responsible for compliance with any copyright, patent or trademark restrictions"
    " and are referred to the copyright, patent or trademark notices appearing in the original sources, all of which"
    " are hereby incorporated by reference."
)
# The same agreement, sections 3, 4, 5, 10 and 11, in short; https://uts.nlm.nih.gov/uts/assets/LicenseAgreement.pdf
DUTIES = (
    "Do not distribute the Metathesaurus or parts of it (section 3). The tables under umls/, graph/, linker/ and"
    " subgraphs/ are such parts: keep them where only licensees reach them.",
    "Tell NLM before you distribute an application that uses the Metathesaurus (section 4).",
    "Send NLM a brief report within 30 days after each calendar year of use (section 5).",
    "Name NLM as the source, with the release, and do not suggest its endorsement (section 10).",
    "Show the notice and the list of vocabularies to your users (section 11).",
)
# Section 12 of the agreement, in short.
LEVELS = {
    0: "no further terms",
    1: "no translation, no derivative work of this source alone",
    2: "level 1, and no operational application that creates data with it",
    3: "internal research at the licensee's sites only; nothing of it may be published",
    4: "use and distribution within the U.S. only",
    9: "SNOMED CT affiliate licence",
}


NLM_SOURCE = "MTH"  # SAB of the names and relations that NLM itself adds
DEMO_RELEASE = "demo"  # umls.release of the embedded, synthetic data


@dataclass(frozen=True)
class Source:
    """A vocabulary that is really present; `is_restricted` for every level but 0.

    `licence` is MRSAB.SLC: in NLM's releases whom to ask for a licence, in other formats the licence; "" where unknown.
    """

    sab: str
    name: str
    version: str
    srl: int
    licence: str
    citation: str
    num_names: int
    num_relations: int

    @property
    def is_restricted(self) -> bool:
        """Whether terms beyond the UMLS licence's general part apply."""
        return self.srl != 0

    @property
    def terms(self) -> str:
        """The level's meaning in short."""
        return LEVELS.get(self.srl, "see the UMLS licence, section 12")


@dataclass(frozen=True)
class Licences:
    """What the report and SOURCES.md say: the vocabularies kept, and the levels in the artefacts' own metadata."""

    release: str
    is_demo: bool
    sources: Sequence[Source]
    levels: Sequence[tuple[int, str, Sequence[str]]]  # level, meaning, folders that hold it

    @property
    def is_umls(self) -> bool:
        """Whether NLM's own source MTH is there, which every UMLS release has and the open formats have not."""
        return any(source.sab == NLM_SOURCE for source in self.sources)

    @property
    def is_restricted(self) -> bool:
        """Whether any artefact derives from a source with further terms."""
        return any(level for level, _, _ in self.levels) or any(source.is_restricted for source in self.sources)


def licences(results: Results, release: str, provenances: Sequence[tuple[str, dict[str, Any]]]) -> Licences:
    """Collect the vocabularies with at least one kept row and the levels present."""
    table = results.table("umls/sources.parquet", "sources")
    rows = table.to_pylist() if table is not None else []
    sources = [Source(**row) for row in rows if row["num_names"] or row["num_relations"]]
    folders: dict[int, set[str]] = {}
    for name, provenance in provenances:
        for level in provenance["restriction_levels"]:
            folders.setdefault(level, set()).add(name.split("/")[0])
    levels = [(level, LEVELS.get(level, ""), sorted(folders[level])) for level in sorted(folders)]
    return Licences(release, release == DEMO_RELEASE, sources, levels)
