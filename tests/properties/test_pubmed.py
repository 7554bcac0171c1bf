"""Corpus reading over generated texts: XML round trip, PubTator offsets, sentence spans, order of versions."""

import itertools
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from bali.io.census import Census
from bali.pubmed.bioc_json import read_bioc_json
from bali.pubmed.json_documents import read_json_documents
from bali.pubmed.pubmed_xml import read_pubmed_xml
from bali.pubmed.pubtator import read_pubtator
from bali.pubmed.records import Citation
from bali.pubmed.sentences import split_sentences
from bali.pubmed.versions import ShardRecords, select_versions

XML_TEXT = st.text(
    st.characters(
        exclude_categories=["Cs"], exclude_characters=[chr(c) for c in range(32) if c not in (9, 10, 13)]
    ).filter(lambda c: c not in "\ufffe\uffff"),
    max_size=40,
)
LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), max_size=40)
PROSE = st.lists(
    st.sampled_from(
        [
            "Fever",
            "is",
            "E.",
            "coli",
            "vs.",
            "3.5",
            "No.",
            "5.",
            "The",
            "β",
            "\U0001f9ec",
            "(P<.05).",
            "?",
            " ",
            "\n",
            "al.",
        ]
    ),
    max_size=30,
).map(" ".join)


def read_one(text: str, *, xml: bool) -> Citation:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shard"
        path.write_bytes(text.encode())
        (record,) = read_pubmed_xml(path) if xml else read_pubtator(path)
    assert isinstance(record, Citation)
    return record


def normalised(text: str) -> str:
    return " ".join(text.split())


@settings(deadline=None)
@given(title=XML_TEXT, parts=st.lists(st.tuples(XML_TEXT, XML_TEXT, XML_TEXT), max_size=4))
def test_xml_round_trip(title: str, parts: list[tuple[str, str, str]]) -> None:
    body = "".join(
        f'<AbstractText Label="L{i}">{escape(a)}<i>{escape(b)}</i>{escape(c)}</AbstractText>'
        for i, (a, b, c) in enumerate(parts)
    )
    record = read_one(
        '<?xml version="1.0" encoding="utf-8"?><PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>1</PMID>'
        f"<Article><ArticleTitle>{escape(title)}</ArticleTitle><Abstract>{body}</Abstract></Article></MedlineCitation>"
        "</PubmedArticle></PubmedArticleSet>",
        xml=True,
    )
    expected = [(f"L{i}", normalised("".join(part))) for i, part in enumerate(parts)]
    expected = [(label, text) for label, text in expected if text]
    found = [(s.label, record.text[s.start : s.end]) for s in record.sections]
    assert found == [("TITLE", normalised(title)), *expected]
    assert record.text == "\n".join(text for _, text in found) or not expected
    assert (record.drop_reason is None) == bool(expected)


@settings(deadline=None)
@given(title=LINE, abstract=LINE, data=st.data())
def test_pubtator_annotations_stand_where_they_say(title: str, abstract: str, data: st.DataObject) -> None:
    title = title.removeprefix("\ufeff")
    text = f"{title}\n{abstract}"
    end = data.draw(st.integers(0, len(text)))
    start = data.draw(st.integers(0, end))
    lines = [f"{s}\t{e}\t{text[s:e]}\tT\tC0000001" for s, e in [(start, end)] if not set("\t\n") & set(text[s:e])]
    record = read_one(f"1|t|{title}\n1|a|{abstract}\n" + "".join(f"1\t{line}\n" for line in lines), xml=False)
    assert record.title == title
    if abstract.strip():
        assert record.text == text
    assert len(record.annotations) + len(record.dropped_annotations) == record.num_annotations == len(lines)
    for annotation in record.annotations:
        assert record.text[annotation.start : annotation.end] == annotation.surface != ""
    if lines and start < end and (abstract.strip() or end <= len(title)):
        assert len(record.annotations) == 1


