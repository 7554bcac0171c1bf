import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from bali.errors import InputError
from bali.metathesaurus.download import blob_id, download
from bali.metathesaurus.registry import SourceFile, locate_files, read_files, read_sources

CONTENT = b"format-version: 1.2\n"


def source_file(content=CONTENT, path="src/ontology/symp.obo"):
    return SourceFile("SYMP", "kg_symp", "symp.obo", "owner/name", "abc123", path, blob_id(content))


class Handler(SimpleHTTPRequestHandler):
    requests = 0

    def do_GET(self):
        type(self).requests += 1
        super().do_GET()

    def log_message(self, *_):
        """Keep the test's output clean."""


@pytest.fixture
def server(tmp_path):
    folder = tmp_path / "server" / "owner/name/abc123/src/ontology"
    folder.mkdir(parents=True)
    (folder / "symp.obo").write_bytes(CONTENT)
    Handler.requests = 0
    handler = functools.partial(Handler, directory=str(tmp_path / "server"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def test_the_blob_id_is_git_s():
    assert blob_id(b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # git hash-object /dev/null
    assert blob_id(b"hello\n") == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_a_file_is_fetched_once_and_again_where_it_was_changed(tmp_path, server):
    cache = tmp_path / "cache"
    files = [source_file()]
    [path] = locate_files(download(files, cache, server), files).values()
    assert path.read_bytes() == CONTENT
    download(files, cache, server)
    assert Handler.requests == 1
    path.write_bytes(b"spoilt")
    download(files, cache, server)
    assert (path.read_bytes(), Handler.requests) == (CONTENT, 2)


def test_a_wrong_file_is_refused_and_deleted(tmp_path, server):
    with pytest.raises(InputError, match="expected the git blob"):
        download([source_file(b"another version")], tmp_path / "cache", server)
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file()] == []


def test_an_absent_file_is_an_input_error_of_one_line(tmp_path, server):
    with pytest.raises(InputError, match="cannot be downloaded") as error:
        download([source_file(path="src/nothing.obo")], tmp_path / "cache", server)
    assert "\n" not in str(error.value)


def test_the_registry_is_whole():
    sources, files = read_sources(), read_files()
    assert len(files) > 20
    assert {file.sab for file in files} == sources.keys()
    assert len({file.name for file in files}) == len(files)
    assert all(len(file.blob) == len(file.commit) == 40 for file in files)
