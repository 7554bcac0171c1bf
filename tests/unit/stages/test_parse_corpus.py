"""The stage parse_corpus: artefacts, census, refusals that leave nothing behind."""

import gzip
import hashlib
import json
from pathlib import Path

import pytest

from bali.cli import main
from bali.io.census import Census
from bali.io.parquet import read_artefact, read_provenance
from bali.schemas import DELETIONS, PARSED_ANNOTATIONS, PARSED_DOCUMENTS
from bali.stages.parse_corpus import MD5_CHECKED

XML = (
    "<PubmedArticleSet>"
    "<PubmedArticle><MedlineCitation><PMID>1</PMID><Article><ArticleTitle>T</ArticleTitle>"
    "<Abstract><AbstractText>A.</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>"
    "<PubmedArticle><MedlineCitation><PMID>2</PMID><Article><ArticleTitle>T</ArticleTitle></Article>"
    "</MedlineCitation></PubmedArticle>"
    "<PubmedBookArticle/><DeleteCitation><PMID>7</PMID></DeleteCitation></PubmedArticleSet>"
)
PUBTATOR = "5|t|Fever\n5|a|Again fever\n5\t0\t5\tFever\tDisease\tD1\n"


def parse(path: Path, output: Path, *more: str) -> int:
    return main(["parse-corpus", "--input", str(path), "--output-dir", str(output), *more])


def test_artefacts_and_census_of_xml(tmp_path: Path) -> None:
    path, output = tmp_path / "s.xml.gz", tmp_path / "out"
    path.write_bytes(gzip.compress(XML.encode()))
    assert parse(path, output) == 0
    assert read_artefact(output / "documents.parquet", PARSED_DOCUMENTS)["pmid"].to_pylist() == [1]
    assert read_artefact(output / "deletions.parquet", DELETIONS).to_pylist() == [{"pmid": 7, "position": 3}]
    assert read_artefact(output / "annotations.parquet", PARSED_ANNOTATIONS).num_rows == 0
    citations = Census.read(output / "census.json").table("citations")
    assert (citations.rows_in, citations.rows_out) == (3, 1)
    assert citations.dropped == {"no abstract": 1, "book, not an article": 1}
    assert list(read_provenance(output / "documents.parquet")["input_digests"]) == ["s.xml.gz"]


def test_artefacts_of_pubtator(tmp_path: Path) -> None:
    path, output = tmp_path / "s.txt", tmp_path / "out"
    path.write_text(PUBTATOR)
    assert parse(path, output) == 0
    (annotation,) = read_artefact(output / "annotations.parquet", PARSED_ANNOTATIONS).to_pylist()
    assert annotation == {
        "pmid": 5,
        "start": 0,
        "end": 5,
        "surface": "Fever",
        "identifier": "D1",
        "type": "Disease",
        "position": 0,
    }


def test_two_runs_write_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "s.xml"
    path.write_text(XML)
    for output in ("a", "b"):
        assert parse(path, tmp_path / output) == 0
    for file in sorted((tmp_path / "a").iterdir()):
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()
    assert len(list((tmp_path / "a").iterdir())) == 4


@pytest.mark.parametrize(
    "content", [XML.encode()[:-30], gzip.compress(XML.encode(), mtime=0)[:-20], b"", b"\x00", PUBTATOR.encode() + b"?"]
)
def test_bad_input_gives_one_line_and_no_file(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path, output = tmp_path / "bad.xml", tmp_path / "out"
    path.write_bytes(content)
    assert parse(path, output) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("bali parse-corpus: ")]
    assert len(lines) == 1
    assert "bad.xml" in lines[0]
    assert not output.exists() or not list(output.iterdir())


