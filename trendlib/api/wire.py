"""One request on its way: it ends in time, whatever the server does.

Whatever comes back is a `Reply`, a failure too: nothing is raised, so nothing that carries the
request (and the key in its headers) can reach a traceback, and the log of the connections is told no
key. The adapter sends, not the session: no redirect is followed, no cookie kept.
"""

import json
import logging
import math
import re
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from trendlib.api.archive import TOO_DEEP, is_too_deep
from trendlib.config import is_loopback

LARGEST_BODY = 64 * 2**20
LONGEST_TEXT = 10_000
UNREADABLE = "(a body that broke off or could not be unpacked)"
_SHORTEST_KEY = 8  # a shorter one can't be told from other words of an answer, to be erased there
_CHUNK = 2**16
_SOON = 0.2  # an answer mostly comes within this part of the time it may take
_logs = [logging.getLogger(f"urllib3.{name}") for name in ("connection", "connectionpool")]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes
    ----------
    status
        HTTP status; 0 when no answer came, and then ``body`` says why not.
    body
        The JSON that came, or the beginning of the text when it was none.
    reset_s
        How long the provider asks to be left alone [s], None if it does not say.
    """

    status: int
    body: Any
    reset_s: float | None = None


class KeyHeader(AuthBase):
    """Puts the key on a request, if there is one; as it is an ``auth``, ``.netrc`` is not consulted."""

    def __init__(self, header: str | None, prefix: str, key: SecretStr | None) -> None:
        self._header = header
        self._prefix = prefix
        self._key = key or SecretStr("")

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the header."""
        if self._header is not None:
            request.headers[self._header] = self._prefix + self._key.get_secret_value()
        return request

    def erased_from(self, text: str) -> str:
        """Return a text without the key, should a server repeat it, plain or escaped as in JSON."""
        key = self._key.get_secret_value()
        if len(key) < _SHORTEST_KEY:
            return text
        text = text.replace(key, "[key]")
        return re.sub("".join(map(_spellings, key)), "[key]", text) if "\\" in text else text


def unmoved() -> None:
    """Do nothing about it."""


class Parcel:
    """A body that leaves at the last moment: once the connection stands and the headers are sent.

    Parameters
    ----------
    content
        The body.
    on_leaving
        Told right before it leaves; what it raises keeps the body here.
    on_waiting
        Told when it has left and the answer takes long.
    """

    def __init__(
        self, content: bytes, on_leaving: Callable[[], None] = unmoved, on_waiting: Callable[[], None] = unmoved
    ) -> None:
        self.has_left = False
        self._content = content
        self._on_leaving = on_leaving
        self._on_waiting = on_waiting
        self._is_held = False
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """Give its size, for the header that tells it."""
        return len(self._content)

    def __iter__(self) -> Iterator[bytes]:
        """Give it in one piece; requests streams only what can be iterated."""
        yield self.read()

    def read(self, _: int = -1) -> bytes:
        """Hand it over, once."""
        with self._lock:
            if self.has_left:
                return b""
            if self._is_held:
                raise ConnectionAbortedError("nobody waits for the answer any longer")
            self._on_leaving()
            self.has_left = True
            return self._content

    def wait(self) -> None:
        """Say that the answer takes long."""
        with self._lock:
            if self.has_left:
                self._on_waiting()

    def hold(self) -> None:
        """Keep it here, if it has not left."""
        with self._lock:
            self._is_held = True


class _Discreet(logging.Filter):
    """Takes the key out of what the log of the connections says: a request's path may hold it."""

    def __init__(self, auth: "KeyHeader") -> None:
        super().__init__()
        self._auth = auth

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._auth.erased_from(record.getMessage()), None
        record.exc_info = None  # quotes what the server sent
        return True


class _UnderWay(threading.local):
    """The exchange that a thread is about."""

    exchange: "_Exchange | None" = None


_under_way = _UnderWay()


def _read_from(line: socket.socket) -> None:
    if _under_way.exchange is not None:
        _under_way.exchange.reads_from(line)


class _Plain(HTTPConnection):
    """A connection that tells what it reads from before an answer has begun: one may never begin, nor end to begin."""

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as in urllib3
        _read_from(self.sock)
        return super().getresponse()


class _Secure(HTTPSConnection):
    """The same, for https."""

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as in urllib3
        _read_from(self.sock)
        return super().getresponse()


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _Secure


class _Adapter(HTTPAdapter):
    """Makes connections that can be hung up on at any moment; through a proxy, once the answer has begun."""

    def init_poolmanager(self, *settings: Any, **more: Any) -> None:
        super().init_poolmanager(*settings, **more)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


