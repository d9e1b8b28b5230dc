"""The HTTP client against a server on this machine that misbehaves on demand."""

import gzip
import json
import logging
import os
import random
import socket
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from loopback import LONGEST_S, wait_until
from pydantic import SecretStr
from watches import Watch

from trendlib.api import wire
from trendlib.api.archive import TOO_DEEP
from trendlib.api.budget import Budget
from trendlib.api.client import MOST_REFUSALS, Client, Provider
from trendlib.config import EXPIRY, Config
from trendlib.errors import (
    ApiError,
    AuthError,
    BudgetError,
    QuotaError,
    RateLimitError,
    RefusalError,
    StoreError,
    TrendlibError,
    UnavailableError,
)
from trendlib.schema import Answer, Call

KEY = "S3CRET-key-of-nobody-4711"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DATA = {"code": 0, "data": {"id": "7012345678901234567", "title": "Tide", "video_count": 1200}}
ROOT = Path(__file__).parents[1]

Act = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    """Does what the server's script says next, and sends data when the script is at its end."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "Server"

    def do_GET(self) -> None:
        act = self.server.arrive(self)
        try:
            act(self)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            self.server.leave()

    def send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Remembers what arrived when."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: list[Act] = []
        self.otherwise: Act = sends(DATA)
        self.paths: list[str] = []
        self.connections: set[Any] = set()
        self.headers: list[dict[str, str]] = []
        self.starts: list[float] = []
        self.under_way = 0
        self.most_under_way = 0
        self.turn = threading.Lock()
        self.over = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def arrive(self, handler: Handler) -> Act:
        with self.turn:
            self.starts.append(time.monotonic())
            self.paths.append(handler.path)
            self.connections.add(handler.client_address)
            self.headers.append(dict(handler.headers))
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
            return self.script.pop(0) if self.script else self.otherwise

    def leave(self) -> None:
        with self.turn:
            self.under_way -= 1

    def handle_error(self, *_: Any) -> None:
        """Broken connections are what these tests make."""


def sends(body: Any, status: int = 200, **headers: str) -> Act:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda handler: handler.send(content, status, **headers)


def breaks_off(handler: Handler) -> None:
    handler.send(b'{"code": 0, "da', Content_Length="400")
    handler.close_connection = True


def breaks_off_late(handler: Handler) -> None:
    handler.send(json.dumps(DATA).encode(), Content_Length="400")
    handler.close_connection = True


def resets(handler: Handler) -> None:
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()
    handler.close_connection = True


def hangs(handler: Handler) -> None:
    handler.server.over.wait(LONGEST_S)
    handler.close_connection = True


def dribbles_body(handler: Handler) -> None:
    handler.send(b"{", Content_Length="100000")
    while not handler.server.over.wait(0.05):
        handler.wfile.write(b" ")


def dribbles_head(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not handler.server.over.wait(0.05):
        handler.wfile.write(b"a")


def only_goes_on(handler: Handler) -> None:
    while not handler.server.over.wait(0.01):
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def misspells_head(handler: Handler) -> None:
    handler.wfile.write(f"HTTP/1.1 503 No\r\nno colon {KEY}\r\n\r\n".encode())
    handler.close_connection = True


def waits(seconds: float) -> Act:
    def act(handler: Handler) -> None:
        handler.server.over.wait(seconds)
        handler.send(json.dumps(DATA).encode())

    return act


def check(answer: Answer) -> None:
    """Judge like a provider's room, in short."""
    errors = {401: AuthError, 403: AuthError, 402: QuotaError, 429: RateLimitError}
    if answer.status != 200:
        raise errors.get(answer.status, UnavailableError)(f"HTTP {answer.status}: {answer.body}")
    if not isinstance(answer.body, dict):
        raise UnavailableError(f"no JSON object: {answer.body!r}")
    if answer.body.get("code"):
        transient = answer.body["code"] == -1
        raise (UnavailableError if transient else ApiError)(answer.body.get("msg"))


class Clock:
    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.over.set()
        server.shutdown()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def recorded() -> list[Answer]:
    return []


Make = Callable[..., Client]


