"""Annotations as mentions, batches of sentences, and the scores of links."""

import polars as pl
import pyarrow as pa
import pytest
from linking_tables import rows_of

from bali.io.census import Census
from bali.linking.mentions import CROSSES, NO_MENTION, OVERLAPS, annotation_mentions, shard_mentions
from bali.linking.quickumls_adapter import Link
from bali.linking.scoring import document_spans, score_links
from bali.schemas import ANNOTATIONS, LINKING_QUALITY, MENTIONS, SENTENCES

TEXT = "Type 1 diabetes hurts. High fever."
SENTENCE_ROWS = [(1, 0, 0, 22, TEXT[:22]), (1, 1, 23, 34, TEXT[23:]), (2, 0, 0, 6, "Fever.")]
RESOLVED = pl.DataFrame(
    {"identifier": ["D1", "D2", "C0000003"], "cui": ["C0000001", "C0000002", "C0000003"], "num_cuis": [1, 2, 1]}
)
TYPES = pl.DataFrame({"cui": ["C0000001"], "tuis": [["T046", "T047"]]})


def annotation(start: int, end: int, identifier: str) -> tuple[object, ...]:
    return (1, start, end, TEXT[start:end], identifier, "Disease")


def convert(rows: list[tuple[object, ...]]) -> tuple[pl.DataFrame, Census]:
    census = Census("link")
    annotations = pl.DataFrame(rows_of(ANNOTATIONS, rows))
    sentences = pl.DataFrame(rows_of(SENTENCES, SENTENCE_ROWS))
    mentions = annotation_mentions(annotations, sentences, RESOLVED, TYPES, census)
    census.table("annotations").check("annotations")
    return mentions, census


def test_annotations_become_mentions_of_their_sentence() -> None:
    mentions, _ = convert([annotation(7, 15, "D1"), annotation(28, 33, "D2")])
    assert mentions.to_arrow().cast(MENTIONS).to_pylist() == [
        {
            "pmid": 1,
            "sentence_id": 0,
            "start": 7,
            "end": 15,
            "surface": "diabetes",
            "cui": "C0000001",
            "term": "diabetes",
            "similarity": 1.0,
            "tuis": ["T046", "T047"],
            "num_candidates": 1,
            "source": "pubtator",
        },
        {
            "pmid": 1,
            "sentence_id": 1,
            "start": 5,
            "end": 10,
            "surface": "fever",
            "cui": "C0000002",
            "term": "fever",
            "similarity": 1.0,
            "tuis": [],
            "num_candidates": 2,
            "source": "pubtator",
        },
    ]


def test_every_annotation_is_accounted_for() -> None:
    rows = [
        annotation(16, 27, "D1"),  # crosses
        annotation(22, 27, "D1"),  # starts in the white space between sentences
        annotation(0, 15, "D1"),
        annotation(7, 15, "D2"),  # within a longer one
        annotation(28, 33, "C0000003"),
        annotation(28, 33, "D1"),  # same span, lower CUI wins
        annotation(23, 27, "nothing"),
        annotation(23, 27, "-1"),
        annotation(23, 27, "D1|D2"),
    ]
    mentions, census = convert(rows)
    assert mentions.select("sentence_id", "start", "end", "cui").rows() == [
        (0, 0, 15, "C0000001"),
        (1, 5, 10, "C0000001"),
    ]
    assert census.table("annotations").dropped == {
        CROSSES: 2,
        OVERLAPS: 2,
        "identifier not in the release": 1,
        "no identifier": 1,
        "composite identifier": 1,
    }


def test_no_annotation_gives_no_mention() -> None:
    mentions, census = convert([])
    assert mentions.is_empty()
    assert census.table("annotations").rows_in == 0


class FeverLinker:
    def link(self, sentence: str) -> list[Link]:
        start = sentence.lower().find("fever")
        return [] if start < 0 else [Link(start, start + 5, "C0000009", "fever", 0.9, ("T184",), 3)]


