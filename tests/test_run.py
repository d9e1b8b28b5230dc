"""A run: one at a time, nothing lost when it breaks, nothing bought twice when it is taken up again."""

import json
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from loopback import LONGEST_S, wait_until

from trendlib.api import tiklive
from trendlib.api.providers import fingerprint
from trendlib.config import EXPIRY, Config
from trendlib.errors import AuthError, ConfigError
from trendlib.runs.loading import rebuild, replay
from trendlib.runs.run import MOST_SILENCES, Run, Walk
from trendlib.sandbox import Faults, Planned, Server, World
from trendlib.schema import Answer
from trendlib.store import Store

COUNTER = EXPIRY["/music-info/"]


def calls(online: Any) -> list[dict[str, Any]]:
    """Every call of the warehouse, oldest first: which sound, in which run."""
    with Store(online.config.warehouse_file).as_of(datetime.now(UTC) + timedelta(days=1)) as world:
        frame = world.frame("calls").sort_values("observed_at")
        return frame[["params", "sweep_id", "answer_id"]].to_dict("records")


def archived(online: Any) -> dict[str, int]:
    """Files of the archive by their ending."""
    return Counter(path.name.partition(".")[2] for path in online.config.archive_folder.glob("*.jsonl*"))


def leave_behind(online: Any, *sounds: str, age: timedelta = timedelta(0), ending: str = "") -> Path:
    """Write what a killed run leaves: an archive file that was never compressed."""
    at = (datetime.now(UTC) - age).isoformat().replace("+00:00", "Z")
    head = {"fetched_at": at, "provider": "tiklive", "endpoint": "/music-info/", "status": 200}
    lines = [
        json.dumps({**head, "params": {"music_id": one}, "body": {"id": one, "video_count": 7}}) + "\n"
        for one in sounds
    ]
    folder = online.config.archive_folder
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"20260101T000000Z-{fingerprint(online.config)}-dead.jsonl"
    path.write_text("".join(lines) + ending)
    return path


def fetch_and_raise(run: Run, sound_id: str, error: BaseException) -> None:
    run.fetch(tiklive.music_info(sound_id))
    raise error


def test_an_error_in_the_block_does_not_lose_what_was_bought(online: Any) -> None:
    run = Run(online.config)
    with pytest.raises(RuntimeError, match="a bug"), run:
        fetch_and_raise(run, online.sounds[0], RuntimeError("a bug"))
    assert len(calls(online)) == run.report.loaded.added == 1
    assert archived(online) == {"jsonl.gz": 1}


def test_an_interrupted_run_keeps_its_archive_and_the_next_one_takes_it_over(online: Any) -> None:
    first, second = (tiklive.music_info(one) for one in online.sounds[:2])
    run = Run(online.config)
    with pytest.raises(KeyboardInterrupt), run:
        fetch_and_raise(run, online.sounds[0], KeyboardInterrupt())
    assert not online.config.warehouse_file.exists()
    assert archived(online) == {"jsonl": 1}
    with Run(online.config) as after:
        after.fetch(first)
        after.fetch(second)
    assert (after.report.taken_over, after.report.spent, online.spent) == (1, 1, 2)
    assert {one["sweep_id"] for one in calls(online)} == {run.report.run_id, after.report.run_id}
    assert archived(online) == {"jsonl.gz": 2}
    before = calls(online)
    rebuild(online.config)
    assert calls(online) == before
    with Run(online.config) as last:
        pass
    assert last.report.taken_over == 0


class Held:
    """A source that gives pages only when the run is being stopped."""

    def __init__(self, source: Any, run: Run) -> None:
        self._source, self._run = source, run

    def answer(self, path: str, *question: Any) -> tuple[int, Any]:
        if path == "/music-posts/":
            wait_until(lambda: self._run.report.is_interrupted)
        answer: tuple[int, Any] = self._source.answer(path, *question)
        return answer


def test_an_interrupted_run_asks_for_no_more_pages(small_world: World, online: Any) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def feed(sound_id: str) -> Walk:
        call = tiklive.music_posts(sound_id)
        return Walk(call, lambda: tiklive.walk(run.fetch, call, max_pages=50))

    counts = small_world.truth().daily
    biggest = sorted(online.sounds, key=lambda one: -counts[one].sum())[:2]
    run = Run(online.config, on_progress=interrupt)
    online.server.__dict__["source"] = Held(online.server.source, run)
    quick = tiklive.music_info(biggest[0])
    with pytest.raises(KeyboardInterrupt), run:
        run.walk_all("pages", [Walk(quick, lambda: iter((run.fetch(quick),))), *map(feed, biggest)])
    assert len(online.server.requests) <= 1 + 2 * 5


