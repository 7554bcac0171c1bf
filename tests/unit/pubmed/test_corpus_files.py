"""Opening corpus files: format, compression, names."""

import gzip
from pathlib import Path

import pytest

from bali.errors import InputError
from bali.pubmed.files import detect_format, open_input, shard_name


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<?xml version='1.0'?><PubmedArticleSet/>", "pubmed_xml"),
        (b"\xef\xbb\xbf\n <PubmedArticleSet/>", "pubmed_xml"),
        (b"123|t|Title\n123|a|Abstract", "pubtator"),
        (b"\xef\xbb\xbf123|t|Title", "pubtator"),
    ],
)
def test_format_is_told_by_content(tmp_path: Path, content: bytes, expected: str) -> None:
    plain, packed = tmp_path / "file.txt", tmp_path / "file.gz"
    plain.write_bytes(content)
    packed.write_bytes(gzip.compress(content))
    assert detect_format(plain) == expected
    assert detect_format(packed) == expected


@pytest.mark.parametrize(("content", "found"), [(b"", "an empty file"), (b'{"pmid": 1}', "pmid"), (b"\x00\xff", "x00")])
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


@pytest.mark.parametrize(
    ("name", "shard"),
    [
        ("pubmed24n0001.xml.gz", "pubmed24n0001"),
        ("CDR_TestSet.PubTator.txt.gz", "CDR_TestSet"),
        ("a.b.json", "a.b"),
        ("plain", "plain"),
    ],
)
def test_shard_name(name: str, shard: str) -> None:
    assert shard_name(Path("somewhere") / name) == shard
