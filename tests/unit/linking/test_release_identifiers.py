"""Identifiers of annotated corpora become CUIs of the release."""

import gzip
import itertools
import json
import os
from pathlib import Path

import polars as pl
import pytest
from linking_tables import rows_of

from bali.cli import main
from bali.evaluation.identifiers import map_identifiers
from bali.io.parquet import Provenance, write_artefact
from bali.linking.identifiers.forms import OTHER_VOCABULARY, as_codes, vocabulary_of
from bali.linking.identifiers.preferred_codes import preferred_concepts
from bali.linking.identifiers.resolving import COMPOSITE, NO_IDENTIFIER, UNKNOWN, resolve_identifiers, unresolved_reason
from bali.schemas import CODES, NAMES, RETIRED_CUIS


@pytest.mark.parametrize(
    ("identifier", "cui", "num_cuis"),
    [
        ("C0000001", "C0000001", 1),
        ("UMLS:C0000001", "C0000001", 1),
        ("umls:C0000001", "C0000001", 1),
        ("C9000001", "C0000001", 1),
        ("MESH:D003920", "C0000002", 2),
        ("mesh:D003920", "C0000002", 2),
        ("D003920", "C0000002", 2),
        ("OMIM:125800", "C0000003", 1),
        ("MIM:125800", "C0000003", 1),
        ("omim:125800", "C0000003", 1),
        ("HP:0001945", "C0000001", 1),
        ("hp:0001945", "C0000001", 1),
        ("HP_0001945", "C0000001", 1),
    ],
)
def test_known_identifiers(umls_dir: Path, identifier: str, cui: str, num_cuis: int) -> None:
    assert resolve_identifiers([identifier, identifier], umls_dir).rows() == [(identifier, cui, num_cuis)]


@pytest.mark.parametrize(
    ("identifier", "reason"),
    [
        ("C7777777", f"{UNKNOWN}: UMLS"),
        ("C9000002", f"{UNKNOWN}: UMLS"),  # its replacement has no name
        ("UMLS:nothing", f"{UNKNOWN}: UMLS"),
        ("D999999", f"{UNKNOWN}: MeSH"),
        ("mesh:C536778", f"{UNKNOWN}: MeSH"),
        ("mim:1", f"{UNKNOWN}: OMIM"),
        ("NCBIGene:7157", f"{UNKNOWN}: NCBI Gene"),
        ("EntrezGene:7157", f"{UNKNOWN}: NCBI Gene"),
        ("NCBI:txid9606", f"{UNKNOWN}: NCBI Taxonomy"),
        ("NCBITaxon:9606", f"{UNKNOWN}: NCBI Taxonomy"),
        ("CL:0000236", f"{UNKNOWN}: Cell Ontology"),
        ("CVCL_0030", f"{UNKNOWN}: Cellosaurus"),
        ("cellosaurus:CVCL_0030", f"{UNKNOWN}: Cellosaurus"),
        ("rs121913529", f"{UNKNOWN}: dbSNP"),
        ("tmVar:p|SUB|V|600|E;HGVS:p.V600E", f"{UNKNOWN}: tmVar"),
        ("FOO:1", f"{UNKNOWN}: {OTHER_VOCABULARY}"),
        ("125800", UNKNOWN),  # a number may belong to any vocabulary
        ("some_text", UNKNOWN),
        ("-1", NO_IDENTIFIER),
        ("-", NO_IDENTIFIER),
        ("", NO_IDENTIFIER),
        ("CUI-less", NO_IDENTIFIER),
        ("None", NO_IDENTIFIER),
        ("D003920|D000001", COMPOSITE),
        ("C0000001+C0000002", COMPOSITE),
        ("mesh:D003920,OMIM:125800", COMPOSITE),
    ],
)
def test_unknown_identifiers(umls_dir: Path, identifier: str, reason: str) -> None:
    assert resolve_identifiers([identifier], umls_dir).is_empty()
    assert unresolved_reason(identifier) == reason


def test_many_at_once_are_sorted(umls_dir: Path) -> None:
    found = resolve_identifiers(["OMIM:125800", "C0000001", "nothing", "C9000001"], umls_dir)
    assert found["identifier"].to_list() == ["C0000001", "C9000001", "OMIM:125800"]
    assert resolve_identifiers([], umls_dir).is_empty()


@pytest.mark.parametrize(
    ("identifier", "pair"),
    [
        ("NCBI:txid9606", ("NCBI", "9606")),
        ("NCBITaxon:9606", ("NCBI", "9606")),
        ("MONDO_0005148", ("MONDO", "MONDO:0005148")),
        ("Orphanet:558", ("ORPHANET", "558")),
        ("ORDO:558", ("ORDO", "558")),
        ("NCIT:C2985", ("NCI", "C2985")),
        ("go:0008150", ("GO", "GO:0008150")),
        ("SNOMEDCT_US:73211009", ("SNOMEDCT_US", "73211009")),
        ("Foo:1", ("FOO", "1")),
    ],
)
def test_codes_of_prefixes(identifier: str, pair: tuple[str, str]) -> None:
    assert pair in as_codes(identifier)


def test_there_are_few_vocabularies() -> None:
    """Reasons are counted: a corpus of many prefixes must not give as many reasons."""
    assert {vocabulary_of(f"PREFIX{i}:1") for i in range(100)} == {OTHER_VOCABULARY}
    assert {vocabulary_of(f"word{i}") for i in range(100)} == {None}


