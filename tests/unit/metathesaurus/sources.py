"""A folder with all files of the registry, tiny, in the layout of the originals, also lines of the upstream files."""

import gzip
import json
from pathlib import Path

from bali.metathesaurus.registry import read_files

NCIT, ORPHA = "http://purl.obolibrary.org/obo/NCIT_", "http://www.orpha.net/ORDO/Orphanet_"


def sssom(
    rows: list[tuple[str, str, str, str]], licence: str = "https://creativecommons.org/publicdomain/zero/1.0/"
) -> str:
    lines = ["subject_id\tsubject_label\tpredicate_id\tobject_id\tmapping_justification"]
    lines += [f"{s}\t{label}\t{p}\t{o}\tsemapv:ManualMappingCuration" for s, label, p, o in rows]
    return f"# license: {licence}\n" + "\n".join(lines) + "\n"


def exact(subject: str, label: str, target: str) -> tuple[str, str, str, str]:
    return subject, label, "skos:exactMatch", target


def graph(nodes: list[dict], edges: list[tuple[str, str, str]]) -> str:
    nodes = [{"type": "CLASS", **node} for node in nodes]
    return json.dumps(
        {"graphs": [{"nodes": nodes, "edges": [dict(zip(("sub", "pred", "obj"), e, strict=True)) for e in edges]}]}
    )


