"""The generated release: layout, counts, distributions, equal bytes; at scales of some hundred concepts and more."""

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest

from bali.errors import ConfigError
from bali.rrf import layouts
from bali.umls.semantic_groups import SEMANTIC_GROUPS
from benchmarks.rrf_kernels import CODE, NUMBER, TEXT, Column, RowFormat, order_by_first_concept, pack_codes
from benchmarks.umls_generator import generate, main
from benchmarks.umls_shapes import drawing_table, make_relation_kinds
from benchmarks.umls_words import make_vocabulary

FILES = (layouts.MRCONSO, layouts.MRREL, layouts.MRSTY, layouts.MRSAB, layouts.MRDOC, layouts.MRCUI, layouts.MRFILES)
Rows = list[dict[str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("release")
    generate(0.001, path)
    return path


def read(folder: Path, layout: layouts.Layout) -> Rows:
    """Rows by plain splitting: every line must have the layout's columns and end with a pipe."""
    rows = []
    for line in (folder / layout.name).read_bytes().decode().removesuffix("\n").split("\n"):
        *values, end = line.split("|")
        assert end == ""
        assert len(values) == len(layout.columns)
        rows.append(dict(zip(layout.columns, values, strict=True)))
    assert rows
    return rows


@pytest.fixture(scope="module")
def conso(folder: Path) -> Rows:
    return read(folder, layouts.MRCONSO)


@pytest.fixture(scope="module")
def rel(folder: Path) -> Rows:
    return read(folder, layouts.MRREL)


def share(rows: Rows, column: str, value: str) -> float:
    return sum(row[column] == value for row in rows) / len(rows)


def test_every_file_has_its_columns_and_what_mrfiles_says(folder):
    listed = {row["FIL"]: row for row in read(folder, layouts.MRFILES)}
    assert set(listed) == {layout.name for layout in FILES} - {"MRFILES.RRF"}
    for layout in FILES[:-1]:
        data = (folder / layout.name).read_bytes()
        assert (int(listed[layout.name]["RWS"]), int(listed[layout.name]["BTS"])) == (data.count(b"\n"), len(data))
        assert listed[layout.name]["FMT"] == ",".join(layout.columns)
        assert len(read(folder, layout)) == data.count(b"\n")


def test_sizes_follow_the_scale(conso, rel, folder):
    assert len({row["CUI"] for row in conso}) == 3450
    assert 4.3 < len(conso) / 3450 < 5.9
    assert len(rel) == 60_600
    assert 1.05 < len(read(folder, layouts.MRSTY)) / 3450 < 1.2


def test_same_scale_and_seed_same_bytes_other_seed_other_bytes(tmp_path):
    for name, seed in (("first", 5), ("second", 5), ("other", 6)):
        generate(0.0005, tmp_path / name, seed)
    for layout in FILES:
        first, second, other = ((tmp_path / name / layout.name).read_bytes() for name in ("first", "second", "other"))
        assert first == second
        assert len(first) > 100
        if layout in FILES[:3]:
            assert first != other


@pytest.mark.parametrize("scale", [0.0001, 1e-9])
def test_tiny_scales_work(tmp_path, scale):
    generate(scale, tmp_path)
    assert len({row["CUI"] for row in read(tmp_path, layouts.MRCONSO)}) == max(10, round(3_450_000 * scale))
    assert len(read(tmp_path, layouts.MRREL)) >= 40
    assert len(read(tmp_path, layouts.MRSTY)) >= 10


def test_names_are_sorted_with_unique_atoms(conso):
    cuis = [row["CUI"] for row in conso]
    assert cuis == sorted(cuis)
    assert len({row["AUI"] for row in conso}) == len(conso)
    assert {len(row["AUI"]) for row in conso} == {8, 9}
    assert all(row["CUI"][0] == "C" and len(row["CUI"]) == 8 and row["CUI"][1:].isdigit() for row in conso)
    numbers = sorted({int(cui[1:]) for cui in cuis})
    assert max(np.diff(numbers)) > 1000  # gaps


def test_one_preferred_name_per_concept_and_language(conso):
    groups = {(row["CUI"], row["LAT"]) for row in conso}
    preferred = Counter(
        (row["CUI"], row["LAT"]) for row in conso if (row["TS"], row["STT"], row["ISPREF"]) == ("P", "PF", "Y")
    )
    assert preferred == dict.fromkeys(groups, 1)


def test_shares_of_names_are_as_described(conso):
    assert 0.6 < share(conso, "LAT", "ENG") < 0.78
    assert len({row["LAT"] for row in conso}) >= 20
    assert 0.38 < share(conso, "SRL", "0") < 0.58
    assert 0.8 < share(conso, "SUPPRESS", "N") < 0.9
    assert len({row["SAB"] for row in conso}) > 120
    assert share(conso, "SCUI", "") > 0.4
    assert share(conso, "CVF", "") > 0.6
    assert len({(row["SAB"], row["CODE"]) for row in conso}) < 0.8 * len(conso)


def test_names_look_like_names(conso):
    names = [row["STR"] for row in conso]
    assert 33 < np.mean([len(name.encode()) for name in names]) < 41
    assert 0.01 < np.mean([not name.isascii() for name in names]) < 0.03
    assert all(any(character in name for name in names) for character in '",/()[]')
    per_concept = Counter(row["CUI"] for row in conso)
    assert 0.4 < np.mean([count <= 2 for count in per_concept.values()]) < 0.6
    assert max(per_concept.values()) > 50
    strings = defaultdict(set)
    for row in conso:
        strings[row["SUI"]].add(row["STR"])
    assert all(len(found) == 1 for found in strings.values())
    assert len(strings) < len(conso)


def test_a_larger_release_has_names_that_look_like_missing_values(tmp_path):
    generate(0.01, tmp_path)
    names = [row["STR"] for row in read(tmp_path, layouts.MRCONSO)]
    assert {"NA", "null", "N/A", "None", "nan", '"', '""', "NULL", "#N/A"} & set(names)


def test_every_relation_has_its_mirror(rel):
    inverse = {}
    for kind in make_relation_kinds():
        inverse[kind.rel, kind.rela] = kind.inverse_rel, kind.inverse_rela
        inverse[kind.inverse_rel, kind.inverse_rela] = kind.rel, kind.rela
    rows = Counter((r["CUI1"], r["AUI1"], r["REL"], r["RELA"], r["CUI2"], r["AUI2"], r["SAB"]) for r in rel)
    mirrored = Counter(
        (r["CUI2"], r["AUI2"], *inverse[r["REL"], r["RELA"]], r["CUI1"], r["AUI1"], r["SAB"]) for r in rel
    )
    assert rows == mirrored
    assert len({row["RUI"] for row in rel}) == len(rel)


def test_relations_are_sorted_and_name_atoms_of_their_concepts(conso, rel):
    assert [row["CUI1"] for row in rel] == sorted(row["CUI1"] for row in rel)
    concept_of = {row["AUI"]: row["CUI"] for row in conso}
    known = set(concept_of.values())
    pairs = [(row[f"CUI{side}"], row[f"AUI{side}"]) for row in rel for side in (1, 2)]
    placed = [concept_of[aui] == cui for cui, aui in pairs if aui and cui in known]
    assert len(placed) > len(rel)
    assert all(placed)
    missing = np.mean([row["CUI1"] not in known or row["CUI2"] not in known for row in rel])
    assert 0 < missing < 0.005
    assert 0.02 < share(rel, "AUI1", "") < 0.2


def test_shares_of_relations_are_as_described(rel):
    assert 0.2 < share(rel, "REL", "SIB") < 0.3
    assert 0.3 < share(rel, "REL", "RO") < 0.4
    assert len({row["RELA"] for row in rel}) > 500
    assert len({(row["REL"], row["RELA"]) for row in rel}) > 600
    assert 0.06 < np.mean([row["CUI1"] == row["CUI2"] for row in rel]) < 0.11
    degrees = Counter(row["CUI1"] for row in rel)
    assert max(degrees.values()) > 30 * np.mean(list(degrees.values()))
    assert 80 < np.mean([sum(map(len, row.values())) + 17 for row in rel]) < 120


def test_labels_have_about_a_thousand_pairs():
    pairs = {pair for k in make_relation_kinds() for pair in ((k.rel, k.rela), (k.inverse_rel, k.inverse_rela))}
    assert 900 < len(pairs) < 1200


def test_semantic_types_are_the_real_ones(folder, conso):
    rows = read(folder, layouts.MRSTY)
    real = {tui for group in SEMANTIC_GROUPS.values() for tui in group}
    found = {row["TUI"] for row in rows}
    assert len(found) > 100
    assert found <= real
    assert {row["CUI"] for row in rows} == {row["CUI"] for row in conso}
    per_concept = Counter(row["CUI"] for row in rows)
    assert set(per_concept.values()) == {1, 2}
    assert len({(row["CUI"], row["TUI"]) for row in rows}) == len(rows) == len({row["ATUI"] for row in rows})


def test_small_files_agree_with_the_large_ones(folder, conso, rel):
    sources = {row["RSAB"]: row for row in read(folder, layouts.MRSAB) if row["CURVER"] == "Y"}
    assert {row["SAB"] for row in (*conso, *rel)} <= set(sources)
    assert all(sources[row["SAB"]]["SRL"] == row["SRL"] for row in conso)
    inverse = {row["VALUE"]: row["EXPL"] for row in read(folder, layouts.MRDOC) if row["TYPE"] == "rela_inverse"}
    assert {row["RELA"] for row in rel} - {""} <= set(inverse)
    assert inverse["isa"] == "inverse_isa"
    retired = read(folder, layouts.MRCUI)
    cuis = {row["CUI"] for row in conso}
    assert not {row["CUI1"] for row in retired} & cuis
    assert {row["CUI2"] for row in retired} - {""} <= cuis


@pytest.mark.parametrize(("scale", "seed"), [(0, 1), (-1, 1), (7, 1), (float("nan"), 1), (0.001, -1)])
def test_bad_options_are_refused(tmp_path, scale, seed):
    with pytest.raises(ConfigError, match=r"^--(scale|seed): expected .*, got"):
        generate(scale, tmp_path / "out", seed)
    assert not (tmp_path / "out").exists()


def test_command(tmp_path, capsys):
    assert main(["--scale", "0.0001", "--output-dir", str(tmp_path)]) == 0
    assert "MRREL.RRF: 6,060 rows" in capsys.readouterr().out
    assert main(["--scale", "0", "--output-dir", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_row_format_writes_texts_numbers_and_codes():
    columns = [
        Column(TEXT, ("é", "", "xyz")),
        Column(NUMBER, prefix="C", width=3),
        Column(CODE, ("", "D", "-1", ".5"), num_prefixes=2),
    ]
    codes = pack_codes(*np.array([[42, 7], [4, 1], [1, 0], [0, 1]]))
    values = [np.array([2, 0]), np.array([12, -1]), codes]
    assert RowFormat(columns, make_vocabulary(1)).encode(values).tobytes().decode() == "xyz|C012|D0042-1|\né||7.5|\n"


def test_order_by_first_concept_is_stable():
    source, target = np.array([2, 0, 2], np.int32), np.array([0, 0, 1], np.int32)
    assert order_by_first_concept(source, target, 3).tolist() == [1, 2, 3, 5, 0, 4]


def test_drawing_table_gives_each_its_share():
    counts = np.bincount(drawing_table([1, 3, 1e-9]))
    assert counts.sum() == 65536
    assert counts[2] == 1
    assert counts[1] == pytest.approx(3 * counts[0], abs=4)
