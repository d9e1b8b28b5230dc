"""Slack and Notion as they answer, on loopback: they remember what arrived, and misbehave as they are told."""

import json
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

WEBHOOK_PATH = "/services/T0SECRET1/B0SECRET2/xoxSECRETxxxxxxxxxxxxxx"
TOKEN = "ntn_SECRET0123456789abcdefghijklmnop"  # noqa: S105 - nobody's
DATABASE = "0123456789abcdef0123456789abcdef"
HANG, DROP, DROP_AFTERWARDS = "hang", "drop", "drop afterwards"
Fault = int | str | None
LONGEST_S = 300  # for what comes at once, unless something hangs


@dataclass
class Loopback:
    """A server with faults to come, one a request; a status, or what happens instead of an answer."""

    faults: deque[Fault] = field(default_factory=deque)
    requests: list[tuple[str, str, Any, dict[str, str]]] = field(default_factory=list)
    arrived: list[Any] = field(default_factory=list)
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=lambda: {"Song": "title", "Notes": "rich_text"})
    sources: list[str] = field(default_factory=lambda: ["source-1"])
    retry_after: str = "0"
    latency_s: float = 0.0
    is_open: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    def __post_init__(self) -> None:
        self.is_open.set()

    @property
    def webhook(self) -> str:
        return self.url + WEBHOOK_PATH

    @property
    def keys(self) -> list[str]:
        """The alert ids of what arrived at Slack, in order."""
        return [one["blocks"][-1]["elements"][0]["text"].rsplit("alert ", 1)[1] for one in self.arrived]

    def take(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """Do what is asked, as Slack or Notion would."""
        if path == WEBHOOK_PATH:
            self.arrived.append(body)
            return 200, "ok"
        if path == f"/v1/databases/{DATABASE}":
            return 200, {"object": "database", "data_sources": [{"id": one, "name": one} for one in self.sources]}
        if path == "/v1/data_sources/source-1":
            if method == "PATCH":
                self.columns |= {name: next(iter(kind)) for name, kind in body["properties"].items()}
            return 200, {"properties": {name: {"type": kind} for name, kind in self.columns.items()}}
        if path.endswith("/query"):
            wanted = body["filter"]["rich_text"]["equals"]
            found = [page for page, row in self.rows.items() if key_of(row) == wanted]
            return 200, {"object": "list", "results": [{"object": "page", "id": page} for page in found]}
        page = path.removeprefix("/v1/pages").strip("/") or f"page-{len(self.rows) + 1}"
        unknown = set(body["properties"]) - set(self.columns)
        if unknown:
            return 400, {"object": "error", "code": "validation_error", "message": f"{unknown} is not a property"}
        self.rows[page] = self.rows.get(page, {}) | body
        return 200, {"object": "page", "id": page}


def key_of(row: dict[str, Any]) -> str:
    text: str = row["properties"]["Alert id"]["rich_text"][0]["text"]["content"]
    return text


class Server(ThreadingHTTPServer):
    """Listens for one `Loopback`."""

    daemon_threads = True

    def __init__(self, loopback: Loopback) -> None:
        self.loopback = loopback
        self.is_over = threading.Event()
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, *_: Any) -> None:
        """Say nothing of a client that was killed."""


class Handler(BaseHTTPRequestHandler):
    """Answers one request, or does not."""

    server: Server

    def answer(self) -> None:
        one = self.server.loopback
        length = int(self.headers.get("Content-Length", 0))
        content = self.rfile.read(length)
        if len(content) < length:  # who sent it was killed over it
            return
        body = json.loads(content or "null")
        one.requests.append((self.command, self.path, body, dict(self.headers)))
        if one.latency_s:
            time.sleep(one.latency_s)
        one.is_open.wait()
        fault = one.faults.popleft() if one.faults else None
        if isinstance(fault, int):
            self.reply(fault, {"message": f"as told; {self.path} {self.headers.get('Authorization')}"})
            return
        if fault == HANG:
            self.server.is_over.wait()
        answer = None if fault in {HANG, DROP} else one.take(self.command, self.path, body)
        if fault is None and answer:
            self.reply(*answer)

    def reply(self, status: int, body: Any) -> None:
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", self.server.loopback.retry_after)
        if status == 302:
            self.send_header("Location", f"{self.server.loopback.url}/elsewhere")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = answer  # noqa: N815 - as BaseHTTPRequestHandler calls them

    def log_message(self, *_: Any) -> None:
        return


@contextmanager
def serving(one: Loopback) -> Iterator[Loopback]:
    """Let a server listen for as long as the block lasts."""
    server = Server(one)
    one.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield one
    finally:
        server.is_over.set()
        server.shutdown()
        server.server_close()


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for something that comes, however busy the machine is; fail when it does not."""
    ends = time.monotonic() + LONGEST_S
    while not is_so():
        assert time.monotonic() < ends, f"waited for {LONGEST_S} s"
        time.sleep(0.005)