MONDO_UMLS = [
    exact("MONDO:0005070", "neoplasm", "UMLS:C0027651"),
    exact("MONDO:0016982", "angiosarcoma", "UMLS:C0018923"),
    exact("MONDO:0000004", "obsolete NA", "UMLS:C0405580"),
    exact("MONDO:0011057", 'a "quoted" pain|syndrome', "UMLS:C0030193"),
]
# DOID:1115 has no CUI: what it says is bridged. The lines with SNOMED, MDR, NDDF, VANDF stand in upstream files.
DOID = r"""format-version: 1.2
default-namespace: disease_ontology

[Term]
id: DOID:14566
name: disease of cellular proliferation
xref: UMLS_CUI:C0027651

[Term]
id: DOID:1115
name: sarcoma
is_a: DOID:14566 ! disease of cellular proliferation

[Term]
id: DOID:0001816
name: angiosarcoma
alt_id: DOID:267
def: "Defined by SNOMEDNAME." [SNOMEDCT_US_2015_03_01:39000009]
synonym: "hemangiosarcoma" EXACT []
synonym: "SNOMEDNAME one" EXACT [SNOMEDCT_2010_1_31:154608001]
synonym: "SNOMEDNAME two" RELATED [CSP2005:x, MDR20:10002476]
synonym: "vessel tumor" BROAD []
xref: SNOMEDCT_US_2015_03_01:39000009
xref: MEDDRA:10002476
xref: NDDF:001234
xref: MMSL:d00001
xref: VANDF:4017424
xref: UMLS_CUI:C0018923
xref: UMLS_CUI:C0854893
is_a: DOID:1115 ! sarcoma

[Term]
id: DOID:2
name: obsolete old disease
xref: UMLS_CUI:C0000002
is_obsolete: true
is_a: DOID:14566
"""
UBERON = """format-version: 1.2
ontology: uberon/basic

[Term]
id: UBERON:0001441
name: hindlimb
synonym: "leg" RELATED []
synonym: "SNOMEDNAME leg" EXACT [SCTID:30021000]
xref: UMLS:C0230444 {source="ncithesaurus:Leg"}
xref: SCTID:30021000
relationship: part_of UBERON:0000468 ! multi-cellular organism

[Term]
id: UBERON:0000468
name: body
xref: http://linkedlifedata.com/resource/umls/id/C0242821
xref: MESH:A01.923
"""
EMPTY_OBO = "format-version: 1.2\n\n[Term]\nid: {}\nname: {}\n{}\n"
FILES = {
    "mondo_exactmatch_umls.sssom.tsv": sssom(MONDO_UMLS),
    "mondo_exactmatch_doid.sssom.tsv": sssom([exact("MONDO:0016982", "angiosarcoma", "DOID:0001816")]),
    "mondo_exactmatch_mesh.sssom.tsv": sssom([exact("MONDO:0016982", "angiosarcoma", "mesh:D006394")]),
    "mondo_exactmatch_ncit.sssom.tsv": sssom([exact("MONDO:0016982", "angiosarcoma", "NCIT:C3088")]),
    "mondo_exactmatch_omim.sssom.tsv": sssom([exact("MONDO:0011057", "pain", "OMIM:600000")]),
    "mondo_exactmatch_orphanet.sssom.tsv": sssom([exact("MONDO:0016982", "angiosarcoma", "Orphanet:263413")]),
    "edges_2023-08-01.tsv": "x\tp\ty\nMONDO:0016982\trdfs:subClassOf\tMONDO:0005070\n"
    "MONDO:0016982\tRO:0004026\tUBERON:0001441\nGO:1\trdfs:subClassOf\tGO:2\nMONDO:0016982\tRO:0004003\thttp://x/hgnc/1\n",
    "mondo-rare_edges.tsv": "id\tsubject\tpredicate\tobject\trelation\tknowledge_source\n"
    "u\tMONDO:0016982\tbiolink:subclass_of\tMONDO:0005070\trdfs:subClassOf\tmondo-rare.json\n",
    "ro_import.obo": "format-version: 1.2\n\n[Typedef]\nid: RO:0004026\nname: disease has location\n",
    "ro_import_hp.obo": "format-version: 1.2\n\n[Typedef]\nid: RO:0002202\nname: develops from\n",
    "terms.tsv": "mesh_id\tmesh_name\nD006394\tHemangiosarcoma\nD001829\tBody Regions\n",
    "tree-numbers.tsv": "mesh_id\tmesh_name\tmesh_tree_number\nD006394\tHemangiosarcoma\tC04.557\n"
    "D009369\tNeoplasms\tC04\nD001829\tBody Regions\tA01.923\n",
    "ncit-disease-2018-06-08.json": graph(
        [
            {"id": f"{NCIT}C3088", "lbl": "Angiosarcoma", "meta": {"definition": {"val": "A | tumor.\nBad."}}},
            {"id": f"{NCIT}R101", "lbl": "Disease_Has_Primary_Anatomic_Site", "type": "PROPERTY"},
        ],
        [(f"{NCIT}C3088", f"{NCIT}R101", f"{NCIT}C32974")],
    ),
    "ordo-2_6-2018-07-12.json": graph(
        [
            {
                "id": f"{ORPHA}263413",
                "lbl": "Angiosarcoma",
                "meta": {"xrefs": [{"val": "MedDRA:10002476"}, {"val": "UMLS:C0018923"}]},
            },
            {"id": f"{ORPHA}1", "lbl": "OBSOLETE: Gone", "meta": {"xrefs": [{"val": "UMLS:C0000001"}]}},
        ],
        [(f"{ORPHA}1", "is_a", "http://www.orpha.net/ORDO/ObsoleteClass")],
    ),
    "doid_2016-03-04.obo": DOID,
    "allXREFinDO_2026.tsv": 'id\tlabel\txref\n"DOID:0050573"\t"aciduria"\t"UMLS_CUI:C1855995"\n'
    '"DOID:0050573"\t"aciduria"\t"SNOMEDCT_US_2023_03_01:237961006"\n',
    "UBERON_2015.obo": UBERON,
    "CL_2019.obo": EMPTY_OBO.format("CL:0000000", "cell", "xref: FMA:68646"),
    "ncit_uberon.sssom.tsv": sssom([exact("NCIT:C32974", "Leg", "UBERON:0001441")]),
    "ncit_cl.sssom.tsv": sssom([exact("NCIT:C12508", "Cell", "CL:0000000")]),
    "symp.obo": EMPTY_OBO.format("SYMP:0000001", "abdominal cramp", "xref: UMLS_CUI:C0000729"),
    "pharmgkb.disease.obo": EMPTY_OBO.format(
        "pharmgkb.disease:PA1",
        "Weight gain",
        'synonym: "SNOMEDNAME weight" []\nxref: umls:C0043094\nxref: snomedct:8943002',
    ),
    "pharmgkb.drug.obo": EMPTY_OBO.format(
        "pharmgkb.drug:PA1000",
        "phenformin",
        "property_value: skos:exactMatch umls:C0031441\nproperty_value: skos:exactMatch drugbank:DB00914",
    ),
    "identifiers.tsv": "DRUG_ID\tDRUG_NAME\tID_TYPE\tIDENTIFIER\n"
    '5136\t"cediranib"\t"UMLSCUI"\t"C1529145"\n5136\t"cediranib"\t"SNOMEDCT_US"\t"39000009"\n5136\t"cediranib"\t"NDDF"\t"1"\n',
    "drug_indication.tsv": "DRUG_ID\tDRUG_NAME\tINDICATION_FDB\tUMLS_CUI\tDOID\tSNOMEDCT_CUI\n"
    "5136\tcediranib\tSNOMEDNAME indication\tC0018923\t\t39000009\n"
    "5136\tcediranib\tFDBNAME\tC9999999\t\t\n5136\tcediranib\tx\t\t\t\n",
    "pharm_class.tsv": "DRUG_ID\tDRUG_NAME\tTYPE\tCLASS_SOURCE_ID\tCLASS\tSOURCE\n"
    "5136\tcediranib\tPA\tD006394\tx\tMeSH\n",
    "NDFRT_disease.txt": "N0000171648\tC0032046\tM0016938\tD010923\tPlacenta Previa\n",
    "indications.tsv": "doid_id\tdrugbank_id\tdisease\tdrug\tcategory\tn_curators\tn_resources\n"
    "DOID:0001816\tDB00914\ta\tp\tDM\t2\t1\nDOID:0001816\tDB00914\ta\tp\tNOT\t2\t1\n",
    "disease-disease-cooccurrence.tsv": "doid_code_0\tdoid_name_0\tdoid_code_1\tdoid_name_1\tcooccurrence\texpected"
    "\tenrichment\todds_ratio\tp_fisher\nDOID:0001816\ta\tDOID:14566\tb\t9\t1\t9\t9\t1e-30\n"
    "DOID:14566\tb\tDOID:0001816\ta\t9\t1\t9\t9\t1e-30\nDOID:0001816\ta\tDOID:2\tb\t9\t1\t9\t9\t0.5\n",
    "meshdesc_wiki.json": '{"D006394": "Angiosarcoma_(vessel)", "junk": "x"}',
    "positive.sssom.tsv": sssom([exact("doid:0050573", "aciduria", "umls:C1855995")]),
}


def write_sources(folder: Path, files: dict[str, str] = FILES, flat: bool = False) -> Path:
    """Write the files, gzipped where the name of the original is JSON or OBO; returns the folder."""
    for known in read_files():
        place = folder if flat else folder / known.folder
        place.mkdir(parents=True, exist_ok=True)
        data = files[known.name].encode()
        if known.name.endswith((".obo", ".json")):
            (place / f"{known.name}.gz").write_bytes(gzip.compress(data))
        else:
            (place / known.name).write_bytes(data)
    return folder
