"""Decks made for tests: exhibits of few numbers, drawn once, in slides of every kind."""

import math
from datetime import UTC, datetime
from functools import cache, partial

import pandas as pd

from trendlib.show import charts
from trendlib.show.deck import Deck, Link, Slide
from trendlib.show.exhibits import Exhibit

AS_OF = datetime(2022, 4, 20, tzinfo=UTC)
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>&\u202e\"'$x$" + "y" * 300
TITLES = {
    "long": "A title that somebody wrote a whole story into, #fyp #viral, and it goes on " * 4,
    "leftwards": "أغنية الصيف: كل شيء يتغير في المدينة القديمة " * 4,
    "emoji": "🔥🔥🔥 nobody 👩‍👩‍👧‍👦 knew 💃🏽🕺🏿 this 🇧🇷 song 🎶 " * 6,
    "wide": "标题很长" * 75,
    "one word": "x" * 300,
    "hostile": HOSTILE,
}
LINK = "https://www.tiktok.com/@kim/video/7081"


def days(count, posts=None):
    return pd.DataFrame(
        {
            "day": pd.date_range("2022-02-09", periods=count, tz="UTC"),
            "posts": [100.0 + number for number in range(count)] if posts is None else posts,
            "exposure_days": 1.0,
            "source": "posts",
            "is_flagged": False,
            "rounding_unit": float("nan"),
        }
    )


def exhibit(name, frame, draw=None, **changes):
    settings = {
        "title": name.replace("_", " ").capitalize(),
        "as_of": AS_OF,
        "source": "1,234 posts listed by TikLiveAPI",
        "tally": {"ok": 1},
    }
    return Exhibit(name=name, frame=frame, draw=draw, **{**settings, **changes})


@cache
def velocity(count=20):
    frame = days(count)
    frame.loc[3:5, "posts"] = None
    return exhibit("velocity", frame, partial(charts.velocity, frame))


@cache
def board(count=3):
    frame = pd.DataFrame(
        {
            "rank": pd.array(range(1, count + 1), dtype="Int64"),
            "title": [f"Song {place}" for place in range(count)],
            "artist": "Artist",
            "growth_rate": [3.4 + place for place in range(count)],
            "growth_low": [2.1 + place for place in range(count)],
            "growth_high": [5.2 + place for place in range(count)],
            "status": "counter_only",
            "alert": "confirmed",
            "posts_last_24h": 412,
        }
    )
    return exhibit("leaderboard", frame, partial(charts.leaderboard, frame))


@cache
def mix():
    frame = pd.DataFrame(
        [
            {"region": region, "day": day, "share": share, "posts": 50.0, "n": 90.0, "n_unknown": 9.0,
             "unknown_share": 0.1}
            for day in pd.date_range("2022-04-01", periods=14, tz="UTC")
            for region, share in (("US", 0.6), ("BR", 0.4))
        ]
    )  # fmt: skip
    return exhibit("region_mix", frame, partial(charts.region_mix, frame))


@cache
def forecast():
    past = days(42)
    ahead = pd.DataFrame(
        {
            "days": [7, 14, 28],
            "uses_next": [2100.0, 4500.0, 9900.0],
            "uses_low": [1500.0, 2800.0, 5000.0],
            "uses_high": [2900.0, 6900.0, 16900.0],
            "status": "ok",
        }
    )
    now = past["day"].iloc[-1] + pd.Timedelta(days=1)
    return exhibit("forecast", ahead, partial(charts.forecast, past, ahead=ahead, as_of=now))


@cache
def table(rows=4, columns=4, words="counter only"):
    return exhibit("table", pd.DataFrame({f"column_{place}": [words] * rows for place in range(columns)}))


@cache
def empty():
    nothing = days(0)
    return exhibit("velocity", nothing, partial(charts.velocity, nothing), tally={})


def pick(title="Three sounds tripled in a week", **changes):
    settings = {
        "finding": "3.4× [2.1–5.2] the week before, 412 posts in the last 24 h",
        "exhibits": [velocity(), mix()],
        "bullets": ["A dozen creators carry it", "Not in the charts yet", "Forecast: 2,100 uses in 7 days"],
        "links": [Link("A post by @kim", LINK), Link("No post", "javascript:alert(1)")],
        "caveat": "The counter is rounded to 1K",
        "section": "Breakouts",
        "notes": "Ask about rights",
    }
    return Slide(title=title, **{**settings, **changes})


def full(text):
    """Make a slide whose every part is a text."""
    links = [Link(text, LINK)] * 6
    return Slide(
        title=text, finding=text, bullets=[text] * 9, caveat=text, links=links, notes=text, section=text, source=text
    )


def deck(*slides, **changes):
    return Deck(**{"title": "Monday review", "as_of": AS_OF, "slides": slides, **changes})


def picks(count):
    mixes = ([velocity()], [velocity(), mix()], [velocity(), board(), mix()], [velocity(), mix(), forecast(), table()])
    return deck(*(pick(f"Song {place} doubled", exhibits=mixes[place % 4]) for place in range(count)))


def decks():
    """Name decks of every kind."""
    texts = [slide for text in TITLES.values() for slide in (pick(text), full(text))]
    tables = [Slide(title="Tables", exhibits=[table(60, 12), table(2, 3), table(4, 4, "words " * 30)])]
    nothing = [Slide(title="Nothing", exhibits=[empty(), table(0)]), Slide(title="")]
    return {
        "no slide": deck(),
        "1 pick": picks(1),
        "12 picks": picks(12),
        "texts": deck(*texts, title=HOSTILE, subtitle=TITLES["long"], is_practice=True),
        "tables": deck(*tables),
        "nothing": deck(*nothing),
    }


def is_close(one, other):
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-9)
