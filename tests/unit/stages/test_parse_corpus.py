"""The stage parse_corpus: artefacts, census, refusals that leave nothing behind."""

import gzip
from pathlib import Path

import pytest

from bali.cli import main
from bali.io.census import Census
from bali.io.parquet import read_artefact, read_provenance
from bali.schemas import DELETIONS, PARSED_ANNOTATIONS, PARSED_DOCUMENTS

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
    "content", [XML.encode()[:-30], gzip.compress(XML.encode())[:-20], b"", b"\x00", PUBTATOR.encode() + b"?"]
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
