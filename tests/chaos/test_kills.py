"""Killed at random moments, as ``kill -9`` does: one more run, and all is as if nothing had happened.

``TRENDLIB_CHAOS_KILLS`` says how many kills there are in all; each kind of job gets its share.
"""

import os
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import pytest
from chaos.acts import ALERTS, delivered, replayed_in_parts, reviewed, trendlib
from chaos.kills import END, Job, Moment, Step, moments
from chaos.sweeping import serving_a_sweep
from loopback import DATABASE, TOKEN, Loopback, key_of, serving
from told import assert_same, tables

from trendlib.sandbox import World

KILLS = int(os.environ.get("TRENDLIB_CHAOS_KILLS", "8"))
SEED = int(os.environ.get("TRENDLIB_CHAOS_SEED", "20261121"))
A_JOB = max(1, KILLS // 8)
TORN = frozenset({"rejects"})  # where a line stands that a kill cut off, with its reason
LITTER = re.compile(r"\.(part|new|wal)$|^2.*\.jsonl$|^\.draft-")


@dataclass
class Killed:
    """One kind of job, killed again and again, each time in a place of its own."""

    name: str
    folder: Path
    job: Callable[[Path], Job]
    before: Path | None = None
    least: int = 1
    landed: Counter[str] = field(default_factory=Counter)
    _numbers: Iterator[int] = field(default_factory=count)

    def place(self) -> Path:
        """Make a home for one more run, as it is before the job."""
        home = self.folder / f"{self.name} {next(self._numbers)}"
        shutil.copytree(self.before, home) if self.before else home.mkdir()
        return home

    def calm(self) -> tuple[Path, list[Step]]:
        """Run undisturbed."""
        home = self.place()
        running = self.job(home).run()
        assert running.code == 0, running.said
        return home, running.steps

    def moments(self, steps: list[Step]) -> list[Moment]:
        return moments(steps, max(A_JOB, self.least), random.Random(f"{SEED} {self.name}"))  # noqa: S311 - moments, not secrets

    def kill(self, moment: Moment) -> Path:
        """Kill it once, in a home of its own."""
        home = self.place()
        running = self.job(home).start()
        self.landed[running.kill(moment)] += 1
        assert running.code < 0 or running.code == 0, running.said
        return home

    def mend(self, home: Path) -> str:
        """Run once more, look that nothing is left lying about, and give what it printed."""
        running = self.job(home).run()
        assert running.code == 0, running.said
        left = [path for path in home.rglob("*") if LITTER.search(path.name)]
        assert not left, left
        return running.said

    @property
    def kills(self) -> int:
        """How many came before the job had ended."""
        return self.landed.total() - self.landed[END]

    @property
    def told(self) -> str:
        number = self.landed.total()
        return f"{number} kills: " + ", ".join(f"{times} {where}" for where, times in sorted(self.landed.items()))


# The acts


@dataclass(frozen=True)
class Pace:
    """How fast a provider answers beside how often it may be asked, and what a kill may cost then."""

    name: str
    latency_s: float
    a_minute: int
    most_twice: int


QUICK = Pace("quick", 0.01, 80, 1)  # also where a busy machine answers in half a second
SLOW = Pace("slow", 0.05, 6_000, 3)  # as 750 ms at 200 a minute, in less time: three have to be under way


@pytest.mark.parametrize("pace", [QUICK, pytest.param(SLOW, marks=pytest.mark.long)], ids=lambda pace: pace.name)
def test_a_sweep(small_world: World, tmp_path: Path, promise: Any, pace: Pace) -> None:
    with serving_a_sweep(small_world, tmp_path / "before", latency_s=pace.latency_s, a_minute=pace.a_minute) as (
        server,
        settings,
    ):

        def sweep(home: Path) -> Job:
            return Job(trendlib, ["--home", str(home), "sweep", "--max-pages", "3"], home, settings)

        killed = Killed(f"sweep {pace.name}", tmp_path, sweep, tmp_path / "before", least=3)
        calm, steps = killed.calm()
        wanted, price, twice = tables(calm, without=TORN), sum(server.credits.values()), []
        for moment in killed.moments(steps):
            before = sum(server.credits.values())
            home = killed.kill(moment)
            killed.mend(home)
            assert_same(wanted, tables(home, without=TORN))
            twice.append(sum(server.credits.values()) - before - price)
    promise(
        f"A sweep of a {pace.name} provider that is killed, once more: the tables of an undisturbed one",
        killed.told,
        kills=killed.kills,
    )
    promise(
        f"Answers of a {pace.name} provider bought twice after a kill: at most {pace.most_twice}",
        f"at most {max(twice)}; {sum(twice) / len(twice):.1f} a kill",
        is_held=min(twice) >= 0 and max(twice) <= pace.most_twice,
    )


def test_a_replay(recording: Path, tmp_path: Path, promise: Any) -> None:
    killed = Killed("replay", tmp_path, lambda home: Job(replayed_in_parts, [str(home), str(recording)], home))
    calm, steps = killed.calm()
    wanted = tables(calm)
    for moment in killed.moments(steps):
        home = killed.kill(moment)
        killed.mend(home)
        assert_same(wanted, tables(home))
    promise("A replay that is killed, once more: the tables of an undisturbed one", killed.told, kills=killed.kills)


def test_a_rebuild(replayed: Path, tmp_path: Path, promise: Any) -> None:
    killed = Killed("rebuild", tmp_path, lambda home: Job(trendlib, ["--home", str(home), "rebuild"], home), replayed)
    _, steps = killed.calm()
    wanted = tables(replayed)
    for moment in killed.moments(steps):
        home = killed.kill(moment)
        assert_same(wanted, tables(home))
        killed.mend(home)
        assert_same(wanted, tables(home))
    promise(
        "A rebuild that is killed: the old warehouse still stands, and once more makes the new one",
        killed.told,
        kills=killed.kills,
    )


def test_an_export(replayed: Path, tmp_path: Path, promise: Any) -> None:
    def export(home: Path) -> Job:
        return Job(trendlib, ["--home", str(home), "export", str(home / "exported")], home)

    def exported(home: Path) -> dict[str, str]:
        return {
            folder.name: duckdb.sql(f"SELECT * FROM read_parquet('{folder}/**/*.parquet') ORDER BY ALL").df().to_csv()
            for folder in (home / "exported").iterdir()
        }

    killed = Killed("export", tmp_path, export, replayed)
    calm, steps = killed.calm()
    wanted = exported(calm)
    assert "posts" in wanted
    for moment in killed.moments(steps):
        home = killed.kill(moment)
        killed.mend(home)
        assert exported(home) == wanted
    promise("An export that is killed, once more: the files of an undisturbed one", killed.told, kills=killed.kills)


@pytest.mark.long
def test_a_review(replayed: Path, tmp_path: Path, promise: Any) -> None:
    before = shutil.copytree(replayed, tmp_path / "before")
    (before / "review.toml").write_text('picks = 2\nsections = ["summary", "breakouts"]\n')
    killed = Killed("review", tmp_path, lambda home: Job(reviewed, [str(home)], home), before)
    calm, steps = killed.calm()

    def saved(home: Path) -> dict[str, bytes]:
        files = [path for name in ("out", "reviews") for path in (home / name).iterdir()]
        return {path.name: path.read_bytes() for path in files}

    wanted = saved(calm)
    for moment in killed.moments(steps):
        home = killed.kill(moment)
        killed.mend(home)
        assert saved(home) == wanted
    promise(
        "A review that is killed, once more: the deck and the notes of an undisturbed one",
        killed.told,
        kills=killed.kills,
    )


@pytest.mark.parametrize("place", ["slack", "notion"])
def test_a_delivery(tmp_path: Path, promise: Any, place: str) -> None:
    missing = 0
    with serving(Loopback(latency_s=0.02)) as server:

        def deliver(home: Path) -> Job:
            settings = {
                "TRENDLIB_HOME": str(home),
                "TRENDLIB_SLACK_WEBHOOK": server.webhook,
                "TRENDLIB_NOTION_TOKEN": TOKEN,
                "TRENDLIB_NOTION_DATABASE": f"https://www.notion.so/team/Alerts-{DATABASE}?v=1",
                "NOTION_BASE_URL": server.url,
            }
            return Job(delivered, [place], home, settings)

        killed = Killed(place, tmp_path, deliver, least=3)
        _, steps = killed.calm()
        for moment in killed.moments(steps):
            server.arrived.clear()
            server.rows.clear()
            home = killed.kill(moment)
            presumed = killed.mend(home).split()
            found = server.keys if place == "slack" else [key_of(row) for row in server.rows.values()]
            lost = set(ALERTS) - set(found)
            assert max(Counter(found).values()) == 1
            assert lost <= set(presumed)
            assert place == "slack" or not lost
            missing += len(lost)
    promise(f"A delivery to {place} that is killed, once more: no alert arrives twice", killed.told, kills=killed.kills)
    promise(
        f"No alert is missing in {place} after a kill, but for one whose leaving was cut short, which is named",
        f"{missing} missing and named after {killed.landed.total()} kills",
    )
