"""The explorer without a browser: what is done in the window, and the exhibit that is at hand for it."""

import json
from collections.abc import Iterator
from datetime import timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import trendlib as tl
from trendlib.boards.excerpt import Excerpt
from trendlib.config import Config
from trendlib.errors import ConfigError, NoDataError
from trendlib.explorer import TABS, Explorer
from trendlib.monitor import Monitor

COLA = "7590845459044748208"
MOST_BYTES = 200_000
NEVER_SENT_AGAIN = {"_esm", "_css"}


@pytest.fixture(scope="module")
def explorer(practice_home: Path) -> Explorer:
    return tl.explore(Monitor.of_practice(practice_home))


@pytest.fixture(autouse=True)
def opened(explorer: Explorer) -> None:
    """Begin each test on the sound that is flagged, now."""
    explorer.open(COLA)
    explorer.show("velocity", as_of=explorer.monitor.as_of)


def do(explorer: Explorer, what: str, value: Any = None) -> None:
    explorer.widget.hear({"what": what, "value": value})


def size(explorer: Explorer) -> int:
    state = explorer.widget.get_state()
    return len(json.dumps({name: value for name, value in state.items() if name not in NEVER_SENT_AGAIN}))


def control(explorer: Explorer, name: str) -> dict[str, Any]:
    return next(one for one in explorer.widget.controls if one["name"] == name)


def test_it_opens_on_a_sound_that_is_flagged(explorer: Explorer) -> None:
    rows = {row["id"]: row for row in explorer.widget.rows}
    assert rows[COLA]["flag"] == "confirmed"
    assert rows[COLA]["name"] == "Cherry Cola Sky"
    assert len(rows[COLA]["days"]) == 24
    assert None in rows[COLA]["days"]
    assert explorer.widget.badge == "Practice data: no real sounds"
    assert repr(explorer) == f"Explorer({COLA}, velocity, as of 2026-11-16T07:01:00Z)"


@pytest.mark.parametrize("name", [name for names in TABS.values() for name in names])
def test_whatever_it_shows_is_an_exhibit_and_a_small_message(explorer: Explorer, name: str) -> None:
    tab = next(tab for tab, names in TABS.items() if name in names)
    do(explorer, "tab", tab)
    do(explorer, "exhibit", name)
    assert explorer.exhibit.name == name
    assert explorer.widget.said == ""
    assert explorer.widget.sheet["caption"] == explorer.exhibit.caption
    assert explorer.widget.sheet["caption"].startswith("Practice data")
    assert (explorer.widget.sheet["figure"] is None) is (explorer.exhibit.draw is None)
    assert size(explorer) < MOST_BYTES


def test_the_slider_goes_back_to_what_was_known(explorer: Explorer) -> None:
    instants = control(explorer, "instant")["options"]
    assert control(explorer, "instant")["value"] == len(instants) - 1
    do(explorer, "instant", len(instants) - 15)
    assert explorer.as_of.date() == (explorer.monitor.as_of - timedelta(days=14)).date()
    assert explorer.exhibit.as_of == explorer.as_of
    assert explorer.exhibit.frame["day"].max() < explorer.as_of
    then = explorer.monitor.at(explorer.as_of).sound(COLA).velocity()
    assert explorer.exhibit.caption == then.caption
    assert explorer.widget.listing["again"] == "Rank as of Mon 2 Nov 2026, 07:02 UTC"
    do(explorer, "rank")
    assert "as of Mon 2 Nov 2026" in explorer.widget.listing["label"]
    assert explorer.widget.listing["again"] == ""


@pytest.mark.parametrize(
    ("name", "how"),
    [("velocity", {}), ("regions", {}), ("creators", {"days": 28}), ("hashtags", {}), ("forecast", {}),
     ("why", {"ranked": False})],
)  # fmt: skip
def test_after_many_moves_it_shows_what_a_notebook_computes_anew(
    explorer: Explorer, practice_home: Path, name: str, how: dict[str, Any]
) -> None:
    now = explorer.monitor.as_of
    for days in (9, 2, 5):
        explorer.show(name, as_of=now - timedelta(days=days, hours=days))
    anew = Monitor.of_practice(practice_home).sound(COLA).at(now - timedelta(days=5, hours=5)).exhibit(name, **how)
    shown = explorer.exhibit
    pd.testing.assert_frame_equal(shown.frame, anew.frame)
    assert (shown.title, shown.subtitle, shown.caption) == (anew.title, anew.subtitle, anew.caption)
    assert explorer.widget.sheet["figure"] == (None if anew.bare is None else json.loads(anew.bare.to_json()))


