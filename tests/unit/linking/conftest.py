"""A tiny release and its linker index, built once."""

import json
from pathlib import Path

import pytest

from bali.cli import main
from bali.io.parquet import Provenance, write_artefact
from bali.schemas import CODES, NAMES, RETIRED_CUIS, SEMANTIC_TYPES
from tests.unit.linking.finders import BACKENDS
from tests.unit.linking.linking_tables import rows_of

# (CUI, name, preferred) and types; C0000005 has no type, C0000006 one that the package does not accept
NAMES_OF_RELEASE = [
    ("C0000001", "Fever", True),
    ("C0000001", "fevers", False),
    ("C0000001", "FEVER", False),
    ("C0000001", "  ", False),
    ("C0000002", "Diabetes mellitus", True),
    ("C0000002", "diabetes", False),
    ("C0000003", "Diabetes insipidus", True),
    ("C0000003", "Diabetes", True),
    ("C0000004", "Hepatitis β virus", True),
    ("C0000005", "Untyped thing", True),
    ("C0000006", "Escherichia coli", True),
    ("C0000007", "aspirin", False),
    ("C0000008", "aspirin", False),
    ("C0000009", "null", True),
    ("C0000009", "NA'\"", False),
]
TYPES_OF_RELEASE = [
    ("C0000001", "T184"),
    ("C0000002", "T047"),
    ("C0000003", "T047"),
    ("C0000003", "T046"),
    ("C0000004", "T047"),
    ("C0000006", "T007"),
    ("C0000007", "T121"),
    ("C0000008", "T121"),
    ("C0000009", "T047"),
]


def write_release(folder: Path) -> Path:
    """Names, semantic types, codes and retired CUIs of the tiny release."""
    names = [(cui, f"A{i:07}", name, "MSH", "PT", p, 0, "N") for i, (cui, name, p) in enumerate(NAMES_OF_RELEASE)]
    types = [(cui, tui, "some type") for cui, tui in TYPES_OF_RELEASE]
    codes = [("MSH", "D003920", "C0000002"), ("MSH", "D003920", "C0000003"), ("OMIM", "125800", "C0000003")]
    retired = [("C9000001", "C0000001"), ("C9000002", "C8888888")]
    for name, schema, rows in [
        ("names", NAMES, names),
        ("semantic_types", SEMANTIC_TYPES, types),
        ("codes", CODES, [*codes, ("HPO", "HP:0001945", "C0000001")]),
        ("retired_cuis", RETIRED_CUIS, retired),
    ]:
        write_artefact(folder / f"{name}.parquet", rows_of(schema, rows), schema, Provenance(name, "tiny"))
    return folder


@pytest.fixture(scope="session")
def umls_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_release(tmp_path_factory.mktemp("release") / "umls")


@pytest.fixture(scope="session")
def index_dirs(umls_dir: Path) -> dict[str, Path]:
    """The index of each back end, by its name."""
    folders = {}
    for backend in BACKENDS:
        folders[backend] = umls_dir.parent / backend
        options = json.dumps({"linking": {"backend": backend}})
        arguments = ["--umls-dir", str(umls_dir), "--output-dir", str(folders[backend]), "--options", options]
        assert main(["build-linker-index", *arguments]) == 0
    return folders


@pytest.fixture(scope="session")
def index_dir(index_dirs: dict[str, Path]) -> Path:
    """The package's index."""
    return index_dirs["quickumls"]
