import subprocess
import sys

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest

from bali.errors import ArtefactError, InputError
from bali.evaluation import dictionary as module
from bali.evaluation.dictionary import (
    Dictionary,
    Hit,
    make_dictionary,
    ranked_concepts,
    read_dictionary,
    write_dictionary,
)
from bali.io.parquet import derive, iterate_artefact, read_provenance
from bali.schemas import DICTIONARY
from tests.unit.evaluation.fixtures import write, write_umls

NAMES = [
    ("C0000002", "Cold"),
    ("C0000001", " COLD "),
    ("C0000002", "cold"),
    ("C0000003", "Ärger"),
    ("C0000003", "null"),
    ("C0000003", 'a "quoted" name'),
    ("C0000004", "  "),
    ("C0000004", ""),
]
EXPECTED = [
    ('a "quoted" name', ["C0000003"]),
    ("cold", ["C0000001", "C0000002"]),
    ("null", ["C0000003"]),
    ("ärger", ["C0000003"]),
]


def build(folder, names):
    release = write_umls(folder / "umls", names) / "names.parquet"
    path = folder / "dictionary.parquet"
    return path, write_dictionary(release, path, derive("dictionary", {}, [release]))


def test_names_are_stripped_lowered_distinct_and_sorted(tmp_path):
    path, num_names = build(tmp_path, NAMES)
    table = pq.read_table(path)
    assert table.schema.remove_metadata() == DICTIONARY
    assert [(row["name"], row["cuis"]) for row in table.to_pylist()] == EXPECTED
    assert num_names == len(EXPECTED)
    provenance = read_provenance(path)
    assert (provenance["artefact"], provenance["umls_release"]) == ("dictionary", "test")
    assert list(provenance["input_digests"]) == ["names/names.parquet"]


def test_equals_plain_python_on_many_names_whatever_their_order(tmp_path):
    rng = np.random.default_rng(0)
    words = ["Fever", "fever", "β", "NA", "heart", "é", "attack", "I"]
    rows = [(f"C{rng.integers(50):07d}", " ".join(rng.choice(words, rng.integers(1, 4)))) for _ in range(3000)]
    expected = {}
    for cui, name in rows:
        expected.setdefault(name.strip().lower(), set()).add(cui)
    first, _ = build(tmp_path / "a", rows)
    dictionary = read_dictionary(first)
    assert len(dictionary) > 100
    assert dict(zip(dictionary.names, dictionary.cuis.to_list(), strict=True)) == {
        name: sorted(cuis) for name, cuis in expected.items()
    }
    assert dictionary.names.to_list() == sorted(expected)
    second, _ = build(tmp_path / "b", rows[::-1])
    columns = [pq.read_table(path).to_pylist() for path in (first, second)]
    assert columns[0] == columns[1]


def test_row_groups_are_pieces_of_a_fixed_size(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "ROW_GROUP_ROWS", 3)
    path, _ = build(tmp_path, NAMES)
    assert pq.ParquetFile(path).metadata.num_row_groups == 2
    assert read_dictionary(path).names.to_list() == [name for name, _ in EXPECTED]


def test_a_release_without_names_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"names\.parquet: expected names") as error:
        build(tmp_path, [("C0000001", "  ")])
    assert "\n" not in str(error.value)
    assert not (tmp_path / "dictionary.parquet").exists()


def test_a_missing_dictionary_is_refused(tmp_path):
    with pytest.raises(ArtefactError, match="no such file"):
        read_dictionary(tmp_path / "dictionary.parquet")
    write(tmp_path / "other.parquet", "nodes", [])
    with pytest.raises(ArtefactError, match="expected the columns name, cuis"):
        read_dictionary(tmp_path / "other.parquet")


def test_the_names_of_some_concepts_keep_their_rows(tmp_path, monkeypatch):
    path, _ = build(tmp_path, NAMES)
    monkeypatch.setattr(module, "iterate_artefact", lambda *args: iterate_artefact(*args, batch_rows=1))
    some = read_dictionary(path, pl.Series(["C0000002", "C0000003", "C0009999"]))
    assert some.names.to_list() == [name for name, _ in EXPECTED]
    assert some.cuis.to_list() == [["C0000003"], ["C0000002"], ["C0000003"], ["C0000003"]]
    one = read_dictionary(path, pl.Series(["C0000001"]))
    assert (one.names.to_list(), one.cuis.to_list()) == (["cold"], [["C0000001"]])
    assert one.stored.path == path
    assert one.stored.rows.tolist() == [1]
    assert read_dictionary(path).stored.rows.tolist() == [0, 1, 2, 3]
    nothing = read_dictionary(path, pl.Series([], dtype=pl.String))
    assert (len(nothing), nothing.stored.rows.tolist()) == (0, [])


def test_a_dictionary_of_the_caller_is_of_no_artefact():
    made = make_dictionary(pl.DataFrame({"name": ["b", "", "a", "b", "b"], "cui": ["C2", "C1", "C1", "C1", "C2"]}))
    assert (made.names.to_list(), made.cuis.to_list(), made.stored) == (["a", "b"], [["C1"], ["C1", "C2"]], None)


def test_named_are_those_with_a_name():
    dictionary = Dictionary(pl.Series(["a", "b"]), pl.Series([["C1"], ["C1", "C3"]]))
    assert dictionary.named({"C3", "C2"}) == {"C3"}
    assert dictionary.named([]) == frozenset()


def test_each_concept_is_ranked_once_by_its_best_name():
    dictionary = Dictionary(pl.Series(["a", "b", "c"]), pl.Series([["C1"], ["C1", "C3"], ["C2"]]))
    rows = np.array([[2, 1, 0], [0, 2, -1], [-1, -1, -1]])
    assert ranked_concepts(dictionary, rows) == [
        [Hit("C2", "c"), Hit("C1", "b"), Hit("C3", "b")],
        [Hit("C1", "a"), Hit("C2", "c")],
        [],
    ]


def test_building_a_dictionary_loads_no_torch():
    code = "import sys, bali.stages.build_dictionary; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.split() == ["False"]