@pytest.fixture
def make(server: Server, tmp_path: Path, clock: Clock, recorded: list[Answer]) -> Iterator[Make]:
    """Give a function that makes clients of the server; they are closed afterwards."""
    with ExitStack() as stack:

        def make(
            budget: Budget | None = None, record: Callable[[Answer], None] = recorded.append, **changes: Any
        ) -> Client:
            provider = {"name": "tiklive", "base_url": server.url, "header": "X-Api-Key", "key": SecretStr(KEY)}
            provider |= {name: changes.pop(name) for name in list(changes) if name in Provider.__dataclass_fields__}
            settings = {"home": tmp_path / "home", "page_gap_s": 0, "backoff_s": 0.001, "timeout_s": LONGEST_S}
            settings |= changes
            client = Client(
                Provider(**{"check": check, **provider}),
                Config(**settings),
                budget=budget or Budget(),
                record=record,
                clock=clock,
            )
            return stack.enter_context(client)

        yield make


@pytest.fixture
def beset(make: Make, server: Server, recorded: list[Answer]) -> Make:
    """Give a function that makes a client whose first question meets a fault.

    A hanging one is given up soon; however slow the machine, the second question leaves when the first has arrived.
    """

    def make_beset(fault: str, budget: Budget | None = None) -> Client:
        def record(answer: Answer) -> None:
            recorded.append(answer)
            wait_until(lambda: bool(server.paths))
            client._wire._timeout_s = LONGEST_S  # type: ignore[union-attr] # noqa: SLF001

        server.script = [FAULTS[fault]]
        client = make(budget, record, timeout_s=0.3 if fault in HANGING else LONGEST_S)
        return client

    return make_beset


def call(sound_id: int = 1, endpoint: str = "/music-info/", **params: str) -> Call:
    return Call("tiklive", endpoint, {"music_id": str(sound_id), **params})


# What arrives


def test_an_answer_carries_what_was_asked_what_came_and_when(
    make: Make, server: Server, recorded: list[Answer]
) -> None:
    answer = make().fetch(call(keyword="sea & sand"))
    assert answer == Answer(NOON, "tiklive", "/music-info/", {"music_id": "1", "keyword": "sea & sand"}, 200, DATA)
    assert recorded == [answer]
    assert server.paths == ["/music-info/?music_id=1&keyword=sea+%26+sand"]


def test_the_key_goes_into_the_provider_s_header_with_its_prefix(make: Make, server: Server) -> None:
    make().fetch(call())
    make(header="Authorization", prefix="Bearer ").fetch(call(), max_age=timedelta(0))
    assert server.headers[0]["X-Api-Key"] == KEY
    assert server.headers[1]["Authorization"] == f"Bearer {KEY}"


def test_compressed_bodies_are_read(make: Make, server: Server) -> None:
    server.script = [sends(gzip.compress(json.dumps(DATA).encode()), Content_Encoding="gzip")]
    assert make().fetch(call()).body == DATA


def test_numbers_that_json_does_not_have_become_none(make: Make, server: Server) -> None:
    server.script = [sends(b'{"a": NaN, "b": [Infinity, 1e999, 1.5], "c": 12345678901234567890}')]
    assert make().fetch(call()).body == {"a": None, "b": [None, None, 1.5], "c": 12345678901234567890}


def test_a_byte_order_mark_is_no_fault(make: Make, server: Server) -> None:
    server.script = [sends(b"\xef\xbb\xbf" + json.dumps(DATA).encode())]
    assert make().fetch(call()).body == DATA


def test_no_cookie_is_sent_back(make: Make, server: Server) -> None:
    server.script = [sends(DATA, Set_Cookie="who=you")]
    client = make()
    client.fetch(call(1))
    client.fetch(call(2))
    assert "Cookie" not in server.headers[1]


def test_a_connection_is_kept_open(make: Make, server: Server) -> None:
    client = make()
    for sound_id in range(5):
        client.fetch(call(sound_id))
    assert len(server.connections) == 1


# Faults

