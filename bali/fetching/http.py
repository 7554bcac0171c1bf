"""HTTP with patience: answers that may come later are asked for again, a download goes on where it stopped."""

import json
import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import requests
import urllib3

from bali import __version__
from bali.errors import InputError, OutputError
from bali.fetching.addresses import has_secrets, without_secrets

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

_TIMEOUT_SECONDS = (30, 60)  # to connect, between two pieces
_NUM_ATTEMPTS = 6
_BLOCK_BYTES = 1 << 18
_MAX_LISTING_BYTES = 1 << 25  # NLM's listing of 1,300 files takes about 0.5 MB
_LATER = {408, 425, 429, 500, 502, 503, 504}  # answers that another attempt may change
_CONTENT_RANGE = re.compile(r"bytes ([0-9]+)-[0-9]+/(?:[0-9]+|\*)")


class _LaterError(Exception):
    """This attempt failed, another one may not."""


class Client:
    """Downloads from one server.

    Args:
        base: the address all others start with; where it is https, so is every answer.
        wait_seconds: before the second attempt; doubled before each further one.

    Raises:
        InputError: `base` is no address of a folder, or would bring a password or a key into logs and manifest.
    """

    def __init__(self, base: str, wait_seconds: float = 1.0) -> None:
        if has_secrets(base):
            raise InputError(
                "--base-url: expected an address without user, password and query, which would end up in logs and"
                " manifest.json. Put user and password into ~/.netrc."
            )
        if not re.match(r"https?://[^/\s]+/", base):
            raise InputError(f"--base-url {base}: expected an address that starts with https:// and names a folder.")
        self._secure = base.startswith("https://")
        self._wait_seconds = wait_seconds
        self._sessions = threading.local()
        self.stop = threading.Event()

    def read_text(self, address: str) -> str:
        """The text at `address`, in UTF-8 or Latin-1.

        Raises:
            InputError: it cannot be had.
        """

        def attempt() -> str:
            """One try."""
            with self._get(address, {}) as response:
                content = response.raw.read(_MAX_LISTING_BYTES, decode_content=True)
            return content.decode("utf-8", errors="replace")

        return self._repeat(address, attempt)

    def download(self, address: str, part: Path) -> str:
        """Write the bytes at `address` to `part`, after those that an earlier, interrupted call left there.

        Returns:
            The server's Last-Modified; empty where it gives none.

        Raises:
            InputError: they cannot be had.
            OutputError: `part` cannot be written.
        """
        return self._repeat(address, lambda: self._download_once(address, part))

    def _download_once(self, address: str, part: Path) -> str:
        state = part.with_name(part.name + ".json")
        headers = _resume_headers(part, state)
        with self._get(address, headers) as response:
            if response.status_code == 416:
                part.unlink(missing_ok=True)
                raise _LaterError("the server has no such range")
            offset = _offset_of(response, headers)
            with _writing(part), part.open("r+b" if offset else "wb") as stream:
                stream.seek(offset)
                stream.truncate()
                validator = headers["If-Range"] if offset else _validator_of(response)
                state.write_text(json.dumps({"validator": validator}), encoding="utf-8")
                while block := response.raw.read(_BLOCK_BYTES, decode_content=False):
                    if self.stop.is_set():
                        raise InputError("stopped, as another file failed.")
                    stream.write(block)
            return response.headers.get("Last-Modified", "")

    @contextmanager
    def _get(self, address: str, headers: dict[str, str]) -> Iterator[requests.Response]:
        session = self._session()
        with session.get(address, headers=headers, stream=True, timeout=_TIMEOUT_SECONDS) as response:
            addresses = [answer.url for answer in (*response.history, response)]
            if self._secure and not all(url.startswith("https://") for url in addresses):
                passed = [without_secrets(url) for url in addresses[1:]]
                raise InputError(f"{address}: expected answers by https, was sent on to {passed}. Try later.")
            if response.status_code in _LATER:
                raise _LaterError(f"the server answers {response.status_code} {response.reason}")
            if response.status_code >= 400 and response.status_code != 416:
                raise InputError(
                    f"{address}: expected a file, the server answers {response.status_code} {response.reason}."
                    " Check --base-url and --files; NLM starts new names each year."
                )
            yield response

    def _session(self) -> requests.Session:
        """The session of this thread: requests does not promise that threads may share one."""
        if not hasattr(self._sessions, "session"):
            self._sessions.session = requests.Session()
            # No compression on the way: the bytes are to be those of the file, whatever the server thinks of .gz.
            self._sessions.session.headers.update({"User-Agent": f"bali/{__version__}", "Accept-Encoding": "identity"})
        return self._sessions.session

    def _repeat(self, address: str, attempt: Callable[[], Result]) -> Result:
        reason = ""
        for number in range(_NUM_ATTEMPTS):
            if number and self.stop.wait(self._wait_seconds * 2 ** (number - 1)):
                break
            try:
                return attempt()
            except (requests.RequestException, urllib3.exceptions.HTTPError, _LaterError) as error:
                reason = without_secrets(" ".join(str(error).split()))[:200]
                logger.info("%s: attempt %d of %d failed: %s", address, number + 1, _NUM_ATTEMPTS, reason)
        raise InputError(
            f"{address}: cannot be downloaded: {reason}. Check the network; the same command goes on where it stopped."
        )


def _resume_headers(part: Path, state: Path) -> dict[str, str]:
    """Headers that ask for what `part` lacks, if the file is still the one that `part` is of; none to start anew."""
    try:
        validator = json.loads(state.read_text(encoding="utf-8"))["validator"]
        size = part.stat().st_size
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    if not validator or not size:
        return {}
    return {"Range": f"bytes={size}-", "If-Range": validator}


def _validator_of(response: requests.Response) -> str:
    """What If-Range may hold (RFC 9110, 13.1.5): a strong entity tag or a date."""
    tag = response.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")


def _offset_of(response: requests.Response, headers: dict[str, str]) -> int:
    """Where the body of the answer starts in the file, bytes."""
    if response.status_code != 206:
        return 0
    match = _CONTENT_RANGE.match(response.headers.get("Content-Range", ""))
    if match is None or headers.get("Range") != f"bytes={match[1]}-":
        raise InputError(
            f"{without_secrets(response.url)}: expected the range {headers.get('Range')}, the server sent"
            f" {response.headers.get('Content-Range')!r}. Delete the .part file and try again."
        )
    return int(match[1])


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except requests.RequestException:  # is an OSError, but of the network
        raise
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written: {error.strerror or error}. Free space on the disk, or give another --output."
        ) from error
