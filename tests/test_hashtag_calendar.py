"""The hashtag calendar without a browser: what is clicked, and the exhibits that are at hand for it."""

import json
from pathlib import Path
from typing import Any

import pytest

import trendlib as tl
from trendlib.hashtag_calendar import Calendar
from trendlib.monitor import Monitor

MOST_BYTES = 200_000


@pytest.fixture(scope="module")
def one(practice_home: Path) -> Calendar:
    return tl.calendar(Monitor.of_practice(practice_home))


def do(one: Calendar, what: str, value: Any = None) -> None:
    one.widget.hear({"what": what, "value": value})


def shown(one: Calendar, name: str) -> bool:
    return not next(control for control in one.widget.controls if control["name"] == name).get("hidden")


def test_it_opens_on_all_hashtags_with_the_brief_for_creators(one: Calendar) -> None:
    assert (one.map.name, one.exhibit.name) == ("hashtag_calendar", "creator_brief")
    assert one.widget.sheet["figure"]
    assert "Hashtags to post with today" in one.widget.sheet["table"]
    assert one.widget.badge == "Practice data: no real hashtags"
    state = {name: value for name, value in one.widget.get_state().items() if name not in {"_esm", "_css"}}
    assert len(json.dumps(state)) < MOST_BYTES


def test_a_cell_of_the_map_shows_the_posts_of_its_day(one: Calendar) -> None:
    first = one.map.frame.iloc[-1]
    names = list(dict.fromkeys(one.map.frame["hashtag"]))
    middle = f"{first['day']:%Y-%m-%d} 19:01"
    do(one, "point", {"kind": "heatmap", "x": middle, "y": names.index(first["hashtag"]), "customdata": None})
    assert one.exhibit.name == "hashtag_posts"
    assert f"#{first['hashtag']}" in one.exhibit.title
    assert f"{first['day']:%b %Y}" in one.exhibit.title
    assert one.map.name == "hashtag_calendar"


def test_a_click_beside_the_cells_changes_nothing(one: Calendar) -> None:
    before = one.exhibit
    for kind, y in (("bar", 3.5), ("scatter", 1), ("heatmap", 2.5)):
        do(one, "point", {"kind": kind, "x": "2026-11-14 19:01", "y": y, "customdata": None})
    do(one, "point", {"kind": "heatmap", "x": "1999-11-14 19:01", "y": 0, "customdata": None})
    assert one.exhibit is before
    assert one.widget.said == ""


def test_one_hashtag_is_shown_as_a_year_whose_days_can_be_clicked_or_chosen(one: Calendar) -> None:
    name = one.map.frame["hashtag"].iloc[0]
    do(one, "hashtag", name)
    assert (one.map.name, one.exhibit.name) == ("hashtag_year", "hashtag_posts")
    assert "last 7 days" in one.exhibit.title
    assert shown(one, "day")
    assert not shown(one, "dialect")
    # 12 November 2026 is a Thursday: row 3 of the week whose middle is at noon of that day
    do(one, "point", {"kind": "heatmap", "x": "2026-11-12 12:00", "y": 3, "customdata": None})
    assert one.exhibit.title.endswith("from 12 Nov 2026")
    do(one, "day", one.map.frame["day"].iloc[0].isoformat())
    assert one.exhibit.title.endswith("from 15 Nov 2026")
    assert one.widget.sheet["heading"] == f"A year of #{name}"
    do(one, "hashtag", "")
    assert (one.map.name, one.exhibit.name) == ("hashtag_calendar", "creator_brief")


def test_dialect_and_span_are_told_to_the_map(one: Calendar) -> None:
    do(one, "dialect", "tutorial_hashtag")
    assert "a start is a velocity of 2.0, as tutorials measure it" in one.map.caption
    do(one, "dialect", "trendlib")
    before = len(one.map.frame)
    do(one, "days", "42")
    assert len(one.map.frame) > before
    do(one, "days", "28")
    assert repr(one) == "Calendar(all hashtags, as of 2026-11-16T07:01:00Z)"


def test_the_map_is_saved_and_the_posts_are_copied(one: Calendar) -> None:
    do(one, "kind", "csv")
    do(one, "save")
    assert one.widget.said == f"Saved {Path('out') / 'hashtag_calendar.csv'}"
    assert Path("out/hashtag_calendar.csv").read_text().startswith("hashtag,day")
