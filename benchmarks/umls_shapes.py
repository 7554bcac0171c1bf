"""What a Metathesaurus is made of: sources, languages, labels of relations, semantic types, and their shares.

Names of sources, their restriction levels and codes follow NLM's list of source vocabularies (releases about 2024); the
levels of the lesser ones are invented. Shares are estimates, made to agree with what NLM publishes: about 190 sources
in some 30 languages, 70 % of the names English, SNOMED CT, NCBI Taxonomy, MEDCIN and MeSH among the largest. The labels
of relations are real for the frequent ones and composed of real parts for the rest.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from benchmarks.rrf_kernels import Ints

TABLE_SIZE = 1 << 16  # entries of a drawing table
PREFIXES = ("", "D", "C", "M", "HP:", "GO:", "HGNC:", "MTHU", "N00000", "U", "LA", "V", "E", "AT", "LP", "F-")
CODE_ENDINGS = ("", *(f"-{digit}" for digit in range(10)), *(f".{digit}" for digit in range(10)))
DASHED, DOTTED = 1, 11  # first of these endings


@dataclass(frozen=True)
class Source:
    """One source vocabulary: its share of MRCONSO (of all shares), restriction level, codes, term types, language."""

    sab: str
    share: float
    level: int
    style: str
    ttys: tuple[str, ...]
    lat: str = "ENG"


# style -> (prefix, digits, least number, how many numbers, first ending)
STYLES: dict[str, tuple[str, int, int, int, int]] = {
    "msh": ("D", 6, 1, 68_000, 0), "sct": ("", 1, 100_005, 10**9, 0), "nci": ("C", 1, 100, 210_000, 0),
    "num": ("", 1, 1, 400_000, 0), "rx": ("", 1, 1, 2_700_000, 0), "loinc": ("", 1, 10, 99_000, DASHED),
    "go": ("GO:", 7, 1, 2_001_000, 0), "hp": ("HP:", 7, 1, 3_000_000, 0), "hgnc": ("HGNC:", 1, 1, 56_000, 0),
    "icd": ("E", 2, 1, 99, DOTTED), "mth": ("U", 6, 1, 999_999, 0), "mdr": ("", 8, 10_000_001, 90_000, 0),
    "mthu": ("MTHU", 6, 1, 90_000, 0), "none": ("V", 1, 1, 9_000, 0),
}  # fmt: skip

_LARGE = """
SNOMEDCT_US 85 9 sct PT,FN,SY,IS,OAP,OAF,OAS | NCBI 120 0 num SCN,SY,EQ,CMN,AUN | MEDCIN 70 3 num PT,XM,SY,FN
MSH 62 0 msh NM,MH,ET,PM,N1,CE,PEP | RXNORM 45 0 rx SCD,SY,SCDC,IN,BN,SBD,PSN,TMSY
LNC 40 0 loinc LC,LN,OLC,OSN,LPN | NCI 35 0 nci PT,SY,AB,CCN | MTH 20 0 mth PN,PT,DT
ICD10PCS 25 0 num PT,HT,PX,AB,HX | MTHSPL 20 0 mthu DP,SU,MTH_RXN_DP | RCD 20 3 none PT,SY,AB,OA
ICD10CM 15 4 icd PT,AB,ET,HT | SNMI 15 9 none PT,SY,AD | FMA 15 0 num PT,SY,OP | GO 12 0 go PT,ET,IS
HGNC 12 0 hgnc ACR,PT,SYN,MTH_ACR | MMSL 10 1 num CD,BD,SC,IN | CHV 10 0 num PT,SY | GS 9 3 num CD,BD,IN
OMIM 8 0 num PT,ETAL,PTAV | MDR 8 3 mdr LLT,PT,OL,HT,HG | NDDF 6 3 num CDA,CDD,IN
CPT 6 3 num PT,ETCF,ETCLIN,HT | DRUGBANK 5 0 none IN,SY,FSY | SNM 5 9 none PT,SY,RT | MED-RT 4 0 num PT,FN,SY
UWDA 4 0 num PT,SY | VANDF 3 0 num CD,IN,AB | HPO 3 0 hp PT,SY,ET | ICD9CM 3 0 icd PT,HT,AB | UMD 2 3 num PT,SY
SNOMEDCT_VET 3 9 sct PT,FN,SY | NCI_FDA 2 0 nci PT,SY,AB | NCI_CTRP 2 0 nci SY,DN | NCI_NCI-GLOSS 1 0 nci PT
ICNP 1 3 num PT | HCPCS 1 0 none PT,AB,MP | ATC 1 0 none PT,RXN_PT,IN | PDQ 1 0 num PT,SY,CHN
ICD10AM 2 3 icd PT,AB | ICPC2P 1 3 none PT,MTH_PT | SCTSPA 70 9 sct PT,FN,SY,OAP,OAS
"""
_SMALL = """
AIR ALT AOD AOT BI CCC CCPSS CCS CCSR_ICD10CM CCSR_ICD10PCS CDCREC COSTAR CPM CSP CST CVX DSM-5 DXP GCPS HL7V2.5
HL7V3.0 ICD10 ICD10AE ICD10AMAE ICF ICF-CY ICPC ICPC2EENG ICPC2ICDENG LCH_NW MEDLINEPLUS MTHCMSFRF MTHICD9 MTHICPC2EAE
MTHMST MVX NANDA-I NCI_BRIDG NCI_CDISC NCI_CPTAC NCI_CTCAE NCI_CTEP-SDC NCI_DCP NCI_DICOM NCI_DTP NCI_ICH NCI_JAX
NCI_KEGG NCI_NICHD NCI_PI-RADS NCI_UCUM NEU NIC NOC NUCCHCPT OMS ORPHANET PCDS PNDS PSY SPN SRC USP USPMG WHO
"""
_TRANSLATED = {  # language -> share and the sources that have it
    "SPA": (30, "MSHSPA MDRSPA ICPCSPA LNC-ES-AR LNC-ES-ES LNC-ES-MX WHOSPA MEDLINEPLUS_SPA CPTSP"),
    "POR": (31, "MSHPOR MDRPOR ICPCPOR LNC-PT-BR MDRBPO WHOPOR"),
    "FRE": (30, "MSHFRE MDRFRE ICPCFRE LNC-FR-FR LNC-FR-CA INS WHOFRE"), "JPN": (25, "MDRJPN MSHJPN"),
    "DUT": (21, "MSHDUT MDRDUT ICPC2ICDDUT ICPCDUT LNC-NL-NL ICD10DUT ICPC2EDUT"),
    "RUS": (18, "MSHRUS MDRRUS LNC-RU-RU"), "ITA": (17, "MSHITA MDRITA ICPCITA LNC-IT-IT"),
    "GER": (16, "MSHGER MDRGER DMDICD10 DMDUMD ICPCGER LNC-DE-AT LNC-DE-DE WHOGER"), "CZE": (12, "MSHCZE MDRCZE"),
    "HUN": (8, "MDRHUN ICPCHUN"), "CHI": (9, "LNC-ZH-CN MDRCHI"), "KOR": (7, "LNC-KO-KR MDRKOR KCD5KOR"),
    "TUR": (6, "LNC-TR-TR"), "POL": (5, "MSHPOL MDRPOL LNC-PL-PL"), "SWE": (5, "MSHSWE MDRSWE ICPCSWE"),
    "NOR": (5, "MSHNOR ICPCNOR"), "EST": (4, "LNC-ET-EE MDREST"), "UKR": (2, "LNC-UK-UA"),
    "GRE": (2, "MDRGRE LNC-EL-GR"), "SCR": (2, "MSHSCR"), "FIN": (2, "MSHFIN ICPCFIN"), "LAV": (1, "MSHLAV MDRLAV"),
    "ARA": (0.5, "MDRARA"), "DAN": (0.2, "ICPCDAN"), "BAQ": (0.2, "ICPCBAQ"), "HEB": (0.2, "ICPCHEB"),
    "SLO": (0.2, "MDRSLO"), "LIT": (0.2, "MDRLIT"), "BUL": (0.2, "MDRBUL"),
}  # fmt: skip
_TRANSLATIONS = {"MSH": ("msh", 3, ("MH", "ET", "PM")), "LNC": ("loinc", 0, ("LC", "LN", "LO"))}  # style, level, TTYs


def make_sources() -> list[Source]:
    """About 190 sources, ordered by SAB; shares of a group of small ones fall with their rank (Zipf)."""
    sources = [_parse_source(entry) for entry in _LARGE.replace("\n", "|").split("|") if entry.strip()]
    for rank, sab in enumerate(_SMALL.split(), 1):
        sources.append(Source(sab, 4 / rank, (3, 0, 3, 1, 3, 2)[rank % 6], "none", ("PT", "SY", "HT", "AB")))
    for lat, (total, sabs) in _TRANSLATED.items():
        harmonic = sum(1 / rank for rank in range(1, len(sabs.split()) + 1))
        for rank, sab in enumerate(sabs.split(), 1):
            style, level, ttys = _TRANSLATIONS.get(sab[:3], ("mdr", 3, ("LLT", "PT", "OL")))
            sources.append(Source(sab, total / rank / harmonic, level, style, ttys, lat))
    return sorted(sources, key=lambda source: source.sab)


def _parse_source(entry: str) -> Source:
    sab, share, level, style, ttys = entry.split()
    lat = "SPA" if sab == "SCTSPA" else "ENG"
    return Source(sab, float(share), int(level), style, tuple(ttys.split(",")), lat)


@dataclass(frozen=True)
class RelationKind:
    """A label and that of the same relation read backwards, with its share of the relations."""

    share: float
    rel: str
    rela: str
    inverse_rel: str
    inverse_rela: str
    reflexive: bool = False  # of a concept with itself


_NOUNS = """
finding_site associated_morphology causative_agent method procedure_site active_ingredient dose_form component
property time_aspect system scale_type mechanism_of_action physiologic_effect chemical_structure part specimen
interpretation access device substance occurrence severity laterality clinical_course location disposition
pathological_process gene_product abnormality stage
"""
_ADJECTIVES = "direct indirect possible precise associated primary excluded definitional using realm role"


def make_relation_kinds() -> list[RelationKind]:
    """About 1,000 pairs of REL and RELA; the shares of the RELA of one REL fall with their rank (Zipf).

    Shares of REL (estimates): SIB 25 %, PAR and CHD 21 %, RO 35 %, RB and RN 7 %, RQ 3 %, AQ and QB 1 %, SY 8 %, the
    last of a concept with itself (as are most SY rows, which join atoms of one concept).
    """
    nouns = _NOUNS.split()
    qualified = [*nouns, *(f"{adjective}_{noun}" for adjective in _ADJECTIVES.split() for noun in nouns)]
    taxonomic, mapped = [f"{noun}_hierarchy" for noun in nouns], [f"mapped_{noun}" for noun in nouns]
    kinds = [RelationKind(23, "SIB", "", "SIB", ""), RelationKind(2, "SIB", "sib_in_isa", "SIB", "sib_in_isa")]
    kinds += [RelationKind(12, "CHD", "isa", "PAR", "inverse_isa"), RelationKind(6, "CHD", "", "PAR", "")]
    kinds += [
        RelationKind(3, "RN", "", "RB", ""),
        RelationKind(1, "AQ", "", "QB", ""),
        RelationKind(1, "RQ", "", "RQ", ""),
    ]
    kinds += _family(35, "RO", "RO", qualified)
    kinds += _family(3, "CHD", "PAR", taxonomic)
    kinds += _family(4, "RN", "RB", ["isa_mapping", "tradename", *taxonomic, *mapped])
    kinds += _family(2, "RQ", "RQ", [*mapped, *(f"possibly_{noun}" for noun in nouns)])
    kinds += [RelationKind(5, "SY", "permuted_term_of", "SY", "has_permuted_term", reflexive=True)]
    kinds += _family(3, "SY", "SY", ["translation", "expanded_form", "entry_version", "sort_version"], reflexive=True)
    return kinds


def _family(share: float, rel: str, inverse: str, stems: list[str], reflexive: bool = False) -> list[RelationKind]:
    harmonic = sum(1 / rank for rank in range(1, len(stems) + 1))
    return [
        RelationKind(share / rank / harmonic, rel, f"has_{stem}", inverse, f"{stem}_of", reflexive)
        for rank, stem in enumerate(stems, 1)
    ]


def drawing_table(shares: list[float]) -> npt.NDArray[np.int16]:
    """Numbers of the shares, each as often as its share says and at least once, shape (65536,)."""
    weights = np.array(shares) / sum(shares) * (TABLE_SIZE - len(shares))
    counts = np.floor(weights).astype(np.int64) + 1
    counts[np.argmax(counts)] += TABLE_SIZE - counts.sum()
    return np.repeat(np.arange(len(shares), dtype=np.int16), counts)


def style_columns(sources: list[Source]) -> dict[str, Ints]:
    """The code style of each source as arrays of shape (num_sources,): prefix, digits, low, span, ending."""
    rows = [STYLES[source.style] for source in sources]
    return {
        "prefix": np.array([PREFIXES.index(row[0]) for row in rows]),
        **{
            name: np.array([row[place] for row in rows])
            for place, name in enumerate(("digits", "low", "span", "ending"), 1)
        },
    }
