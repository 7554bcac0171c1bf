"""Corpora made to fill memory, to read other files or to crash what reads them."""

import gzip
import io
import json
import os
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from bali.errors import InputError
from bali.io import unpacking
from bali.pubmed import plain_text, pubmed_xml, pubtator
from bali.pubmed.bioc_json import read_bioc_json
from bali.pubmed.files import open_input
from bali.pubmed.json_documents import read_json_documents
from bali.pubmed.plain_text import read_plain_text
from bali.pubmed.pubmed_xml import read_pubmed_xml
from bali.pubmed.pubtator import read_pubtator
from bali.pubmed.records import Citation
from bali.pubmed.xml_blocks import record_blocks
from tests.unit.pubmed.test_pubmed_xml import HEAD, article

ROOT = "PubmedArticleSet"


def xml(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "shard.xml"
    path.write_text(text)
    return path


LAUGHS = "<!ENTITY a0 'ha'>" + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))


@pytest.mark.parametrize(
    "subset",
    [LAUGHS, "<!ENTITY x SYSTEM 'file:///etc/passwd'>", "<!ENTITY % p SYSTEM 'file:///etc/passwd'> %p;"],
)
def test_entities_are_refused(tmp_path: Path, subset: str) -> None:
    body = "<Abstract><AbstractText Label='&a11;'>&a11;&x;</AbstractText></Abstract>"
    with pytest.raises(InputError, match="expected"):
        list(read_pubmed_xml(xml(tmp_path, f"<!DOCTYPE {ROOT} [{subset}]><{ROOT}>{article(body)}</{ROOT}>")))


def test_no_entity_hides_behind_what_is_cut(tmp_path: Path) -> None:
    """Cutting <PubmedData> out of a comment would open it again further on, where an entity is declared."""
    hidden = f"<!DOCTYPE {ROOT} [{LAUGHS}]><{ROOT}>{article('<Abstract><AbstractText>&a11;</AbstractText></Abstract>')}"
    text = (
        f"<!-- <PubmedArticle><PubmedData> --><{ROOT}><y></PubmedData></PubmedArticle>{' ' * (1 << 18)}</PubmedArticle>"
        f"--> {hidden}</{ROOT}>"
    )
    with pytest.raises(InputError, match="expected well-formed XML"):
        list(read_pubmed_xml(xml(tmp_path, text)))


def test_nothing_of_the_head_is_cut() -> None:
    content = b"<!-- <PubmedArticle><PubmedData>x</PubmedData></PubmedArticle> --><PubmedArticleSet>"
    assert b"".join(record_blocks(io.BytesIO(content), len(content))) == content


def test_a_record_must_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pubmed_xml, "_LONGEST_RECORD", 1 << 20)
    with pytest.raises(InputError, match="after record 1 without another"):
        list(read_pubmed_xml(xml(tmp_path, f"{HEAD}<{ROOT}>{article()}{'<x/>' * (1 << 19)}")))
    records = f"{article()}<x/>" * 4000
    assert len(list(read_pubmed_xml(xml(tmp_path, f"{HEAD}<{ROOT}>{records}</{ROOT}>")))) == 4000


def test_a_root_must_come(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a root within the first 1048576 bytes"):
        list(read_pubmed_xml(xml(tmp_path, "<?xml version='1.0'?>" + "<!-- x -->\n" * 200_000 + f"<{ROOT}/>")))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "iso-8859-1"])
def test_other_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "shard.xml"
    declared = encoding.removesuffix("-sig")
    path.write_bytes(f"<?xml version='1.0' encoding='{declared}'?><{ROOT}>{article()}</{ROOT}>".encode(encoding))
    assert [record.pmid for record in read_pubmed_xml(path) if isinstance(record, Citation)] == [1]


def test_a_gzip_bomb_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "FREE_BYTES", 1 << 20)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes(1 << 24)))
    tracemalloc.start()
    with pytest.raises(InputError, match=r"bomb\.gz: expected at most 200 bytes"), open_input(path) as stream:
        while stream.read(1 << 16):
            pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 << 20


@pytest.mark.parametrize(
    "line", [f"12\t{'9' * 5000}\t3\tx\ty", f"12\t0\t{'9' * 5000}\tx\ty", "12\t0\t٣\tx\ty", f"{'9' * 5000}|t|x"]
)
def test_numbers_of_pubtator_are_short(tmp_path: Path, line: str) -> None:
    path = tmp_path / "a.pubtator"
    path.write_text(f"12|t|Title\n{line}\n")
    with pytest.raises(InputError, match="line 2: expected"):
        list(read_pubtator(path))


def test_documents_without_end_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pubtator, "LONGEST_RECORD", 1000)
    monkeypatch.setattr(plain_text, "LONGEST_RECORD", 1000)
    path = tmp_path / "a.txt"
    path.write_text("12|t|Title\n" + "12\t0\t5\tTitle\tx\n" * 100)
    with pytest.raises(InputError, match="expected at most 1000 characters of document 12"):
        list(read_pubtator(path))
    with pytest.raises(InputError, match="expected at most 1000 characters of one document"):
        list(read_plain_text(path))


@pytest.mark.parametrize("read", [read_json_documents, read_bioc_json])
@pytest.mark.parametrize("depth", [*range(900, 1000, 7), 5000])
@pytest.mark.parametrize(
    "template", ['{{"text": {}}}', "[{}]", '{{"id": 1, "passages": [{}]}}', '{{"passages": {{"a": {}}}}}']
)
def test_deep_nesting_is_refused_in_one_line(tmp_path: Path, read: Any, depth: int, template: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(template.format("[" * depth + "]" * depth))
    with pytest.raises(InputError, match="line 1: expected"):
        list(read(path))


@pytest.mark.parametrize("offset", [10**7, 10**12, 10**30])
def test_gaps_between_sentences_are_bounded(tmp_path: Path, offset: int) -> None:
    sentences = [{"offset": 0, "text": "A."}, {"offset": offset, "text": "B."}]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"id": "1", "passages": [{"offset": 0, "infons": {}, "sentences": sentences}]}))
    with pytest.raises(InputError, match="gaps of at most 1048576 characters"):
        list(read_bioc_json(path))


@pytest.mark.skipif(os.name != "posix", reason="names of files are bytes on POSIX only")
def test_a_file_name_that_is_no_utf8_gives_an_identifier(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path / "note-") + b"\xff.txt"))
    path.write_text("One.")
    (record,) = read_plain_text(path)
    assert record.external_id == "note-\\udcff"
    assert record.external_id.encode()


def test_a_name_too_long_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="expected a readable file"), open_input(tmp_path / ("x" * 300)):
        pass
