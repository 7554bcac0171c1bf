"""Exports over generated texts and mentions: what another reader finds is what the artefacts hold."""

import json
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import DocBin

from bali.cli import main
from bali.io.census import Census
from bali.pubmed.bioc_json import read_bioc_json
from bali.pubmed.pubtator import read_pubtator
from tests.unit.exporting.fixtures import Given, Text, write_shard, write_sources

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
PROSE = st.lists(st.sampled_from(["fever", "IL-2", "β", "\U0001f9ec", " ", "\t", "\u2028", "\r", "(5", "mg)."])).map(
    "".join
)
SECTION = st.one_of(WORDS, PROSE).map(lambda text: text.replace("\n", " "))  # sections are joined by newlines
NLP = spacy.blank("en")


@st.composite
def texts(draw: st.DrawFn) -> Text:
    pieces = [draw(SECTION), *draw(st.lists(SECTION.filter(str.strip), min_size=1, max_size=3))]
    text = Text(1, [("TITLE" if i == 0 else f"PART{i}", piece) for i, piece in enumerate(pieces)], [])
    mentions = set()
    for _ in range(draw(st.integers(0, 6))):
        _, low, high = draw(st.sampled_from(text.spans()))
        start = draw(st.integers(low, high))
        end = draw(st.integers(start, high))
        if start < end:
            mentions.add((start, end, draw(st.sampled_from(["C0000001", "C0000002"]))))
    return Text(1, text.sections, [Given(*mention) for mention in sorted(mentions)])


def exported(text: Text, form: str, folder: Path) -> Path:
    """The export of one document; every mention is accounted for."""
    paths = write_shard(folder, "s", [text])
    write_sources(folder / "umls")
    files = [word for kind, path in paths.items() for word in (f"--{kind}", str(path))]
    output = folder / "out"
    words = ["export", "--format", form, "--umls-dir", str(folder / "umls"), "--output", str(output), *files]
    assert main(words) == 0
    census = Census.read(folder / "out.census.json")
    assert census.table("mentions").rows_in == len(text.mentions)
    return output


def places(text: Text) -> list[tuple[int, int, str]]:
    return [(m.start, m.end, m.cui) for m in text.mentions]


@settings(deadline=None, max_examples=60)
@given(texts())
def test_pubtator_round_trip(text: Text) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (record,) = read_pubtator(exported(text, "pubtator", Path(folder)))
    assert len(record.text) == len(text.text)
    assert [(a.start, a.end, a.identifier) for a in record.annotations] == places(text)
    assert not record.dropped_annotations
    for found, written in zip(record.text, text.text, strict=True):
        assert found == written or found.isspace()


@settings(deadline=None, max_examples=40)
@given(texts())
def test_bioc_round_trip(text: Text) -> None:
    with tempfile.TemporaryDirectory() as folder:
        output = exported(text, "bioc", Path(folder))
        (document,) = json.loads(output.read_text(encoding="utf-8"))["documents"]
        (record,) = read_bioc_json(output)
    assert "\n".join(p["text"] for p in document["passages"]) == text.text
    annotations = [a for p in document["passages"] for a in p["annotations"]]
    found = [(a["locations"][0]["offset"], a["locations"][0]["length"], a["infons"]["identifier"]) for a in annotations]
    assert [(start, start + length, cui) for start, length, cui in found] == places(text)
    assert record.text == text.text
    assert [(a.start, a.end, a.identifier) for a in record.annotations] == places(text)
    assert [section.label for section in record.sections] == [label for label, _ in text.sections]


@settings(deadline=None, max_examples=40)
@given(texts())
def test_bigbio_round_trip(text: Text) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (row,) = pq.read_table(exported(text, "bigbio", Path(folder))).to_pylist()
    joined = " ".join(piece for passage in row["passages"] for piece in passage["text"])
    assert len(joined) == len(text.text)
    found = [(*e["offsets"][0], e["normalized"][0]["db_id"]) for e in row["entities"]]
    assert found == places(text)
    assert [joined[start:end] for start, end, _ in found] == [e["text"][0] for e in row["entities"]]


@settings(deadline=None, max_examples=30)
@given(texts())
def test_spacy_round_trip(text: Text) -> None:
    """Texts come back to the letter; kept spans are those that tokens allow, entities do not overlap."""
    with tempfile.TemporaryDirectory() as folder:
        output = exported(text, "spacy", Path(folder))
        (doc,) = DocBin().from_disk(output).get_docs(NLP.vocab)
        dropped = Census.read(Path(folder) / "out.census.json").table("mentions").dropped.total()
    assert doc.text == text.text
    starts, ends = {t.idx for t in doc}, {t.idx + len(t) for t in doc}
    expected = [(s, e, cui) for s, e, cui in places(text) if s in starts and e in ends]
    assert [(s.start_char, s.end_char, s.kb_id_) for s in doc.spans["sc"]] == expected
    assert dropped == len(text.mentions) - len(expected)
    assert bool(doc.ents) == bool(expected)
