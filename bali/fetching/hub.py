"""A model of the Hugging Face Hub -> a folder of plain files, verified, with a record of what it holds."""

import errno
import fcntl
import hashlib
import logging
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import HfApi, snapshot_download
from huggingface_hub import errors as hub_errors
from huggingface_hub.utils.tqdm import disable_progress_bars

from bali import __version__
from bali.errors import InputError, OutputError
from bali.fetching.addresses import without_secrets
from bali.fetching.models import (
    RECORD,
    UNFINISHED,
    FetchedFile,
    FetchedModel,
    choose_files,
    is_model_id,
    read_record,
    stale_files,
    write_record,
)
from bali.io.files import digest_file

logger = logging.getLogger(__name__)

_GIB = 1 << 30
_NUM_WORKERS = 4  # files at once
_STATE = Path(".cache", "huggingface")  # the client's own notes inside the folder
_LOG_IN = "Put a token with read access (huggingface.co/settings/tokens) into the environment as HF_TOKEN"
_TRANSPORT_ERRORS = (  # of the HTTP library that this version of the client uses; some are no OSError
    hub_errors.HTTPError,  # type: ignore[attr-defined]
    getattr(hub_errors, "XetDownloadError", hub_errors.LocalEntryNotFoundError),
    RuntimeError,  # of hf_xet
)


