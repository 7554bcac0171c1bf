"""Downloads the files of the sources into a cache, each verified by the git blob id that the registry holds."""

import hashlib
import logging
from collections.abc import Iterable
from pathlib import Path

import pooch  # type: ignore[import-untyped]

from bali.errors import InputError
from bali.metathesaurus.registry import RAW_ADDRESS, SourceFile

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 60


def default_cache() -> Path:
    """Where downloads are kept: the user's cache folder, as the operating system has it."""
    return Path(pooch.os_cache("bali")) / "open_metathesaurus"


def download(files: Iterable[SourceFile], cache: Path, base: str = RAW_ADDRESS) -> Path:
    """Fetch what the cache lacks; returns the cache, laid out as `locate_files` expects.

    A file whose blob id is wrong in the cache is fetched again; a wrong download is deleted.

    Args:
        files: what to fetch.
        cache: folder of the downloads.
        base: address before REPOSITORY/COMMIT/PATH.

    Raises:
        InputError: a file cannot be fetched or is not the one that the registry names.
    """
    pooch.get_logger().setLevel("WARNING")  # it would print the hash of each file
    for file in files:
        target = cache / file.folder / file.download_name
        if target.is_file() and blob_id(target.read_bytes()) == file.blob:
            continue
        logger.info("downloading %s", file.address(base))
        _fetch(file, target, base)
    return cache


def blob_id(content: bytes) -> str:
    """The id that git gives to a file: SHA-1 of `blob SIZE`, a zero byte and the content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _fetch(file: SourceFile, target: Path, base: str) -> None:
    address = file.address(base)
    target.unlink(missing_ok=True)
    downloader = pooch.HTTPDownloader(progressbar=False, timeout=_TIMEOUT_SECONDS)
    try:
        pooch.retrieve(address, known_hash=None, fname=target.name, path=target.parent, downloader=downloader)
    except (OSError, ValueError) as error:  # the errors of requests are OSErrors
        reason = " ".join(str(error).split())[:160]
        raise InputError(
            f"{address}: cannot be downloaded: {reason}. Get the files elsewhere and name them by --from."
        ) from None
    found = blob_id(target.read_bytes())
    if found != file.blob:
        target.unlink()
        raise InputError(f"{address}: expected the git blob {file.blob}, got {found}. Try again, or give --from.")
