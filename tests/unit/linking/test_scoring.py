"""The scores of links by level, by semantic type and by threshold."""

import polars as pl
import pytest
from linking_tables import rows_of

from bali.linking.quality.scoring import COUNTS, document_spans, gold_spans, overlaps, score_levels, score_types
from bali.linking.quality.threshold_curve import threshold_curve, thresholds
from bali.schemas import ANNOTATIONS, LINKING_BY_TYPE, LINKING_CURVE, LINKING_QUALITY, MENTIONS, SENTENCES

TEXT = "Type 1 diabetes hurts. High fever."
SENTENCE_ROWS = [(1, 0, 0, 22, TEXT[:22]), (1, 1, 23, 34, TEXT[23:]), (2, 0, 0, 6, "Fever.")]
RESOLVED = pl.DataFrame({"identifier": ["D1", "D2", "MESH:D1"], "cui": ["C0000001", "C0000002", "C0000001"]})
TYPES = pl.DataFrame(
    [("C0000001", "T047", "Disease"), ("C0000001", "T191", "Neoplasm"), ("C0000002", "T184", "Sign")],
    ["cui", "tui", "sty"],
    orient="row",
)
PREDICTED = {
    "pmid": pl.Int64,
    "start": pl.Int32,
    "end": pl.Int32,
    "cui": pl.String,
    "similarity": pl.Float32,
    "shard": pl.String,
}


def annotation(start: int, end: int, identifier: str, pmid: int = 1) -> tuple[object, ...]:
    return (pmid, start, end, TEXT[start:end], identifier, "Disease")


def gold_of(*rows: tuple[object, ...], shard: str = "gold") -> pl.DataFrame:
    annotations = pl.DataFrame(rows_of(ANNOTATIONS, rows)).with_columns(shard=pl.lit(shard))
    return gold_spans(annotations, RESOLVED)


def links(*rows: tuple[object, ...], shard: str = "gold") -> pl.DataFrame:
    """Rows pmid, start, end, cui and, where not 1, similarity."""
    full = [(*row, *([1.0] if len(row) == 4 else []), shard) for row in rows]
    return pl.DataFrame(full, PREDICTED, orient="row").with_columns(surface=pl.lit("x"))


GOLD = gold_of(annotation(7, 15, "D1"), annotation(28, 33, "D2"), annotation(0, 4, "nothing"))


def levels(predicted: pl.DataFrame, gold: pl.DataFrame = GOLD) -> dict[str, dict[str, object]]:
    frame = score_levels(gold, predicted)
    assert frame.select(LINKING_QUALITY.names).to_arrow().cast(LINKING_QUALITY).num_rows == 4
    return {row["level"]: row for row in frame.to_dicts()}


def test_scores_by_hand() -> None:
    found = levels(links((1, 7, 15, "C0000001"), (1, 28, 33, "C0000001"), (1, 0, 6, "C0000001"), (9, 0, 5, "C0000001")))
    both, span, known = found["span_and_cui"], found["span"], found["span_and_cui_in_dictionary"]
    assert [both[name] for name in COUNTS] == [3, 3, 1]
    assert both["precision"] == both["recall"] == both["f1"] == pytest.approx(1 / 3)
    assert [span[name] for name in COUNTS] == [3, 3, 2]
    assert [known[name] for name in COUNTS] == [2, 3, 1]
    assert known["recall"] == 0.5
    assert known["f1"] == pytest.approx(2 * (1 / 3) * 0.5 / (1 / 3 + 0.5))


def test_an_overlap_counts_for_one_annotation_and_one_link() -> None:
    gold = gold_of(annotation(0, 6, "D1"), annotation(7, 15, "D1"), annotation(28, 33, "D2"))
    one = levels(links((1, 5, 9, "C0000001"), (1, 23, 29, "C0000002"), (1, 16, 21, "C0000002")), gold)["span_overlap"]
    assert [one[name] for name in COUNTS] == [3, 3, 2]
    two = levels(links((1, 0, 2, "C0000001"), (1, 3, 5, "C0000001")), gold)["span_overlap"]
    assert [two[name] for name in COUNTS] == [3, 2, 1]
    touching = levels(links((1, 6, 7, "C0000001"), (1, 26, 28, "C0000002"), (1, 33, 34, "C0000002")), gold)
    assert touching["span_overlap"]["num_correct"] == 0


