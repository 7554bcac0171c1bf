"""Annotations as mentions, and batches of sentences."""

from collections.abc import Sequence

import polars as pl
import pyarrow as pa
import pytest

from bali.io.census import Census
from bali.linking.candidates import CANDIDATES as FOUND
from bali.linking.filters import OTHER_TYPE, STOP_TERM, MentionFilters
from bali.linking.mentions import (
    BY_LINKER,
    CROSSES,
    NO_MENTION,
    OVERLAPS,
    Linked,
    LinkOptions,
    annotation_mentions,
    shard_mentions,
)
from bali.schemas import ANNOTATIONS, CANDIDATES, MENTIONS, SENTENCES
from tests.unit.linking.linking_tables import rows_of

TEXT = "Type 1 diabetes hurts. High fever."
SENTENCE_ROWS = [(1, 0, 0, 22, TEXT[:22]), (1, 1, 23, 34, TEXT[23:]), (2, 0, 0, 6, "Fever.")]
RESOLVED = pl.DataFrame(
    {"identifier": ["D1", "D2", "C0000003"], "cui": ["C0000001", "C0000002", "C0000003"], "num_cuis": [1, 2, 1]}
)
TYPES = pl.DataFrame({"cui": ["C0000001"], "tuis": [["T046", "T047"]]})
NOTHING = pl.DataFrame(MENTIONS.empty_table())
ALL = LinkOptions()


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


def test_of_a_chain_of_overlaps_the_longest_are_kept() -> None:
    spans = [(0, 6, "D1"), (5, 15, "D1"), (14, 21, "D1"), (16, 21, "D2"), (28, 33, "D1")]
    mentions, census = convert([annotation(start, end, identifier) for start, end, identifier in spans])
    assert mentions.select("sentence_id", "start", "end").rows() == [(0, 5, 15), (0, 16, 21), (1, 5, 10)]
    assert census.table("annotations").dropped == {OVERLAPS: 2}


class FeverFinder:
    """Proposes two concepts for each "fever", with three names, out of order."""

    def candidates(self, sentences: Sequence[str]) -> pl.DataFrame:
        rows: list[tuple[object, ...]] = []
        for number, sentence in enumerate(sentences):
            start, span = sentence.lower().find("fever"), len(rows) // 3
            if start >= 0:
                place = (number, span, start, start + 5)
                rows.append((*place, "C0000008", "fevers", 0.75, ["T047"], True, 0))
                rows.append((*place, "C0000009", "feverish", 0.75, ["T184"], True, 0))
                rows.append((*place, "C0000009", "fever", 1.0, ["T184"], False, 2))
        return pl.DataFrame(rows, FOUND, orient="row")


def link(
    rows: list[tuple[object, ...]],
    options: LinkOptions = ALL,
    annotated: pl.DataFrame = NOTHING,
    size: int = 9,
) -> tuple[Linked, Census]:
    """The linker's and the annotated mentions of sentences, in batches of `size`."""
    census = Census("link")
    batches = iter(rows_of(SENTENCES, rows).to_batches(size))
    pieces = list(shard_mentions(FeverFinder(), batches, annotated, options, census))
    for name, tally in census.tables.items():
        tally.check(name)
    assert pieces
    return Linked(*(pa.concat_tables(tables) for tables in zip(*pieces, strict=True))), census


@pytest.mark.parametrize("size", [1, 2, 100])
def test_batches_do_not_change_the_mentions(size: int) -> None:
    annotated, _ = convert([annotation(28, 33, "D2")])
    linked, census = link(SENTENCE_ROWS, LinkOptions(keep_candidates=True), annotated, size)
    assert linked.mentions.schema.equals(MENTIONS)
    assert [(m["pmid"], m["sentence_id"], m["start"], m["source"]) for m in linked.mentions.to_pylist()] == [
        (1, 1, 5, "pubtator"),
        (1, 1, 5, "quickumls"),
        (2, 0, 0, "quickumls"),
    ]
    assert [(c["pmid"], c["start"], c["rank"], c["term"]) for c in linked.candidates.to_pylist()] == [
        (1, 5, 0, "fever"),
        (1, 5, 1, "fevers"),
        (1, 5, 2, "feverish"),
        (2, 0, 0, "fever"),
        (2, 0, 1, "fevers"),
        (2, 0, 2, "feverish"),
    ]
    tally = census.table("sentences")
    assert (tally.rows_in, tally.rows_out, dict(tally.dropped)) == (3, 2, {NO_MENTION: 1})
    assert census.notes == {"mentions from quickumls": 2, "mentions from pubtator": 1}


