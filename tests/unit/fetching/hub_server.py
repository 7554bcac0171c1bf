"""A hub of one model that speaks what `huggingface_hub` asks for, and misbehaves on request."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

LARGE = (".safetensors", ".bin", ".h5", ".onnx", ".msgpack", ".ot")  # what the hub keeps by SHA-256


@dataclass
class Hub:
    """The model, how it is served, and what was asked for."""

    model_id: str
    commits: dict[str, dict[str, bytes]]  # commit -> name -> bytes; the last is the main branch
    url: str = ""
    token: str = ""  # asked for, where it is not empty
    error_code: str = ""  # X-Error-Code of the answer to those who have no token
    gated: bool = False  # the description is open, the files are not
    cut: set[str] = field(default_factory=set)  # names of files of which the second half never comes
    spoil: set[str] = field(default_factory=set)  # names of files of which a byte is another one
    status: int = 200
    requests: list[tuple[str, str]] = field(default_factory=list)  # (method, path)
    tokens: set[str] = field(default_factory=set)

    @property
    def main(self) -> str:
        return list(self.commits)[-1]

    def fetched(self) -> list[str]:
        return sorted(
            path.rpartition("/")[2] for method, path in self.requests if method == "GET" and "resolve" in path
        )


def git_digest(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def is_large(name: str) -> bool:
    return name.endswith(LARGE)


class Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        hub, path = self.hub, unquote(urlsplit(self.path).path)
        hub.requests.append((self.command, path))
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        hub.tokens.add(token)
        is_closed = bool(hub.token) and token != hub.token and not (hub.gated and path.startswith("/api"))
        if hub.status != 200:
            self.answer(hub.status, b"{}", {})
        elif hub.model_id not in path or (is_closed and not hub.gated):
            self.answer(401, b"{}", {"X-Error-Code": "RepoNotFound"})
        elif is_closed:
            self.answer(403, b"{}", {"X-Error-Code": "GatedRepo"})
        elif path.startswith("/api/models/"):
            self.describe(path)
        else:
            self.serve_file(path)

    def describe(self, path: str) -> None:
        hub = self.hub
        what, _, revision = path.removeprefix(f"/api/models/{hub.model_id}").strip("/").partition("/")
        commit = hub.main if revision in ("", "main") else revision
        if commit not in hub.commits:
            self.answer(404, b"{}", {"X-Error-Code": "RevisionNotFound"})
            return
        files = hub.commits[commit]
        if what == "tree":
            self.answer(200, json.dumps([self.entry(name, text) for name, text in files.items()]).encode(), {})
            return
        siblings = []
        for name, text in files.items():
            sibling = {"rfilename": name, "size": len(text), "blobId": git_digest(text)}
            if is_large(name):
                sibling["lfs"] = {"size": len(text), "sha256": hashlib.sha256(text).hexdigest(), "pointerSize": 130}
            siblings.append(sibling)
        body = {"id": hub.model_id, "sha": commit, "private": False, "tags": [], "downloads": 0, "siblings": siblings}
        self.answer(200, json.dumps(body).encode(), {})

    def entry(self, name: str, text: bytes) -> dict[str, object]:
        entry: dict[str, object] = {"type": "file", "path": name, "size": len(text), "oid": git_digest(text)}
        if is_large(name):
            entry["lfs"] = {"oid": hashlib.sha256(text).hexdigest(), "size": len(text), "pointerSize": 130}
        return entry

    def serve_file(self, path: str) -> None:
        commit, _, name = path.removeprefix(f"/{self.hub.model_id}/resolve/").partition("/")
        text = self.hub.commits[commit][name]
        tag = hashlib.sha256(text).hexdigest() if is_large(name) else git_digest(text)
        if name in self.hub.spoil:
            text = bytes([text[0] ^ 1]) + text[1:]
        headers = {"ETag": f'"{tag}"', "X-Repo-Commit": commit, "Content-Length": str(len(text))}
        if name in self.hub.cut and self.command == "GET":
            text = text[: len(text) // 2]
            self.close_connection = True
        self.answer(200, text, headers)

    def answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def serve_hub(model_id: str, commits: dict[str, dict[str, bytes]]) -> Iterator[Hub]:
    hub = Hub(model_id, commits)
    handler = type("HubHandler", (Handler,), {"hub": hub})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        http.daemon_threads = True
        hub.url = f"http://127.0.0.1:{http.server_port}"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield hub
        http.shutdown()
