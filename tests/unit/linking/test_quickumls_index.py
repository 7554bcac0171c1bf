"""QuickUMLS's database built from our names: counted, reproducible in content, guarded by its manifest."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from quickumls.toolbox import CuiSemTypesDB, SimstringDBReader

from bali.errors import ArtefactError
from bali.io.census import Census
from bali.linking.index_files import check_inputs, digest_folder, verify_index
from bali.linking.quickumls_adapter import MatcherOptions, QuickUmlsLinker
from bali.linking.quickumls_index import EMPTY_NAME, REPEATED_NAME


def entries(database: Path, terms: list[str]) -> dict[str, list[tuple[str, frozenset[str], int]]]:
    store = CuiSemTypesDB(str(database / "cui-semtypes.db"), "unqlite")
    return {term: sorted((cui, frozenset(types), p) for cui, types, p in store.get(term)) for term in terms}


def test_census_adds_up(index_dir: Path) -> None:
    census = Census.read(index_dir / "census.json")
    names = census.table("names")
    assert (names.rows_in, names.rows_out) == (15, 13)
    assert names.dropped == {EMPTY_NAME: 1, REPEATED_NAME: 1}
    assert census.notes == {"terms": 11, "concepts": 9, "concepts without semantic type": 1}


def test_entries_are_lower_cased_terms_with_types_and_preference(index_dir: Path) -> None:
    found = entries(index_dir / "quickumls", ["fever", "Fever", "diabetes", "untyped thing", "null", "na'\""])
    assert found == {
        "fever": [("C0000001", frozenset({"T184"}), 1)],
        "Fever": [],
        "diabetes": [("C0000002", frozenset({"T047"}), 0), ("C0000003", frozenset({"T046", "T047"}), 1)],
        "untyped thing": [("C0000005", frozenset(), 1)],
        "null": [("C0000009", frozenset({"T047"}), 1)],
        "na'\"": [("C0000009", frozenset({"T047"}), 0)],
    }


def test_content_does_not_depend_on_the_hash_seed(index_dir: Path, umls_dir: Path, tmp_path: Path) -> None:
    terms = ["fever", "diabetes", "aspirin", "hepatitis β virus"]
    command = [sys.executable, "-m", "bali", "build-linker-index", "--umls-dir", umls_dir, "--output-dir", tmp_path]
    seed = "1" if os.environ.get("PYTHONHASHSEED") != "1" else "2"
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True)
    mine, other = index_dir / "quickumls", tmp_path / "quickumls"
    assert all(entries(mine, terms).values())
    assert entries(mine, terms) == entries(other, terms)
    lists = [{k: v for k, v in digest_folder(folder).items() if "simstring" in k} for folder in (mine, other)]
    assert lists[0]
    assert lists[0] == lists[1]


def test_two_processes_read_at_once_and_change_nothing(index_dir: Path) -> None:
    before = digest_folder(index_dir / "quickumls")
    assert len(before) > 5
    linker = QuickUmlsLinker(index_dir, MatcherOptions())
    code = (
        "import sys; from pathlib import Path;"
        "from bali.linking.quickumls_adapter import MatcherOptions, QuickUmlsLinker;"
        "print(len(QuickUmlsLinker(Path(sys.argv[1]), MatcherOptions()).link('high fever')))"
    )
    other = subprocess.run([sys.executable, "-c", code, index_dir], capture_output=True, text=True, check=True)
    assert other.stdout == "1\n"
    assert len(linker.link("high fever")) == 1
    assert digest_folder(index_dir / "quickumls") == before


@pytest.mark.parametrize("damage", ["changed", "missing", "added", "no manifest", "other manifest"])
def test_a_database_that_is_not_the_runs_own_is_not_opened(index_dir: Path, tmp_path: Path, damage: str) -> None:
    copy = shutil.copytree(index_dir, tmp_path / "linker")
    victim = copy / "quickumls" / "cui-semtypes.db" / "cui.unqlite"
    if damage == "changed":
        victim.write_bytes(victim.read_bytes()[:-1] + b"x")
    elif damage == "missing":
        victim.unlink()
    elif damage == "added":
        (copy / "quickumls" / "normalize-unicode.flag").touch()
    elif damage == "no manifest":
        (copy / "manifest.json").unlink()
    else:
        (copy / "manifest.json").write_text("[]" if damage == "x" else '{"a": 1}')
    with pytest.raises(ArtefactError) as caught:
        QuickUmlsLinker(copy, MatcherOptions())
    assert "\n" not in str(caught.value)


def test_index_of_other_names_is_refused(index_dir: Path, umls_dir: Path) -> None:
    manifest = verify_index(index_dir)
    check_inputs(index_dir, manifest, {"names": umls_dir / "names.parquet"})
    with pytest.raises(ArtefactError, match="build-linker-index again"):
        check_inputs(index_dir, manifest, {"names": umls_dir / "codes.parquet"})


def test_simstring_holds_every_term_once(index_dir: Path) -> None:
    reader = SimstringDBReader(str(index_dir / "quickumls" / "umls-simstring.db"), "jaccard", 1.0)
    assert list(reader.get("fever")) == ["fever"]