FAULTS: dict[str, Act] = {
    "429": sends({"message": "slow down"}, 429),
    "500": sends(b"oops", 500),
    "503": sends({"msg": "overload-protect"}, 503),
    "html": sends(b"<html><body>Welcome</body></html>", Content_Type="text/html"),
    "bare text": sends(b"ratelimit triggered"),
    "empty": sends(b""),
    "truncated json": sends(b'{"code": 0, "data": {"id": "70'),
    "broken off": breaks_off,
    "broken off after its JSON": breaks_off_late,
    "reset": resets,
    "hangs": hangs,
    "dribbling body": dribbles_body,
    "dribbling head": dribbles_head,
    "broken gzip": sends(b"\x1f\x8b no gzip", Content_Encoding="gzip"),
    "another encoding": sends('{"code": 0, "title": "ö"}'.encode("utf-16")),
    "too deep": sends(b"[" * 100_000 + b"]" * 100_000),
    "too many digits": sends(b'{"n": ' + b"9" * 5000 + b"}"),
    "transient code": sends({"code": -1, "msg": "Url parsing is failed! Please check url."}),
    "redirect": sends(b"", 302, Location="/elsewhere/"),
    "redirect to nowhere": sends(b"", 301, Location="http://[::bad"),
}


HANGING = frozenset({"hangs", "dribbling body", "dribbling head"})


def test_a_body_that_cannot_be_unpacked_is_told_from_an_empty_one(make: Make, server: Server) -> None:
    server.script = [FAULTS["broken gzip"]]
    with pytest.raises(UnavailableError, match="broke off or could not be unpacked"):
        make(attempts=1).fetch(call())


def test_a_broken_letter_costs_that_letter_and_not_the_page(make: Make, server: Server) -> None:
    server.script = [sends(b'{"code": 0, "title": "caf\xe9 \xed\xa0\x80"}')]
    assert make(attempts=1).fetch(call()).body == {"code": 0, "title": "caf\ufffd \ufffd\ufffd\ufffd"}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_passing_fault_is_asked_again_and_stays_on_record(
    beset: Make, server: Server, recorded: list[Answer], fault: str
) -> None:
    budget = Budget()
    client = beset(fault, budget)
    assert client.fetch(call()).body == DATA
    assert len(recorded) == 2
    assert ("timed out" in str(recorded[0].body)) is (fault in HANGING)
    assert recorded[0].body != DATA
    assert recorded[0].answer_id != recorded[1].answer_id
    assert budget.spent == 2
    assert len(server.paths) == 2
    assert client.is_cached(call())


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        ("503", 503, "overload-protect"),
        ("html", 200, "Welcome"),
        ("empty", 200, ""),
        ("broken off", 200, '{"code": 0, "da'),
        ("redirect", 302, ""),
        ("reset", 0, "Connection"),
        ("hangs", 0, "timed out"),
        ("dribbling head", 0, "timed out"),
    ],
)
def test_the_record_says_what_came_instead_of_data(
    beset: Make, recorded: list[Answer], fault: str, status: int, words: str
) -> None:
    beset(fault).fetch(call())
    assert recorded[0].status == status
    assert words in json.dumps(recorded[0].body, ensure_ascii=False).replace('\\"', '"')


@pytest.mark.parametrize("depth", [101, 500, 985])
def test_a_body_nested_deeper_than_any_answer_is_no_data(
    make: Make, server: Server, recorded: list[Answer], depth: int
) -> None:
    server.otherwise = sends(b'{"id": "1", "x": ' + b"[" * depth + b"]" * depth + b"}")
    with pytest.raises(UnavailableError, match="nested too deeply"):
        make(attempts=1).fetch(call())
    assert recorded[0].body == TOO_DEEP


def test_a_refused_connection_is_recorded_and_reported(make: Make, recorded: list[Answer]) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # and never listens
        with pytest.raises(UnavailableError):
            make(base_url=f"http://127.0.0.1:{deaf.getsockname()[1]}", attempts=2).fetch(call())
    assert [answer.status for answer in recorded] == [0, 0]
    assert "refused" in recorded[0].body


def test_a_fault_that_stays_is_an_error_after_all_attempts(make: Make, server: Server, recorded: list[Answer]) -> None:
    server.otherwise = FAULTS["503"]
    with pytest.raises(UnavailableError):
        make(attempts=3).fetch(call())
    assert len(server.paths) == len(recorded) == 3


@pytest.mark.parametrize(
    ("status", "kind"), [(401, AuthError), (402, QuotaError), (403, AuthError)], ids=["401", "402", "403"]
)
def test_a_refusal_is_never_asked_again(
    make: Make, server: Server, recorded: list[Answer], status: int, kind: type[ApiError]
) -> None:
    server.otherwise = sends({"message": "no"}, status)
    with pytest.raises(kind):
        make().fetch(call())
    assert len(server.paths) == len(recorded) == 1


