"""What `bali export` refuses, and that it leaves nothing behind."""

from pathlib import Path

import pytest

from bali.cli import main
from tests.unit.exporting.fixtures import Given, Text, export, write_shard, write_sources


def test_files_of_other_shards_are_refused(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["export", "--format", "bioc", "--umls-dir", str(corpus / "umls"), "--output", str(tmp_path / "x")]
    lists = [("documents", "ab"), ("sentences", "ab"), ("mentions", "a")]
    for kind, shards in lists:
        words += [f"--{kind}", *(str(corpus / kind / f"{shard}.parquet") for shard in shards)]
    assert main(words) == 2
    assert "--mentions: expected each of the 2 shards once, got 1 files; wrong for: b" in capsys.readouterr().err
    assert export(corpus, "bioc", "--output", tmp_path / "x", shards="aa") == 2
    assert "got 2 files; wrong for: a" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_missing_file_is_named(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["export", "--format", "spacy", "--umls-dir", str(corpus / "umls"), "--output", str(tmp_path / "x")]
    for name, message in [("none", "expected a readable file"), ("none.parquet", "no such file")]:
        files = [f"--{kind}={tmp_path / kind / name}" for kind in ("documents", "sentences", "mentions")]
        assert main([*words, *files]) == 2
        assert f"documents/{name}: {message}" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["pubtator", "bioc", "bigbio", "spacy"])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (Text(7, [("TITLE", "Cough"), ("ABSTRACT", "Cough.")], []), "expected 'Fever' in sentence 0 of PMID 7"),
        (Text(8, [("TITLE", "Fever"), ("ABSTRACT", "Fever.")], []), "found PMID 7, which is none of them"),
        (Text(6, [("TITLE", "Fever"), ("ABSTRACT", "Fever.")], []), "found PMID 7, which is none of them"),
    ],
)
def test_mentions_of_another_run_leave_nothing(
    tmp_path: Path, form: str, change: Text, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write_sources(tmp_path / "umls")
    mention = Given(0, 5, "C0015967")
    write_shard(tmp_path, "a", [Text(7, [("TITLE", "Fever"), ("ABSTRACT", "Fever.")], [mention])])
    other = write_shard(tmp_path / "other", "a", [change])
    for kind in ("documents", "sentences"):
        (tmp_path / kind / "a.parquet").write_bytes(other[kind].read_bytes())
    assert export(tmp_path, form, "--output-dir", tmp_path / "out", shards="a") == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_neither_a_folder_nor_an_input_is_overwritten(
    corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (corpus / "mentions" / "a.parquet").read_bytes()
    assert export(corpus, "bigbio", "--output-dir", corpus / "umls" / ".." / "mentions") == 2
    assert "a.parquet: expected a file to write, found one of the inputs." in capsys.readouterr().err
    assert (corpus / "mentions" / "a.parquet").read_bytes() == before
    (tmp_path / "kept").write_text("")
    assert export(corpus, "bigbio", "--output", tmp_path) == 2
    assert "expected a file to write, found a folder." in capsys.readouterr().err
    assert (tmp_path / "kept").exists()


def test_an_option_without_effect_is_refused(corpus: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert export(corpus, "bioc", "--output", tmp_path / "x", "--unaligned", "drop") == 2
    assert "--unaligned: expected with --format spacy only, got bioc." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
