"""Which files of `corpus.inputs` are shards."""

from pathlib import Path

import pytest

from bali import plan
from bali.config import Config
from bali.errors import InputError
from bali.strict import decode


def shards(*inputs: str) -> dict[str, str]:
    return plan.corpus_shards(decode(Config, {"corpus": {"inputs": list(inputs)}}))


def test_md5_files_are_no_shards(tmp_path: Path) -> None:
    for name in ("p1.xml.gz", "p1.xml.gz.md5", "p2.xml.gz"):
        (tmp_path / name).write_text("")
    assert list(shards(f"{tmp_path}/*")) == ["p1", "p2"]
    with pytest.raises(InputError, match="found none"):
        shards(f"{tmp_path}/*.md5")


def test_folders_are_shards_where_they_hold_plain_texts(tmp_path: Path) -> None:
    for name in ("notes/a.txt", "notes/b.txt", "empty/x.md", "c.jsonl.gz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    assert shards(f"{tmp_path}/*") == {"c": f"{tmp_path}/c.jsonl.gz", "notes": f"{tmp_path}/notes"}
    assert list(shards(f"{tmp_path}/notes/*")) == ["a", "b"]
