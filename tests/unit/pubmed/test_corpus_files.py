"""Opening corpus files: format, compression, names."""

import gzip
from pathlib import Path

import pytest

from bali.errors import InputError
from bali.pubmed.files import detect_format, open_input, read_lines


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<?xml version='1.0'?><PubmedArticleSet/>", "pubmed_xml"),
        (b"\xef\xbb\xbf\n <PubmedArticleSet/>", "pubmed_xml"),
        (b"123|t|Title\n123|a|Abstract", "pubtator"),
        (b"\xef\xbb\xbf123|t|Title", "pubtator"),
        (b'{"pmid": 1, "text": "a \\"passages\\": [ b"}', "jsonl"),
        (b'\n[ {"id": "x", "title": "t"}]', "jsonl"),
        (b'{"annotations": [{"id": ["mesh:D1"], "span": {"begin": 0, "end": 1}}], "text": "x"}', "jsonl"),
        (b'{"_id": "1|None", "id": "1", "infons": {}, "passages": [', "bioc_json"),
        (b'{"source": "PubTator", "documents": [ {', "bioc_json"),
        (b'{"PubTator3": [', "bioc_json"),
    ],
)
def test_format_is_told_by_content(tmp_path: Path, content: bytes, expected: str) -> None:
    plain, packed = tmp_path / "file.dat", tmp_path / "file.gz"
    plain.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    assert detect_format(plain) == expected
    assert detect_format(packed) == expected


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "an empty file"),
        (b"\x00\xff", "x00"),
        (b"plain \x00 text", "plain"),
        (b"PMC123|t|Fever\nPMC123|a|Text\n", "PMC123"),
        (b"\nPMID- 22663011\nOWN - NLM\n", "PMID- 22663011"),
        (b"plain \xff\xfe text", "plain"),
        (b"1\t0\t5\tFever\tDisease\tD1\n", "annotations only"),
        (b"22663011\tDisease\tMESH:D009369\tcancer|tumour\tTaggerOne\n", "annotations only"),
    ],
)
def test_other_content_is_refused(tmp_path: Path, content: bytes, found: str) -> None:
    path = tmp_path / "file.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=found) as caught:
        detect_format(path)
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.xml", tmp_path):
        with pytest.raises(InputError, match="expected a readable file"), open_input(path):
            pass


def test_plain_text_is_told_by_its_name(tmp_path: Path) -> None:
    text = "Fever in rats \u2013 " * 10_000
    for name, content in [("a.txt", text.encode()), ("b.TXT.gz", gzip.compress(text.encode())), ("c.txt", b"x")]:
        (tmp_path / name).write_bytes(content)
        assert detect_format(tmp_path / name) == "text"
    (tmp_path / "d.md").write_text(text)
    with pytest.raises(InputError, match=r"named \.txt, got 'Fever in rats"):
        detect_format(tmp_path / "d.md")
    assert detect_format(tmp_path) == "text"


def test_lines_end_at_line_feeds_only(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_bytes("\ufeffa\u2028b\r\n\x0bc\x1dd\n\ufeffe".encode())
    assert list(read_lines(path)) == [(1, "a\u2028b"), (2, "\x0bc\x1dd"), (3, "\ufeffe")]


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bali.pubmed.files.LONGEST_RECORD", 10)
    path = tmp_path / "f"
    path.write_text("short\n" + "x" * 11)
    with pytest.raises(InputError, match="line 2: expected at most 10 bytes"):
        list(read_lines(path))
