"""The practice servers over real HTTP: keys, credits, limits, time, faults, recordings."""

import gzip
import http.client
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from loopback import LONGEST_S, wait_until

from trendlib.errors import ConfigError
from trendlib.sandbox import Faults, Key, Planned, ReplayServer, Server, SweepPlan, World, record
from trendlib.sandbox.faults import TRANSIENT

ROOT = Path(__file__).parents[1]
WORLD = World(seed=4, sounds=14, hashtags=4, days=12)
SOUND_ID = next(sound.sound_id for sound, kind in zip(WORLD.catalogue, WORLD.cast.kind, strict=True) if kind == "drift")
HEADERS = {"X-Api-Key": "practice-tiklive-key"}


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as one:
        one.trust_env = False
        yield one


def get(
    session: requests.Session, server: Any, path: str = "/music-info/", *, timeout: float = LONGEST_S, **params: str
) -> requests.Response:
    asked = params or {"music_id": SOUND_ID}
    return session.get(server.url + path, params=asked, headers=HEADERS, timeout=timeout)


# Keys, credits, limits


def test_every_provider_is_asked_with_its_own_key(session: requests.Session) -> None:
    with Server(WORLD) as server:
        assert get(session, server).json()["id"] == SOUND_ID
        for provider, path in (("keyapi", "/v1/tiktok/trending/music"), ("layers", "/v1/tiktok-music")):
            right = {"Authorization": f"Bearer {server.keys[provider]}"}
            assert session.get(server.url + path, headers=right, timeout=LONGEST_S).status_code == 200
            assert session.get(server.url + path, headers=HEADERS, timeout=LONGEST_S).status_code == 401
        assert server.credits == {"practice-tiklive-key": 1, "sk_live_practice": 2, "practice-layers-key": 0}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/music-info/", {"code": 401, "msg": "Invalid API key"}),
        ("/v1/tiktok/trending/music", {"code": 401, "data": None, "message": "apiKey is null"}),
        ("/v1/tiktok-music", {"error": {"code": "UNAUTHENTICATED", "message": "The request was refused."}}),
    ],
)
def test_a_wrong_key_is_refused_in_the_providers_words_and_costs_nothing(
    session: requests.Session, path: str, words: dict[str, Any]
) -> None:
    with Server(WORLD) as server:
        answer = session.get(server.url + path, headers={"X-Api-Key": "wrong"}, timeout=LONGEST_S)
        assert (answer.status_code, answer.json()) == (401, words)
        assert sum(server.credits.values()) == 0


def test_a_key_without_credits_left_is_answered_402(session: requests.Session) -> None:
    with Server(WORLD, other_keys=(Key("short", "tiklive", 3),)) as server:
        poor = {"X-Api-Key": "short"}
        asked = {"music_id": SOUND_ID}
        statuses = [
            session.get(server.url + "/music-info/", params=asked, headers=poor, timeout=LONGEST_S).status_code
            for _ in range(5)
        ]
        assert statuses == [200, 200, 200, 402, 402]
        assert server.credits["short"] == 3


