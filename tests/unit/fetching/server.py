"""A server of a folder `pubmed/` that misbehaves on request."""

import hashlib
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LISTING = """<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">
<html><head><title>Index of /pubmed/baseline</title></head><body><h1>Index of /pubmed/baseline</h1>
<pre>Name                    Last modified      Size  <hr><a href="/pubmed/">Parent Directory</a>                 -
<a href="README.txt">README.txt</a>              2026-01-08 10:00  4.8K
{rows}<hr></pre></body></html>
"""


@dataclass
class Server:
    """What is served, how, and what was asked for."""

    files: dict[str, bytes]  # path below pubmed/, e.g. baseline/pubmed26n0001.xml.gz
    url: str = ""
    ranges: bool = True
    tag: str = '"v1"'
    date: str = "2026-01-08 10:00"
    cut_after: int = 0  # bytes of a body after which the connection is closed, `num_cuts` times
    num_cuts: int = 0
    num_errors: int = 0  # answers 500 before the first right one
    wrong_md5: bool = False
    redirect: str = ""
    requests: list[tuple[str, str]] = field(default_factory=list)  # (path, Range)
    statuses: Counter[int] = field(default_factory=Counter)
    active: int = 0
    most_active: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def content(self, path: str) -> bytes | None:
        if path in ("baseline/", "updatefiles/"):
            names = sorted(name[len(path) :] for name in self.files if name.startswith(path))
            return LISTING.format(rows="".join(self._row(path, name) for name in names)).encode()
        if path.endswith(".md5") and path[:-4] in self.files:
            digest = hashlib.md5(self.files[path[:-4]] + b"x" * self.wrong_md5).hexdigest()
            return f"MD5({path[:-4].rpartition('/')[2]})= {digest}\n".encode()
        return self.files.get(path)

    def _row(self, path: str, name: str) -> str:
        size = f"{max(len(self.files[path + name]) // 1024, 1)}K"
        md5 = f'<a href="{name}.md5">{name}.md5</a>    {self.date}   60  \n'
        return f'<a href="{name}">{name}</a>    {self.date}  {size:>4}  \n{md5}'


class Handler(BaseHTTPRequestHandler):
    state: Server

    def do_GET(self) -> None:
        state = self.state
        with state.lock:
            state.active += 1
            state.most_active = max(state.most_active, state.active)
        try:
            self.answer(self.path.removeprefix("/pubmed/"))
        finally:
            with state.lock:
                state.active -= 1

    def answer(self, path: str) -> None:
        state = self.state
        wanted = self.headers.get("Range", "")
        with state.lock:
            state.requests.append((path, wanted))
            fails = state.num_errors > 0
            state.num_errors -= fails
        content = state.content(path)
        if state.redirect and not state.redirect.endswith(path):
            self.head(302, {"Location": state.redirect, "Content-Length": "0"})
        elif fails or content is None:
            self.head(500 if fails else 404, {"Content-Length": "0"})
        else:
            self.body(content, wanted)

    def body(self, content: bytes, wanted: str) -> None:
        state = self.state
        headers = {"Last-Modified": "Thu, 08 Jan 2026 10:00:00 GMT", "Content-Type": "application/x-gzip"}
        headers |= {"ETag": state.tag} if state.tag else {}
        match = re.fullmatch(r"bytes=(\d+)-", wanted)
        first = int(match[1]) if match and state.ranges and self.headers.get("If-Range") == state.tag else 0
        if first >= len(content) and first:
            self.head(416, {"Content-Length": "0"})
            return
        if first:
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
        self.head(206 if first else 200, headers | {"Content-Length": str(len(content) - first)})
        rest = content[first:]
        with state.lock:
            cut = 0 < state.cut_after < len(rest) and state.num_cuts > 0
            state.num_cuts -= cut
        self.wfile.write(rest[: state.cut_after] if cut else rest)
        self.close_connection = True

    def head(self, status: int, headers: dict[str, str]) -> None:
        with self.state.lock:
            self.state.statuses[status] += 1
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""


@contextmanager
def serve(files: dict[str, bytes]) -> Iterator[Server]:
    state = Server(files)
    handler = type("StatefulHandler", (Handler,), {"state": state})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as http:
        state.url = f"http://127.0.0.1:{http.server_port}/pubmed/"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield state
        http.shutdown()
