"""The table for the report: shards merge, and what was not found is said too."""

from collections import Counter
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from bali.errors import ArtefactError
from bali.io.census import Census, Tally
from bali.io.parquet import Provenance, write_artefact
from bali.overlap.documents import DocumentScan, index_texts
from bali.overlap.table import OverlapRow, overlap_table
from bali.overlap.texts import NO_PMID, NO_TEXT, SHORT, DatasetText, pmid_overlaps, text_overlaps
from bali.schemas import OVERLAPS
from bali.tasks.examples import EvaluationText

Row = tuple[str, str, str, str, str, float, int | None]


def write(folder: Path, name: str, rows: Sequence[Row], tables: dict[str, Tally]) -> tuple[Path, Path]:
    table = pa.Table.from_pylist([dict(zip(OVERLAPS.names, row, strict=True)) for row in rows], OVERLAPS)
    write_artefact(folder / f"{name}.parquet", table, OVERLAPS, Provenance("overlaps"))
    Census("find_overlaps", tables).write(folder / f"{name}.json")
    return folder / f"{name}.parquet", folder / f"{name}.json"


def test_shards_merge_in_any_order(tmp_path: Path) -> None:
    def tables() -> dict[str, Tally]:
        return {"text.task.a.b": Tally(9, 9), "pmid.task.a.b": Tally(9, 9), "text.other.c": Tally(4, 4)}

    files = [
        write(
            tmp_path,
            "s1",
            [("task", "a.b", "text", "", "x", 0.8, 7), ("task", "a.b", "text", "", "y", 0.6, 7)],
            tables(),
        ),
        write(
            tmp_path,
            "s2",
            [("task", "a.b", "text", "", "x", 0.9, 5), ("task", "a.b", "text", "", "z", 0.79, 2)],
            tables(),
        ),
        write(
            tmp_path,
            "s3",
            [("task", "a.b", "text", "", "x", 0.9, 3), ("task", "a.b", "pmid", "", "x", 1.0, 3)],
            tables(),
        ),
    ]
    expected = [
        OverlapRow("other", "c", "text", "", 0, 4, 4, "", 0.0, None),
        OverlapRow("task", "a.b", "pmid", "", 1, 9, 9, "x", 1.0, 3),
        OverlapRow("task", "a.b", "text", "", 1, 9, 9, "x", 0.9, 3),
    ]
    for order in permutations(files):
        assert overlap_table(*zip(*order, strict=True)) == expected


def test_pairs_by_source(tmp_path: Path) -> None:
    rows: list[Row] = [
        ("task", "set", "pair", source, name, 1.0, None)
        for source, name in [("CTD", "p1"), ("CTD", "p2"), ("MSH", "p2")]
    ]
    artefact, census = write(
        tmp_path, "pairs", rows, {"pair.task.set": Tally(5, 3, Counter({"a side has no concept": 2}))}
    )
    assert [
        (row.source, row.num_found, row.num_checked, row.num_all) for row in overlap_table([artefact], [census])
    ] == [
        ("", 2, 3, 5),
        ("CTD", 2, 3, 5),
        ("MSH", 1, 3, 5),
    ]


def test_shards_of_other_sets_are_refused(tmp_path: Path) -> None:
    files = [write(tmp_path, f"s{number}", [], {"text.task.set": Tally(number, number)}) for number in (1, 2)]
    with pytest.raises(ArtefactError, match=r"s2\.json: task, set: expected 1 checked examples of 1 .* found 2 of 2"):
        overlap_table(*zip(*files, strict=True))
    assert overlap_table([], []) == []


LONG = "one two three four five six seven eight nine"


def search(texts: list[DatasetText], document: str) -> tuple[list[tuple[object, ...]], Census]:
    index = index_texts([text.text.text for text in texts])
    scan = DocumentScan(index)
    rows = [{"pmid": 3, "sentence_id": 0, "text": document}]
    scan.add(
        pa.Table.from_pylist(
            rows, pa.schema([("pmid", pa.int64()), ("sentence_id", pa.int32()), ("text", pa.string())])
        ).to_batches()
    )
    census = Census("find_overlaps")
    found = text_overlaps(texts, index, scan.best(), census)
    assert found.columns == OVERLAPS.names
    return sorted(found.select("dataset", "example_id", "share", "pmid").rows()), census


def test_short_texts_are_not_compared_but_counted() -> None:
    texts = [
        DatasetText("task", "set", EvaluationText(name, None, text))
        for name, text in [("whole", LONG), ("short", "one two three four five six seven eight"), ("none", " ")]
    ]
    found, census = search(texts, LONG)
    assert found == [("set", "whole", 1.0, 3)]
    tally = census.table("text.task.set")
    assert (tally.rows_in, tally.rows_out, dict(tally.dropped)) == (3, 1, {NO_TEXT: 1, SHORT: 1})


def test_small_shares_are_no_rows_and_examples_count_once() -> None:
    texts = [
        DatasetText("task", name, EvaluationText(example, None, text))
        for name, example, text in [
            ("a", "half", LONG.replace("one", "1") + " a"),  # 4 of 6
            ("a", "just", "A B C " + LONG.replace("nine", "9")),  # 4 of 8
            ("a", "less", "A B C D " + LONG.replace("nine", "9")),  # 4 of 9
            ("a", "least", LONG.replace("five", "5")),  # 0 of 5
            ("b", "twice", LONG.replace("one", "1")),  # 4 of 5
            ("b", "twice", LONG),
            ("b", "twice", "one"),
        ]
    ]
    found, census = search(texts, LONG)
    assert found == [
        ("a", "half", pytest.approx(4 / 6), 3),
        ("a", "just", 0.5, 3),
        ("b", "twice", 1.0, 3),
    ]
    assert {name: (t.rows_in, t.rows_out) for name, t in census.tables.items()} == {
        "text.task.a": (4, 4),
        "text.task.b": (1, 1),
    }


def test_documents_by_pmid() -> None:
    texts = [
        DatasetText("task", name, EvaluationText(example, pmid, ""))
        for name, example, pmid in [
            ("a", "x", 1),
            ("a", "y", 2),
            ("b", "q", 1),
            ("b", "q", 3),
            ("b", "q", 3),
            ("b", "r", None),
        ]
    ]
    census = Census("find_overlaps")
    found = pmid_overlaps(texts, pl.Series([1, 3, 3, 9], dtype=pl.Int64), census)
    assert sorted(found.select("dataset", "example_id", "pmid", "share").rows()) == [
        ("a", "x", 1, 1.0),
        ("b", "q", 1, 1.0),
        ("b", "q", 3, 1.0),
    ]
    assert {name: (t.rows_in, t.rows_out, dict(t.dropped)) for name, t in census.tables.items()} == {
        "pmid.task.a": (2, 2, {}),
        "pmid.task.b": (3, 2, {NO_PMID: 1}),
    }
