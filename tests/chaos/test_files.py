"""Files that people write, broken as people and disks break them: each is read, or refused in words that name it."""

import gzip
import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from trendlib.boards.songbook import read_overrides
from trendlib.config import Config
from trendlib.deliver.deliveries import Deliveries
from trendlib.errors import ConfigError
from trendlib.review.cut import cut_file, read_cut
from trendlib.review.settings import read_settings
from trendlib.rulebook import read_rules
from trendlib.runs.loading import replay
from trendlib.store import Store
from trendlib.watchlist import Watchlist

FILES = int(os.environ.get("TRENDLIB_CHAOS_FILES", "150"))
SEED = int(os.environ.get("TRENDLIB_CHAOS_SEED", "20261121"))
HANGS_AFTER_S = 60
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
    "07:32:00", "2026-11-16T07:00:00Z", "[" * 5_000, "a." * 5_000 + "b = 1\n", "{a=" * 2_000,
    "../../etc/passwd", "~nobody-there/x",
    "/dev/zero", "=1+1", "<script>alert(1)</script>", "'; DROP TABLE calls; --", "x" * 100_000,
    "[brand]\n", "[brand.name]\n", "[breakout]\nwatch_evidence = 6\n", "sounds = 1\n", 'title = ["x"]\n',
    "[notes]\n1 = 1\n",
)  # fmt: skip
Reader = Callable[[Path], object]
READERS: dict[str, tuple[str, str, Reader]] = {
    "watchlist": ("watchlist.toml", WATCHLIST, lambda home: Watchlist.read(home / "watchlist.toml")),
    "review": ("review.toml", REVIEW, read_settings),
    "rules": ("rules.toml", "[breakout]\nwatch_evidence = 6\n", lambda home: read_rules(home / "rules.toml")),
    "songs": ("families.toml", f'same = [["{ID}", "{OTHER}"]]\n[versions]\n"{ID}" = "remix"\n', read_overrides),
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


def refusal(read: Reader, home: Path) -> str | None:
    """Read a file; give the words in which it is refused, if it is."""
    try:
        read(home)
    except ConfigError as error:
        return str(error)
    return None


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
        said = refusal(read, tmp_path)
        ends["read" if said is None else "refused"] += 1
        assert said is None or path.name in said or name == ".env", f"file {number}: {said[:200]}"
        assert "sesame" not in (said or "")
        longest_s = max(longest_s, time.process_time() - began)
    assert longest_s < HANGS_AFTER_S
    assert ends["refused"] or name == "deliveries"
    promise(
        f"A broken {path.name if name != 'hand' else 'file of the review'} is read or refused in words",
        f"{FILES:,} files: {ends['read']:,} read, {ends['refused']:,} refused; none took over {longest_s:.1f} s",
    )


def test_recordings_of_all_kinds_are_read_as_far_as_they_go_and_the_good_ones_whole(
    tmp_path: Path, promise: Any
) -> None:
    good = b"".join(a_line(number) for number in range(50))
    packed = gzip.compress(good)
    har = json.dumps({"log": {"entries": [{"response": {"content": {"text": "\ud83d", "encoding": "base64"}}}]}})
    draw = random.Random(SEED)  # noqa: S311 - breaks, not secrets
    odd = {
        "a_torn.jsonl.gz": packed[:-40],
        "b_nothing.jsonl": b"",
        "c_beginning.jsonl.gz": b"\x1f\x8b\x08\x00",
        "d_noise.jsonl": draw.randbytes(20_000),
        "e_noise.jsonl.gz": draw.randbytes(20_000),
        "f_archive.jsonl": har.encode(),
        "g_archive.jsonl": json.dumps(json.loads(har), indent=1).encode(),
        "h_zeros.jsonl": b"\0" * 100_000,
        "i_deep.jsonl": b"[" * 200_000 + b"\n",
        "j_wide.jsonl": good.decode().encode("utf-16"),
        "k_digits.jsonl": b'{"fetched_at": ' + b"9" * 10_000 + b"}\n",
        "l_followed.jsonl.gz": packed + b"and more",
        "m_unending.jsonl.gz": gzip.compress(b"\0" * 70_000_000, compresslevel=1),
        "n_other_json.jsonl": b'[1, 2]\n3\nnull\ntrue\n"text"\n{}\n',
        "z_good.jsonl": good,
    }
    for name, content in odd.items():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "y_link.jsonl").symlink_to("z_good.jsonl")
    config = Config.load(home=tmp_path / 'it\'s; DROP TABLE calls; -- "home" *[x] ${y} %s')
    began = time.process_time()
    report = replay([tmp_path / name for name in (*odd, "y_link.jsonl")], config)
    took_s = time.process_time() - began
    assert report.added == 50
    assert report.lines_rejected >= len(odd) - 4
    assert all(report.reasons)
    for place in ("folder.jsonl", "loop.jsonl", "nowhere.jsonl"):
        (tmp_path / place).mkdir() if place == "folder.jsonl" else (tmp_path / place).symlink_to(place)
        with pytest.raises(ConfigError, match=place):
            replay([tmp_path / "z_good.jsonl", tmp_path / place], config)
    with Store(config.warehouse_file).as_of(datetime(2100, 1, 1, tzinfo=UTC)) as world:
        assert (world.frame("rejects")["reason"].str.len() > 0).all()
    folders = Store(config.warehouse_file).export(config.home / "out'; DROP TABLE calls; --")
    assert {folder.name for folder in folders} >= {"calls", "rejects", "sounds"}
    assert took_s < HANGS_AFTER_S
    promise(
        "Odd recordings are read as far as they go, and good ones whole",
        f"{len(odd) + 1} files: {report.added} answers, {report.lines_rejected:,} lines set aside with a reason, "
        f"in {took_s:.1f} s",
    )


def a_line(number: int) -> bytes:
    """Write a good answer."""
    record = {
        "fetched_at": f"2026-11-01T07:00:{number:02}Z",
        "provider": "tiklive",
        "endpoint": "/music-info/",
        "params": {"music_id": ID},
        "status": 200,
        "body": {"id": ID, "title": "A song", "video_count": 100 + number},
    }
    return json.dumps(record).encode() + b"\n"
