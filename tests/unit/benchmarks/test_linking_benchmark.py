"""The figures of the linker's benchmark: each from the right measurements, and rows compared to the last column."""

import json
import sys

import polars as pl
import pytest

from bali.linking.candidates import CANDIDATES
from benchmarks import linking
from benchmarks.linking import Sizes, Timed
from benchmarks.linking_names import DATA
from benchmarks.linking_parts import PARTS, Part, as_rows
from benchmarks.umls import Run

FEVER = {"start": 0, "end": 5, "cui": "C0000001", "term": "fever", "similarity": 1, "preferred": 1}
GROUPS = [
    [],
    [[FEVER | {"semtypes": {"T184", "T033"}}, FEVER | {"cui": "C0000002", "semtypes": set(), "preferred": 0}]],
    [[FEVER | {"start": 6, "end": 11, "semtypes": {"T184"}}], [FEVER | {"semtypes": {"T184"}, "similarity": 0.75}]],
]


@pytest.fixture
def rows(tmp_path) -> pl.DataFrame:
    ranks = {"term": ["fever"] * 2, "cui": ["C0000002", "C0000001"], "source_rank": [7, 3]}
    types = {"term": pl.String, "cui": pl.String, "source_rank": pl.Int32}
    pl.DataFrame(ranks, schema=types).write_parquet(tmp_path / "source_ranks.parquet")
    return as_rows(GROUPS, tmp_path)


def test_the_packages_answers_become_rows_in_its_order(rows):
    assert rows.schema == CANDIDATES
    assert rows.rows() == [
        (1, 0, 0, 5, "C0000001", "fever", 1.0, ["T033", "T184"], True, 3),
        (1, 0, 0, 5, "C0000002", "fever", 1.0, [], False, 7),
        (2, 1, 6, 11, "C0000001", "fever", 1.0, ["T184"], True, 3),
        (2, 2, 0, 5, "C0000001", "fever", 0.75, ["T184"], True, 3),
    ]


@pytest.mark.parametrize(
    ("change", "identical"),
    [
        (lambda rows: rows, True),
        (lambda rows: rows.reverse(), False),
        (lambda rows: rows.head(3), False),
        (lambda rows: rows.with_columns(pl.col("similarity") + 1e-15), False),
        (lambda rows: rows.with_columns(pl.col("source_rank") + 1), False),
        (lambda rows: rows.with_columns(pl.col("source_rank").cast(pl.Int64)), False),
    ],
)
def test_rows_are_compared_with_order_and_types(rows, tmp_path, capsys, change, identical):
    rows.write_parquet(tmp_path / "quickumls.parquet")
    change(rows).write_parquet(tmp_path / "fast.parquet")
    PARTS["compare"](Part(tmp_path))
    assert json.loads(capsys.readouterr().out) == {"identical": identical, "rows": 4}


@pytest.fixture
def parts(monkeypatch):
    """Stands for the processes: their names in turn, with the number of abstracts; each takes what is written here."""
    called = []
    floors = iter([4.0, 2.0])

    def part(name, work):
        called.append((name, work.end))
        if name == "compare":
            return Timed(0.1, {"identical": True, "rows": 12})
        if name == "floor":
            seconds = next(floors)
            return Timed(seconds, {"seconds": seconds - 1.5})
        seconds = {"fast": 1.0 + work.end / 50, "package": 3.0 + work.end}[name]
        return Timed(seconds, {"seconds": work.end / 50})

    monkeypatch.setattr(linking, "part", part)
    return called


