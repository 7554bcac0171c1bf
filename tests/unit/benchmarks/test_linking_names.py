"""Recombined dictionaries: distinct, like their base, the same each time, and good artefacts."""

import gzip
from collections import Counter

import polars as pl
import pytest

from bali.io.parquet import read_artefact
from bali.linking.candidates import accepted_types
from bali.schemas import NAMES, SEMANTIC_TYPES
from benchmarks.linking_names import read_names, recombine, write_release

BASE = sorted(
    ["fever", "type 2 diabetes mellitus", "acute Fever of unknown origin", '5" nail', "NA", "β-thalassaemia minor"]
)
LINES = [
    "C1|ENG|P|L1|PF|S1|Y|A1||||MSH|MH|D1| fever |0|N||",
    "C1|ENG|S|L1|PF|S1|N|A2||||MSH|ET|D1|fever|0|N||",
    'C2|ENG|P|L2|PF|S2|Y|A3||||MSH|MH|D2|5" nail, β|0|N||',
    "C3|ENG|P|L3|PF|S3|Y|A4||||MSH|MH|D3|NA|0|N||",
    "C3|SPA|P|L4|PF|S4|Y|A5||||MSH|MH|D3|fiebre|0|N||",
    "C4|ENG|P|L5|PF|S5|Y|A6||||MSH|MH|D4|  |0|N||",
]


@pytest.mark.parametrize("pack", [lambda data: data, gzip.compress])
def test_english_names_are_read_once_each_as_they_stand(tmp_path, pack):
    path = tmp_path / "MRCONSO.RRF"
    path.write_bytes(pack("".join(f"{line}\n" for line in LINES).encode()))
    assert read_names([path, path]) == ['5" nail, β', "NA", "fever"]


def test_recombined_names_are_fronts_and_backs_of_base_names():
    names = recombine(BASE, 40).to_list()
    assert len(names) == 40
    assert names[: len(BASE)] == BASE
    assert len({name.lower() for name in names}) == 40
    words = [name.split() for name in BASE]
    fronts = {tuple(name[:end]) for name in words for end in range(1, len(name) + 1)}
    backs = {tuple(name[start:]) for name in words for start in range(len(name))}
    for name in names[len(BASE) :]:
        parts = name.split()
        assert any(tuple(parts[:at]) in fronts and tuple(parts[at:]) in backs for at in range(1, len(parts)))


def test_the_seed_decides():
    assert recombine(BASE, 40).equals(recombine(BASE, 40))
    assert not recombine(BASE, 40).equals(recombine(BASE, 40, seed=1))


def test_less_than_the_base_is_its_beginning_and_more_than_there_can_be_is_noticed():
    assert recombine(BASE, 2).to_list() == BASE[:2]
    with pytest.raises(AssertionError, match="no more than 2 distinct"):
        recombine(["fever"], 3)


@pytest.fixture(scope="module")
def names():
    return recombine(BASE, 100)


def test_release_holds_each_name_and_some_twice(names, tmp_path):
    assert write_release(names, tmp_path) == 105
    rows = pl.DataFrame(read_artefact(tmp_path / "names.parquet", NAMES))
    counts = Counter(rows["name"])
    assert sorted(counts) == sorted(names)
    assert Counter(counts.values()) == {1: 95, 2: 5}
    assert rows.select("cui", "aui").equals(rows.select("cui", "aui").sort("cui", "aui"))
    assert rows["aui"].is_unique().all()
    preferred = rows.group_by("cui").agg(pl.col("is_preferred").sum())["is_preferred"]
    assert preferred.unique().to_list() == [1]
    assert 3 < rows.height / rows["cui"].n_unique() < 8


def test_most_types_are_accepted_by_quickumls(tmp_path):
    names = pl.Series([f"name {number}" for number in range(5000)])
    write_release(names, tmp_path)
    concepts = read_artefact(tmp_path / "names.parquet", NAMES)["cui"].to_pylist()
    rows = pl.DataFrame(read_artefact(tmp_path / "semantic_types.parquet", SEMANTIC_TYPES))
    assert rows.select("cui", "tui").equals(rows.select("cui", "tui").sort("cui", "tui"))
    assert set(rows["cui"]) < set(concepts)  # some have none
    assert set(rows.group_by("cui").len()["len"]) == {1, 2}
    accepted = accepted_types("quickumls")
    assert accepted
    assert 0.75 < rows["tui"].is_in(list(accepted)).mean() < 0.95


def test_two_releases_are_equal_byte_for_byte(names, tmp_path):
    for name in ("first", "second"):
        write_release(names, tmp_path / name)
    for name in ("names", "semantic_types"):
        first, second = ((tmp_path / side / f"{name}.parquet").read_bytes() for side in ("first", "second"))
        assert len(first) > 1000
        assert first == second