def test_more_questions_a_minute_than_allowed_are_answered_429(session: requests.Session) -> None:
    with Server(WORLD, rate_per_minute=3) as server:
        answers = [get(session, server) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        assert [answer.headers["x-limit-request-remaining"] for answer in answers[:3]] == ["2", "1", "0"]
        assert server.credits["practice-tiklive-key"] == 3


# Time


def test_time_is_set_by_the_caller_and_the_past_comes_back_unchanged(session: requests.Session) -> None:
    with Server(WORLD) as server:
        server.now = WORLD.end - timedelta(days=3)
        before = get(session, server).text
        server.now = WORLD.end
        assert get(session, server).json()["video_count"] > json.loads(before)["video_count"]
        server.now = WORLD.end - timedelta(days=3)
        assert get(session, server).text == before


def test_a_time_without_zone_is_refused() -> None:
    server = Server(WORLD)
    with pytest.raises(ConfigError, match="has no time zone"):
        server.now = datetime(2026, 9, 7)  # noqa: DTZ001 - that is the point


def test_another_process_sets_the_time_and_reads_the_state(session: requests.Session) -> None:
    with Server(WORLD) as server:
        get(session, server)
        moved = session.post(server.url + "/_sandbox/time", json={"now": "2026-09-15T06:00:00Z"}, timeout=LONGEST_S)
        assert moved.status_code == 200
        assert server.now == datetime(2026, 9, 15, 6, tzinfo=UTC)
        state = session.get(server.url + "/_sandbox/state", timeout=LONGEST_S).json()
        assert state["now"] == "2026-09-15T06:00:00Z"
        assert state["credits"]["practice-tiklive-key"] == 1
        assert state["requests"] == 1
        wrong = session.post(server.url + "/_sandbox/time", json={"now": "soon"}, timeout=LONGEST_S)
        assert wrong.status_code == 400
        assert "2026-09-07T06:00:00Z" in wrong.json()["error"]


def test_an_answer_in_process_is_the_answer_over_http(session: requests.Session) -> None:
    with Server(WORLD, now=WORLD.end - timedelta(days=1)) as server:
        status, body = server.answer("/music-posts/", {"music_id": SOUND_ID}, HEADERS)
        assert status == 200
        assert get(session, server, "/music-posts/", music_id=SOUND_ID).json() == body


def test_the_log_tells_every_question(session: requests.Session) -> None:
    with Server(WORLD) as server:
        get(session, server)
        get(session, server, "/challenge-info-name/", name="nobody")
        assert [(one.path, one.status, one.fault) for one in server.requests] == [
            ("/music-info/", 200, None),
            ("/challenge-info-name/", 200, None),
        ]
        assert server.requests[0].params == {"music_id": SOUND_ID}


def test_many_threads_are_answered_the_same() -> None:
    with Server(WORLD, rate_per_minute=None) as server, ThreadPoolExecutor(6) as pool:

        def ask(_: int) -> bytes:
            connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=LONGEST_S)
            connection.request("GET", f"/music-posts/?music_id={SOUND_ID}", headers=HEADERS)
            body = connection.getresponse().read()
            connection.close()
            return body

        assert len(set(pool.map(ask, range(60)))) == 1
        assert server.credits["practice-tiklive-key"] == 60


def test_a_stopped_server_listens_no_more_and_has_no_address(session: requests.Session) -> None:
    with Server(WORLD) as server:
        address = server.url
        get(session, server)
    with pytest.raises(requests.ConnectionError):
        session.get(address, timeout=LONGEST_S)
    with pytest.raises(ConfigError, match="not listening"):
        _ = server.url


# Faults


@pytest.mark.parametrize(
    ("kind", "status", "body"),
    [
        ("429", 429, '{"code":429,"msg":"Too many requests"}'),
        ("402", 402, '{"code":402,"msg":"Insufficient credits"}'),
        ("401", 401, '{"code":401,"msg":"Invalid API key"}'),
        ("503", 503, '{"code":503,"msg":"Internal server error"}'),
        ("code_minus_one", 200, '{"code": -1, "msg": "Free Api Limit: 1 request/second.", "processed_time": 0.1}'),
        ("ratelimit_text", 200, "ratelimit triggered"),
        ("empty", 200, ""),
    ],
)
def test_a_fault_by_script_comes_when_planned(session: requests.Session, kind: Any, status: int, body: str) -> None:
    with Server(WORLD, faults=Faults(script=(Planned(kind, path="/music-info/", first=2),))) as server:
        answers = [get(session, server) for _ in range(3)]
        assert answers[0].json() == answers[2].json()
        assert (answers[1].status_code, answers[1].text) == (status, body)
        assert [one.fault for one in server.requests] == [None, kind, None]