def test_pairs_come_with_the_best_link_first() -> None:
    gold = gold_of(annotation(0, 15, "D1"))
    predicted = links(
        (1, 0, 2, "C0000002"), (1, 3, 15, "C0000002"), (1, 3, 6, "C0000001"), (1, 0, 15, "C0000002"), (2, 0, 9, "C1")
    )
    assert overlaps(gold, predicted).rows() == [
        (0, 3, 15, True, False),
        (0, 2, 3, False, True),
        (0, 1, 12, False, False),
        (0, 0, 2, False, False),
    ]


def test_one_annotation_by_two_identifiers_is_one() -> None:
    gold = gold_of(annotation(7, 15, "D1"), annotation(7, 15, "MESH:D1"), annotation(7, 15, "D2"))
    assert gold.select("start", "end", "cui", "is_known").rows() == [
        (7, 15, "C0000001", True),
        (7, 15, "C0000002", True),
    ]


def test_scores_of_each_shard_with_annotations() -> None:
    gold = pl.concat([gold_of(annotation(7, 15, "D1", 2), shard="b"), gold_of(annotation(7, 15, "D1"), shard="a")])
    predicted = pl.concat([links((2, 7, 15, "C0000001"), shard="b"), links((9, 7, 15, "C0000001"), shard="c")])
    rows = score_levels(gold, predicted).filter(pl.col("level") == "span").select("shard", *COUNTS, "f1").rows()
    assert rows == [("a", 1, 0, 0, 0.0), ("b", 1, 1, 1, 1.0)]


def test_without_links_scores_are_zero_and_without_annotations_there_are_none() -> None:
    found = levels(links())
    assert [found["span"][name] for name in (*COUNTS, "precision", "recall", "f1")] == [3, 0, 0, 0.0, 0.0, 0.0]
    empty = gold_of()
    predicted = links((1, 7, 15, "C0000001"))
    assert score_levels(empty, predicted).height == 0
    assert score_types(empty, predicted, TYPES).height == 0
    assert threshold_curve(empty, predicted, 0.7).height == 0


def test_a_concept_of_several_types_counts_in_each() -> None:
    frame = score_types(GOLD, links((1, 7, 15, "C0000001"), (1, 28, 33, "C0000001"), (1, 0, 6, "C0000009")), TYPES)
    assert frame.select(LINKING_BY_TYPE.names).to_arrow().cast(LINKING_BY_TYPE).num_rows == 4
    assert frame.select("tui", "sty", *COUNTS).rows() == [
        ("", "no type", 1, 1, 0),
        ("T047", "Disease", 1, 2, 1),
        ("T184", "Sign", 1, 0, 0),
        ("T191", "Neoplasm", 1, 2, 1),
    ]


def test_thresholds_start_where_the_linker_did() -> None:
    assert thresholds(0.8) == [0.8, 0.85, 0.9, 0.95, 1.0]
    assert thresholds(0.93) == [0.93, 0.95, 1.0]
    assert thresholds(1.0) == [1.0]


def test_curve_starts_with_all_links_and_loses_the_dissimilar_ones() -> None:
    predicted = links(
        (1, 7, 15, "C0000001", 0.9), (1, 28, 33, "C0000001", 1.0), (1, 16, 21, "C0000002", 0.85), (1, 0, 6, "C", 0.69)
    )
    frame = threshold_curve(GOLD, predicted, 0.7)
    assert frame.select(LINKING_CURVE.names).to_arrow().cast(LINKING_CURVE).num_rows == 14
    points = {(row["level"], row["threshold"]): [row[name] for name in COUNTS] for row in frame.to_dicts()}
    assert points["span_and_cui", 0.7] == [3, 4, 1]
    assert points["span_and_cui", 0.75] == points["span_and_cui", 0.85] == [3, 3, 1]
    assert points["span_and_cui", 0.9] == [3, 2, 1]
    assert points["span_and_cui", 1.0] == [3, 1, 0]
    assert points["span", 1.0] == [3, 1, 1]


def test_links_get_offsets_in_the_document() -> None:
    mentions = rows_of(
        MENTIONS,
        [
            (1, 1, 5, 10, "fever", "C0000009", "fever", 0.5, [], 1, "quickumls"),
            (1, 1, 5, 10, "fever", "C0000009", "fever", 1.0, [], 1, "pubtator"),
        ],
    )
    spans = document_spans(pl.DataFrame(mentions), pl.DataFrame(rows_of(SENTENCES, SENTENCE_ROWS)))
    assert spans.rows() == [(1, 28, 33, "fever", "C0000009", 0.5)]
    assert TEXT[28:33] == "fever"
