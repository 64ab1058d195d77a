"""A proxy before an object store that answers some requests with 503 and drops some connections.

What happens to a request follows from the seed, its method, its path, and how often the same was asked before: not from
time, nor from what else is asked meanwhile. One that was refused is let through after some more tries.
"""

import hashlib
import http.client
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLOW_DOWN = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
)
OF_THE_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect"}


class Fate(Enum):
    """What becomes of a request."""

    GOOD = "passed on"
    BUSY = "answered 503"
    DEAF = "dropped before the store heard of it"
    MUTE = "dropped after the store had done it"
    TORN = "dropped in the middle of the answer"


@dataclass
class Faults:
    """How often what happens.

    Attributes:
        busy: Share of requests that are answered 503.
        dropped: Share of requests whose connection is dropped.
        seed: Decides which.
        counts: What has happened so far.
    """

    busy: float = 0.0
    dropped: float = 0.0
    seed: int = 0
    counts: Counter[Fate] = field(default_factory=Counter)
    _asked: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fate(self, method: str, path: str) -> Fate:
        """What becomes of the next request of this kind."""
        with self._lock:
            asked = f"{method} {path}"
            self._asked[asked] += 1
            digest = hashlib.sha256(f"{self.seed} {asked} {self._asked[asked]}".encode()).digest()
            drawn = int.from_bytes(digest[:7], "big") / 2**56
            found = Fate.GOOD
            if drawn < self.busy:
                found = Fate.BUSY
            elif drawn < self.busy + self.dropped:
                found = (Fate.DEAF, Fate.MUTE, Fate.TORN)[digest[8] % 3]
            self.counts[found] += 1
            return found


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faults: Faults
    upstream: tuple[str, int]

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fate = self.faults.fate(self.command, self.path)
        if fate is Fate.DEAF:
            self._drop()
            return
        if fate is Fate.BUSY:
            self._send(503, [("Content-Type", "application/xml")], SLOW_DOWN)
            return
        status, headers, data, length = self._asked_upstream(body)
        if fate is Fate.MUTE or (fate is Fate.TORN and not data):
            self._drop()
        elif fate is Fate.TORN:
            self._send(status, headers, data[: len(data) // 2], len(data))
            self._drop()
        else:
            self._send(status, headers, data, length)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _answer  # noqa: N815 - the server asks for these names

    def _asked_upstream(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes, int]:
        connection = http.client.HTTPConnection(*self.upstream, timeout=60)
        try:
            connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in OF_THE_CONNECTION:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            answer = connection.getresponse()
            data = answer.read()
            headers = [(k, v) for k, v in answer.getheaders() if k.lower() not in OF_THE_CONNECTION]
            told = answer.getheader("Content-Length")  # of an answer to HEAD: that of the object
            return answer.status, headers, data, int(told) if told is not None else len(data)
        finally:
            connection.close()

    def _send(self, status: int, headers: list[tuple[str, str]], data: bytes, length: int | None = None) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(data) if length is None else length))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)
        self.wfile.flush()

    def _drop(self) -> None:
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that was killed leaves connections that break: nobody's fault."""


@contextmanager
def proxied(upstream: tuple[str, int], faults: Faults) -> Iterator[str]:
    """The URL of a proxy for as long as this lasts."""
    handler = type("Handler", (_Handler,), {"faults": faults, "upstream": upstream})
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