def test_a_truncated_answer_is_a_beginning_of_the_whole(session: requests.Session) -> None:
    with Server(WORLD, faults=Faults(script=(Planned("truncated"), Planned("html", first=2)))) as server:
        cut, page, whole = (get(session, server) for _ in range(3))
        assert whole.text.startswith(cut.text)
        with pytest.raises(requests.JSONDecodeError):
            cut.json()
        assert page.headers["Content-Type"].startswith("text/html")
        assert page.text.startswith("<!DOCTYPE html>")


def test_a_reset_connection_is_reset_and_the_next_one_answers(session: requests.Session) -> None:
    with Server(WORLD, faults=Faults(script=(Planned("reset"),))) as server:
        with pytest.raises(requests.ConnectionError, match=r"(?i)reset"):
            get(session, server)
        assert get(session, server).status_code == 200


def test_a_refusing_server_listens_again_after_a_moment(session: requests.Session) -> None:
    errors: list[str] = []

    def is_answered(server: Server) -> bool:
        try:
            return get(session, server).status_code == 200
        except requests.ConnectionError as error:
            errors.append(str(error).lower())
            return False

    for refused_s in (0.2, 2, 20, 200):  # on a busy machine a moment may be over before anybody asks
        with Server(WORLD, faults=Faults(script=(Planned("refused"),), refused_s=refused_s)) as server:
            with pytest.raises(requests.ConnectionError):
                get(session, server)
            wait_until(partial(is_answered, server))
        if errors:
            break
    assert errors
    assert all("refused" in error for error in errors)


def test_a_slow_answer_is_slower_than_patience(session: requests.Session) -> None:
    with Server(WORLD, faults=Faults(script=(Planned("slow"),), slow_s=3600)) as server:
        with pytest.raises(requests.ReadTimeout):
            get(session, server, timeout=0.2)
        assert get(session, server).status_code == 200


def test_faults_by_rate_are_as_many_as_asked_for_and_pass_after_two_in_a_row() -> None:
    faults = Faults(rate=0.3)
    met = []
    for question in range(400):
        tries = [faults.next_fault("/music-info/", {"music_id": str(question)}) for _ in range(6)]
        assert all(None in three for three in zip(tries, tries[1:], tries[2:], strict=False))
        met += tries
    assert len([kind for kind in met if kind]) / len(met) == pytest.approx(0.29, abs=0.03)
    assert set(met) - {None} == set(TRANSIENT)


def test_faults_by_rate_depend_on_the_question_not_on_the_order_of_questions() -> None:
    questions = [{"music_id": str(number)} for number in range(50)]
    forwards, backwards = Faults(rate=0.5), Faults(rate=0.5)
    first = [forwards.next_fault("/music-info/", question) for question in questions]
    second = [backwards.next_fault("/music-info/", question) for question in reversed(questions)]
    assert first == second[::-1]
    assert any(first)


def test_keys_and_credits_fail_only_by_script() -> None:
    assert not {"401", "402", "403"} & set(TRANSIENT)


def test_who_asks_again_gets_every_answer_in_spite_of_faults(session: requests.Session) -> None:
    faults = Faults(rate=0.4, slow_s=0.01, refused_s=0.01)
    questions = [("/music-posts/", {"music_id": sound.sound_id}) for sound in WORLD.catalogue]
    questions += [("/challenge-info-name/", {"name": tag.name}) for tag in WORLD.tags]
    with Server(WORLD, faults=faults, rate_per_minute=None) as server:
        for path, params in questions:
            _, clean = server.answer(path, params, HEADERS)
            assert clean == patiently(session, server, path, params)
    assert len(faults.given) > 5


def patiently(session: requests.Session, server: Server, path: str, params: dict[str, str]) -> Any:
    bodies: list[Any] = []

    def is_answered() -> bool:
        try:
            answer = get(session, server, path, **params)
            bodies.append(answer.json())
        except requests.RequestException:
            return False
        return answer.status_code == 200 and bodies[-1].get("code", 0) == 0

    wait_until(is_answered)
    return bodies[-1]


# Recordings


