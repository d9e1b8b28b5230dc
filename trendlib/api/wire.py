"""One request on its way: a GET that ends in time, whatever the server does.

Whatever comes back is a `Reply`, a failure too: nothing is raised, so nothing that carries the
request (and the key in its headers) can reach a traceback. The adapter sends, not the session: no
redirect is followed, no cookie kept.
"""

import json
import math
import re
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import requests
from pydantic import SecretStr
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from trendlib.config import is_loopback

LARGEST_BODY = 64 * 2**20
LONGEST_TEXT = 10_000
_SHORTEST_KEY = 8  # a shorter one can't be told from other words of an answer, to be erased there
_CHUNK = 2**16


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
        self._written = re.compile("".join(map(_spellings, self._key.get_secret_value())))

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
        return self._written.sub("[key]", text) if "\\" in text else text


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
    """

    def __init__(
        self, base_url: str, auth: KeyHeader, *, timeout_s: float, connections: int, user_agent: str = "trendlib"
    ) -> None:
        self._base_url = base_url
        self._auth = auth
        self._timeout_s = timeout_s
        self._session = requests.Session()
        self._session.auth = auth
        self._session.headers.update({"User-Agent": user_agent, "Accept": "application/json"})
        # A proxy is for the way out; what is on this machine is not asked through it.
        self._session.trust_env = not is_loopback(base_url)
        self._session.mount(base_url, HTTPAdapter(pool_connections=1, pool_maxsize=connections))

    def get(self, endpoint: str, params: Mapping[str, str]) -> Reply:
        """Ask once."""
        exchange = _Exchange(self._session, self._auth, timeout_s=self._timeout_s)
        threading.Thread(target=exchange.run, args=(self._base_url + endpoint, params), daemon=True).start()
        return exchange.reply()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


class _Exchange:
    """One request and its reply, in a thread of its own: only so can its whole time be bounded.

    Time-outs of sockets start anew with every byte, and looking up a name has none.
    """

    def __init__(self, session: requests.Session, auth: KeyHeader, *, timeout_s: float) -> None:
        self._session = session
        self._auth = auth
        self._timeout_s = timeout_s
        self._reply: Future[Reply] = Future()
        self._response: requests.Response | None = None

    def run(self, url: str, params: Mapping[str, str]) -> None:
        try:
            self._reply.set_result(self._ask(url, params))
        except (OSError, HTTPError, ValueError) as error:
            self._reply.set_result(Reply(0, _reason(error)))

    def reply(self) -> Reply:
        try:
            return self._reply.result(timeout=self._timeout_s)
        except TimeoutError:
            self._hang_up()
            return Reply(0, f"timed out: no whole answer within {self._timeout_s:g} s")

    def _ask(self, url: str, params: Mapping[str, str]) -> Reply:
        request = self._session.prepare_request(requests.Request("GET", url, params=dict(params)))
        settings: dict[str, Any] = dict(
            self._session.merge_environment_settings(url, proxies={}, stream=True, verify=None, cert=None)
        )
        self._response = self._session.get_adapter(url).send(request, timeout=self._timeout_s, **settings)
        with self._response as response:
            content, is_whole = _content(response)
        text = self._auth.erased_from(content.decode("utf-8-sig", errors="replace"))
        body = _body(text) if is_whole and _is_utf8(content) else text[:LONGEST_TEXT]
        return Reply(response.status_code, body, _reset_s(response.headers))

    def _hang_up(self) -> None:
        """Wake the thread that still reads, if it reads."""
        if self._response is not None:
            try:
                self._response.raw.shutdown()
            except (ValueError, RuntimeError, OSError):
                return


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


def _is_utf8(content: bytearray) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _body(text: str) -> Any:
    """Read JSON; numbers that JSON does not have become None, what is no JSON stays text."""
    try:
        return json.loads(text, parse_constant=lambda _: None, parse_float=_finite)
    except (ValueError, RecursionError):
        return text[:LONGEST_TEXT]


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
