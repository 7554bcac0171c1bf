"""Plain texts: a file or a folder of them."""

import gzip
from pathlib import Path

import pytest

from bali.errors import InputError
from bali.pubmed.plain_text import read_plain_text
from bali.pubmed.records import NO_ABSTRACT


def test_paragraphs_are_sections(tmp_path: Path) -> None:
    path = tmp_path / "note-7.txt"
    path.write_bytes("\ufeff  First line\r\nsecond β line. \r\n \t\r\n\r\nNext\x0cpart\u2028.\r\n".encode())
    (record,) = read_plain_text(path)
    assert [(s.label, record.text[s.start : s.end]) for s in record.sections] == [
        ("TITLE", ""),
        ("TEXT", "First line\nsecond β line."),
        ("TEXT", "Next\x0cpart\u2028."),
    ]
    assert (record.external_id, record.title, record.drop_reason) == ("note-7", "", None)


def test_a_folder_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    for name, text in [("b.txt", "B."), ("12.TXT", "A."), ("c.md", "no"), ("empty.txt", " \n"), ("a.txt", "\x00\x01")]:
        (tmp_path / name).write_text(text)
    (tmp_path / "z.txt.gz").write_bytes(gzip.compress(b"Z."))
    (tmp_path / "d.txt").mkdir()
    records = list(read_plain_text(tmp_path))
    assert [(r.position, r.external_id or r.pmid) for r in records] == [
        (0, 12),
        (1, "a"),
        (2, "b"),
        (3, "empty"),
        (4, "z"),
    ]
    assert [r.drop_reason for r in records] == [None, None, None, NO_ABSTRACT, None]


def test_a_text_of_ten_megabytes_and_a_word_of_one(tmp_path: Path) -> None:
    path = tmp_path / "1.txt"
    path.write_text("word " * 2_000_000 + "\n\n" + "x" * 1_000_000)
    (record,) = read_plain_text(path)
    assert [s.end - s.start for s in record.sections[1:]] == [9_999_999, 1_000_000]


def test_damaged_and_missing_texts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found none"):
        list(read_plain_text(tmp_path))
    (tmp_path / "a.txt").write_bytes(b"a\n\xff")
    with pytest.raises(InputError, match=r"a\.txt line 2: expected UTF-8"):
        list(read_plain_text(tmp_path))
