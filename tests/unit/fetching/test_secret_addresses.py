"""Passwords and keys in addresses reach neither logs nor messages nor the manifest."""

import base64
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from bali.cli import main
from bali.errors import InputError
from bali.fetching.addresses import has_secrets, without_secrets
from bali.fetching.http import Client
from tests.unit.fetching.server import serve


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://host/path/file.xml.gz", "https://host/path/file.xml.gz"),
        ("https://user:s3cret@host:8080/path", "https://host:8080/path"),
        ("https://us%40er:s3@cret@host/path", "https://host/path"),
        ("https://host/path?X-Signature=s3cret&key=s3cret", "https://host/path?..."),
        ("HTTPPool(host='h'): url: /a?key=s3cret (Caused by 'x')", "HTTPPool(host='h'): url: /a?... (Caused by 'x')"),
        ("sent on to ['http://u:s3cret@h/a?s3cret', 'http://h/b']", "sent on to ['http://h/a?...', 'http://h/b']"),
    ],
)
def test_addresses_are_shown_without_secrets(text, shown):
    assert without_secrets(text) == shown


def test_an_address_of_a_folder_has_no_secrets():
    assert not has_secrets("https://ftp.ncbi.nlm.nih.gov/pubmed/")


@pytest.mark.parametrize(
    "address", ["https://user:s3cret@host/", "https://user:s3/cret@host/", "//u:s3cret@host/", "https://h/?key=s3cret"]
)
def test_a_server_named_with_a_password_is_refused_unseen(tmp_path, capfd, address):
    assert main(["fetch", "pubmed", "--output", str(tmp_path / "out"), "--base-url", address]) == 2
    shown = "".join(capfd.readouterr())
    assert shown.count("\n") == 1
    assert "~/.netrc" in shown
    assert "s3cret" not in shown
    assert "cret" not in shown
    assert not (tmp_path / "out").exists()


def test_where_a_server_sends_on_to_is_shown_without_its_key(tmp_path, caplog):
    caplog.set_level("INFO")
    with serve({}) as server:
        server.redirect = "http://127.0.0.1:1/store/file?X-Signature=s3cret"
        with pytest.raises(InputError, match="/store/file") as caught:
            Client(server.url, wait_seconds=0.001).read_text(server.url + "baseline/")
    assert "attempt 6 of 6" in caplog.text
    assert "s3cret" not in caplog.text + str(caught.value)


def test_user_and_password_come_from_netrc(tmp_path, monkeypatch, caplog):
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append(self.headers.get("Authorization"))
            self.send_error(403)

        def log_message(self, *_):
            """Keep the test's output clean."""

    caplog.set_level("DEBUG")
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login anna password s3cret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        address = f"http://127.0.0.1:{http.server_port}/pubmed/"
        with pytest.raises(InputError, match="403") as caught:
            Client(address).read_text(address)
        http.shutdown()
    assert seen == ["Basic " + base64.b64encode(b"anna:s3cret").decode()]
    assert "s3cret" not in caplog.text + str(caught.value)