# CUI, SAB, TTY, CODE, SUPPRESS; one name each
ATOMS = [
    ("C0000010", "MSH", "PEP", "D009157", "N"),  # a narrower concept of the descriptor, with the lowest CUI
    ("C0000020", "MSH", "MH", "D009157", "N"),
    ("C0000020", "MSH", "ET", "D009157", "N"),
    ("C0000030", "MSH", "ET", "D009157", "N"),
    ("C0000030", "MSH", "MH", "D000002", "N"),  # foremost for another descriptor
    ("C0000010", "OMIM", "ACR", "1", "N"),
    ("C0000020", "OMIM", "ET", "1", "N"),
    ("C0000030", "OMIM", "PHENO", "1", "N"),
    ("C0000010", "HPO", "PT", "HP:1", "O"),  # suppressed
    ("C0000020", "HPO", "IS", "HP:1", "N"),
    ("C0000010", "MINE", "ZZ", "1", "N"),
    ("C0000020", "MINE", "SY", "1", "N"),
    ("C0000030", "MINE", "PT", "1", "N"),
    ("C0000010", "SAME", "PT", "1", "N"),
    ("C0000010", "SAME", "PT", "2", "N"),
    ("C0000020", "SAME", "PT", "1", "N"),
    ("C0000030", "SAME", "PT", "1", "N"),
]


def write_atoms(folder: Path, atoms: list[tuple[str, str, str, str, str]]) -> Path:
    names = sorted((cui, f"A{i}", "name", sab, tty, False, 0, sup) for i, (cui, sab, tty, _, sup) in enumerate(atoms))
    codes = sorted({(sab, code, cui) for cui, sab, _, code, _ in atoms})
    for name, schema, rows in [("names", NAMES, names), ("codes", CODES, codes), ("retired_cuis", RETIRED_CUIS, [])]:
        write_artefact(folder / f"{name}.parquet", rows_of(schema, rows), schema, Provenance(name))
    return folder


@pytest.mark.parametrize(
    ("identifier", "cui", "num_cuis"),
    [
        ("MESH:D009157", "C0000020", 3),  # MH before PEP; of two MH the one that has no other descriptor
        ("MESH:D000002", "C0000030", 1),
        ("OMIM:1", "C0000030", 3),  # PHENO, ET, ACR
        ("HP:1", "C0000020", 2),  # unsuppressed first
        ("MINE:1", "C0000030", 3),  # the general order; an unlisted type last
        ("SAME:1", "C0000020", 3),  # fewest codes, then the lowest CUI
    ],
)
def test_the_preferred_term_type_decides(tmp_path: Path, identifier: str, cui: str, num_cuis: int) -> None:
    assert resolve_identifiers([identifier], write_atoms(tmp_path, ATOMS)).rows() == [(identifier, cui, num_cuis)]


def test_gold_mentions_are_mapped_alike(umls_dir: Path) -> None:
    """The evaluation reads the same forms; it takes all concepts of a code."""
    identifiers = ["C0000001", "C9000001", "MESH:D003920", "MIM:125800", "HP:0001945", "NCBIGene:7157"]
    chosen = dict(resolve_identifiers(identifiers, umls_dir).select("identifier", "cui").iter_rows())
    mapped = map_identifiers(identifiers, umls_dir, None)
    assert sorted(mapped) == sorted(chosen) == sorted(identifiers[:-1])
    assert all(chosen[identifier] in mapped[identifier] for identifier in chosen)


def test_neither_order_nor_company_changes_the_choice(tmp_path: Path) -> None:
    wanted = ["MESH:D009157", "OMIM:1", "HP:1", "MINE:1", "SAME:1", "MESH:D000002", "C0000010"]
    expected = resolve_identifiers(wanted, write_atoms(tmp_path / "0", ATOMS))
    assert expected.height == len(wanted)
    for number, turn in enumerate(itertools.islice(itertools.permutations(range(5)), 5, 25, 6), start=1):
        atoms = [atom for start in turn for atom in ATOMS[start::5]]
        umls_dir = write_atoms(tmp_path / str(number), atoms)
        assert resolve_identifiers(reversed(wanted), umls_dir).equals(expected)
        alone = [resolve_identifiers([identifier], umls_dir).rows()[0] for identifier in sorted(wanted)]
        assert alone == expected.rows()


@pytest.mark.real_data
@pytest.mark.skipif("BALI_DEVELOPMENT_DATA" not in os.environ, reason="BALI_DEVELOPMENT_DATA names no folder")
def test_real_codes_of_several_concepts(tmp_path: Path) -> None:
    """The choice by names against the choice by MRCONSO's own rows, which say their code: suppressed rows come last."""
    release = Path(os.environ["BALI_DEVELOPMENT_DATA"]) / "open_meta"
    options = {"umls": {"path": str(release), "suppress": ["N", "E", "Y"], "max_srl": 9}}
    words = ["ingest", "--input", str(release), "--output-dir", str(tmp_path), "--options", json.dumps(options)]
    assert main(words) == 0
    atoms: dict[tuple[str, str], list[list[str]]] = {}
    with gzip.open(release / "MRCONSO.RRF.gz", "rt", encoding="utf-8", newline="\n") as stream:
        for line in stream:
            row = line.split("|")
            atoms.setdefault((row[11], row[13]), []).append(row)
    shared = {key: rows for key, rows in atoms.items() if len({row[0] for row in rows}) > 1}
    coded = [(f"{sab}:{code}", sab, row[0]) for (sab, code), rows in shared.items() for row in rows]
    table = pl.DataFrame(coded, ["identifier", "sab", "cui"], orient="row")
    chosen = dict(preferred_concepts(table, tmp_path).select("identifier", "cui").iter_rows())
    assert len(chosen) == len(shared) > 2000
    num_right = 0
    for (sab, code), rows in shared.items():
        best = min((row[16] != "N", row[12] != "PT") for row in rows)
        num_right += chosen[f"{sab}:{code}"] in {row[0] for row in rows if (row[16] != "N", row[12] != "PT") == best}
    assert num_right / len(shared) > 0.99
