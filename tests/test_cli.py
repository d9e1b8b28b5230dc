"""The command line: what goes where, exit codes, the same bytes everywhere, and no key in anything it says."""

import csv
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from loopback import LONGEST_S, Loopback, serving

from trendlib import practice
from trendlib.cli import BAD_INPUT, COULD_NOT_RUN, DONE, DONE_WITH_FAILURES, main
from trendlib.cli.terminal import bytes_bar, stages
from trendlib.config import Config
from trendlib.metrics.leaderboard import COLUMNS
from trendlib.runs.loading import replay
from trendlib.store import Store

ROOT = Path(__file__).parents[1]
KEY = "sesame-0123456789abcdef"
SOUND = "7012345678901234567"
BRIEFLY = ("--max-pages", 2)
FORMULA = "=HYPERLINK(A1)"
STATUSES = {"ok", "weak", "counter_only", "rounded", "new", "not_enough_coverage", "index_only"}


@dataclass(frozen=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The JSON on standard output, which must be all there is, and plain JSON."""

        def refuse(word: str) -> None:
            raise AssertionError(f"{word} is no JSON")

        rows: list[dict[str, Any]] = json.loads(self.out, parse_constant=refuse)
        return rows


Run = Callable[..., Ran]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Give a function that runs a command in this process, as the console script would."""

    def one(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["trendlib", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        return Ran(int(end.value.code or 0), captured.out, captured.err)

    return one


def started(*words: object, **environment: str) -> subprocess.Popen[str]:
    """Start a command as a program of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "trendlib", *map(str, words)],
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> Ran:
    out, err = process.communicate(timeout=LONGEST_S)
    return Ran(process.returncode, out, err)


def recording(path: Path, *, title: str = "Song", torn: bool = False) -> Path:
    """Write ten daily readings of one sound, newest last."""
    head = {"provider": "tiklive", "endpoint": "/music-info/", "params": {"music_id": SOUND}, "status": 200}
    lines = [
        json.dumps(
            {
                "fetched_at": f"2026-03-{day:02}T07:00:00Z",
                **head,
                "body": {"id": SOUND, "title": title, "author": "Me", "video_count": 100 * day},
            }
        )
        for day in range(1, 11)
    ]
    path.write_text("\n".join([*lines, "{torn" * torn]) + "\n")
    return path


# Leaderboard


def test_json_is_a_list_of_rows_with_exactly_the_columns_of_the_leaderboard(run: Run, own_home: Path) -> None:
    ran = run("--home", own_home, "leaderboard", "--format", "json")
    assert (ran.code, ran.err) == (DONE, "")
    assert [tuple(row) for row in ran.rows] == [COLUMNS] * 20
    assert len(COLUMNS) == 23
    assert [row["rank"] for row in ran.rows] == list(range(1, 21))
    bounds = [row["growth_low"] for row in ran.rows]
    assert bounds == sorted(bounds, reverse=True)
    assert all(isinstance(row["sound_id"], str) and row["total_uses"] < 100_000 for row in ran.rows)
    assert {row["as_of"][-1] for row in ran.rows} == {"Z"}


def test_all_lists_every_watched_sound_and_the_unranked_last(run: Run, own_home: Path) -> None:
    ran = run("--home", own_home, "leaderboard", "--all", "--max-uses", "none", "--format", "json")
    ranks = [row["rank"] for row in ran.rows]
    known = sum(rank is not None for rank in ranks)
    assert len({row["sound_id"] for row in ran.rows}) == len(ranks) == 60
    assert ranks == [*range(1, known + 1), *[None] * (60 - known)]
    assert 20 < known < 60
    assert {row["status"] for row in ran.rows} <= STATUSES
    assert {row["status"] for row in ran.rows[known:]} & {"not_enough_coverage", "new", "rounded"}


def test_all_means_all_whatever_their_uses(run: Run, own_home: Path) -> None:
    everything = run("--home", own_home, "leaderboard", "--all", "--max-uses", "none", "--format", "json")
    assert run("--home", own_home, "leaderboard", "--all", "--format", "json").out == everything.out
    some = run("--home", own_home, "leaderboard", "--all", "--max-uses", 5_000, "--format", "json").rows
    assert 0 < len(some) < len(everything.rows)


def test_the_home_may_be_named_behind_the_command(run: Run, own_home: Path) -> None:
    before = run("--home", own_home, "leaderboard", "--format", "json")
    assert run("leaderboard", "--format", "json", "--home", own_home).out == before.out
    assert run("leaderboard", f"--home={own_home}", "--format", "json").out == before.out


def test_max_uses_and_top_cut_the_list(run: Run, own_home: Path) -> None:
    small = run("--home", own_home, "leaderboard", "--max-uses", 5_000, "--top", 3, "--format", "json").rows
    whole = run("--home", own_home, "leaderboard", "--max-uses", "NONE", "--top", 60, "--format", "json").rows
    fitting = [row["sound_id"] for row in whole if row["total_uses"] is not None and row["total_uses"] < 5_000]
    assert [row["sound_id"] for row in small] == fitting[:3]
    assert any(row["total_uses"] >= 100_000 for row in whole)


def test_csv_holds_the_same_rows_as_json(run: Run, own_home: Path) -> None:
    rows = run("--home", own_home, "leaderboard", "--format", "json").rows
    sheet = list(csv.DictReader(io.StringIO(run("--home", own_home, "leaderboard", "--format", "csv").out)))
    assert [tuple(row) for row in sheet] == [COLUMNS] * len(rows)
    assert [row["sound_id"] for row in sheet] == [row["sound_id"] for row in rows]
    assert [float(row["growth_low"]) for row in sheet] == [row["growth_low"] for row in rows]


def test_a_title_that_is_a_formula_does_nothing_in_a_spreadsheet(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert run("--home", home, "replay", recording(tmp_path / "some.jsonl", title=FORMULA)).code == DONE
    command = ("--home", home, "leaderboard", "--all", "--max-uses", "none")
    (row,) = csv.DictReader(io.StringIO(run(*command, "--format", "csv").out))
    assert row["title"] == f"'{FORMULA}"
    assert run(*command, "--format", "json").rows[0]["title"] == FORMULA


def test_as_of_shows_what_was_known_then(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    run("--home", home, "replay", recording(tmp_path / "some.jsonl"))
    command = ("--home", home, "leaderboard", "--all", "--max-uses", "none", "--format", "json", "--as-of")
    for text, uses in (("2026-03-05T07:00:00Z", 400), ("2026-03-05T08:00:00.5+00:30", 500)):
        (row,) = run(*command, text).rows
        assert row["total_uses"] == uses
        assert datetime.fromisoformat(row["as_of"]) == datetime.fromisoformat(text)
        assert row["as_of"].endswith("Z")
    early = run(*command, "2026-03-01T07:00:00Z")
    assert (early.code, early.out) == (COULD_NOT_RUN, "")
    assert "Nothing was known of any watched sound at 2026-03-01T07:00:00Z" in early.err


def test_the_same_call_gives_the_same_bytes_in_every_zone_and_every_time(
    run: Run, own_home: Path, set_time_zone: Callable[[str], None]
) -> None:
    command = ("--home", own_home, "leaderboard", "--all", "--max-uses", "none", "--format", "json")
    others = [started(*command, TZ=zone) for zone in ("America/Los_Angeles", "Pacific/Chatham")]
    set_time_zone("UTC")
    here = [run(*command), run(*command)]
    assert len(here[0].rows) == 60
    assert {one.out for one in (*here, *map(ended, others))} == {here[0].out}


# Bad input


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("leaderboard", "--as-of", "2026-11-16T07:00:00"), "has no time zone; did you mean 2026-11-16T07:00:00Z"),
        (("leaderboard", "--as-of", "last Monday"), "is no instant; write it like"),
        (("leaderboard", "--as-of", "9999-12-31T23:59:59-12:00"), "outside the years 2000 to 2100"),
        (("leaderboard", "--as-of", "9999-12-31T23:59:59Z"), "outside the years 2000 to 2100"),
        (("alerts", "--as-of", "2026-11-16"), "has no time zone"),
        (("why", "x", "--as-of", "2026-13-01T00:00:00Z"), "is no instant"),
        (("leaderboard", "--max-uses", "many"), "--max-uses many is no number of uses; write a whole number, or none"),
        (("leaderboard", "--max-uses", "-5"), "--max-uses -5 is no number"),
        (("leaderboard", "--max-uses", "1e5"), "--max-uses 1e5 is no number"),
        (("replay", "nothing.jsonl"), "it does not exist"),
        (("replay", "."), "no .jsonl or .jsonl.gz file"),
        (("rebuild",), "it holds no answers"),
        (("sandbox", "--sounds", "3"), "10 to 10000 sounds"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_bad_input_ends_with_one_plain_sentence(run: Run, nobody: Path, words: tuple[str, ...], sentence: str) -> None:
    ran = run(*words)
    assert (ran.code, ran.out) == (BAD_INPUT, "")
    assert ran.err.strip().startswith("Error: ")
    assert len(ran.err.strip().splitlines()) == 1
    assert sentence in ran.err
    assert list(nobody.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("leaderboard", "--top", "0"),
        ("leaderboard", "--top", "ten"),
        ("leaderboard", "--format", "xml"),
        ("sweep", "--budget", "-1"),
        ("sandbox", "--faults", "2"),
        ("sandbox", "--port", "70000"),
        ("why",),
        ("nosuch",),
    ],
    ids=" ".join,
)
def test_what_no_command_takes_is_bad_input_too(run: Run, nobody: Path, words: tuple[str, ...]) -> None:
    ran = run(*words)
    assert (ran.code, ran.out) == (BAD_INPUT, "")
    assert "Error" in ran.err
    assert list(nobody.iterdir()) == []


def test_a_slip_in_the_watchlist_names_its_line(run: Run, own_home: Path, tmp_path: Path) -> None:
    shutil.copytree(own_home / "warehouse", tmp_path / "warehouse")
    (tmp_path / "watchlist.toml").write_text("\nsuonds = []\n")
    ran = run("--home", tmp_path, "leaderboard")
    assert ran.code == BAD_INPUT
    assert "watchlist.toml, line 2: 'suonds' is no list of a watchlist; did you mean 'sounds'" in ran.err


def test_a_home_that_cannot_be_made_ends_with_a_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = run("--home", tmp_path / "file", "replay", recording(tmp_path / "some.jsonl"))
    assert ran.code == COULD_NOT_RUN
    assert ran.err.strip().splitlines()[-1].startswith("Error: ")
    assert str(tmp_path / "file") in ran.err


def test_a_damaged_warehouse_says_what_to_do(run: Run, tmp_path: Path) -> None:
    (tmp_path / "warehouse").mkdir()
    (tmp_path / "warehouse" / "trendlib.duckdb").write_bytes(b"not a database" * 1000)
    ran = run("--home", tmp_path, "leaderboard")
    assert (ran.code, ran.out) == (COULD_NOT_RUN, "")
    assert "trendlib rebuild" in ran.err


# Alerts and why


def test_alerts_say_which_rule_in_which_version(run: Run, own_home: Path) -> None:
    rows = run("--home", own_home, "alerts", "--format", "json").rows
    assert rows
    assert {row["rule"] for row in rows} <= {"breakout", "catch_them_early", "reactivation"}
    assert {row["alert"] for row in rows} <= {"watch", "confirmed", "new", "early", "reactivation"}
    assert len({(row["sound_id"], row["rule"]) for row in rows}) == len(rows)
    assert all(row["rule_version"] for row in rows)


def test_why_lists_the_checks_of_one_sound(run: Run, own_home: Path) -> None:
    *_, last = run("--home", own_home, "leaderboard", "--all", "--max-uses", "none", "--format", "json").rows
    rows = run("--home", own_home, "why", last["sound_id"], "--format", "json").rows
    assert rows[0]["check"] == "status"
    assert rows[0]["passed"] is False
    assert {"check", "found", "needed", "passed", "advice"} == set(rows[0])
    table = run("--home", own_home, "why", last["sound_id"])
    assert table.code == DONE
    assert "checks below say no" in table.out


@pytest.mark.parametrize("name", ["a", "no title at all", SOUND])
def test_why_of_no_or_many_sounds_prints_nothing_but_a_sentence(run: Run, own_home: Path, name: str) -> None:
    ran = run("--home", own_home, "why", name, "--format", "json")
    assert (ran.code, ran.out) == (COULD_NOT_RUN, "")
    assert ran.err.startswith("Error: ")


# Recordings


def test_replaying_twice_adds_nothing_and_rebuilding_gives_the_same(run: Run, tmp_path: Path) -> None:
    home, file = tmp_path / "home", recording(tmp_path / "some.jsonl")
    board = ("--home", home, "leaderboard", "--all", "--max-uses", "none", "--format", "json")
    first = run("--home", home, "replay", file)
    before = run(*board).out
    second = run("--home", home, "replay", file)
    rebuilt = run("--home", home, "rebuild")
    assert [one.code for one in (first, second, rebuilt)] == [DONE] * 3
    assert "10 answers read, 10 of them new" in first.err
    assert "10 answers read, 0 of them new" in second.err
    assert "10 answers read, 10 of them new" in rebuilt.err
    assert run(*board).out == before
    assert first.out == second.out == rebuilt.out == ""


def test_a_line_set_aside_is_a_failure_that_is_counted(run: Run, tmp_path: Path) -> None:
    ran = run("--home", tmp_path / "home", "replay", recording(tmp_path / "some.jsonl", torn=True))
    assert ran.code == DONE_WITH_FAILURES
    assert "10 answers read" in ran.err
    assert "set aside 1 times: not JSON" in ran.err


def test_export_names_the_folders_it_wrote(run: Run, own_home: Path, tmp_path: Path) -> None:
    ran = run("--home", own_home, "export", tmp_path / "out")
    assert ran.code == DONE
    assert f"wrote {tmp_path / 'out' / 'sound_observations'}" in ran.err
    assert list((tmp_path / "out" / "posts").glob("observed_on=*/*.parquet"))


# Sweeping


def test_a_dry_run_lists_calls_and_spends_nothing(run: Run, online: Any) -> None:
    ran = run("--home", online.home, "sweep", "--dry-run")
    assert ran.code == DONE
    assert len(ran.out.splitlines()) == 12
    assert all(line.startswith("1 credit  /") for line in ran.out.splitlines())
    assert "12 calls, 12 credits, 0 cached" in ran.err
    assert online.spent == 0


def test_a_sweep_says_what_it_spent_and_a_second_one_spends_nothing(run: Run, online: Any) -> None:
    first = run("--home", online.home, "sweep", *BRIEFLY)
    assert (first.code, first.out) == (DONE, "")
    assert "10 sounds and 2 hashtags read" in first.err
    assert f"{online.spent:,} credits spent" in first.err
    assert "10 sounds: " in first.err
    spent = online.spent
    second = run("--home", online.home, "sweep", *BRIEFLY)
    assert second.code == DONE
    assert " 0 credits spent" in f" {second.err}".replace("\n", " ")
    assert online.spent == spent
    assert "0 credits, 12 cached" in run("--home", online.home, "sweep", "--dry-run").err


def test_a_budget_ends_the_sweep_early_and_keeps_what_it_bought(run: Run, online: Any) -> None:
    ran = run("--home", online.home, "sweep", "--budget", 5)
    assert ran.code == DONE_WITH_FAILURES
    assert online.spent == 5
    assert "Ended early" in ran.err
    rows = run("--home", online.home, "leaderboard", "--all", "--max-uses", "none", "--format", "json").rows
    assert sorted(row["sound_id"] for row in rows) == sorted(online.sounds)
    assert sum(row["total_uses"] is not None for row in rows) == 5


def test_a_midday_sweep_looks_at_the_leaders_only(run: Run, online: Any) -> None:
    run("--home", online.home, "sweep", *BRIEFLY)
    leaders = run("--home", online.home, "leaderboard", "--top", 2, "--max-uses", "none", "--format", "json").rows
    plan = run("--home", online.home, "sweep", "--top", 2, "--dry-run")
    assert [line.split('"')[3] for line in plan.out.splitlines()] == [row["sound_id"] for row in leaders]
    ran = run("--home", online.home, "sweep", "--top", 2, *BRIEFLY)
    assert ran.code == DONE
    assert f"{len(leaders)} sounds and 0 hashtags read" in ran.err


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_sweep_of_leaders_where_none_is_ranked_says_what_to_do_first(run: Run, online: Any, more: Any) -> None:
    ran = run("--home", online.home, "sweep", "--top", 2, *more)
    assert ran.code == COULD_NOT_RUN
    assert "no sound is ranked yet. Leave --top out" in ran.err


def test_two_sweeps_at_once_buy_everything_once(online: Any) -> None:
    both = [ended(one) for one in [started("--home", online.home, "sweep", *BRIEFLY) for _ in range(2)]]
    assert [one.code for one in both] == [DONE, DONE]
    assert sum(" 0 credits spent" in f" {one.err}".replace("\n", " ") for one in both) == 1
    with Store(online.config.warehouse_file).as_of(datetime.now(UTC)) as world:
        calls = world.frame("calls", provider="tiklive")
    assert not calls.duplicated(["endpoint", "params"]).any()
    assert len(calls) == online.spent


def test_discovery_offers_sounds_nobody_follows(run: Run, online: Any) -> None:
    watched = online.sounds[:3]
    (online.home / "watchlist.toml").write_text(f'sounds = {watched}\nkeywords = ["dance", "sped up"]\n')
    ran = run("--home", online.home, "discover", "--format", "json")
    assert ran.code == DONE
    assert not {row["sound_id"] for row in ran.rows} & set(watched)
    assert f"{len(ran.rows)} sounds found: {online.spent} credits spent" in ran.err


def test_a_sweep_interrupted_by_hand_says_so_and_goes_on_from_there(online: Any) -> None:
    online.server.latency_s = 0.1
    process = started("--home", online.home, "sweep", *BRIEFLY)
    while len(online.server.requests) < 5 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    ran = ended(process)
    assert ran.code == COULD_NOT_RUN
    assert ran.err.strip().endswith("Stopped. What was fetched is kept; the same command goes on from there.")
    assert "Traceback" not in ran.err
    online.server.latency_s = 0.0
    again = ended(started("--home", online.home, "sweep", *BRIEFLY))
    assert again.code == DONE
    assert "Taken over from a run that was killed" in again.err
    with Store(online.config.warehouse_file).as_of(datetime.now(UTC)) as world:
        assert not world.frame("calls").duplicated(["endpoint", "params"]).any()


# Delivery


def test_alerts_are_delivered_once_and_a_dry_run_delivers_nothing(
    run: Run, own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = shutil.copytree(own_home, tmp_path / "home")
    shown = run("--home", home, "alerts", "--deliver", "slack", "--dry-run")
    due = [message["key"] for message in shown.rows]
    assert due
    sheet = run("--home", home, "alerts", "--deliver", "csv", "--dry-run")
    assert sheet.out.startswith("alert_id,title,artist,")
    assert len(list(csv.DictReader(sheet.out.splitlines()))) >= len(due)
    assert f"Would be written to {home / 'alerts' / 'alerts.csv'}" in sheet.err.replace("\n", "")
    assert not (home / "alerts").exists()
    with serving(Loopback()) as server:
        monkeypatch.setenv("TRENDLIB_SLACK_WEBHOOK", server.webhook)
        first = run("--home", home, "alerts", "--deliver")
        again = run("--home", home, "alerts", "--deliver", "slack,csv")
        assert (first.code, first.err) == (DONE, f"slack: {len(due)} delivered, 0 before, 0 kept for later.\n")
        assert (again.code, again.out) == (DONE, "")
        assert f"slack: 0 delivered, {len(due)} before" in again.err
        assert server.keys == due
        assert [message["blocks"] for message in server.arrived] == [one["payload"]["blocks"] for one in shown.rows]
        server.faults.append(403)
        shut = run("--home", home, "resend", due[0])
        assert shut.code == DONE_WITH_FAILURES
        assert "1 kept for later" in shut.err
        assert "check TRENDLIB_SLACK_WEBHOOK" in shut.err
        assert "SECRET" not in shut.err
    assert (home / "alerts" / "alerts.csv").exists()


def test_the_review_is_announced_once(
    run: Run, own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = shutil.copytree(own_home, tmp_path / "home")
    with serving(Loopback()) as server:
        monkeypatch.setenv("TRENDLIB_SLACK_WEBHOOK", server.webhook)
        shown = run("--home", home, "announce", "--deliver", "slack", "--dry-run", "--link", "https://deck.example/1")
        for found in ("1 delivered, 0 before", "0 delivered, 1 before"):
            ran = run("--home", home, "announce", "--link", "https://deck.example/1")
            assert (ran.code, ran.out) == (DONE, "")
            assert found in ran.err
        assert server.arrived == [one["payload"] for one in shown.rows]
    assert "<https://deck.example/1|Open>" in json.dumps(server.arrived)


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        (("--deliver",), "TRENDLIB_SLACK_WEBHOOK="),
        (("--deliver", "fax"), "there are: slack, notion, csv, json, parquet"),
        (("--dry-run",), "--deliver slack --dry-run"),
    ],
)
def test_what_cannot_be_delivered_says_what_can(run: Run, own_home: Path, words: tuple[str, ...], advice: str) -> None:
    ran = run("--home", own_home, "alerts", *words)
    assert (ran.code, ran.out) == (BAD_INPUT, "")
    assert advice in ran.err


# The practice world


def test_the_demo_shows_the_main_job_and_says_where_its_files_are(
    run: Run, practice_home: Path, tmp_path: Path
) -> None:
    home = shutil.copytree(practice_home, tmp_path / "home")
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}
    ran = run("--home", home, "demo", "--out", tmp_path / "made")
    assert ran.code == DONE
    after = {path: path.stat().st_mtime_ns for path in home.rglob("*") if path.is_file()}
    kept = set(after) - set(before)
    assert {path: after[path] for path in before} == before
    assert [path.parent.name for path in kept] == ["reviews"]
    made = sorted((tmp_path / "made").iterdir())
    assert [path.suffix for path in made] == [".csv", ".html", ".pptx", ".html"]
    assert all(str(path) in ran.err for path in made)
    exhibits = ran.out.split("Practice data")
    assert len(exhibits) == 4 + 1
    for exhibit, beginning in zip(exhibits, ("accelerating", "flag", "crosses", "careful"), strict=False):
        assert beginning in exhibit
    assert "Glass Lemonade" in exhibits[2]
    assert "60 sounds: " in ran.out
    rows = list(csv.DictReader(io.StringIO(made[0].read_text(encoding="utf-8"))))
    assert {row["origin"] for row in rows} == {"practice data"}
    assert all("Practice data" in path.read_text(encoding="utf-8") for path in made if path.suffix == ".html")


@pytest.mark.parametrize("command", ["leaderboard", "alerts"])
def test_practice_data_is_called_so_where_no_caption_can_say_it(run: Run, practice_home: Path, command: str) -> None:
    ran = run("--home", practice_home, command, "--format", "json")
    assert ran.rows
    assert ran.err.startswith("Practice data")


@pytest.mark.parametrize("more", [(), ("--dry-run",), ("--top", "3")])
def test_a_sweep_without_a_key_fails_so_that_cron_notices(run: Run, tmp_path: Path, more: tuple[str, ...]) -> None:
    ran = run("--home", tmp_path, "sweep", *more)
    assert (ran.code, ran.out) == (COULD_NOT_RUN, "")
    assert "TIKLIVE_API_KEY" in ran.err
    assert not list(tmp_path.iterdir())


def test_the_sample_can_be_recorded(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sample of two weeks; tests/chaos records the ten that are shipped, to the byte."""
    monkeypatch.setattr(practice, "WEEKS", 2)
    monkeypatch.setattr(practice, "DAYS", 15)
    ran = run("sandbox", "--record", tmp_path / "sample")
    assert ran.code == DONE
    shipped = sorted(file.name for file in (ROOT / "data" / "sample").iterdir())
    files = sorted((tmp_path / "sample").iterdir())
    assert [file.name for file in files] == shipped
    assert all(str(file) in ran.out for file in files)
    shutil.copytree(tmp_path / "sample", tmp_path / "home" / "sample")
    lived: list[Path] = []
    monkeypatch.setattr(practice, "live_through", lived.append)
    practice.prepare(tmp_path / "home")
    assert not lived, "the warehouse that was recorded is taken"


# What it looks like


def test_a_table_in_a_pipe_is_plain_text_of_a_fixed_width(
    run: Run, own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    ran = run("--home", own_home, "leaderboard")
    assert "\x1b" not in ran.out
    assert max(len(line) for line in ran.out.splitlines()) == 120


def test_help_names_every_command(run: Run) -> None:
    said = run("--help").out
    acts = (
        "demo sweep discover pull chart tracks song artist leaderboard alerts ledger backtest why replay rebuild export"
    )
    assert [
        act for act in [*acts.split(), "follow", "resend", "announce", "doctor", "sandbox"] if f" {act} " not in said
    ] == []


@pytest.mark.parametrize("bars", [stages, lambda: bytes_bar("replaying", 9)])
def test_no_thread_draws_bars_when_they_are_gone(bars: Callable[[], AbstractContextManager[Any]]) -> None:
    before = set(threading.enumerate())
    with bars():
        assert set(threading.enumerate()) - before
    assert not set(threading.enumerate()) - before


# Keys


def test_a_wrong_key_is_said_and_never_shown(run: Run, online: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKLIVE_API_KEY", KEY)
    for words in (("sweep",), ("sweep", "--dry-run"), ("discover",), ("doctor",)):
        ran = run("--home", online.home, *words)
        assert KEY not in ran.out + ran.err
    ran = run("--home", online.home, "sweep", *BRIEFLY)
    assert ran.code == COULD_NOT_RUN
    assert "check TIKLIVE_API_KEY" in ran.err
    assert KEY.encode() not in b"".join(path.read_bytes() for path in online.home.rglob("*") if path.is_file())


def test_a_key_that_cannot_be_one_is_bad_input_and_never_shown(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKLIVE_API_KEY", f"{KEY} {KEY}")
    ran = run("doctor")
    assert ran.code == BAD_INPUT
    assert "TIKLIVE_API_KEY holds spaces" in ran.err
    assert KEY not in ran.out + ran.err


def test_a_traceback_shows_no_key(online: Any, tmp_path: Path) -> None:
    program = tmp_path / "broken.py"
    program.write_text(
        "import sys\nfrom trendlib import cli\nfrom trendlib.api.client import Client\n"
        "def broken(self, call): raise RuntimeError(f'a bug in {self!r}, {self._config!r}, {self._provider!r}')\n"
        "Client.fetch = broken\nsys.argv = ['trendlib', *sys.argv[1:]]\ncli.main()\n"
    )
    command = [sys.executable, program, "--home", online.home, "sweep"]
    environment = {**os.environ, "TIKLIVE_API_KEY": KEY, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=LONGEST_S)
    assert done.returncode != 0
    assert "a bug in Client" in done.stderr
    assert KEY not in done.stdout + done.stderr


# A closer look


def test_a_sound_is_looked_at_in_an_overview_or_an_exhibit(run: Run, own_home: Path) -> None:
    leader = run("leaderboard", "--home", own_home, "--top", 1, "--format", "json").rows[0]["sound_id"]
    overview = run("sound", leader, "--home", own_home)
    assert overview.code == DONE
    assert overview.out.count("As of") == 6
    rows = run("sound", leader, "--home", own_home, "--exhibit", "regions", "--format", "json").rows
    assert {"day", "region", "share", "n_unknown"} <= set(rows[0])
    days = run("sound", leader, "--home", own_home, "--dialect", "tutorial_sound", "--format", "json").rows
    assert {"day", "posts", "exposure_days"} <= set(days[0])


def test_hashtags_are_listed_and_their_calendar_speaks_a_dialect(run: Run, own_home: Path) -> None:
    rows = run("hashtags", "--home", own_home, "--format", "json").rows
    assert {"hashtag", "growth_low", "status", "counts"} <= set(rows[0])
    brief = run("hashtags", "--home", own_home, "--exhibit", "creator_brief", "--format", "json").rows
    assert {"hashtag", "post_rank", "link"} <= set(brief[0])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("sound", SOUND, "--exhibit", "velocty"), "was not watched"),
        (
            ("sound", SOUND, "--exhibit", "regions", "--dialect", "trendlib"),
            "--dialect trendlib says nothing to regions",
        ),
        (("hashtags", "--exhibit", "yeer"), "no exhibit 'yeer'"),
        (("hashtags", "--exhibit", "calendar", "--dialect", "rival"), "tutorial_hashtag"),
        (("hashtags", "--dialect", "trendlib"), "it goes with calendar"),
    ],
)
def test_what_a_closer_look_cannot_do_is_said(run: Run, own_home: Path, words: tuple[str, ...], message: str) -> None:
    ran = run(*words, "--home", own_home)
    assert ran.code in {BAD_INPUT, COULD_NOT_RUN}
    assert message in ran.err
    assert not ran.out


@pytest.mark.parametrize(
    ("format_", "letters"), [("table", "ascii"), ("table", "cp1252"), ("csv", "ascii"), ("json", "cp1252")]
)
def test_a_terminal_without_the_letters_of_a_title_gets_them_spelt_out_and_a_program_as_they_are(
    tmp_path: Path, format_: str, letters: str
) -> None:
    replay([recording(tmp_path / "r.jsonl", title="夜に駆ける")], Config.load(home=tmp_path / "home"))
    words = ("--home", tmp_path / "home", "leaderboard", "--format", format_)
    process = started(*words, PYTHONIOENCODING=letters, PYTHONUTF8="0")
    assert process.stdout is not None
    printed = process.stdout.buffer.read()
    assert process.wait() == DONE
    process.communicate()
    shown = "夜に駆ける".encode() if format_ != "table" else rb"\u591c\u306b\u99c6\u3051\u308b"
    assert shown in printed


@pytest.mark.skipif(os.name == "nt", reason="a shell of Unix closes it")
def test_a_command_whose_output_was_closed_ends_as_ever(own_home: Path) -> None:
    words = [sys.executable, "-m", "trendlib", "--home", str(own_home), "leaderboard"]
    shut = subprocess.run(
        ["/bin/sh", "-c", '"$@" >&-', "sh", *words],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert (shut.returncode, shut.stderr) == (DONE, "")
