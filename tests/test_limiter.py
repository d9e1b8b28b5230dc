"""One limit, kept by all threads and processes that share its file."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from loopback import LONGEST_S, wait_until
from watches import Watch

from trendlib.api.limiter import Door, Limiter
from trendlib.errors import StoreError

ROOT = Path(__file__).parents[1]


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Let time pass for limiters only while one of them sleeps."""
    one = Watch()
    monkeypatch.setattr("trendlib.api.limiter.time", one)
    return one


class ToldLimiter(Limiter):
    """Remembers every start it ever wrote."""

    def __init__(self, file: Path, window_s: float) -> None:
        super().__init__(file, "one", limit=8, window_s=window_s)
        self.starts: set[float] = set()

    def _replace(self, content: bytes) -> None:
        self.starts |= set(json.loads(content)["one"]["started"])
        super()._replace(content)


def most_in_a_window(starts: set[float], window_s: float) -> int:
    return max(sum(begin <= at < begin + window_s for at in starts) for begin in starts)


@pytest.mark.usefixtures("watch")
def test_threads_share_a_limit(tmp_path: Path) -> None:
    limiters = [ToldLimiter(tmp_path / "requests.json", 0.2) for _ in range(2)] * 2
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda limiter: [limiter.wait() for _ in range(10)], limiters))
    starts = limiters[0].starts | limiters[1].starts
    assert len(starts) == 40
    assert most_in_a_window(starts, 0.2) == 8


PROCESS = """
    import sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    from test_limiter import ToldLimiter
    limiter = ToldLimiter(Path(sys.argv[1]), 0.3)
    print("ready", flush=True)
    sys.stdin.readline()
    for _ in range(20):
        limiter.wait()
    print(*limiter.starts)
"""
HOLDER = """
    import sys
    from filelock import FileLock
    lock = FileLock(sys.argv[1] + ".lock")
    lock.acquire()
    print("holding", flush=True)
    sys.stdin.readline()
"""


def start(code: str, *arguments: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout
    assert process.stdout.readline().strip() in {"ready", "holding"}
    return process


def test_processes_share_a_limit(tmp_path: Path) -> None:
    processes = [start(PROCESS, str(tmp_path / "requests.json"), str(Path(__file__).parent)) for _ in range(2)]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    lines = [process.communicate(timeout=LONGEST_S)[0] for process in processes]
    starts = {float(at) for line in lines for at in line.split()}
    assert len(starts) == 40
    assert most_in_a_window(starts, 0.3) <= 8


def test_who_is_killed_with_the_lock_in_hand_blocks_nobody(tmp_path: Path) -> None:
    file = tmp_path / "requests.json"
    holder = start(HOLDER, str(file))
    limiter = Limiter(file, "one", limit=1)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(limiter.wait)
        time.sleep(0.1)
        assert not waiting.done()
        holder.send_signal(signal.SIGKILL)
        waiting.result(timeout=LONGEST_S)
    holder.communicate()


def test_a_lock_that_is_never_freed_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "requests.json"
    holder = start(HOLDER, str(file))
    monkeypatch.setattr("trendlib.api.limiter.LOCK_WAIT_S", 0.1)
    with pytest.raises(StoreError, match=r"requests\.json; another program"):
        Limiter(file, "one", limit=1).wait()
    holder.kill()
    holder.communicate()


def test_starts_from_before_the_machine_began_anew_delay_for_one_window_at_most(tmp_path: Path, watch: Watch) -> None:
    file = tmp_path / "requests.json"
    later = watch.monotonic() + 1e6
    file.write_text(json.dumps({"one": {"started": [later] * 3, "held_until": 0}}))
    Limiter(file, "one", limit=3, window_s=0.2).wait()
    assert watch.slept == [pytest.approx(0.2, abs=1e-3)]


def test_setting_the_wall_clock_moves_no_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, watch: Watch) -> None:
    limiter = Limiter(tmp_path / "requests.json", "one", limit=1, window_s=0.2)
    limiter.wait()
    monkeypatch.setattr(time, "time", lambda: 0.0)
    limiter.wait()
    assert watch.slept == [pytest.approx(0.2, abs=1e-3)]


def test_each_server_has_its_own_limit(tmp_path: Path, watch: Watch) -> None:
    for name in ("one", "two"):
        Limiter(tmp_path / "requests.json", name, limit=1).wait()
    assert not watch.slept


def test_a_hold_is_at_most_a_minute(tmp_path: Path) -> None:
    file = tmp_path / "requests.json"
    Limiter(file, "one", limit=None).hold(1e9)
    assert json.loads(file.read_text())["one"]["held_until"] - time.monotonic() <= 60


def test_while_answers_are_quicker_than_the_limit_questions_leave_one_at_a_time(tmp_path: Path) -> None:
    door = Door(Limiter(tmp_path / "requests.json", "one", limit=None, window_s=1e6), most=3)
    away, most = 0, []

    def ask(_: int) -> None:
        nonlocal away
        with door.passed():
            away += 1
            most.append(away)
            time.sleep(0.001)
            away -= 1

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(ask, range(30)))
    assert most == [1] * 30


def test_slow_answers_are_awaited_side_by_side_and_never_more_than_allowed(tmp_path: Path) -> None:
    door = Door(Limiter(tmp_path / "requests.json", "one", limit=None, window_s=0.0), most=3)
    all_away, fourth = threading.Barrier(4), threading.Event()

    def ask(number: int) -> None:
        with door.passed():
            if number == 3:
                fourth.set()
            all_away.wait(timeout=LONGEST_S)

    with ThreadPoolExecutor(4) as pool:
        asking = [pool.submit(ask, number) for number in range(3)]
        wait_until(lambda: all_away.n_waiting == 3)
        last = pool.submit(ask, 3)
        assert not fourth.wait(0.05)
        all_away.reset()
        for one in asking:
            assert isinstance(one.exception(timeout=LONGEST_S), threading.BrokenBarrierError)
        assert fourth.wait(LONGEST_S)
        all_away.abort()
        assert isinstance(last.exception(timeout=LONGEST_S), threading.BrokenBarrierError)


def test_an_error_under_way_lets_the_next_one_out(tmp_path: Path) -> None:
    door = Door(Limiter(tmp_path / "requests.json", "one", limit=None, window_s=1e6), most=1)
    with pytest.raises(ValueError, match="no answer"), door.passed():
        raise ValueError("no answer")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(door.passed().__enter__).result(timeout=LONGEST_S)


@pytest.mark.parametrize(("limit", "pace_s"), [(200, 0.3), (50, 1.2), (None, 0.3)])
def test_the_pace_is_that_of_the_limit(tmp_path: Path, limit: int | None, pace_s: float) -> None:
    assert Limiter(tmp_path / "requests.json", "one", limit=limit, window_s=60).pace_s == pytest.approx(pace_s)
