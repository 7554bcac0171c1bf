"""Secrets as users have them in their environment, and where a run would have written them."""

import io
from collections.abc import Iterator
from pathlib import Path

import polars as pl

SECRETS = {
    "HF_TOKEN": "hf_sentinelAAAAAAAAAAAAAAAAAAAAAAAA",
    "UMLS_API_KEY": "sentinel-0000-umls-0000-key",
    "NCBI_API_KEY": "sentinel0000ncbi0000key",
    "AWS_ACCESS_KEY_ID": "AKIASENTINELSENTINEL",
    "AWS_SECRET_ACCESS_KEY": "sentinel/aws/secret/AAAAAAAAAAAAAAAAAAAA",
    "HTTPS_PROXY": "http://user:sentinelproxy@proxy.invalid:3128",
    "BALI_TEST_PASSWORD": "sentinel-password",
}


def files_that_hold(values: list[str], folder: Path, at_least: int) -> list[Path]:
    """The files below a folder that hold one of the values, also in compressed columns of Parquet files.

    Args:
        values: what is looked for.
        folder: all its files are read, hidden ones too.
        at_least: files there must be, or nothing was looked at.
    """
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    assert len(paths) >= at_least
    sought = [value.encode() for value in values]
    return [path for path in paths if any(value in text for text in _contents(path) for value in sought)]


def _contents(path: Path) -> Iterator[bytes]:
    yield path.read_bytes()
    if path.suffix == ".parquet":
        buffer = io.BytesIO()
        pl.read_parquet(path).write_json(buffer)
        yield buffer.getvalue().replace(b"\\/", b"/")
