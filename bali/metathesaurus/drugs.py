"""Drugs: the tables of the DrugCentral precursor (Oprea group 2016) and PharmacotherapyDB."""

from pathlib import Path

from bali.io.census import Census
from bali.metathesaurus.content import IS_A, Content, Evidence, Name, add_match, add_statement
from bali.ontologies.tables import read_table

# ID_TYPE of identifiers.tsv -> our prefix. What is not listed (structures, codes of NDDF, MMSL, VANDF) is not used.
_ID_TYPES = {
    "UMLSCUI": "UMLS",
    "MESH_DESCRIPTOR_UI": "MESH",
    "MESH_SUPPLEMENTAL_RECORD_UI": "MESH",
    "DRUGBANK_ID": "DRUGBANK",
    "RXNORM": "RXNORM",
    "NUI": "NDFRT",
    "CHEBI": "CHEBI",
}
# TYPE of pharm_class.tsv -> RELA as NLM's MED-RT and MeSH name it.
_CLASS_RELATIONS = {
    "PA": IS_A,
    "EPC": IS_A,
    "has role": "has_role",
    "MoA": "has_mechanism_of_action",
    "PE": "has_physiologic_effect",
    "Chemical/Ingredient": "has_chemical_structure",
}
# category of PharmacotherapyDB: disease modifying, symptomatic; NOT is no indication.
_CATEGORIES = {"DM": "may_treat", "SYM": "palliates"}


def read_identifiers(content: Content, path: Path, census: Census) -> None:
    """Add drugs with their names and their identifiers elsewhere.

    Raises:
        InputError: as `read_table`.
    """
    names: dict[str, str] = {}
    for drug_id, drug, id_type, identifier in read_table(path, ("DRUG_ID", "DRUG_NAME", "ID_TYPE", "IDENTIFIER")):
        names.setdefault(f"DRUGTARGET:{drug_id}", drug)
        prefix = _ID_TYPES.get(id_type, id_type)
        is_direct = prefix == "UMLS"
        evidence = Evidence.OWN if is_direct else Evidence.CROSS_REFERENCE
        add_match(content, f"DRUGTARGET:{drug_id}", f"{prefix}:{identifier}", evidence, census)
    content.names.extend(Name(drug_id, "PT", name, "N") for drug_id, name in names.items())


def read_indications(content: Content, path: Path, census: Census) -> None:
    """Add `may_treat` from drugs to the CUIs of their indications, and the DOIDs that the file gives for these.

    The names of the indications are not taken: the file says that they came from First Databank.

    Raises:
        InputError: as `read_table`.
    """
    tally = census.table(f"{content.sab}: indications")
    doids: set[tuple[str, str]] = set()
    for drug_id, cui, doid in read_table(path, ("DRUG_ID", "UMLS_CUI", "DOID")):
        tally.rows_in += 1
        if not cui:
            tally.drop("no CUI", 1)
            continue
        tally.rows_out += 1
        add_statement(content, f"DRUGTARGET:{drug_id}", "may_treat", f"UMLS:{cui}", census)
        if doid:
            doids.add((doid, f"UMLS:{cui}"))
    for doid, cui in sorted(doids):
        add_match(content, doid, cui, Evidence.CROSS_REFERENCE, census)


def read_classes(content: Content, path: Path, census: Census) -> None:
    """Add the pharmacologic classes of drugs.

    Raises:
        InputError: as `read_table`.
    """
    tally = census.table(f"{content.sab}: pharmacologic classes")
    for drug_id, kind, class_id in read_table(path, ("DRUG_ID", "TYPE", "CLASS_SOURCE_ID")):
        tally.rows_in += 1
        if kind not in _CLASS_RELATIONS:
            tally.drop("unknown type of class", 1)
            continue
        tally.rows_out += 1
        target = class_id if ":" in class_id else f"{'NDFRT' if class_id.startswith('N') else 'MESH'}:{class_id}"
        add_statement(content, f"DRUGTARGET:{drug_id}", _CLASS_RELATIONS[kind], target, census)


def read_pharmacotherapy(content: Content, path: Path, census: Census) -> None:
    """Add `may_treat` and `palliates` of PharmacotherapyDB (diseases by DOID, drugs by DrugBank id).

    Raises:
        InputError: as `read_table`.
    """
    tally = census.table(f"{content.sab}: indications")
    for disease, drug, category in read_table(path, ("doid_id", "drugbank_id", "category")):
        tally.rows_in += 1
        if category not in _CATEGORIES:
            tally.drop("no indication", 1)
            continue
        tally.rows_out += 1
        add_statement(content, f"DRUGBANK:{drug}", _CATEGORIES[category], disease, census)