def test_a_second_run_waits_for_the_first_and_then_spends_nothing(online: Any) -> None:
    questions = [tiklive.music_info(one) for one in online.sounds]
    order: list[str] = []

    def second() -> None:
        with Run(online.config) as run:
            order.append("second began")
            run.fetch_all("counters", questions)
        order.append(f"second spent {run.report.spent}, saved {run.report.saved}")

    with Run(online.config) as first:
        other = threading.Thread(target=second)
        other.start()
        first.fetch_all("counters", questions)
        other.join(timeout=0.3)
        order.append("first is done")
    other.join(timeout=LONGEST_S)
    assert order == ["first is done", "second began", f"second spent 0, saved {len(questions)}"]
    assert online.spent == len(questions)


def test_what_a_killed_run_bought_a_moment_ago_is_not_bought_again(online: Any) -> None:
    bought, other = online.sounds[:2]
    leave_behind(online, bought, ending='{"fetched_at": "2026-')
    with Run(online.config) as run:
        found = run.fetch_all("counters", [tiklive.music_info(bought), tiklive.music_info(other)])
    assert [answer.body.get("video_count") == 7 for answer in found] == [True, False]
    assert (run.report.spent, run.report.taken_over, run.report.loaded.lines_rejected) == (1, 1, 1)
    assert archived(online) == {"jsonl.gz": 2}


def test_what_a_killed_run_left_counts_as_cached_in_a_plan(online: Any) -> None:
    bought, other = online.sounds[:2]
    leave_behind(online, bought)
    with Run(online.config) as run:
        assert run.is_cached(tiklive.music_info(bought))
        assert not run.is_cached(tiklive.music_info(other))


def test_what_a_killed_run_left_long_ago_is_history_and_bought_anew(online: Any) -> None:
    sound = online.sounds[0]
    left = leave_behind(online, sound, age=COUNTER + timedelta(minutes=1))
    with Run(online.config) as run:
        history = calls(online)
        answer = run.fetch(tiklive.music_info(sound))
    assert [one["sweep_id"] for one in history] == [left.stem]
    assert (answer.body["video_count"], run.report.spent) != (7, 0)
    assert [one["sweep_id"] for one in calls(online)] == [left.stem, run.report.run_id]
    assert archived(online) == {"jsonl.gz": 2}
    with Run(online.config) as last:
        pass
    assert last.report.taken_over == 0


def test_a_recording_that_taught_nothing_new_is_not_taken_for_a_killed_run(online: Any, tmp_path: Path) -> None:
    left = leave_behind(online, online.sounds[0], age=timedelta(days=9))
    copies = [tmp_path / "one.jsonl", tmp_path / "other.jsonl"]
    for number, copy in enumerate(copies):
        copy.write_text(left.read_text() + "\n" * number)
    left.unlink()
    replay(copies, online.config)
    with Run(online.config) as run:
        pass
    assert run.report.taken_over == 0


def test_one_question_without_an_answer_does_not_stop_the_others(small_world: World, online: Any) -> None:
    bad, *good = online.sounds[:4]
    plan = Planned("500", params={"music_id": bad}, times=None)
    with Server(small_world, rate_per_minute=None, faults=Faults(script=(plan,))) as broken:
        config = online.config.model_copy(update={"tiklive_base_url": broken.url, "attempts": 2})
        with Run(config) as run:
            found = run.fetch_all("counters", [tiklive.music_info(one) for one in (bad, *good)])
    assert [answer.params["music_id"] for answer in found] == good
    assert [failure.call.params["music_id"] for failure in run.report.failures] == [bad]
    assert run.report.stopped is None
    assert run.report.loaded.failed == 2


def test_progress_is_told_for_every_question(online: Any) -> None:
    told: list[tuple[str, int, int]] = []
    with Run(online.config, on_progress=lambda *news: told.append(news)) as run:
        run.fetch_all("counters", [tiklive.music_info(one) for one in online.sounds[:3]])
    assert told == [("counters", 1, 3), ("counters", 2, 3), ("counters", 3, 3)]