@pytest.mark.parametrize("rows_per_batch", [1, 2, 100])
def test_batches_do_not_change_the_mentions(rows_per_batch: int) -> None:
    annotated, _ = convert([annotation(28, 33, "D2")])
    census = Census("link")
    batches = iter(rows_of(SENTENCES, SENTENCE_ROWS).to_batches(rows_per_batch))
    table = pa.concat_tables(shard_mentions(FeverLinker(), batches, annotated, census))
    assert table.schema.equals(MENTIONS)
    assert [(m["pmid"], m["sentence_id"], m["start"], m["source"]) for m in table.to_pylist()] == [
        (1, 1, 5, "pubtator"),
        (1, 1, 5, "quickumls"),
        (2, 0, 0, "quickumls"),
    ]
    tally = census.table("sentences")
    assert (tally.rows_in, tally.rows_out, dict(tally.dropped)) == (3, 2, {NO_MENTION: 1})
    assert census.notes == {"mentions from quickumls": 2, "mentions from pubtator": 1}


def test_a_wrong_offset_is_our_bug() -> None:
    class Wrong:
        def link(self, sentence: str) -> list[Link]:
            return [Link(0, 99, "C0000001", "x", 1.0, (), 1)]

    tables = list(shard_mentions(Wrong(), iter(()), pl.DataFrame(MENTIONS.empty_table()), Census("link")))
    assert tables == []
    bad, _ = convert([annotation(28, 33, "D2")])
    bad = bad.with_columns(surface=pl.lit("other"))
    with pytest.raises(AssertionError, match="does not stand"):
        list(shard_mentions(FeverLinker(), iter(rows_of(SENTENCES, SENTENCE_ROWS).to_batches()), bad, Census("link")))


def scores(predicted: list[tuple[int, int, int, str]]) -> dict[str, dict[str, object]]:
    annotations = rows_of(ANNOTATIONS, [annotation(7, 15, "D1"), annotation(28, 33, "D2"), annotation(0, 4, "nothing")])
    frame = pl.DataFrame(
        predicted, {"pmid": pl.Int64, "start": pl.Int32, "end": pl.Int32, "cui": pl.String}, orient="row"
    )
    table = score_links("gold", pl.DataFrame(annotations), RESOLVED, frame)
    assert table.schema.equals(LINKING_QUALITY)
    return {row["level"]: row for row in table.to_pylist()}


def test_scores_by_hand() -> None:
    found = scores([(1, 7, 15, "C0000001"), (1, 28, 33, "C0000001"), (1, 0, 6, "C0000001"), (9, 0, 5, "C0000001")])
    both, span, known = found["span_and_cui"], found["span"], found["span_and_cui_in_dictionary"]
    assert (both["num_gold"], both["num_predicted"], both["num_correct"]) == (3, 3, 1)
    assert both["precision"] == pytest.approx(1 / 3)
    assert both["f1"] == pytest.approx(1 / 3)
    assert (span["num_gold"], span["num_correct"]) == (3, 2)
    assert (known["num_gold"], known["num_correct"], known["recall"]) == (2, 1, 0.5)
    assert known["f1"] == pytest.approx(2 * (1 / 3) * 0.5 / (1 / 3 + 0.5))


def test_scores_without_links_or_annotations() -> None:
    assert scores([])["span"]["f1"] == 0.0
    empty = pl.DataFrame(schema={"pmid": pl.Int64, "start": pl.Int32, "end": pl.Int32, "cui": pl.String})
    assert score_links("gold", pl.DataFrame(ANNOTATIONS.empty_table()), RESOLVED, empty).num_rows == 0


def test_links_get_offsets_in_the_document() -> None:
    mentions = rows_of(
        MENTIONS,
        [
            (1, 1, 5, 10, "fever", "C0000009", "fever", 1.0, [], 1, "quickumls"),
            (1, 1, 5, 10, "fever", "C0000009", "fever", 1.0, [], 1, "pubtator"),
        ],
    )
    spans = document_spans(pl.DataFrame(mentions), pl.DataFrame(rows_of(SENTENCES, SENTENCE_ROWS)))
    assert spans.rows() == [(1, 28, 33, "C0000009")]
    assert TEXT[28:33] == "fever"