def test_a_recording_is_the_same_bytes_twice_and_holds_answers_of_every_day(tmp_path: Path) -> None:
    plan = SweepPlan(paged_sounds=(SOUND_ID,))
    files = [tmp_path / "one.jsonl.gz", tmp_path / "two.jsonl.gz"]
    numbers = [record(Server(WORLD).source, file, plan) for file in files]
    assert files[0].read_bytes() == files[1].read_bytes()
    lines = [json.loads(line) for line in gzip.decompress(files[0].read_bytes()).splitlines()]
    assert numbers == [len(lines)] * 2
    assert {tuple(line) for line in lines} == {("fetched_at", "provider", "endpoint", "params", "status", "body")}
    days = {line["fetched_at"][:10] for line in lines if line["params"] == {"music_id": SOUND_ID}}
    assert len(days) == WORLD.days
    assert {line["endpoint"] for line in lines} == {
        "/music-info/", "/challenge-info-name/", "/music-posts/", "/userinfo-by-username/", "/v1/tiktok/trending/music",
    }  # fmt: skip


def test_recorded_pages_hold_every_post_of_a_sound(tmp_path: Path) -> None:
    file = tmp_path / "sweeps.jsonl"
    plan = SweepPlan(paged_sounds=(SOUND_ID,), most_pages=500)
    record(Server(WORLD, page_cap=None).source, file, plan)
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    posts = {video["video_id"]: video for line in lines for video in line["body"].get("videos", [])}
    daily = WORLD.truth().daily[SOUND_ID]
    for day, true in list(zip(WORLD.truth().days, daily.tolist(), strict=True))[:-1]:
        found = [one for one in posts.values() if datetime.fromtimestamp(one["create_time"], UTC).date() == day]
        assert len(found) == true


def test_the_replaying_server_gives_the_latest_answer_at_or_before_now(
    tmp_path: Path, session: requests.Session
) -> None:
    practice = Server(WORLD).source
    record(practice, tmp_path / "sweeps.jsonl.gz", SweepPlan(paged_sounds=(SOUND_ID,)))
    with ReplayServer(tmp_path) as server:
        server.now = WORLD.end - timedelta(days=4)
        swept_at = server.now - timedelta(hours=18)
        uses = get(session, server).json()["video_count"]
        moments = [swept_at, swept_at + timedelta(seconds=60)]
        exact = [practice.answer("/music-info/", {"music_id": SOUND_ID}, moment)[1] for moment in moments]
        assert exact[0]["video_count"] <= uses <= exact[1]["video_count"]
        first = get(session, server, "/music-posts/", music_id=SOUND_ID, count="10", cursor="0").json()
        assert len(first["videos"]) == 30
        unknown = get(session, server, "/music-info/", music_id="7000000000000000000")
        assert (unknown.status_code, unknown.json()["code"]) == (200, -1)
        server.now = WORLD.end - timedelta(days=400)
        assert get(session, server).json()["code"] == -1


def test_a_recording_that_is_none_is_refused_with_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no recorded answers"):
        ReplayServer(tmp_path)
    (tmp_path / "broken.jsonl").write_text('{"fetched_at": "2026-09-07T06:00:00Z"}\n', encoding="utf-8")
    with pytest.raises(ConfigError, match=re.escape("broken.jsonl, line 1")):
        ReplayServer(tmp_path)


# In a terminal


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM to answer")
def test_a_served_world_prints_its_address_and_ends_when_told_to(session: requests.Session) -> None:
    code = (
        "from trendlib.sandbox import Server, World, serve_forever;"
        "serve_forever(Server(World(seed=4, sounds=14, hashtags=4, days=12)))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        assert process.stdout is not None
        address = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert address is not None
        assert "export TIKLIVE_BASE_URL=" + address[0] in process.stdout.readline()
        asked = {"music_id": SOUND_ID}
        assert session.get(address[0] + "/music-info/", params=asked, headers=HEADERS, timeout=LONGEST_S).ok
        session.close()
        process.send_signal(signal.SIGTERM)
        assert process.stdout.read().endswith("practice server stopped\n")
        assert process.wait(LONGEST_S) == 0