class Wire:
    """Connections to one server, kept open between requests.

    Parameters
    ----------
    base_url
        The server.
    auth
        What puts the key on a request.
    timeout_s
        How long a whole answer is waited for, from the first name look-up to the last byte [s].
    connections
        How many connections are kept open.
    user_agent
        What the server is told about who asks.
    headers
        More headers of every request.
    """

    def __init__(
        self,
        base_url: str,
        auth: KeyHeader,
        *,
        timeout_s: float,
        connections: int = 1,
        user_agent: str = "trendlib",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._base_url = SecretStr(base_url)  # a webhook is a secret whole
        self._auth = auth
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.auth = auth
        self._session.headers.update({"User-Agent": user_agent, "Accept": "application/json", **(headers or {})})
        # A proxy is for the way out; what is on this machine is not asked through it.
        self._session.trust_env = not is_loopback(base_url)
        self._session.mount(base_url, _Adapter(pool_connections=1, pool_maxsize=connections))
        self._discretion = _Discreet(auth)
        for log in _logs:
            log.addFilter(self._discretion)

    def get(self, endpoint: str, params: Mapping[str, str]) -> Reply:
        """Ask once."""
        return self._exchange(
            requests.Request("GET", self._base_url.get_secret_value() + endpoint, params=dict(params)), Parcel(b"")
        )

    def send(self, method: str, endpoint: str, parcel: Parcel) -> Reply:
        """Send a JSON body, once; when no answer comes, ``parcel.has_left`` tells whether it may have arrived."""
        headers = {"Content-Type": "application/json; charset=utf-8"}
        request = requests.Request(
            method, self._base_url.get_secret_value() + endpoint, headers=headers, data=cast("Any", parcel)
        )
        return self._exchange(request, parcel)

    def close(self) -> None:
        """Close the connections."""
        for log in _logs:
            log.removeFilter(self._discretion)
        self._session.close()

    def _exchange(self, request: requests.Request, parcel: Parcel) -> Reply:
        exchange = _Exchange(self._session, self._auth, parcel, timeout_s=self._timeout_s)
        threading.Thread(target=exchange.run, args=(request,), daemon=True).start()
        return exchange.reply()


class _Exchange:
    """One request and its reply, in a thread of its own: only so can its whole time be bounded.

    Time-outs of sockets start anew with every byte, and looking up a name has none.
    """

    def __init__(self, session: requests.Session, auth: KeyHeader, parcel: Parcel, *, timeout_s: float) -> None:
        self._session = session
        self._auth = auth
        self._parcel = parcel
        self._timeout_s = timeout_s
        self._reply: Future[Reply] = Future()
        self._response: requests.Response | None = None
        self._line: socket.socket | None = None
        self._is_over = False

    def run(self, request: requests.Request) -> None:
        _under_way.exchange = self
        try:
            self._reply.set_result(self._ask(request))
        except (OSError, HTTPError, ValueError) as error:
            self._reply.set_result(Reply(0, self._auth.erased_from(_reason(error))))

    def reads_from(self, line: socket.socket) -> None:
        """Learn what is read from, to be able to hang up."""
        self._line = line
        if self._is_over:
            raise ConnectionAbortedError("nobody waits for the answer any longer")

    def reply(self) -> Reply:
        soon_s = _SOON * self._timeout_s
        try:
            with suppress(TimeoutError):
                return self._reply.result(timeout=soon_s)
            self._parcel.wait()
            with suppress(TimeoutError):
                return self._reply.result(timeout=self._timeout_s - soon_s)
        finally:
            self._parcel.hold()
        self._hang_up()
        return Reply(0, f"timed out: no whole answer within {self._timeout_s:g} s")

    def _ask(self, question: requests.Request) -> Reply:
        # No name is given to an address that may be a secret: a traceback may show all names.
        request = self._session.prepare_request(question)
        settings: dict[str, Any] = dict(
            self._session.merge_environment_settings(str(request.url), proxies={}, stream=True, verify=None, cert=None)
        )
        self._response = self._session.get_adapter(str(request.url)).send(request, timeout=self._timeout_s, **settings)
        with self._response as response:
            content, is_whole = _content(response)
        # a broken letter in one caption costs that letter, not the page
        text = self._auth.erased_from(content.decode("utf-8-sig", errors="replace"))
        body = _body(text) if is_whole else text[:LONGEST_TEXT] or UNREADABLE
        return Reply(response.status_code, body, _reset_s(response.headers))

    def _hang_up(self) -> None:
        """Wake the thread that still reads, if it reads."""
        self._is_over = True
        with suppress(ValueError, RuntimeError, OSError):
            if self._line is not None:
                self._line.shutdown(socket.SHUT_RDWR)
            elif self._response is not None:
                self._response.raw.shutdown()


def _spellings(character: str) -> str:
    """Match a character as JSON may write it, also JSON within JSON: every layer adds backslashes."""
    plain, code = re.escape(character), f"{ord(character):04x}"
    return rf"(?:\\{{0,8}}{plain}|\\{{1,8}}(?i:u{code}))"


def _content(response: requests.Response) -> tuple[bytearray, bool]:
    """Read a body; tell whether all of it came."""
    content = bytearray()
    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            content += chunk
            if len(content) > LARGEST_BODY:
                return content[:LONGEST_TEXT], False
    except HTTPError:
        return content, False
    return content, True


def _body(text: str) -> Any:
    """Read JSON; numbers that JSON does not have become None, what is no JSON stays text."""
    try:
        body = json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
    except (ValueError, RecursionError):
        return text[:LONGEST_TEXT]
    return TOO_DEEP if is_too_deep(body) else body


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _reset_s(headers: Mapping[str, str]) -> float | None:
    for name in ("x-limit-request-reset", "Retry-After"):
        try:
            seconds = float(headers.get(name, ""))
        except ValueError:
            continue
        if math.isfinite(seconds) and seconds >= 0:
            return seconds
    return None


def _reason(error: BaseException) -> str:
    """Name the first cause of a failure; the errors around it only repeat it."""
    cause = error
    while (inner := cause.__cause__ or cause.__context__) is not None:
        cause = inner
    # An unfit header is quoted in its error, escaped; it may be the key.
    words = "" if isinstance(cause, ValueError) else f": {cause}"
    return f"{type(cause).__name__}{words}"[:300]
