"""Files that people write, broken as people and disks break them: each is read, or refused in words that name it."""

import gzip
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from trendlib.config import Config
from trendlib.deliver.deliveries import Deliveries
from trendlib.errors import ConfigError
from trendlib.loading import replay
from trendlib.review.picks import cut_file, read_cut
from trendlib.review.settings import read_settings
from trendlib.rulebook import read_rules
from trendlib.songbook import read_overrides
from trendlib.store import Store
from trendlib.watchlist import Watchlist

FILES = int(os.environ.get("TRENDLIB_CHAOS_FILES", "150"))
SEED = int(os.environ.get("TRENDLIB_CHAOS_SEED", "20261121"))
HANGS_AFTER_S = 15
MONDAY = datetime(2026, 11, 16, 7, tzinfo=UTC)
ID, OTHER = "7012345678901234567", "7012345678901234568"

WATCHLIST = f"""\
sounds = ["{ID}", "https://www.tiktok.com/music/x-{OTHER}"] # ours
hashtags = ["#fyp", "dança"]
creators = ["@somebody"]
keywords = ["dance"]
regions = ["US", "br"]
always_page = ["{ID}"]
"""
REVIEW = f"""\
title = "Monday"
picks = 12
sections = ["summary", "top", "appendix"]
why_not = ["{ID}"]
[brand]
name = "Us"
logo = "logo.png"
accent = "#c8440c"
"""
ENV = "TIKLIVE_API_KEY=sesame-0123456789\nexport TRENDLIB_WORKERS=2\nTRENDLIB_TIMEOUT_S='15'\nOTHER=\"x\"\n"
CUT = f'dropped = ["{ID}"]\nadded = ["{OTHER}"]\norder = []\n[notes]\n"{ID}" = "call them"\n'
SAID = '{"channel": "slack", "key": "a", "word": "sent"}\n{"channel": "slack", "key": "b", "word": "waiting"}\n'

ODD = (
    "", "\n", "=", "[", "]", "[[", "]]", "{", "}", '"', "'", '"""', "#", ",", ".", "\\", "\\u0000", "\\ud800", "\ufeff",
    "\u202e", "\x00", "\x1b[2J", "null", "true", "-1", "0", "1e400", "nan", "inf", "9" * 5_000, "0x10", "1979-05-27",
    "07:32:00", "2026-11-16T07:00:00Z", "[" * 5_000, "a." * 5_000 + "b = 1\n", "{a=" * 2_000, "../../etc/passwd", "~nobody-there/x",
    "/dev/zero", "=1+1", "<script>alert(1)</script>", "'; DROP TABLE calls; --", "x" * 100_000,
    "[brand]\n", "[brand.name]\n", "[breakout]\nwatch_evidence = 6\n", "sounds = 1\n", 'title = ["x"]\n', "[notes]\n1 = 1\n",
)  # fmt: skip
Reader = Callable[[Path], object]
READERS: dict[str, tuple[str, str, Reader]] = {
    "watchlist": ("watchlist.toml", WATCHLIST, lambda home: Watchlist.read(home / "watchlist.toml")),
    "review": ("review.toml", REVIEW, read_settings),
    "rules": ("rules.toml", "[breakout]\nwatch_evidence = 6\n", lambda home: read_rules(home / "rules.toml")),
    "songs": ("songs.toml", f'same = [["{ID}", "{OTHER}"]]\n[versions]\n"{ID}" = "remix"\n', read_overrides),
    "hand": (cut_file(Path("reviews"), MONDAY).as_posix(), CUT, lambda home: read_cut(home / "reviews", MONDAY)),
    ".env": (".env", ENV, lambda home: Config.load(home=home)),
    "deliveries": ("deliveries.jsonl", SAID, lambda home: Deliveries(home / "deliveries.jsonl")),
}


def broken(text: str, draw: random.Random) -> bytes:
    """Break a file in one to three places, now and then in its bytes."""
    for _ in range(draw.randint(1, 3)):
        begin = draw.randint(0, len(text))
        end = begin if draw.random() < 0.4 else min(len(text), begin + draw.randint(1, 12))
        text = text[:begin] + draw.choice(ODD) + text[end:]
    content = text.encode(errors="surrogatepass")
    if draw.random() < 0.1:
        place = draw.randrange(len(content) + 1)
        content = content[:place] + bytes([draw.choice([0x00, 0x80, 0xC3, 0xFE, 0xFF])]) + content[place:]
    return content


@pytest.mark.parametrize("name", READERS)
def test_a_broken_file_is_read_or_refused_in_words_that_name_it(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, promise: Any
) -> None:
    place, text, read = READERS[name]
    path = tmp_path / place
    path.parent.mkdir(exist_ok=True)
    (tmp_path / "logo.png").write_bytes(b"\x89PNG")
    monkeypatch.chdir(tmp_path)
    path.write_text(text, encoding="utf-8")
    read(tmp_path)
    draw = random.Random(f"{SEED} {name}")  # noqa: S311 - breaks, not secrets
    ends: Counter[str] = Counter()
    longest_s = 0.0
    for number in range(FILES):
        content = broken(text, draw)
        path.write_bytes(content)
        began = time.process_time()
        try:
            read(tmp_path)
            ends["read"] += 1
        except ConfigError as error:
            ends["refused"] += 1
            assert path.name in str(error) or name == ".env", f"file {number}: {str(error)[:200]}"
            assert "sesame" not in str(error)
        longest_s = max(longest_s, time.process_time() - began)
    assert longest_s < HANGS_AFTER_S
    assert ends["refused"] or name == "deliveries"
    promise(
        f"A broken {path.name if name != 'hand' else 'file of the review'} is read or refused in words",
        f"{FILES:,} files: {ends['read']:,} read, {ends['refused']:,} refused; none took over {longest_s:.1f} s",
    )