@dataclass(frozen=True)
class HubFile:
    """A file as the hub describes it.

    Attributes:
        name: path in the repository.
        size: bytes.
        digest: SHA-256 of a large file; of a small one git's SHA-1, of "blob", its size, a zero byte and its bytes.
    """

    name: str
    size: int
    digest: str

    def is_at(self, path: Path) -> bool:
        """Whether `path` holds the file, by size and digest."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        if len(self.digest) == 64:
            return digest_file(path) == self.digest
        blob = b"blob %d\0" % self.size + path.read_bytes()
        return hashlib.sha1(blob, usedforsecurity=False).hexdigest() == self.digest

    def sha256(self, path: Path) -> str:
        """SHA-256 of the file, which is at `path`."""
        return self.digest if len(self.digest) == 64 else digest_file(path)


def fetch_model(model_id: str, output: Path, revision: str | None = None) -> FetchedModel:
    """Bring a model to `output`/ORG/NAME; files that are there already are kept.

    The hub's address is the environment's HF_ENDPOINT where that is set; a token is taken from HF_TOKEN.

    Args:
        model_id: ORG/NAME.
        output: folder of models.
        revision: branch, tag or commit; None is the main branch.

    Returns:
        What fetched.json says, which is written last.

    Raises:
        InputError: there is no such model, it cannot be had, or it is no model for PyTorch.
        OutputError: the disk is too small, or the folder cannot be written or is in use.
    """
    if not is_model_id(model_id):
        raise InputError(f"{model_id}: expected the id of a model as ORG/NAME, e.g. michiyasunaga/BioLinkBERT-base.")
    _be_quiet()
    folder = output / model_id
    with _one_line_errors(model_id, revision, folder):
        commit, files = _describe(model_id, revision)
        if _is_whole(folder, commit, files):
            logger.info("%s: commit %s is there already", folder, commit)
        else:
            with _filling(folder):
                for path in stale_files(folder, [file.name for file in files]):
                    path.unlink()
                _download(model_id, commit, files, folder)
    record = read_record(folder)
    assert record is not None, f"{folder / RECORD} has just been written or checked"
    return record


def _describe(model_id: str, revision: str | None) -> tuple[str, list[HubFile]]:
    """The commit that a revision means, and those of its files that a model is read from, by name."""
    info = HfApi(endpoint=_endpoint(), library_name="bali", library_version=__version__).model_info(
        model_id, revision=revision, files_metadata=True
    )
    siblings = {sibling.rfilename: sibling for sibling in info.siblings or []}
    files = []
    for name in choose_files(siblings, model_id):
        sibling = siblings[name]
        digest = sibling.lfs.sha256 if sibling.lfs is not None else sibling.blob_id
        if info.sha is None or sibling.size is None or digest is None:
            raise InputError(f"{model_id}: the hub does not say commit, size and digest of {name}.")
        files.append(HubFile(name, sibling.size, digest))
    assert info.sha is not None, "a model has files, and each was checked"
    return info.sha, files


def _is_whole(folder: Path, commit: str, files: Sequence[HubFile]) -> bool:
    record = read_record(folder)
    if record is None or record.commit != commit or [f.name for f in record.files] != [f.name for f in files]:
        return False
    return all(file.is_at(folder / file.name) for file in files)


def _download(model_id: str, commit: str, files: Sequence[HubFile], folder: Path) -> None:
    """Fetch what is missing, check all, write the record."""
    missing = [file for file in files if not file.is_at(folder / file.name)]
    num_bytes, free = sum(file.size for file in missing), shutil.disk_usage(folder).free
    logger.info("%s, commit %s: %d files to fetch, %.2f GiB", model_id, commit, len(missing), num_bytes / _GIB)
    if num_bytes > free:
        raise OutputError(
            f"{folder}: {num_bytes / _GIB:.1f} GiB are to come, {free / _GIB:.1f} GiB are free. Give another --output."
        )
    for file in missing:  # the client would take the size of a spoilt file for proof
        (folder / file.name).unlink(missing_ok=True)
    if missing:
        snapshot_download(
            model_id,
            revision=commit,  # not a branch: for that the client would take a half-filled folder when it is offline
            local_dir=folder,
            allow_patterns=[file.name for file in missing],
            max_workers=_NUM_WORKERS,
            endpoint=_endpoint(),
            library_name="bali",
            library_version=__version__,
        )
    for file in missing:
        if not file.is_at(folder / file.name):
            raise InputError(
                f"{folder / file.name}: expected {file.size:,} bytes with the digest {file.digest}, got others. Run the"
                " same command again; it fetches this file anew."
            )
    _remove_state(folder)
    fetched = [FetchedFile(file.name, file.size, file.sha256(folder / file.name)) for file in files]
    write_record(folder, FetchedModel(model_id, commit, tuple(fetched)))


@contextmanager
def _filling(folder: Path) -> Iterator[None]:
    """Mark a folder as not whole, and keep other processes out, until the block ends well."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / UNFINISHED).open("w") as marker:
        try:
            fcntl.flock(marker, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise OutputError(f"{folder}: another `bali fetch` writes here. Wait for it, or end it.") from None
        (folder / RECORD).unlink(missing_ok=True)
        yield
        (folder / UNFINISHED).unlink()


def _remove_state(folder: Path) -> None:
    shutil.rmtree(folder / _STATE, ignore_errors=True)
    if (folder / _STATE.parent).is_dir() and not any((folder / _STATE.parent).iterdir()):
        (folder / _STATE.parent).rmdir()


@contextmanager
def _one_line_errors(model_id: str, revision: str | None, folder: Path) -> Iterator[None]:
    """Turn what the client raises into one line."""
    try:
        yield
    except hub_errors.HfHubHTTPError as error:
        raise _refusal(model_id, revision, error) from error
    except hub_errors.HFValidationError as error:
        raise InputError(f"{model_id}: expected the id of a model as ORG/NAME, each of at most 96 letters.") from error
    except (*_TRANSPORT_ERRORS, ConnectionError, TimeoutError, hub_errors.LocalEntryNotFoundError) as error:
        raise _unreachable(model_id, error) from error
    except OSError as error:
        if error.errno is None or error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
            raise _unreachable(model_id, error) from error
        reason = error.strerror or str(error)
        raise OutputError(f"{folder}: cannot be written: {reason}. Free space, or give another --output.") from error


def _refusal(model_id: str, revision: str | None, error: hub_errors.HfHubHTTPError) -> InputError:
    """What an answer of the hub means."""
    if isinstance(error, hub_errors.GatedRepoError):
        return InputError(f"{model_id}: its owner asks for consent. Accept the terms on the model's page. {_LOG_IN}.")
    if isinstance(error, hub_errors.RepositoryNotFoundError):
        return InputError(f"{model_id}: the hub has no such model, or it is private. Check the id. {_LOG_IN}.")
    if isinstance(error, hub_errors.RevisionNotFoundError):
        return InputError(f"{model_id}: the model has no revision {revision!r}. Give a branch, a tag or a commit.")
    status = error.response.status_code
    advice = f"{_LOG_IN}." if status in (401, 403) else "Try later; the same command goes on where it stopped."
    return InputError(f"{model_id}: expected the model's files, the hub answers {status}. {advice}")


def _unreachable(model_id: str, error: Exception) -> InputError:
    """No answer, or half of one; the client's message may hold a signed address."""
    cause = error.__cause__ if isinstance(error, hub_errors.LocalEntryNotFoundError) and error.__cause__ else error
    reason = without_secrets(" ".join(str(cause).split()))[:200].rstrip(".") or type(cause).__name__
    return InputError(
        f"{model_id}: cannot be fetched from the hub: {reason}. Check the network (and HF_ENDPOINT, HF_HUB_OFFLINE);"
        " the same command goes on where it stopped."
    )


def _endpoint() -> str | None:
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or None


def _be_quiet() -> None:
    """Keep requests and their addresses out of the log, and bars out of files."""
    for name in ("httpx", "httpx2", "huggingface_hub"):
        logging.getLogger(name).setLevel(logging.ERROR)
    if not sys.stderr.isatty():
        disable_progress_bars()