def test_a_control_is_shown_where_it_means_something_and_told_to_the_exhibit(explorer: Explorer) -> None:
    assert not control(explorer, "dialect")["hidden"]
    assert control(explorer, "window")["hidden"]
    do(explorer, "dialect", "tutorial_sound")
    assert "tutorial_sound" in explorer.exhibit.subtitle
    do(explorer, "dialect", "trendlib")
    do(explorer, "exhibit", "posts")
    assert not control(explorer, "window")["hidden"]
    do(explorer, "window", "7")
    assert "7 days" in explorer.exhibit.title
    do(explorer, "window", "28")


def test_a_dot_opens_its_sound_and_any_other_point_says_nothing(explorer: Explorer) -> None:
    other = explorer.widget.rows[0]["id"]
    do(explorer, "tab", "Board")
    do(explorer, "point", {"kind": "scatter", "x": 1, "y": 1, "customdata": None})
    assert explorer.exhibit.name == "landscape"
    do(explorer, "point", {"kind": "scatter", "x": 1, "y": 1, "customdata": other})
    assert (explorer.sound_id, explorer.exhibit.name) == (other, "velocity")


def test_what_is_typed_is_found_and_what_is_not_there_is_said(explorer: Explorer) -> None:
    do(explorer, "search", "cherry")
    assert explorer.widget.finds["text"] == "cherry"
    assert explorer.widget.finds["found"][0]["id"] == COLA
    do(explorer, "open", "no such sound")
    assert "No watched sound" in explorer.widget.said
    assert explorer.sound_id == COLA
    do(explorer, "follow")
    assert "follows all its sounds" in explorer.widget.said


def test_a_sound_that_a_search_offered_is_not_sought_again(
    practice_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trendlib.explorer._LISTED", 1)
    explorer = tl.explore(Monitor.of_practice(practice_home))
    rests: list[Iterator[None]] = []
    monkeypatch.setattr(explorer.widget, "spend_rest", rests.append)
    do(explorer, "search", "o")
    offered = explorer.widget.finds["found"][0]["id"]
    assert offered not in {explorer.sound_id, explorer.widget.rows[0]["id"]}
    assert list(rests[-1])
    do(explorer, "search", "o")
    assert not list(rests[-1])  # all of it was read before
    monkeypatch.delattr(Excerpt, "_attached")
    do(explorer, "open", offered)
    for name in ("velocity", "regions", "creators", "posts"):
        do(explorer, "exhibit", name)
        assert (explorer.sound_id, explorer.exhibit.name, explorer.widget.said) == (offered, name, "")


def test_where_nothing_is_known_it_shows_that_and_nothing_else(explorer: Explorer) -> None:
    explorer.show("audience", as_of=explorer.monitor.as_of - timedelta(days=71))
    assert explorer.exhibit.frame.empty
    assert "Nothing was known of the audience" in explorer.widget.sheet["subtitle"]
    assert explorer.widget.sheet["figure"] is None


def test_an_instant_without_a_zone_changes_nothing_and_another_zone_is_read_as_utc(explorer: Explorer) -> None:
    before = explorer.as_of
    with pytest.raises(ConfigError, match="time zone"):
        explorer.show("regions", as_of=before.replace(tzinfo=None))
    assert explorer.as_of == before
    explorer.show("velocity", as_of=before.astimezone(timezone(timedelta(hours=9))))
    assert (explorer.as_of, explorer.as_of.utcoffset()) == (before, timedelta(0))


def test_an_exhibit_that_it_does_not_have_is_refused(explorer: Explorer) -> None:
    with pytest.raises(NoDataError, match="it has landscape, alerts"):
        explorer.show("nothing")


def test_a_picture_without_a_browser_is_refused_in_a_sentence(
    explorer: Explorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BROWSER_PATH", "/nowhere/chrome")
    monkeypatch.setenv("PATH", "/nowhere")
    do(explorer, "kind", "png")
    do(explorer, "save")
    assert "html, csv and json need no browser" in explorer.widget.said
    do(explorer, "kind", "html")
    do(explorer, "save")
    assert explorer.widget.said == f"Saved {Path('out') / f'velocity-{COLA}.html'}"


def test_a_home_without_data_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NoDataError, match="trendlib sweep"):
        tl.explore(Monitor(Config.load(home=tmp_path)))