def test_a_mention_of_the_linker_and_its_candidates() -> None:
    linked, census = link([(7, 3, 40, 50, "\U0001f9ec FEVER")], LinkOptions(keep_candidates=True))
    assert linked.mentions.to_pylist() == [
        {
            "pmid": 7,
            "sentence_id": 3,
            "start": 2,
            "end": 7,
            "surface": "FEVER",
            "cui": "C0000009",
            "term": "fever",
            "similarity": 1.0,
            "tuis": ["T184"],
            "num_candidates": 2,
            "source": "quickumls",
        }
    ]
    assert linked.candidates.schema.equals(CANDIDATES)
    assert linked.candidates.to_pylist()[1] == {
        "pmid": 7,
        "sentence_id": 3,
        "start": 2,
        "end": 7,
        "rank": 1,
        "cui": "C0000008",
        "term": "fevers",
        "similarity": 0.75,
        "tuis": ["T047"],
        "is_preferred": True,
        "source_rank": 0,
    }
    assert (census.table(BY_LINKER).rows_in, census.table(BY_LINKER).rows_out) == (1, 1)


def test_candidates_are_given_only_where_they_are_kept() -> None:
    linked, _ = link(SENTENCE_ROWS)
    assert linked.mentions.num_rows == 2
    assert linked.candidates.num_rows == 0
    assert linked.candidates.schema.equals(CANDIDATES)


def test_filters_act_on_candidates_then_on_mentions_and_are_counted() -> None:
    options = LinkOptions(MentionFilters(types=["T047"]), keep_candidates=True)
    linked, _ = link(SENTENCE_ROWS, options)
    found = [(m["cui"], m["term"], m["num_candidates"]) for m in linked.mentions.to_pylist()]
    assert found == [("C0000008", "fevers", 1)] * 2
    assert linked.candidates["cui"].to_pylist() == ["C0000008"] * 2
    _, census = link(SENTENCE_ROWS, LinkOptions(MentionFilters(types=["T001"])))
    tally = census.table(BY_LINKER)
    assert (tally.rows_in, tally.rows_out, dict(tally.dropped)) == (2, 0, {OTHER_TYPE: 2})
    linked, census = link(SENTENCE_ROWS, LinkOptions(MentionFilters(stop_terms=["Fever"]), keep_candidates=True))
    assert (linked.mentions.num_rows, linked.candidates.num_rows) == (0, 0)
    assert dict(census.table(BY_LINKER).dropped) == {STOP_TERM: 2}


def test_odd_sentences_go_through() -> None:
    long_word = "x" * (1 << 20)
    texts = ["", "\x00\x07\u200b fever", long_word + " fever", "word " * (2 << 20) + "fever", " \n\t "]
    linked, census = link([(1, number, 0, len(text), text) for number, text in enumerate(texts)])
    assert [(m["sentence_id"], m["start"], m["surface"]) for m in linked.mentions.to_pylist()] == [
        (1, 4, "fever"),
        (2, len(long_word) + 1, "fever"),
        (3, 5 * (2 << 20), "fever"),
    ]
    assert census.table("sentences").dropped == {NO_MENTION: 2}


def test_no_sentence_gives_no_table() -> None:
    census = Census("link")
    assert list(shard_mentions(FeverFinder(), iter(()), NOTHING, LinkOptions(), census)) == []
    assert census.table("sentences").rows_in == 0


def test_a_wrong_offset_is_our_bug() -> None:
    bad, _ = convert([annotation(28, 33, "D2")])
    with pytest.raises(AssertionError, match="does not stand"):
        link(SENTENCE_ROWS, annotated=bad.with_columns(surface=pl.lit("other")))
