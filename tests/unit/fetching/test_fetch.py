"""`bali fetch pubmed` against a local server that behaves, and one that does not."""

import errno
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bali.cli import main
from bali.errors import InputError, OutputError
from bali.fetching import http, pubmed
from bali.fetching.http import Client
from bali.fetching.manifest import parse_md5, read_manifest
from tests.unit.fetching.server import Server, serve

NAMES = [f"pubmed26n{number:04}.xml.gz" for number in (1, 2, 3, 1300)]
CONTENTS = {name: hashlib.sha256(name.encode()).digest() * 20_000 for name in NAMES}  # 640 kB each
FIRST = NAMES[0]


@pytest.fixture
def server() -> Iterator[Server]:
    files = {f"{'updatefiles' if name == NAMES[-1] else 'baseline'}/{name}": text for name, text in CONTENTS.items()}
    with serve(files) as state:
        yield state


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = Client.__init__
    monkeypatch.setattr(Client, "__init__", lambda self, base: plain(self, base, wait_seconds=0.01))


def fetch(server: Server, folder: Path, *options: str) -> int:
    return main(["fetch", "pubmed", "--output", str(folder), "--base-url", server.url, *options])


def downloaded(server: Server) -> list[str]:
    return [path.rpartition("/")[2] for path, _ in server.requests if path.endswith(".xml.gz")]


def assert_whole(folder: Path, names: list[str]) -> None:
    assert names
    assert sorted(p.name for p in folder.iterdir()) == sorted([*names, "manifest.json", ".lock"])
    assert {name: (folder / name).read_bytes() for name in names} == {name: CONTENTS[name] for name in names}


def test_all_files_are_fetched_and_named_in_the_manifest(tmp_path: Path, server: Server) -> None:
    assert fetch(server, tmp_path / "new" / "folder") == 0
    assert_whole(tmp_path / "new" / "folder", NAMES)
    entries = json.loads((tmp_path / "new" / "folder" / "manifest.json").read_text())["files"]
    assert [entry["name"] for entry in entries] == NAMES
    first = entries[0]
    assert first["md5"] == hashlib.md5(CONTENTS[FIRST]).hexdigest()
    assert first["size"] == len(CONTENTS[FIRST])
    assert (first["listed"], first["last_modified"]) == ("2026-01-08 10:00", "Thu, 08 Jan 2026 10:00:00 GMT")
    assert first["address"] == f"{server.url}baseline/{FIRST}"
    assert server.most_active <= 3


def test_a_second_run_downloads_nothing(tmp_path: Path, server: Server) -> None:
    assert fetch(server, tmp_path, "--baseline", "--files", "1-2") == 0
    manifest = (tmp_path / "manifest.json").read_bytes()
    server.requests.clear()
    assert fetch(server, tmp_path, "--baseline", "--files", "1-2") == 0
    assert [path for path, _ in server.requests] == ["baseline/"]
    assert (tmp_path / "manifest.json").read_bytes() == manifest
    assert_whole(tmp_path, NAMES[:2])


def test_what_is_missing_short_or_new_on_the_server_is_fetched(tmp_path: Path, server: Server) -> None:
    assert fetch(server, tmp_path, "--baseline") == 0
    (tmp_path / NAMES[0]).unlink()
    (tmp_path / NAMES[1]).write_bytes(b"short")
    server.requests.clear()
    assert fetch(server, tmp_path) == 0
    assert sorted(downloaded(server)) == [NAMES[0], NAMES[1], NAMES[3]]
    assert_whole(tmp_path, NAMES)
    server.requests.clear()
    server.files[f"baseline/{FIRST}"] = b"newer"
    server.date = "2026-02-01 10:00"
    assert fetch(server, tmp_path) == 0
    assert downloaded(server) == [FIRST]  # the others have a new date and the same checksum
    assert (tmp_path / FIRST).read_bytes() == b"newer"


def test_verify_reads_what_is_there(tmp_path: Path, server: Server) -> None:
    assert fetch(server, tmp_path, "--files", "1-2") == 0
    spoilt = bytearray(CONTENTS[FIRST])
    spoilt[1000] ^= 1
    (tmp_path / FIRST).write_bytes(spoilt)
    assert fetch(server, tmp_path, "--files", "1-2") == 0
    assert (tmp_path / FIRST).read_bytes() == spoilt
    server.requests.clear()
    assert fetch(server, tmp_path, "--files", "1-2", "--verify") == 0
    assert downloaded(server) == [FIRST]
    assert_whole(tmp_path, NAMES[:2])