def test_speed_is_of_the_same_abstracts_after_a_throw_away_run(parts, tmp_path):
    figures = linking.measure_speed(Part(tmp_path, end=100), 100)
    assert [name for name, _ in parts] == ["fast", "floor", "fast", "floor", "package", "compare"]
    assert [end for _, end in parts[1:]] == [100] * 5
    assert figures == {
        "identical": True,
        "rows_compared": 12,
        "package_abstracts": 100,
        "ratio_to_quickumls": 34.3,  # 103 s over 3 s
        "quickumls_seconds": 103.0,
        "fast_seconds": 3.0,
        "fast_cold_start_seconds": 1.0,
        "abstracts_per_second": 33,
        "abstracts_per_second_without_start": 50,
        "floor_seconds": 2.0,
        "floor_cold_start_seconds": 1.5,
        "ratio_to_tokenising": 1.5,
        "ratio_to_tokenising_without_start": 4.0,  # 2 s over 0.5 s
    }


def test_the_package_may_get_fewer_abstracts_and_is_compared_on_these(parts, tmp_path):
    figures = linking.measure_speed(Part(tmp_path, end=100), 50)
    assert parts[-3:] == [("fast", 50), ("package", 50), ("compare", 50)]
    assert figures["ratio_to_quickumls"] == 26.5  # 53 s over 2 s
    assert figures["fast_seconds"] == 3.0


def test_nothing_found_is_not_identical(monkeypatch, tmp_path):
    found = {"identical": True, "rows": 0, "seconds": 1.0}
    monkeypatch.setattr(linking, "part", lambda *_: Timed(2.0, found))
    assert linking.measure_speed(Part(tmp_path, end=100), 100)["identical"] is False


def test_scaling_takes_the_best_round_of_each(monkeypatch, tmp_path):
    times = {1: iter([(8.0, 10.0), (6.0, 9.0), (7.0, 8.0)]), 2: iter([(4.0, 6.0), (5.0, 5.0), (3.2, 7.0)])}
    seen = []

    def link_at_once(parts):
        seen.append([(part.first, part.end) for part in parts])
        return next(times[len(parts)])

    monkeypatch.setattr(linking, "link_at_once", link_at_once)
    figures = linking.measure_scaling(tmp_path, 9)
    assert seen == [[(0, 9)], [(0, 4), (4, 9)]] * 3
    assert figures == {"scaling_2_processes": 1.88, "scaling_2_processes_with_start": 1.6}


def test_writing_rows_is_not_counted(monkeypatch, tmp_path):
    last_line = json.dumps({"seconds": 2.0, "rows": 5, "writing_seconds": 0.5})
    monkeypatch.setattr(linking, "run", lambda *_: Run(3.5, 0.1, last_line))
    assert linking.part("fast", Part(tmp_path)).seconds == 3.0


def test_without_pubmed_parser_its_ratio_is_left_out_and_the_reason_said(monkeypatch, tmp_path, capsys):
    monkeypatch.delitem(sys.modules, "benchmarks.pubmed_xml", raising=False)
    monkeypatch.delattr("benchmarks.pubmed_xml", raising=False)
    monkeypatch.setitem(sys.modules, "pubmed_parser", None)
    PARTS["xml"](Part(tmp_path))
    found = json.loads(capsys.readouterr().out)
    assert found["xml_ratio_to_pubmed_parser"] is None
    assert "pubmed_parser" in found["xml_left_out"]


@pytest.mark.slow
def test_all_parts_run_on_the_demo(monkeypatch, tmp_path):
    monkeypatch.delenv(DATA, raising=False)
    figures = linking.measure(Sizes(names=3000, abstracts=6, package_abstracts=4, index_names=3000), tmp_path)
    wanted = {
        "identical",
        "ratio_to_quickumls",
        "abstracts_per_second",
        "ratio_to_tokenising",
        "scaling_2_processes",
        "index_seconds",
        "index_peak_gib",
        "xml_ratio_to_pubmed_parser",
        "extra_process_mib",
        "texts",
    }
    assert wanted <= set(figures)
    assert figures["identical"] is True
    assert figures["texts"] == "demo"
    assert figures["num_names"] == 3150
    assert (figures["num_abstracts"], figures["package_abstracts"]) == (6, 4)
    assert all(figures[name] > 0 for name in wanted - {"identical", "texts", "xml_ratio_to_pubmed_parser"})
