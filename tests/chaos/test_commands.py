"""Every command with arguments nobody means: each ends in plain words and an exit code, and the next one goes on."""

import json
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from trendlib.cli import BAD_INPUT, COULD_NOT_RUN, DONE, DONE_WITH_FAILURES, app, homes, main
from trendlib.config import Config
from trendlib.monitor import Monitor
from trendlib.runs.sweep import Limits
from trendlib.sandbox import Server, World

COMMANDS = int(os.environ.get("TRENDLIB_CHAOS_COMMANDS", "30"))
SEED = int(os.environ.get("TRENDLIB_CHAOS_SEED", "20261121"))
HANGS_AFTER_S = 60
LONGEST_REPLY = 6_000

ODD = (
    "", " ", ".", "-", "--", "0", "-1", "7", "8", "1e400", "nan", "1_000", "99999999999999999999999", "12.5K", "٣٤",
    "\x00", "a\x00b", "\udcff", "\ud83d", "x" * 4_000, "x" * 100_000, "\n", "a\nb", "\u202e", "\x1b]0;owned\x07",
    "../../etc/passwd", "/dev/null", "/nonexistent/x", "~nobody-there/x", "*", "[", "\\", "(", "%s%n", "{0}", "[red]x",
    "'; DROP TABLE calls; --", "<script>alert(1)</script>", "=1+1", "javascript:alert(1)", "https://127.0.0.1/x",
    "2026-13-45", "2026-W10-1", "20260101", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "2026-11-16T07:00",
    "2026-11-16T07:00:00Z", "2026-11-16T07:00:00+99:00", "US", "XX", "json", "csv", "slack", "none",
    "7012345678901234567", "https://www.tiktok.com/music/x-7012345678901234567", "https://evil.example/music/x-1",
)  # fmt: skip
RIGHT = {
    "backtest --start": "2026-01-05T07:00:00Z", "backtest --end": "2026-01-07T07:00:00Z", "chart --region": "US",
    "announce --deliver": "csv", "review --as-of": "2020-01-06T07:00:00Z", "pull --budget": "0", "sweep --budget": "0",
    "discover --budget": "0",
}  # fmt: skip


@pytest.fixture(scope="module")
def home(small_world: World, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home that one short sweep of ten sounds has filled."""
    home = tmp_path_factory.mktemp("swept") / "home"
    home.mkdir()
    listed = json.dumps([sound.sound_id for sound in small_world.catalogue])
    (home / "watchlist.toml").write_text(f"sounds = {listed}\n")
    with Server(small_world, rate_per_minute=None) as server:
        settings = {"tiklive_base_url": server.url, "tiklive_api_key": server.keys["tiklive"]}
        config = Config.load(home=home, requests_per_minute=0, page_gap_s=0.0, **settings)
        Monitor(config).sweep(limits=Limits(max_pages=1))
    return home


def asked(draw: random.Random) -> Iterator[list[str]]:
    """Draw commands, each in turn: one argument or option of it is odd, now and then two."""
    group = typer.main.get_command(app)
    known = {name: one for name, one in group.commands.items() if name != "demo"}  # type: ignore[attr-defined]
    names: list[str] = []
    while True:
        names = names or draw.sample(sorted(known), len(known))
        words = [names.pop()]
        params = [one for one in known[words[0]].params if one.name not in {"help", "init", "record"}]
        odd = draw.sample(params, min(len(params), draw.choice([1, 1, 1, 2])))
        for one in params:
            value = draw.choice(ODD) if one in odd else RIGHT.get(f"{words[0]} {one.opts[0]}")
            if one.param_type_name == "argument":
                words.append(value or "x")
            elif getattr(one, "is_flag", False):
                words += [one.opts[0]] if one in odd else []
            elif value is not None:
                words += [one.opts[0], value]
        yield words


def test_odd_arguments_end_in_plain_words_and_an_exit_code(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], promise: Any
) -> None:
    for name in ("TIKLIVE", "KEYAPI", "LAYERS"):
        monkeypatch.setenv(f"{name}_BASE_URL", "http://127.0.0.1:9")
        monkeypatch.setenv(f"{name}_API_KEY", "sesame-0123456789")
    monkeypatch.setenv("TRENDLIB_ATTEMPTS", "1")
    monkeypatch.setattr(homes, "serve_forever", lambda _: None)
    monkeypatch.chdir(tmp_path)
    ends: Counter[object] = Counter()
    longest_s = 0.0
    drawn = asked(random.Random(SEED))  # noqa: S311 - odd words, not secrets
    for number, words in zip(range(COMMANDS), drawn, strict=False):
        monkeypatch.setattr(sys, "argv", ["trendlib", "--home", str(home), *words])
        began = time.process_time()
        with pytest.raises(SystemExit) as end:
            main()
        longest_s = max(longest_s, time.process_time() - began)
        said = capsys.readouterr()
        asked_for = f"command {number}: {[word[:60] for word in words]}"
        assert end.value.code in {DONE, DONE_WITH_FAILURES, BAD_INPUT, COULD_NOT_RUN, None}, asked_for
        assert "Traceback" not in said.out + said.err, asked_for
        assert "\x1b" not in said.err, asked_for
        if end.value.code not in {DONE, None}:
            assert said.err.strip() or (words[0] == "doctor" and "look  " in said.out), asked_for
            assert len(said.err) < LONGEST_REPLY, asked_for
        ends[end.value.code or DONE] += 1
    assert longest_s < HANGS_AFTER_S
    assert set(ends) >= {DONE, BAD_INPUT, COULD_NOT_RUN}
    config = Config.load(home=home)
    assert len(Monitor(config).leaderboard().frame) > 0, "the home is as it was"
    promise(
        "Odd arguments of any command end in plain words and an exit code",
        f"{COMMANDS:,} commands, {ends[BAD_INPUT] + ends[COULD_NOT_RUN]:,} refused, no traceback; "
        f"the longest took {longest_s:.1f} s of processor time",
    )