def test_a_cut_connection_goes_on_where_it_broke(tmp_path: Path, server: Server) -> None:
    server.cut_after, server.num_cuts = 300_000, 2
    assert fetch(server, tmp_path, "--files", "1", "--jobs", "1") == 0
    assert_whole(tmp_path, [FIRST])
    ranges = [wanted for path, wanted in server.requests if path.endswith(FIRST)]
    assert len(ranges) == 3
    assert ranges[0] == ""
    assert all(wanted.startswith("bytes=") for wanted in ranges[1:])
    assert server.statuses[206] == 2


def test_a_server_without_ranges_starts_anew(tmp_path: Path, server: Server) -> None:
    server.cut_after, server.num_cuts, server.ranges = 300_000, 1, False
    assert fetch(server, tmp_path, "--files", "1") == 0
    assert_whole(tmp_path, [FIRST])
    assert server.statuses[206] == 0


def test_a_file_that_changed_meanwhile_starts_anew(tmp_path: Path, server: Server) -> None:
    (tmp_path / f"{FIRST}.part").write_bytes(b"old" * 1000)
    (tmp_path / f"{FIRST}.part.json").write_text('{"validator": "\\"v0\\""}')
    assert fetch(server, tmp_path, "--files", "1") == 0
    assert ("baseline/" + FIRST, "bytes=3000-") in server.requests
    assert_whole(tmp_path, [FIRST])


@pytest.mark.parametrize("state", [None, "", "{}", "[]", '{"validator": ""}'])
def test_a_part_of_unknown_origin_starts_anew(tmp_path: Path, server: Server, state: str | None) -> None:
    (tmp_path / f"{FIRST}.part").write_bytes(b"old" * 1000)
    if state is not None:
        (tmp_path / f"{FIRST}.part.json").write_text(state)
    assert fetch(server, tmp_path, "--files", "1") == 0
    assert_whole(tmp_path, [FIRST])


@pytest.mark.parametrize("surplus", [b"", b"more"])
def test_a_part_that_is_whole_or_too_long_costs_one_download(tmp_path: Path, server: Server, surplus: bytes) -> None:
    (tmp_path / f"{FIRST}.part").write_bytes(CONTENTS[FIRST] + surplus)
    (tmp_path / f"{FIRST}.part.json").write_text('{"validator": "\\"v1\\""}')
    assert fetch(server, tmp_path, "--files", "1") == 0
    assert_whole(tmp_path, [FIRST])
    assert server.statuses[416] == 1


def test_a_spoilt_part_is_downloaded_anew(tmp_path: Path, server: Server) -> None:
    (tmp_path / f"{FIRST}.part").write_bytes(b"\0" * 1000)
    (tmp_path / f"{FIRST}.part.json").write_text('{"validator": "\\"v1\\""}')
    assert fetch(server, tmp_path, "--files", "1") == 0
    assert server.statuses[206] == 1
    assert_whole(tmp_path, [FIRST])


def test_a_server_in_trouble_is_asked_again(tmp_path: Path, server: Server) -> None:
    server.num_errors = 2
    assert fetch(server, tmp_path, "--files", "1", "--baseline") == 0
    assert server.statuses[500] == 2
    assert_whole(tmp_path, [FIRST])


def test_weak_tags_are_not_used_for_ranges(tmp_path: Path, server: Server) -> None:
    server.tag, server.cut_after, server.num_cuts = 'W/"v1"', 300_000, 1
    assert fetch(server, tmp_path, "--files", "1") == 0
    assert server.statuses[206] == 0
    assert_whole(tmp_path, [FIRST])


def failure(capsys: pytest.CaptureFixture[str]) -> str:
    line = capsys.readouterr().err.splitlines()
    assert line
    assert line[-1].startswith("bali fetch: ")
    assert "Traceback" not in "".join(line)
    return line[-1]