@pytest.mark.parametrize(("status", "cost"), [(401, 0), (402, 0), (403, 0), (404, 2)])
def test_who_is_turned_away_at_the_door_has_spent_nothing(make: Make, server: Server, status: int, cost: int) -> None:
    budget = Budget(2)
    server.otherwise = sends({"message": "no"}, status)
    with pytest.raises(ApiError):
        make(budget, credits=2, attempts=1).fetch(call())
    assert budget.spent == cost


def test_when_the_run_ends_who_waits_to_leave_stays(make: Make, server: Server) -> None:
    budget = Budget()
    budget.close()
    with pytest.raises(BudgetError, match="nothing more"):
        make(budget).fetch(call())
    assert server.paths == []
    assert budget.spent == 0


def test_a_lasting_code_is_never_asked_again(make: Make, server: Server) -> None:
    server.otherwise = sends({"code": -2, "msg": "unique_id is invalid"})
    with pytest.raises(ApiError, match="unique_id is invalid"):
        make().fetch(call())
    assert len(server.paths) == 1


def test_a_status_that_the_provider_s_check_overlooks_is_still_no_data(make: Make, server: Server) -> None:
    server.otherwise = sends(DATA, 404)
    with pytest.raises(UnavailableError, match=r"tiklive for /music-info/ music_id=1; HTTP 404"):
        make(check=lambda _: None, attempts=1).fetch(call())


@pytest.mark.parametrize("fault", ["503", "html", "empty", "truncated json", "transient code"])
def test_an_error_is_never_cached(make: Make, server: Server, fault: str) -> None:
    server.otherwise = FAULTS[fault]
    client = make(attempts=1)
    with pytest.raises(ApiError):
        client.fetch(call())
    assert not client.is_cached(call())
    server.otherwise = sends(DATA)
    assert client.fetch(call()).body == DATA


