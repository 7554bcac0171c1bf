"""PubMed's baseline and update files from NLM: listed, chosen, downloaded, verified by MD5, named in a manifest.

Layout of the server: https://pubmed.ncbi.nlm.nih.gov/download/. NLM asks for few connections at once: at most 3 here.
"""

import fcntl
import logging
import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from bali.errors import InputError, OutputError
from bali.fetching.http import Client
from bali.fetching.listing import NAME, ListedFile, choose_files, parse_listing
from bali.fetching.manifest import Receipt, parse_md5, read_manifest, write_manifest
from bali.io.files import digest_file

logger = logging.getLogger(__name__)

BASE_URL = "https://ftp.ncbi.nlm.nih.gov/pubmed/"
BASELINE, UPDATES = "baseline/", "updatefiles/"
MAX_JOBS = 3
_NUM_DOWNLOADS = 2  # of a file whose checksum is wrong, before it is given up
_GIB = 1 << 30


def list_files(client: Client, base: str, folders: Sequence[str], patterns: Sequence[str]) -> list[ListedFile]:
    """The files of the server's `folders` that `patterns` name (see `choose_files`), by folder and name.

    Raises:
        InputError: a listing cannot be had or names no file; a pattern names none.
    """
    addresses = [base + folder for folder in folders]
    files = [file for address in addresses for file in parse_listing(client.read_text(address), address)]
    return choose_files(files, patterns)


def fetch_files(client: Client, files: Sequence[ListedFile], output: Path, jobs: int, *, verify: bool) -> list[Receipt]:
    """Bring `files` to `output`; those that are there and verified stay as they are.

    Args:
        client: downloads.
        files: what to fetch.
        output: folder of files, .part files and the manifest.
        jobs: connections at once, 1 to 3.
        verify: read the files that are there and compare their MD5; otherwise their size has to be the manifest's.

    Returns:
        A receipt for each file, in the order of `files`.

    Raises:
        InputError: a file cannot be had, or its checksum is wrong twice.
        OutputError: the disk is too small, `output` cannot be written or is in use.
    """
    assert 1 <= jobs <= MAX_JOBS, "the command checks --jobs"
    with _locked(output):
        folder = _Folder(output, client)
        missing = [file for file in files if not folder.holds(file, verify=verify)]
        _announce(files, missing, output)
        _run(client, folder, missing, jobs)
        return [folder.receipts[file.name] for file in files]


class _Folder:
    """The output folder and its manifest; its methods may run in several threads."""

    def __init__(self, path: Path, client: Client) -> None:
        self.path = path
        self.receipts = read_manifest(path)
        self._client = client
        self._lock = threading.Lock()

    def holds(self, file: ListedFile, *, verify: bool) -> bool:
        """Whether the file is there and is the one that the server lists."""
        receipt, path = self.receipts.get(file.name), self.path / file.name
        if receipt is None or not path.is_file() or path.stat().st_size != receipt.size:
            return False
        if receipt.address != file.address or receipt.listed != file.date:
            return False
        return not verify or digest_file(path, "md5") == receipt.md5

    def fetch(self, file: ListedFile) -> None:
        """Download the file, verify it, give it its name and write its receipt."""
        address = file.address + ".md5"
        expected = parse_md5(self._client.read_text(address), file.name, address)
        path, part = self.path / file.name, self.path / f"{file.name}.part"
        last_modified = ""
        if not (
            path.is_file() and digest_file(path, "md5") == expected
        ):  # it is, where a run was killed before the receipt
            last_modified = self._download(file, part, expected)
            os.replace(part, path)
        part.with_name(part.name + ".json").unlink(missing_ok=True)
        part.unlink(missing_ok=True)
        today = datetime.now(UTC).date().isoformat()
        size = path.stat().st_size
        receipt = Receipt(file.name, file.address, size, expected, file.date, last_modified, today)
        with self._lock:
            self.receipts[file.name] = receipt
            write_manifest(self.path, self.receipts)

    def _download(self, file: ListedFile, part: Path, expected: str) -> str:
        found = ""
        for _ in range(_NUM_DOWNLOADS):
            last_modified = self._client.download(file.address, part)
            found = digest_file(part, "md5")
            if found == expected:
                return last_modified
            logger.info("%s: MD5 %s, expected %s: downloading it anew", file.name, found, expected)
            part.unlink()
        raise InputError(
            f"{file.address}: expected the MD5 {expected}, got {found} twice. The server may be changing the file, or"
            " something on the way changes it; try again later."
        )


def _run(client: Client, folder: _Folder, files: Sequence[ListedFile], jobs: int) -> None:
    """Fetch with `jobs` threads; the first error stops the others and is raised."""
    done = 0
    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(folder.fetch, file) for file in files]
        pending = set(futures)
        try:
            while pending:
                finished, pending = wait(pending, timeout=0.5, return_when=FIRST_EXCEPTION)
                for future in (future for future in futures if future in finished):
                    future.result()
                done += len(finished)
                if finished:
                    logger.info("%d of %d files fetched", done, len(files))
        except OSError as error:
            raise OutputError(f"{folder.path}: cannot be written: {error.strerror or error}. Free space.") from error
        finally:
            if pending or done < len(files):
                client.stop.set()
            pool.shutdown(cancel_futures=True)


def _announce(files: Sequence[ListedFile], missing: Sequence[ListedFile], output: Path) -> None:
    """Log what is to come; refuse where the disk is too small or years would be mixed."""
    num_bytes = sum(file.size or 0 for file in missing)
    logger.info(
        "%d files chosen, %d there already, %d to fetch: about %.2f GiB into %s",
        len(files),
        len(files) - len(missing),
        len(missing),
        num_bytes / _GIB,
        output,
    )
    free = shutil.disk_usage(output).free
    started = sum(path.stat().st_size for path in output.glob("*.part"))
    if num_bytes > free + started:
        raise OutputError(
            f"{output}: {num_bytes / _GIB:.1f} GiB are to come, {free / _GIB:.1f} GiB are free."
            " Give another --output, or fewer files by --files."
        )
    years = {match[1] for path in output.glob("pubmed*.xml.gz") if (match := NAME.fullmatch(path.name))}
    others = sorted(years - {file.name[6:8] for file in files})
    if others:
        logger.warning("%s holds files of another year (pubmed%sn...): use one folder a year", output, others[0])


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Let one process write into `folder`; the lock ends with the process, however it ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        stream = (folder / ".lock").open("w")
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written: {error.strerror}. Give another --output.") from error
    with stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OutputError(f"{folder}: another `bali fetch` writes here. Wait for it, or end it.") from None
        yield