def test_answers_are_archived_before_the_warehouse_sees_them(online: Any) -> None:
    with Run(online.config) as run:
        answer = run.fetch(tiklive.music_info(online.sounds[0]))
        (file,) = online.config.archive_folder.glob("*.jsonl")
        assert isinstance(answer, Answer)
        assert online.sounds[0] in file.read_text()
        assert not online.config.warehouse_file.exists()


@pytest.mark.parametrize("changed", [{"tiklive_api_key": "another-key"}, {"tiklive_base_url": "http://127.0.0.1:9"}])
def test_what_was_bought_with_another_key_or_elsewhere_is_history_and_not_bought(
    online: Any, changed: dict[str, str]
) -> None:
    left = leave_behind(online, online.sounds[0])
    question = tiklive.music_info(online.sounds[0])
    with Run(Config.load(home=online.home, **changed)) as run:
        assert not run.is_cached(question)
        assert [one["sweep_id"] for one in calls(online)] == [left.stem]
    assert run.report.taken_over == 1


def test_a_run_that_has_to_wait_says_so_once(online: Any) -> None:
    told: list[tuple[str, int, int]] = []
    is_told = threading.Event()

    def tell(*news: Any) -> None:
        told.append(news)
        is_told.set()

    def second() -> None:
        with Run(online.config, on_progress=tell):
            pass

    with Run(online.config):
        other = threading.Thread(target=second)
        other.start()
        assert is_told.wait(LONGEST_S)
    other.join(timeout=LONGEST_S)
    assert told == [("waiting for another run", 0, 1)]


def test_a_key_refused_before_anything_was_answered_is_raised_after_the_load(online: Any) -> None:
    run = Run(Config.load(home=online.home, tiklive_api_key="wrong-key"))
    with pytest.raises(AuthError, match="check TIKLIVE_API_KEY"), run:
        run.fetch_all("counters", [tiklive.music_info(online.sounds[0])])
    assert len(calls(online)) == run.report.loaded.failed == 1


def test_a_key_refused_after_answers_ends_the_run_and_raises_nothing(small_world: World, online: Any) -> None:
    first, second = online.sounds[:2]
    plan = Planned("401", params={"music_id": second}, times=None)
    with Server(small_world, rate_per_minute=None, faults=Faults(script=(plan,))) as server:
        config = Config.load(home=online.home, tiklive_base_url=server.url)
        with Run(config) as run:
            run.fetch_all("counters", [tiklive.music_info(first)])
            run.fetch_all("counters", [tiklive.music_info(second)])
    assert run.report.stopped
    assert run.report.loaded.added == 2


def test_a_provider_that_stays_silent_ends_the_run_before_every_question_has_waited(tmp_path: Path) -> None:
    nobody = Config.load(
        home=tmp_path, tiklive_base_url="http://127.0.0.1:9", tiklive_api_key="some-key", attempts=1, page_gap_s=0
    )
    asked = [tiklive.music_info(7012345678901234000 + number) for number in range(60)]
    with Run(nobody) as run:
        assert run.fetch_all("sound counters", asked) == []
    assert run.report.stopped is not None
    assert "in a row got no answer" in run.report.stopped
    assert MOST_SILENCES <= len(run.report.failures) < MOST_SILENCES + nobody.workers


def test_a_provider_that_only_asks_to_slow_down_ends_the_run_as_a_silent_one_does(
    small_world: World, tmp_path: Path
) -> None:
    plan = Planned("429", times=None)
    asked = [tiklive.music_info(7012345678901234000 + number) for number in range(60)]
    with Server(small_world, rate_per_minute=None, faults=Faults(script=(plan,))) as server:
        config = Config.load(home=tmp_path, tiklive_base_url=server.url, tiklive_api_key=server.keys["tiklive"],
                             attempts=1, page_gap_s=0, backoff_s=0, requests_per_minute=0)  # fmt: skip
        with Run(config) as run:
            assert run.fetch_all("sound counters", asked) == []
    assert run.report.stopped is not None
    assert "HTTP 429" in run.report.stopped
    assert MOST_SILENCES <= len(run.report.failures) < MOST_SILENCES + config.workers


@pytest.mark.parametrize("year", [1970, 2150])
def test_a_clock_that_cannot_be_right_is_refused_before_anything_is_bought(online: Any, year: int) -> None:
    run = Run(online.config, clock=lambda: datetime(year, 1, 1, tzinfo=UTC))
    with pytest.raises(ConfigError, match=f"{year}-01-01.*Set the clock"), run:
        pass
    assert online.spent == 0
    assert not archived(online)