def test_repetitions_wait_longer_each_time(make: Make, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("tenacity.nap.time", SimpleNamespace(sleep=pauses.append))
    server.script = [FAULTS["503"]] * 3
    make(backoff_s=0.05).fetch(call())
    assert [0.05 <= pauses[0] <= 0.1, 0.1 <= pauses[1] <= 0.15, 0.2 <= pauses[2] <= 0.25] == [True] * 3


def test_a_body_without_end_is_cut(
    make: Make, server: Server, recorded: list[Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LARGEST_BODY", 200_000)
    server.script = [sends(gzip.compress(b"[" + b" " * 5_000_000 + b"]"), Content_Encoding="gzip")]
    make().fetch(call())
    assert isinstance(recorded[0].body, str)
    assert len(recorded[0].body) <= wire.LONGEST_TEXT


@pytest.mark.parametrize("act", [dribbles_body, dribbles_head, only_goes_on], ids=lambda act: act.__name__)
def test_who_dribbles_is_hung_up_on(make: Make, server: Server, act: Act) -> None:
    server.script = [act]
    with pytest.raises(UnavailableError, match="timed out"):
        make(timeout_s=0.2, attempts=1).fetch(call())
    wait_until(lambda: server.under_way == 0)


def test_a_redirect_is_not_followed_to_another_server(make: Make, server: Server) -> None:
    with Server() as other:
        threading.Thread(target=other.serve_forever, args=(0.01,), daemon=True).start()
        server.otherwise = sends(b"", 302, Location=f"{other.url}/music-info/")
        with pytest.raises(UnavailableError):
            make(attempts=2).fetch(call())
        other.shutdown()
        assert other.paths == []


# The cache


def test_a_cached_answer_keeps_its_true_fetch_time_and_costs_nothing(
    make: Make, server: Server, clock: Clock, recorded: list[Answer]
) -> None:
    budget = Budget(1)
    client = make(budget, requests_per_minute=1)
    clock.now = NOON + timedelta(microseconds=123456)
    bought = client.fetch(call())
    clock.now += HOUR
    assert client.fetch(call()) == bought
    assert client.fetch(call()).answer_id == bought.answer_id
    assert client.fetch(call()).fetched_at == NOON + timedelta(microseconds=123456)
    assert (budget.spent, budget.saved) == (1, 3)
    assert len(server.paths) == len(recorded) == 1


def test_another_run_finds_what_this_one_bought(make: Make, server: Server) -> None:
    with make() as first:
        bought = first.fetch(call())
    second = make()
    assert second.is_cached(call())
    assert second.fetch(call()) == bought
    assert len(server.paths) == 1


def test_an_answer_expires_by_the_client_s_own_clock(make: Make, server: Server, clock: Clock) -> None:
    client = make()
    expiry = EXPIRY["/music-info/"]
    client.fetch(call())
    clock.now = NOON + expiry - timedelta(seconds=1)
    assert client.is_cached(call())
    clock.now = NOON + expiry
    assert not client.is_cached(call())
    assert client.fetch(call()).fetched_at == NOON + expiry
    assert client.is_cached(call())
    assert len(server.paths) == 2


def test_an_answer_from_the_future_is_not_served(make: Make, clock: Clock) -> None:
    client = make()
    client.fetch(call())
    clock.now = NOON - timedelta(seconds=2)
    assert not client.is_cached(call())


def test_max_age_tightens_and_loosens(make: Make, server: Server, clock: Clock) -> None:
    client = make()
    client.fetch(call())
    clock.now += HOUR
    assert not client.is_cached(call(), max_age=HOUR)
    assert client.is_cached(call(), max_age=HOUR + timedelta(seconds=1))
    clock.now += 10 * HOUR
    assert not client.is_cached(call())
    assert client.fetch(call(), max_age=12 * HOUR).fetched_at == NOON
    client.fetch(call(), max_age=timedelta(0))
    assert len(server.paths) == 2


def test_an_endpoint_without_expiry_is_not_cached(make: Make, server: Server) -> None:
    client = make()
    for _ in range(2):
        client.fetch(call(endpoint="/unheard-of/"))
    assert not client.is_cached(call(endpoint="/unheard-of/"), max_age=HOUR)
    assert len(server.paths) == 2


def test_questions_are_told_apart_by_endpoint_and_every_parameter(make: Make, server: Server) -> None:
    client = make()
    questions = [call(1), call(2), call(1, region="US"), call(1, endpoint="/music-posts/"), call(1, cursor="30")]
    for question in questions:
        client.fetch(question)
    client.fetch(Call("tiklive", "/music-info/", {"region": "US", "music_id": "1"}))
    assert len(server.paths) == len(questions)


def test_what_one_key_bought_another_does_not_get(make: Make, server: Server) -> None:
    make().fetch(call())
    other = make(key=SecretStr("another-key-0815"))
    assert not other.is_cached(call())
    other.fetch(call())
    assert len(server.paths) == 2


def test_what_one_server_answered_is_not_served_for_another(make: Make, server: Server) -> None:
    make().fetch(call())
    assert not make(base_url=server.url.replace("127.0.0.1", "localhost")).is_cached(call())


def test_expired_answers_are_dropped_when_the_cache_is_opened(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "home" / "http_cache" / "answers.sqlite"
    with make() as client:
        client.fetch(call(1))
        client.fetch(call(2))
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE responses SET expires = 1 WHERE rowid = 1")
    connection.close()
    make()
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT count(*) FROM responses").fetchone() == (1,)
    connection.close()


def test_files_are_for_their_owner_s_eyes_only(make: Make, tmp_path: Path) -> None:
    folder = tmp_path / "home" / "http_cache"
    folder.mkdir(parents=True, mode=0o755)
    (folder / "answers.sqlite").touch(mode=0o644)
    make().fetch(call())
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} == {0o600}


def test_a_broken_cache_is_set_aside_with_a_warning(
    make: Make, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "home" / "http_cache"
    folder.mkdir(parents=True)
    (folder / "answers.sqlite").write_bytes(b"no database at all, but long enough for a header" * 100)
    (folder / "requests.json").write_bytes(b'{"half a fi')
    client = make(requests_per_minute=5)
    client.fetch(call())
    assert client.is_cached(call())
    assert (folder / "answers.sqlite.broken").read_bytes().startswith(b"no database")
    assert "answers.sqlite is broken" in caplog.text
    assert "requests.json is broken" in caplog.text


def test_a_cache_that_breaks_during_a_sweep_does_not_stop_it(make: Make, tmp_path: Path) -> None:
    file = tmp_path / "home" / "http_cache" / "answers.sqlite"
    with make() as client:
        for sound_id in range(50):
            client.fetch(call(sound_id))
    content = bytearray(file.read_bytes())
    content[4096:] = random.Random(1).randbytes(len(content) - 4096)  # noqa: S311 - noise, not secrets
    client = make()
    file.write_bytes(content)
    for sound_id in range(50):
        assert client.fetch(call(sound_id)).body == DATA
    assert client.is_cached(call(49))


def test_a_folder_that_cannot_be_written_is_an_error_with_advice(make: Make, tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="--home"):
        make()


# Record


def test_an_answer_is_recorded_before_it_is_cached(make: Make) -> None:
    def full(_: Answer) -> None:
        raise OSError(28, "No space left on device")

    client = make(record=full)
    with pytest.raises(OSError, match="No space left"):
        client.fetch(call())
    assert not client.is_cached(call())


def test_the_record_is_told_by_one_thread_at_a_time(make: Make) -> None:
    inside: list[int] = []
    crowds: list[int] = []

    def record(_: Answer) -> None:
        inside.append(1)
        time.sleep(0.002)
        crowds.append(len(inside))
        inside.pop()

    client = make(record=record)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(client.fetch, map(call, range(30))))
    assert crowds == [1] * 30


# Budget


def test_a_budget_counts_every_attempt_and_is_never_exceeded(make: Make, server: Server) -> None:
    server.script = [FAULTS["503"]] * 4
    budget = Budget(10)
    client = make(budget)

    def fetch(sound_id: int) -> bool:
        try:
            client.fetch(call(sound_id))
        except BudgetError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        bought = sum(pool.map(fetch, range(40)))
    assert len(server.paths) == budget.spent == 10
    assert bought == 6


def test_a_provider_s_price_is_what_is_reserved(make: Make, server: Server) -> None:
    budget = Budget(5)
    client = make(budget, credits=2)
    client.fetch(call(1))
    client.fetch(call(2))
    client.fetch(call(2))
    with pytest.raises(BudgetError):
        client.fetch(call(3))
    assert (budget.spent, budget.saved) == (4, 2)
    assert len(server.paths) == 2


# Politeness


def test_pages_of_one_feed_start_apart_and_other_feeds_do_not_wait(
    make: Make, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch, starts = Watch(), []

    def act(handler: Handler) -> None:
        starts.append(watch.monotonic())
        sends(DATA)(handler)

    monkeypatch.setattr("trendlib.api.client.time", watch)
    server.otherwise = act
    client = make(page_gap_s=0.8)
    pages = [call(1, endpoint="/music-posts/", cursor=str(cursor)) for cursor in (0, 30, 60)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(client.fetch, pages))
    assert len(starts) == 3
    assert all(later - earlier >= 0.8 for earlier, later in pairwise(starts))
    slept = len(watch.slept)
    for sound_id in range(2, 12):
        client.fetch(call(sound_id, endpoint="/music-posts/"))
    assert len(watch.slept) == slept == 2


def test_no_more_requests_are_under_way_than_there_are_workers(make: Make, server: Server) -> None:
    def answers_two_at_once(handler: Handler) -> None:
        wait_until(lambda: server.most_under_way >= 2)
        waits(0.03)(handler)

    server.otherwise = answers_two_at_once
    client = make(workers=2, requests_per_minute=60_000)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(client.fetch, map(call, range(12))))
    assert server.most_under_way == 2


def test_a_question_leaves_when_the_answer_before_is_archived(make: Make, server: Server) -> None:
    server.otherwise = waits(0.01)
    kept: list[Answer] = []
    missing: list[int] = []
    client = make(record=kept.append, requests_per_minute=1)  # so low a limit needs one at a time
    client._limiter.wait = lambda: missing.append(len(server.paths) - len(kept))  # type: ignore[method-assign] # noqa: SLF001
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(client.fetch, map(call, range(12))))
    assert missing == [0] * 12


def test_threads_that_ask_the_same_buy_it_once(make: Make, server: Server) -> None:
    server.otherwise = waits(0.05)
    budget = Budget()
    client = make(budget)
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(client.fetch, [call()] * 6))
    assert len(server.paths) == 1
    assert len({answer.answer_id for answer in answers}) == 1
    assert (budget.spent, budget.saved) == (1, 5)


def test_a_429_holds_back_everybody_for_as_long_as_it_says(make: Make, server: Server) -> None:
    server.script = [sends({}, 429, X_Limit_Request_Reset="0.4")]
    first, second = make(attempts=1), make()
    with pytest.raises(RateLimitError):
        first.fetch(call(1))
    second.fetch(call(2))
    first.fetch(call(1))
    assert len(server.starts) == 3
    assert min(server.starts[1:]) - server.starts[0] >= 0.4


@pytest.mark.parametrize("header", ["Retry-After", "x-limit-request-reset"])
@pytest.mark.parametrize(("value", "seconds"), [("2", 2.0), ("1.5", 1.5), ("-1", None), ("nan", None), ("soon", None)])
def test_a_wait_is_read_from_the_headers_when_it_is_one(header: str, value: str, seconds: float | None) -> None:
    assert wire._reset_s({header: value}) == seconds  # noqa: SLF001


# Starts


def test_a_request_in_the_cache_uses_up_no_start_and_every_repetition_does(
    make: Make, server: Server, tmp_path: Path
) -> None:
    server.script = [FAULTS["503"]]
    client = make(requests_per_minute=200)
    for _ in range(5):
        client.fetch(call())
    starts = json.loads((tmp_path / "home" / "http_cache" / "requests.json").read_text())
    assert len(starts[server.url]["started"]) == 2


# The key


def test_without_a_key_nothing_is_asked_and_the_message_names_the_variable(make: Make, server: Server) -> None:
    make().fetch(call())
    client = make(key=None)
    assert not client.is_cached(call())
    with pytest.raises(AuthError, match="TIKLIVE_API_KEY"):
        client.fetch(call())
    assert len(server.paths) == 1


def words_of_frames(error: BaseException) -> Iterator[str]:
    """Everything a traceback may show: the locals of every frame but ours, of every error in the chain."""
    for one in (error, error.__cause__, error.__context__):
        if one is not None:
            frames = traceback.StackSummary.extract(traceback.walk_tb(one.__traceback__), capture_locals=True)
            yield from (str(frame.locals) for frame in frames if frame.filename != __file__)
            yield repr((one.args, vars(one)))


def test_the_key_is_in_no_file_log_repr_or_traceback(
    make: Make, server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture, recorded: list[Answer]
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = {"code": -1, "msg": f"the key {KEY} is fine, but not today"}
    page = sends(f"<html>{KEY}</html>".encode())
    server.script = [sends(echo), resets, breaks_off, misspells_head, page, sends(DATA)]
    client = make(attempts=len(server.script))
    said = [repr(client), repr(client.fetch(call(1)))]
    server.otherwise = sends({"message": f"wrong key {KEY}"}, 401)
    failing = [client, make(key=SecretStr(f"{KEY}\r\nX-Evil: 1"), attempts=1), make(key=None)]
    for one in failing:
        with pytest.raises(TrendlibError) as caught:
            one.fetch(call(2))
        said += [*words_of_frames(caught.value), repr(vars(one)), str(caught.value)]
    assert len(said) > 20
    said += [json.dumps(answer.body) for answer in recorded]
    said += [f"{record.getMessage()} {record.exc_info}" for record in caplog.records]
    assert any("urllib3" in record.name for record in caplog.records)
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert len(files) >= 3
    for file in files:
        assert KEY.encode() not in file.read_bytes(), file
    client.close()
    for file in files:
        assert not file.exists() or KEY.encode() not in file.read_bytes(), file
    assert not [text for text in said if KEY in text]
    assert any(header.get("X-Api-Key") == KEY for header in server.headers)


def test_netrc_does_not_replace_the_key(
    make: Make, server: Server, nobody: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (nobody / ".netrc").write_text("machine 127.0.0.1 login eve password other\ndefault login eve password other\n")
    (nobody / ".netrc").chmod(0o600)
    monkeypatch.setattr(wire, "is_loopback", lambda _: False)
    make(header="Authorization", prefix="Bearer ").fetch(call())
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_a_server_on_this_machine_is_not_asked_through_a_proxy(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert make(attempts=1).fetch(call()).body == DATA
    monkeypatch.setattr(wire, "is_loopback", lambda _: False)
    with pytest.raises(UnavailableError):
        make(attempts=1).fetch(call(2))


def test_two_answers_to_one_question_at_one_instant_are_told_apart(make: Make, recorded: list[Answer]) -> None:
    client = make()
    for _ in range(3):
        client.fetch(call(), max_age=timedelta(0))
    assert len({answer.answer_id for answer in recorded}) == 3
    assert recorded[0].fetched_at == NOON


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_many_processes_open_one_home_at_once(tmp_path: Path, server: Server) -> None:
    code = """
        import sys
        from pathlib import Path
        from pydantic import SecretStr
        from trendlib.api.budget import Budget
        from trendlib.api.client import Client, Provider
        from trendlib.config import Config
        from trendlib.schema import Call
        print("ready", flush=True)
        sys.stdin.readline()
        provider = Provider(name="tiklive", base_url=sys.argv[2], header="X-Api-Key", key=SecretStr("a key"),
                            check=lambda answer: None)
        config = Config(home=Path(sys.argv[1]), page_gap_s=0)
        with Client(provider, config, budget=Budget(), record=lambda answer: None) as client:
            for sound_id in range(20):
                client.fetch(Call("tiklive", "/music-info/", {"music_id": str(sound_id)}))
            print(sum(client.is_cached(Call("tiklive", "/music-info/", {"music_id": str(i)})) for i in range(20)))
    """
    processes = [start(code, str(tmp_path / "home"), server.url) for _ in range(3)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    assert [process.communicate("go\n", timeout=LONGEST_S)[0].strip() for process in processes] == ["20"] * 3


def test_a_refusal_that_is_mostly_for_good_is_paid_for_only_a_few_times(make: Make, server: Server) -> None:
    def refuse(_: Answer) -> None:
        raise RefusalError("gone, private or locked")

    with pytest.raises(RefusalError):
        make(check=refuse, attempts=7).fetch(call())
    assert len(server.paths) == MOST_REFUSALS < 7


def test_other_faults_between_refusals_do_not_count_as_refusals(make: Make, server: Server) -> None:
    def judge(answer: Answer) -> None:
        if answer.status == 200 and answer.body["code"]:
            raise RefusalError("gone, private or locked")
        check(answer)

    refused = sends({"code": -1, "msg": "no"})
    server.script = [refused, sends(b"", 503), refused, sends(b"", 503), refused, sends(b"", 503), sends(DATA)]
    assert make(check=judge, attempts=7).fetch(call()).body == DATA


@pytest.mark.parametrize(
    "spelled",
    [
        pytest.param(lambda key: json.dumps(key).replace("/", r"\/"), id="slash"),
        pytest.param(lambda key: '"' + "".join(f"\\u{ord(one):04X}" for one in key) + '"', id="codes"),
        pytest.param(lambda key: json.dumps(json.dumps([key])), id="JSON within JSON"),
    ],
)
def test_a_key_that_comes_back_escaped_is_erased_too(make: Make, server: Server, spelled: Callable[[str], str]) -> None:
    key = 'se/cret"\\-4711'
    word = spelled(key)
    server.script = [sends(f'{{"code": 0, {word}: [[{word}]]}}'.encode())]
    body = make(key=SecretStr(key)).fetch(call()).body
    assert "cret" not in json.dumps(body)
    assert json.dumps(body).count("[key]") == 2


def test_a_provider_s_fingerprint_tells_keys_and_servers_apart() -> None:
    def fingerprint(url: str, key: str | None) -> str:
        secret = None if key is None else SecretStr(key)
        return Provider(name="tiklive", base_url=url, header="X-Api-Key", key=secret, check=check).fingerprint

    cases = [("https://a.example", KEY), ("https://b.example", KEY), ("https://a.example", "other"),
             ("https://a.example", None)]  # fmt: skip
    found = [fingerprint(*case) for case in cases]
    assert len(set(found)) == 4
    assert {len(one) for one in found} == {8}
    assert found == [fingerprint(*case) for case in cases]


def test_an_answer_that_came_at_the_second_attempt_grows_old_with_the_others(
    make: Make, server: Server, clock: Clock
) -> None:
    server.script = [sends(DATA), sends(b"", 503), sends(DATA)]
    client = make()
    for sound_id in (1, 2):
        client.fetch(call(sound_id))
    clock.now += EXPIRY["/music-info/"]
    assert [client.is_cached(call(sound_id)) for sound_id in (1, 2)] == [False, False]
