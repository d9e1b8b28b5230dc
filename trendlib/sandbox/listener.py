"""A real HTTP/1.1 server on 127.0.0.1: keep-alive, threads, and the two ways of not answering at all."""

import contextlib
import logging
import socket
import socketserver
import struct
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

_LOG = logging.getLogger(__name__)
_POLL_S = 0.02
_CLOSE_WITH_RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Question:
    """What was asked over HTTP."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Reply:
    """What is sent back: an answer, or a reset after which nobody listens for ``closed_s`` seconds."""

    status: int
    payload: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    is_reset: bool = False
    closed_s: float = 0.0


class Listener:
    """Listens on a port of 127.0.0.1 and hands every question to one function."""

    def __init__(self, port: int, respond: Callable[[Question], Reply]) -> None:
        """Bind the port (0: a free one) and begin to answer."""
        self.respond = respond
        self._connections: set[socket.socket] = set()
        self._changing = threading.Lock()
        self._is_stopped = threading.Event()
        self._open(port)
        self.port: int = self._http.server_address[1]

    def stop(self) -> None:
        """Stop listening and close every connection."""
        self._is_stopped.set()
        with self._changing:
            self._close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def pause(self, seconds: float) -> None:
        """Refuse new connections from now on, for a while; open ones are still served."""
        if not self._changing.acquire(blocking=False):
            return
        self._close()
        placeholder = socket.socket()  # bound and deaf: nobody else is given the port meanwhile
        placeholder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        placeholder.bind(("127.0.0.1", self.port))
        threading.Thread(target=self._listen_again, args=(seconds, placeholder), daemon=True).start()

    def sleep(self, seconds: float) -> None:
        """Let time pass, unless the server is stopped meanwhile."""
        self._is_stopped.wait(seconds)

    def _listen_again(self, seconds: float, placeholder: socket.socket) -> None:
        try:
            with placeholder:
                self.sleep(seconds)
                if not self._is_stopped.is_set():
                    self._open(self.port)
        finally:
            self._changing.release()

    def _open(self, port: int) -> None:
        self._http = _Server(("127.0.0.1", port), self)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(_POLL_S,), daemon=True)
        self._thread.start()

    def _close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def opened(self, connection: socket.socket) -> None:
        """Remember a connection, to close it when stopping."""
        self._connections.add(connection)

    def closed(self, connection: socket.socket) -> None:
        """Forget a connection."""
        self._connections.discard(connection)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], listener: Listener) -> None:
        self.listener = listener
        self.resets: set[Any] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)  # HTTPServer's own looks up the machine's name, which can take seconds
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def shutdown_request(self, request: Any) -> None:
        self.listener.closed(request)
        if request in self.resets:
            self.resets.discard(request)
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if isinstance(sys.exception(), OSError):
            _LOG.debug("%s went away while being answered (%s)", client_address, request)
        else:
            _LOG.exception("could not answer %s", client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "practice"
    wbufsize = -1  # one packet for head and body: else Nagle and delayed acknowledgement cost 40 ms an answer
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.listener.opened(self.connection)

    def do_GET(self) -> None:
        self._reply()

    def do_POST(self) -> None:
        self._reply()

    def _reply(self) -> None:
        parts = urlsplit(self.path)
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size) if size else b""
        params = dict(parse_qsl(parts.query, keep_blank_values=True))
        reply = self.server.listener.respond(Question(self.command, parts.path, params, dict(self.headers), body))
        if reply.delay_s:
            self.server.listener.sleep(reply.delay_s)
        if not reply.is_reset:
            self._send(reply)
            return
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _CLOSE_WITH_RESET)
        self.server.resets.add(self.connection)
        self.close_connection = True
        if reply.closed_s:
            self.server.listener.pause(reply.closed_s)

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.payload)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.payload)

    def log_message(self, format: str, *args: Any) -> None:
        _LOG.debug(format, *args)