def test_a_wrong_checksum_is_an_error_after_two_downloads(
    tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.wrong_md5 = True
    assert fetch(server, tmp_path, "--files", "1") == 2
    assert "expected the MD5" in failure(capsys)
    assert downloaded(server) == [FIRST, FIRST]
    assert not (tmp_path / FIRST).exists()
    assert not (tmp_path / "manifest.json").exists()


def test_other_errors_are_one_line(tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    server.num_errors = 1000
    assert fetch(server, tmp_path) == 2
    assert "cannot be downloaded: the server answers 500" in failure(capsys)
    server.num_errors = 0
    server.files.clear()
    assert fetch(server, tmp_path) == 2
    assert "found none among" in failure(capsys)
    server.url += "elsewhere/"
    assert fetch(server, tmp_path) == 2
    assert "answers 404 Not Found" in failure(capsys)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server.url = f"http://127.0.0.1:{free.getsockname()[1]}/"
    assert fetch(server, tmp_path) == 2
    assert "Check the network" in failure(capsys)
    server.url = "ftp://example.org/pubmed/"
    assert fetch(server, tmp_path) == 2
    assert "starts with https://" in failure(capsys)


def test_a_file_that_is_listed_and_gone_stops_the_others(
    tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = server.content
    monkeypatch.setattr(server, "content", lambda path: None if FIRST in path else content(path))
    assert fetch(server, tmp_path, "--jobs", "1") == 2
    assert f"{FIRST}.md5: expected a file, the server answers 404" in failure(capsys)


def test_https_is_never_left(tmp_path: Path, server: Server) -> None:
    client = Client(server.url)
    client._secure = True
    server.redirect = server.url + "baseline/"
    with pytest.raises(InputError, match="expected answers by https"):
        client.read_text(server.url + "updatefiles/")


def test_a_full_disk(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usage = pubmed.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(pubmed.shutil, "disk_usage", lambda _: usage._replace(free=1000))
    assert fetch(server, tmp_path) == 2
    assert "GiB are to come, 0.0 GiB are free" in failure(capsys)
    monkeypatch.undo()

    class FullPath(type(tmp_path)):  # type: ignore[misc]
        def open(self, *_: object, **__: object) -> object:
            raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OutputError, match="No space left on device"):
        Client(server.url).download(f"{server.url}baseline/{FIRST}", FullPath(tmp_path / "x.part"))


def test_one_process_a_folder(tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    with pubmed._locked(tmp_path):
        assert fetch(server, tmp_path) == 2
    assert "another `bali fetch` writes here" in failure(capsys)


def test_a_damaged_manifest_is_named(tmp_path: Path, server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "manifest.json").write_text('{"files": [{"name": "x"}]}')
    assert fetch(server, tmp_path) == 2
    assert "manifest.json: expected a manifest" in failure(capsys)


def test_a_dry_run_writes_nothing(tmp_path: Path, server: Server) -> None:
    assert fetch(server, tmp_path / "new", "--dry-run") == 0
    assert not (tmp_path / "new").exists()


def test_a_file_of_another_year_is_warned_of(tmp_path: Path, server: Server, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "pubmed25n0001.xml.gz").write_bytes(b"")
    assert fetch(server, tmp_path, "--files", "1") == 0
    assert "files of another year (pubmed25n...)" in caplog.text


@pytest.mark.parametrize("text", [f"MD5({FIRST})= {'A' * 32}\n", f"{'a' * 32}  {FIRST}\n", f"{'a' * 32} *{FIRST}"])
def test_checksum_files_of_both_kinds_are_read(text: str) -> None:
    assert parse_md5(text, FIRST, "address") == "a" * 32


@pytest.mark.parametrize("text", ["", "<html>", f"MD5({NAMES[1]})= {'a' * 32}", f"MD5({FIRST})= abc"])
def test_a_checksum_of_another_file_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="address: expected `MD5"):
        parse_md5(text, FIRST, "address")


def test_a_killed_run_goes_on(tmp_path: Path, server: Server) -> None:
    name = f"baseline/{FIRST}"
    server.files = {name: os.urandom(1 << 20) * 64}
    command = [sys.executable, "-m", "bali", "fetch", "pubmed", "--baseline", "--output", str(tmp_path)]
    process = subprocess.Popen([*command, "--base-url", server.url], stderr=subprocess.DEVNULL)
    part = tmp_path / f"{FIRST}.part"
    end = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size > 1 << 20) and time.monotonic() < end:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert part.exists()
    assert 0 < part.stat().st_size < 64 << 20
    server.requests.clear()
    assert fetch(server, tmp_path, "--baseline") == 0
    (wanted,) = [wanted for path, wanted in server.requests if path == name]
    assert wanted.startswith("bytes=")
    assert (tmp_path / FIRST).read_bytes() == server.files[name]
    assert read_manifest(tmp_path)[FIRST].size == 64 << 20


def test_attempts_are_limited_and_wait_longer_each(monkeypatch: pytest.MonkeyPatch, server: Server) -> None:
    waits: list[float] = []
    client = Client(server.url)
    monkeypatch.setattr(client.stop, "wait", waits.append)
    server.num_errors = 1000
    with pytest.raises(InputError):
        client.read_text(server.url)
    assert waits == [0.01 * 2**n for n in range(http._NUM_ATTEMPTS - 1)]