def test_missing_file_and_wrong_format(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parse(tmp_path / "absent.xml", tmp_path / "out") == 2
    path = tmp_path / "s.txt"
    path.write_text(PUBTATOR)
    assert parse(path, tmp_path / "out", "--options", '{"corpus": {"format": "pubmed_xml"}}') == 2
    assert "expected well-formed XML" in capsys.readouterr().err


JSONL = '{"id": "n1", "text": "Fever.", "annotations": [{"start": 0, "end": 5, "type": "T", "cui": "C0015967"}]}\n'
BIOC = (
    '{"PubTator3": [{"id": "5", "passages": [{"infons": {"type": "abstract"}, "offset": 0, "text": "Fever.",'
    ' "annotations": [{"infons": {"identifier": "D1", "type": "T"}, "text": "Fever",'
    ' "locations": [{"offset": 0, "length": 5}]}]}]}]}'
)


@pytest.mark.parametrize(("name", "content"), [("n.jsonl", JSONL), ("b.json", BIOC)])
def test_artefacts_of_json(tmp_path: Path, name: str, content: str) -> None:
    path, output = tmp_path / name, tmp_path / "out"
    path.write_text(content)
    assert parse(path, output) == 0
    (document,) = read_artefact(output / "documents.parquet", PARSED_DOCUMENTS).to_pylist()
    assert (document["text"], document["external_id"]) == ("\nFever.", "n1" if name == "n.jsonl" else "")
    (annotation,) = read_artefact(output / "annotations.parquet", PARSED_ANNOTATIONS).to_pylist()
    assert (annotation["pmid"], annotation["start"], annotation["surface"]) == (document["pmid"], 1, "Fever")


def test_a_folder_of_plain_texts_is_one_shard(tmp_path: Path) -> None:
    folder, output = tmp_path / "notes", tmp_path / "out"
    folder.mkdir()
    for name in ("b.txt", "a.txt", "17.txt"):
        (folder / name).write_text(f"Text {name}")
    assert parse(folder, output) == 0
    documents = read_artefact(output / "documents.parquet", PARSED_DOCUMENTS).to_pylist()
    assert [d["external_id"] or d["pmid"] for d in documents] == [17, "a", "b"]
    assert len(read_provenance(output / "documents.parquet")["input_digests"]) == 3


def test_an_md5_file_is_checked_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, output = tmp_path / "s.xml", tmp_path / "out"
    path.write_text(XML)
    digest = hashlib.md5(XML.encode()).hexdigest()
    path.with_name("s.xml.md5").write_text(f"MD5(s.xml)= {digest}\n")
    assert parse(path, output) == 0
    assert Census.read(output / "census.json").notes[MD5_CHECKED] == 1
    path.with_name("s.xml.md5").write_text(f"MD5(s.xml)= {digest[::-1]}\n")
    assert parse(path, tmp_path / "other") == 2
    assert "expected the MD5 sum" in capsys.readouterr().err
    assert not list((tmp_path / "other").glob("*"))


@pytest.mark.parametrize(
    "content",
    [
        JSONL.encode()[:-5],
        JSONL.replace("Fever", "\udcff").encode("utf-8", "surrogateescape"),
        BIOC.encode()[:-3],
        BIOC.replace("offset", "offzet").encode(),
        gzip.compress(BIOC.encode(), mtime=0)[:-9],
        b'{"a":' * 200_000,
        b"[" + b"1" * 5_000 + b"]",
        b"7\t0\t5\tFever\tDisease\tD1\n",
        b'<!DOCTYPE PubmedArticleSet [<!ENTITY a "b">]>' + XML.replace("A.", "&a;").encode(),
        b"<collection><document/></collection>",
    ],
)
def test_bad_content_of_any_format_is_one_line(
    tmp_path: Path, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    path, output = tmp_path / "bad.dat", tmp_path / "out"
    path.write_bytes(content)
    assert parse(path, output) == 2
    error = capsys.readouterr().err
    assert "Traceback" not in error
    assert len([line for line in error.splitlines() if line.startswith("bali parse-corpus: ")]) == 1
    assert not output.exists() or not list(output.iterdir())


@pytest.mark.parametrize("text", ["", "x" * 1_000_000, "Words. " * 1_500_000, "\ud800", "\x00\x1f\x7f\u2028"])
def test_extreme_texts_become_documents_or_are_counted(tmp_path: Path, text: str) -> None:
    path, output = tmp_path / "e.jsonl", tmp_path / "out"
    path.write_text(json.dumps({"pmid": 1, "title": text, "abstract": text}) + "\n")
    assert parse(path, output) == 0
    citations = Census.read(output / "census.json").table("citations")
    assert (citations.rows_in, citations.rows_out) == (1, 1 if text else 0)
    documents = read_artefact(output / "documents.parquet", PARSED_DOCUMENTS).to_pylist()
    assert all(len(document["text"]) == 2 * len(text) + 1 for document in documents)


def test_columns_hold_what_the_records_hold(tmp_path: Path) -> None:
    """Sections, headings and years of documents with several, one and none of them."""
    path, output = tmp_path / "c.jsonl", tmp_path / "out"
    documents = [
        {"pmid": 1, "title": "T", "abstract": [{"label": "A", "text": "a"}, {"label": "B", "text": "b"}], "year": 1999},
        {"pmid": 2, "text": "x", "mesh_headings": ["D1", "D2"]},
    ]
    path.write_text("\n".join(map(json.dumps, documents)))
    assert parse(path, output) == 0
    rows = read_artefact(output / "documents.parquet", PARSED_DOCUMENTS).to_pylist()
    assert [[(s["label"], s["start"], s["end"]) for s in row["sections"]] for row in rows] == [
        [("TITLE", 0, 1), ("A", 2, 3), ("B", 4, 5)],
        [("TITLE", 0, 0), ("ABSTRACT", 1, 2)],
    ]
    assert [(row["year"], row["mesh_headings"], row["position"]) for row in rows] == [
        (1999, [], 0),
        (None, ["D1", "D2"], 1),
    ]
    assert rows[0]["text_digest"] != rows[1]["text_digest"]