@settings(deadline=None)
@given(title=st.text(max_size=20), abstract=st.text(min_size=1, max_size=40), data=st.data())
def test_json_formats_give_the_same_document(title: str, abstract: str, data: st.DataObject) -> None:
    """JSONL and BioC read one text and one annotation alike, whatever characters they hold."""
    text = f"{title}\n{abstract}"
    start = data.draw(st.integers(len(title) + 1, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    surface, gap = text[start:end], data.draw(st.integers(0, 5))
    plain = {"pmid": 1, "title": title, "abstract": abstract}
    given = {"start": start, "end": end, "surface": surface, "type": "T", "identifier": "D1"}
    place = [{"offset": start + gap, "length": end - start}]
    marked = {"infons": {"identifier": "D1", "type": "T"}, "text": surface, "locations": place}
    passages = [
        {"infons": {"type": "title"}, "offset": 0, "text": title},
        {"infons": {"type": "abstract"}, "offset": len(title) + 1 + gap, "text": abstract, "annotations": [marked]},
    ]
    one = read_json(plain | {"annotations": [given]}, read_json_documents)
    two = read_json({"id": "1", "passages": passages}, read_bioc_json)
    assert (one.text, one.sections, one.annotations) == (two.text, two.sections, two.annotations)
    assert one.num_annotations == two.num_annotations == 1
    if abstract.strip():
        (annotation,) = one.annotations
        assert one.text == text
        assert text[annotation.start : annotation.end] == annotation.surface == surface


def read_json(document: dict[str, object], reader: Callable[[Path], Iterator[Citation]]) -> Citation:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "shard"
        path.write_text(json.dumps(document), encoding="utf-8")
        (record,) = reader(path)
    return record


@settings(deadline=None)
@given(sections=st.lists(st.one_of(PROSE, LINE), min_size=1, max_size=4))
def test_sentences_cover_everything_but_white_space(sections: list[str]) -> None:
    text = "\n".join(sections)
    bounds, start = [], 0
    for section in sections:
        bounds.append((start, start + len(section)))
        start += len(section) + 1
    spans = list(split_sentences(text, bounds))
    assert spans == sorted(spans)
    covered = "".join(text[a:b] for a, b in spans)
    assert "".join(covered.split()) == "".join(text.split())
    for (_, end), (following, _) in itertools.pairwise(spans):
        assert end <= following
    for a, b in spans:
        assert text[a:b] == text[a:b].strip() != ""
        assert any(low <= a and b <= high for low, high in bounds)


EVENTS = st.lists(
    st.lists(st.tuples(st.sampled_from(["document", "deletion"]), st.integers(1, 4), st.integers(1, 3)), max_size=8),
    min_size=1,
    max_size=4,
)


@settings(deadline=None)
@given(EVENTS)
def test_selection_equals_a_replay_of_the_shards(shards: list[list[tuple[str, int, int]]]) -> None:
    """Replaying the files record by record gives what the joins give."""
    winners: dict[int, tuple[int, int, int]] = {}
    num_documents = 0
    tables = []
    for order, events in enumerate(shards):
        documents = [
            (pmid, version, position) for position, (kind, pmid, version) in enumerate(events) if kind == "document"
        ]
        deletions = [(pmid, position) for position, (kind, pmid, _) in enumerate(events) if kind == "deletion"]
        num_documents += len(documents)
        for position, (kind, pmid, version) in enumerate(events):
            if kind == "deletion":
                winners.pop(pmid, None)
            else:
                winners[pmid] = max(winners.get(pmid, (0, 0, 0)), (order, version, position))
        columns = [
            pa.array([row[i] for row in documents], kind) for i, kind in enumerate([pa.int64(), pa.int32(), pa.int32()])
        ]
        gone = [pa.array([row[i] for row in deletions], kind) for i, kind in enumerate([pa.int64(), pa.int32()])]
        tables.append(
            ShardRecords(
                f"s{order}",
                pa.table([*columns, columns[0]], ["pmid", "version", "position", "text_digest"]),
                pa.table(gone, ["pmid", "position"]),
                pa.table({"pmid": pa.array([], pa.int64()), "external_id": pa.array([], pa.string())}),
            )
        )
    if not winners:
        return
    census = Census("select")
    rows = select_versions(tables, "drop", census).to_pylist()
    expected = {(f"s{order}", position, pmid) for pmid, (order, _, position) in winners.items()}
    assert {(row["shard"], row["position"], row["pmid"]) for row in rows} == expected
    assert len(rows) == len(winners)
    assert census.table("documents").rows_in == num_documents
    census.table("documents").check("documents")
