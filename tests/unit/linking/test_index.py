"""The linker's index built from our names: counted, reproducible, guarded by its manifest."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from quickumls import toolbox
from quickumls.toolbox import CuiSemTypesDB, SimstringDBReader
from unidecode import unidecode

from bali.errors import ArtefactError
from bali.io.census import Census
from bali.io.parquet import Provenance, write_artefact
from bali.linking.building import build_index
from bali.linking.candidates import MatcherOptions, open_finder
from bali.linking.index_files import check_inputs, digest_folder, verify_index
from bali.linking.terms import EMPTY_NAME, REPEATED_NAME, TermOptions, as_terms, read_terms
from bali.schemas import NAMES, SEMANTIC_TYPES
from tests.unit.linking.finders import BACKENDS
from tests.unit.linking.linking_tables import rows_of

backends = pytest.mark.parametrize("backend", BACKENDS)


def entries(database: Path, terms: list[str]) -> dict[str, list[tuple[str, frozenset[str], int]]]:
    store = CuiSemTypesDB(str(database / "cui-semtypes.db"), "unqlite")
    return {term: sorted((cui, frozenset(types), p) for cui, types, p in store.get(term)) for term in terms}


def cuis(index_dir: Path, backend: str, text: str) -> list[str]:
    return open_finder(backend, index_dir, MatcherOptions()).candidates([text])["cui"].to_list()


@backends
def test_census_adds_up(index_dirs: dict[str, Path], backend: str) -> None:
    census = Census.read(index_dirs[backend] / "census.json")
    names = census.table("names")
    assert (names.rows_in, names.rows_out) == (15, 13)
    assert names.dropped == {EMPTY_NAME: 1, REPEATED_NAME: 1}
    assert census.notes == {"terms": 11, "concepts": 9, "concepts without semantic type": 1}


@pytest.mark.parametrize("lowercase", [True, False])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_terms_are_made_as_the_packages_installer_makes_them(lowercase: bool, ascii_only: bool) -> None:
    names = ["Fever", "  x\x1c ", "\u00a0Ménière ", "İI", "ΑΣ", "\ufb01brin", "null", "", "\x00A", "Å\u2003"]
    expected = []
    for name in names:
        term = name.strip()
        term = term.lower() if lowercase else term
        expected.append(toolbox.safe_unicode(unidecode(term) if ascii_only else term))
    found = as_terms(pl.Series(names), TermOptions(lowercase, ascii_only))
    assert found.to_list() == expected


def test_terms_have_the_rank_of_their_best_source(tmp_path: Path) -> None:
    rows = [
        ("C0000001", "A1", "Fever", "MSH", "MH", False, 0, "N"),
        ("C0000001", "A2", "fever", "NCI", "PT", True, 0, "N"),
        ("C0000002", "A3", "fever", "OMIM", "PT", False, 0, "N"),
    ]
    write_artefact(tmp_path / "names.parquet", rows_of(NAMES, rows), NAMES, Provenance("names"))
    options = TermOptions(source_rank=("NCI", "MSH"))
    terms = read_terms(tmp_path / "names.parquet", options, Census("index"))
    assert terms.rows() == [("fever", "C0000001", True, 0), ("fever", "C0000002", False, 2)]


def test_entries_are_lower_cased_terms_with_types_and_preference(index_dir: Path) -> None:
    found = entries(index_dir / "database", ["fever", "Fever", "diabetes", "untyped thing", "null", "na'\""])
    assert found == {
        "fever": [("C0000001", frozenset({"T184"}), 1)],
        "Fever": [],
        "diabetes": [("C0000002", frozenset({"T047"}), 0), ("C0000003", frozenset({"T046", "T047"}), 1)],
        "untyped thing": [("C0000005", frozenset(), 1)],
        "null": [("C0000009", frozenset({"T047"}), 1)],
        "na'\"": [("C0000009", frozenset({"T047"}), 0)],
    }


def build_again(umls_dir: Path, output: Path, backend: str) -> None:
    """Build an index in another process, under another hash seed."""
    command = [sys.executable, "-m", "bali", "build-linker-index", "--umls-dir", umls_dir, "--output-dir", output]
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    options = json.dumps({"linking": {"backend": backend}})
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    subprocess.run([*command, "--options", options], check=True, env=environment, capture_output=True)


def test_content_does_not_depend_on_the_hash_seed(index_dir: Path, umls_dir: Path, tmp_path: Path) -> None:
    terms = ["fever", "diabetes", "aspirin", "hepatitis β virus"]
    build_again(umls_dir, tmp_path, "quickumls")
    mine, other = index_dir / "database", tmp_path / "database"
    assert all(entries(mine, terms).values())
    assert entries(mine, terms) == entries(other, terms)
    lists = [{k: v for k, v in digest_folder(folder).items() if "simstring" in k} for folder in (mine, other)]
    assert lists[0]
    assert lists[0] == lists[1]


def test_the_fast_index_is_the_same_to_the_byte(index_dirs: dict[str, Path], umls_dir: Path, tmp_path: Path) -> None:
    build_again(umls_dir, tmp_path, "fast")
    expected = digest_folder(index_dirs["fast"])
    assert len(expected) > 15
    assert digest_folder(tmp_path) == expected


@backends
def test_two_processes_read_at_once_and_change_nothing(index_dirs: dict[str, Path], backend: str) -> None:
    folder = index_dirs[backend]
    before = digest_folder(folder / "database")
    assert len(before) > 5
    finder = open_finder(backend, folder, MatcherOptions())
    code = (
        "import sys; from pathlib import Path;"
        "from bali.linking.candidates import MatcherOptions, open_finder;"
        "finder = open_finder(sys.argv[1], Path(sys.argv[2]), MatcherOptions());"
        "print(finder.candidates(['high fever']).height)"
    )
    command = [sys.executable, "-c", code, backend, folder]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "1\n"
    assert finder.candidates(["high fever"]).height == 1
    assert digest_folder(folder / "database") == before


@backends
@pytest.mark.parametrize("damage", ["changed", "missing", "added", "no manifest", "other manifest", "no database"])
def test_a_database_that_is_not_the_runs_own_is_not_opened(
    index_dirs: dict[str, Path], tmp_path: Path, backend: str, damage: str
) -> None:
    copy = shutil.copytree(index_dirs[backend], tmp_path / "linker")
    victim = copy / "database" / ("cui-semtypes.db/cui.unqlite" if backend == "quickumls" else "trigrams/keys.npy")
    if damage == "changed":
        content = victim.read_bytes()
        victim.write_bytes(content[:-1] + b"x" if backend == "quickumls" else content[:-8])
    elif damage == "missing":
        victim.unlink()
    elif damage == "added":
        (copy / "database" / "normalize-unicode.flag").touch()
    elif damage == "no manifest":
        (copy / "manifest.json").unlink()
    elif damage == "no database":
        shutil.rmtree(copy / "database")
    else:
        (copy / "manifest.json").write_text('{"a": 1}')
    with pytest.raises(ArtefactError) as caught:
        open_finder(backend, copy, MatcherOptions())
    assert "\n" not in str(caught.value)


@backends
def test_an_index_of_the_other_back_end_is_refused(index_dirs: dict[str, Path], backend: str) -> None:
    other = next(name for name in BACKENDS if name != backend)
    with pytest.raises(ArtefactError, match=f"an index of the back end {backend}, found one of {other} "):
        open_finder(backend, index_dirs[other], MatcherOptions())


@backends
@pytest.mark.parametrize("names", [[], ["a"], ["ab", "x"]])
def test_a_dictionary_without_a_name_of_three_letters_links_nothing(
    tmp_path: Path, backend: str, names: list[str]
) -> None:
    rows = [(f"C{number:07}", f"A{number}", name, "MSH", "PT", True, 0, "N") for number, name in enumerate(names)]
    types = [(f"C{number:07}", "T047", "Disease") for number in range(len(names))]
    write_artefact(tmp_path / "names.parquet", rows_of(NAMES, rows), NAMES, Provenance("names"))
    path = tmp_path / "semantic_types.parquet"
    write_artefact(path, rows_of(SEMANTIC_TYPES, types), SEMANTIC_TYPES, Provenance("semantic_types"))
    build_index(tmp_path, tmp_path / "index", backend, TermOptions())
    finder = open_finder(backend, tmp_path / "index", MatcherOptions())
    assert finder.candidates(["ab and x or a, abc", ""]).height == 0
    shorter = open_finder(backend, tmp_path / "index", MatcherOptions(min_match_length=1))
    assert shorter.candidates(["ab, x"])["term"].to_list() == (["ab", "x"] if "x" in names else [])


def test_index_of_other_names_is_refused(index_dir: Path, umls_dir: Path) -> None:
    manifest = verify_index(index_dir, "quickumls")
    check_inputs(index_dir, manifest, {"names": umls_dir / "names.parquet"})
    with pytest.raises(ArtefactError, match="build-linker-index again"):
        check_inputs(index_dir, manifest, {"names": umls_dir / "codes.parquet"})


def test_simstring_holds_every_term_once(index_dir: Path) -> None:
    reader = SimstringDBReader(str(index_dir / "database" / "umls-simstring.db"), "jaccard", 1.0)
    assert list(reader.get("fever")) == ["fever"]
