"""MD5 files beside the corpus: they agree, or the file is refused."""

import hashlib
from pathlib import Path

import pytest

from bali.errors import InputError
from bali.pubmed.checksums import check_md5

CONTENT = b"<PubmedArticleSet/>" * 1000
SUM = hashlib.md5(CONTENT).hexdigest()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "pubmed24n0001.xml.gz"
    path.write_bytes(CONTENT)
    return path


@pytest.mark.parametrize(
    "text", [f"MD5(pubmed24n0001.xml.gz)= {SUM}\n", f"{SUM.upper()}  pubmed24n0001.xml.gz\n", f"{SUM}\r\n"]
)
def test_a_sum_that_agrees(path: Path, text: str) -> None:
    path.with_name(path.name + ".md5").write_text(text)
    assert check_md5(path)


def test_without_an_md5_file_nothing_is_checked(path: Path) -> None:
    assert not check_md5(path)
    assert not check_md5(path.parent)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"MD5(x)= {'0' * 32}\n", "expected the MD5 sum 0000"),
        ("", "expected one MD5 sum .* got 0"),
        ("a" * 40, "got 0"),
        (f"{SUM} a\n{'1' * 32} b\n", "got 2"),
        ("\x00\ud800", "got 0"),
    ],
)
def test_other_sums_are_refused(path: Path, text: str, message: str) -> None:
    path.with_name(path.name + ".md5").write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError, match=message) as caught:
        check_md5(path)
    assert "\n" not in str(caught.value)
