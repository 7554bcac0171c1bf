"""Targets: corpora in all formats."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bali.io.census import Census
from bali.pubmed.parsing import parse_file
from bali.pubmed.pubtator import read_relations
from bali.pubmed.xml_blocks import record_blocks
from bali.vocabulary import CorpusFormat
from tests.fuzz import tokens
from tests.fuzz.reader import Reader, seeds_of
from tests.unit.pubmed import test_bioc_json, test_pubmed_xml, test_pubtator


def _corpus(corpus_format: CorpusFormat, seeds: Mapping[str, Any], words: tuple[bytes, ...]) -> Reader:
    def read(path: Path, _: Path) -> int:
        """Documents, also as tables, with the format given and detected."""
        census = Census("fuzz")
        num_rows = sum(t.num_rows for piece in parse_file(path, corpus_format, census) for t in piece.tables())
        for name, tally in census.tables.items():
            tally.check(name)
        if corpus_format == "pubtator":
            num_rows += len(list(read_relations(path)))
        return num_rows + sum(1 for piece in parse_file(path, "auto", Census("fuzz")) for _ in piece.documents)

    return Reader(seeds_of(seeds), words, read)


def pubmed_xml() -> Reader:
    """PubMed XML."""
    article, head = test_pubmed_xml.article, test_pubmed_xml.HEAD
    formula = (
        "<m:math xmlns:m='http://www.w3.org/1998/Math/MathML'><m:mi>x</m:mi><m:annotation>y</m:annotation></m:math>"
    )
    authors = "<AuthorList CompleteYN='Y'><Author><LastName>X</LastName></Author></AuthorList>"
    rich = article(
        f"<Abstract><AbstractText Label='AIM'>A <i>b</i> &lt; {formula}.</AbstractText></Abstract>{authors}",
        rest="<MeshHeadingList><MeshHeading><DescriptorName UI='D1'>x</DescriptorName></MeshHeading></MeshHeadingList>"
        "<OtherAbstract><AbstractText>Autre.</AbstractText></OtherAbstract>",
    )
    deletion = "<DeleteCitation><PMID Version='1'>7</PMID></DeleteCitation>"
    book = "<PubmedBookArticle><BookDocument/></PubmedBookArticle>"
    root, second = "PubmedArticleSet", article(pmid="<PMID Version='2'>1</PMID>")
    entity = article("<Abstract><AbstractText>&a;</AbstractText></Abstract>")
    seeds = [
        f"{head}<{root}>{rich}\n{second}{deletion}</{root}>",
        f"{head}<{root}>\n{article()}<!-- a comment -->{book}{rich}</{root}>",
        f"<MedlineCitationSet><MedlineCitation><PMID>3</PMID></MedlineCitation>{deletion}</MedlineCitationSet>",
        f"<!DOCTYPE {root} [<!ENTITY a 'b'>]><{root}>{entity}</{root}>",
    ]
    return _corpus("pubmed_xml", {"shard.xml": seeds}, tokens.PUBMED_XML)


def xml_blocks() -> Reader:
    """The cutting of PubMed XML alone: without unread parts all bytes are passed on."""
    reader = pubmed_xml()

    def read(path: Path, _: Path) -> int:
        """Bytes that are left; all where the file has none of the unread parts."""
        content = path.read_bytes()
        with path.open("rb") as stream:
            left = b"".join(record_blocks(stream))
        assert left == content or b"<PubmedData>" in content or b"<AuthorList " in content
        assert left.count(b"\n") == content.count(b"\n")
        return len(left)

    return Reader(reader.seeds, reader.tokens, read)


def pubtator() -> Reader:
    """PubTator."""
    seeds = [
        test_pubtator.TEXT
        + "12\t26\t31\tfever\tDisease\tMESH:D005334\n12\tCID\tD1\tD2\n\n13|t|T\n13|a|A b.\n13\t0\t1\tT\tX\n",
        "1|t|A\n1|a|\n\n2|a|No title.\n2|t|Title|t|x\n2\t0\t5\tTitle\tGene\t1;2\n",
    ]
    return _corpus("pubtator", {"a.pubtator": seeds}, tokens.PUBTATOR)


def bioc_json() -> Reader:
    """BioC JSON."""
    p, a = test_bioc_json.passage, test_bioc_json.annotation
    sentences = {**p("abstract", 3, ""), "sentences": [{"offset": 5, "text": "A b.", "annotations": [a(5, 1, "A")]}]}
    full = {
        "id": "7",
        "passages": [p("front", 0, "T", section_type="TITLE"), sentences, p("ref", 20, "R", section_type="REF")],
    }
    article = test_bioc_json.ARTICLE
    values = [article, [article, full], {"PubTator3": [article]}, {"source": "x", "documents": [full, article]}]
    seeds = [
        *map(json.dumps, values),
        "\n".join(map(json.dumps, (article, full))),
        json.dumps(full, ensure_ascii=False),
    ]
    return _corpus("bioc_json", {"c.json": seeds}, tokens.JSON)


def jsonl() -> Reader:
    """Documents in JSON lines, BERN2's too."""
    abstract = [{"label": "METHODS", "text": "Rats."}, {"text": "Fine."}]
    annotation = {"start": 11, "end": 16, "surface": "burns", "type": "T184", "identifier": "C1|C2"}
    bern2 = {
        "span": {"begin": 0, "end": 5},
        "mention": "Fever",
        "obj": "disease",
        "id": ["mesh:D005334", "x"],
        "prob": 0.9,
    }
    documents = [
        {"pmid": "12", "title": "Fever.", "abstract": "It  burns.", "year": "2001", "annotations": [annotation]},
        {"pmid": 1, "title": "T", "abstract": abstract, "mesh_headings": ["D005334"], "year": 1999},
        {"id": "note-7", "text": "Fever \U0001f9ec.", "annotations": [bern2]},
    ]
    seeds = ["\n".join(map(json.dumps, documents)), json.dumps(documents), *map(json.dumps, documents)]
    return _corpus("jsonl", {"notes.jsonl": seeds}, tokens.JSON)


def text() -> Reader:
    """Plain text."""
    seeds = ["Fever.\n\nIt burns.\r\n \r\nTwice.\n", "One \u2028 paragraph"]
    return _corpus("text", {"note.txt": seeds}, tokens.TEXT)
