"""Exhibits in a terminal: every line fits, everything important stays, other people's text is text."""

import io
from datetime import UTC, datetime
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from trendlib.show.exhibits import Exhibit
from trendlib.show.terminal import print_exhibit

AS_OF = datetime(2026, 3, 2, 7, tzinfo=UTC)


def exhibit(*rows: dict[str, Any], **more: Any) -> Exhibit:
    usual = {
        "rank": 1,
        "title": "Song",
        "artist": "Me",
        "growth_rate": 2.5,
        "growth_low": 1.25,
        "growth_high": 5.0,
        "posts_last_24h": 1234,
        "total_uses": 45678,
        "status": "counter_only",
        "alert": "none",
    }
    frame = pd.DataFrame([{**usual, **row} for row in rows or ({},)])
    words = {"name": "leaderboard", "title": "What is accelerating", "source": "3 posts", **more}
    return Exhibit(frame=frame, as_of=AS_OF, **words)


def printed(one: Exhibit, width: int = 120) -> list[str]:
    screen = io.StringIO()
    print_exhibit(one, Console(file=screen, width=width, highlight=False, color_system=None))
    return [line.rstrip() for line in screen.getvalue().splitlines()]


def test_heading_table_and_caption_stand_in_this_order() -> None:
    lines = printed(exhibit(subtitle="One sound", is_practice=True))
    assert lines[1:3] == ["What is accelerating", "One sound"]
    heading = next(number for number, line in enumerate(lines) if line.startswith("rank"))
    assert lines[heading].split() == "rank title artist growth posts 24 h uses status alert".split()
    assert lines[heading + 1].startswith("   1  Song")
    assert lines[-1].startswith("Practice data: ")
    assert "As of Mon 2 Mar 2026, 07:00 UTC" in lines[-1]


def test_a_title_runs_on_where_its_row_has_more_than_one_line_anyway() -> None:
    title = "Last Train to Somewhere - sped up version"
    row = {"title": title, "caution": "can't be ranked: what was fetched does not reach across the windows", "rank": 1}
    frame = pd.DataFrame([{**row, "advice": "read its counter daily for 8 days; where it falls, fetch the pages back"}])
    for width in (80, 120):
        lines = printed(Exhibit(name="cautions", title="Cautions", source="3 posts", frame=frame, as_of=AS_OF), width)
        assert "…" not in "".join(lines)
        assert max(map(cell_len, lines)) <= width
        assert {"Last", "Somewhere", "version"} <= set(" ".join(lines).split())


def test_a_narrow_window_breaks_headings_first_and_says_what_it_left_out() -> None:
    row = {"creators_before": 264, "creators_now": 145, "region_unknown": 210, "first_seen": "2026-01-01 10:00"}
    row |= {"title": "Last Train to Somewhere", "link": "https://www.tiktok.com/@me/video/" + "7" * 19}
    exhibits = Exhibit(name="list", title="List", source="3 posts", frame=pd.DataFrame([row]), as_of=AS_OF)
    wide, middle, narrow = (printed(exhibits, width) for width in (160, 80, 60))
    assert any(line.startswith("creators before  creators now") for line in wide)
    assert not any("no room" in line for line in wide)
    assert any(row["link"] in line for line in wide)
    assert "no room here for: link" in middle
    assert "no room here for: first seen, link" in narrow
    assert all(any("Last Train to Somewhere" in line for line in lines) for lines in (wide, middle, narrow))
    assert not any("…" in line for line in (*middle, *narrow))


def test_rows_that_are_left_out_are_counted() -> None:
    screen = io.StringIO()
    print_exhibit(
        exhibit({"title": "One"}, {"title": "Two"}, {"title": "Three"}), Console(file=screen, width=120), most=1
    )
    assert "One" in screen.getvalue()
    assert "Two" not in screen.getvalue()
    assert "… and 2 rows more" in screen.getvalue()
    assert "rows more" not in "\n".join(printed(exhibit()))


def test_a_ratio_is_read_with_its_interval_and_a_status_in_words() -> None:
    (row,) = (line for line in printed(exhibit()) if "Song" in line)
    assert "2.5× [1.2–5.0]" in row
    assert "1,234" in row
    assert "45,678" in row
    assert "counter only" in row
    assert "none" not in row


def test_missing_numbers_are_shown_as_missing() -> None:
    missing = {"rank": None, "growth_rate": None, "growth_low": None, "growth_high": None, "posts_last_24h": None}
    row = next(line for line in printed(exhibit(missing, {})) if "Song" in line)
    assert row.split() == ["–", "Song", "Me", "–", "–", "45,678", "counter", "only"]


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [([423.4, 46.0], ["423", "46"]), ([0.5, 12.0], ["0.50", "12.00"]), ([1234.0, 0.25], ["1,234.0", "0.2"])],
)
def test_a_column_has_the_same_decimals_in_every_row(numbers: list[float], shown: list[str]) -> None:
    rows = [{"effective_creators": number, "title": "Song"} for number in numbers]
    lines = [line for line in printed(exhibit(*rows), 140) if "Song" in line]
    assert [line.split()[-1] for line in lines] == shown


def test_a_ledger_fits_a_narrow_page() -> None:
    outcomes = dict.fromkeys(("outcome_1w", "outcome_2w", "outcome_4w", "outcome_8w"), "can't tell")
    row = {"alerted_at": AS_OF, "title": "A song of eighteen", "rule": "catch_them_early", "alert": "reactivation"}
    row |= {"last_alert": "reactivation", **outcomes, "lead_days": 5, "status": "counter_only"}
    frame = pd.DataFrame([row]).astype({"alerted_at": "datetime64[us, UTC]"})
    lines = printed(Exhibit(name="ledger", title="Alerts", frame=frame, as_of=AS_OF, source="1 alert"))
    assert sum("2026-03-02" in line and "A song of" in line and "counter only" in line for line in lines) == 1


def test_an_exhibit_without_rows_says_so() -> None:
    one = exhibit()
    empty = Exhibit(name="alerts", title="What the rules flag", frame=one.frame.head(0), as_of=AS_OF, source="none")
    assert "nothing to show" in printed(empty)


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_every_row_is_one_line_that_fits(width: int) -> None:
    rows = [{"title": "A very long title " * 5, "artist": "An artist of many words " * 4}, {"title": "Short"}]
    lines = printed(exhibit(*rows), width)
    assert max(cell_len(line) for line in lines) <= width
    assert sum("counter only" in line for line in lines) == 2


def test_a_narrow_window_takes_artists_first_then_shortens_titles() -> None:
    rows = [{"title": "A title of thirty signs, about", "artist": "Somebody or other"}]
    wide, narrow = (" ".join(printed(exhibit(*rows), width)) for width in (130, 80))
    assert "Somebody or other" in wide
    assert "A title of thirty signs, about" in wide
    assert "Somebody" not in narrow
    assert "A title of" in narrow
    assert "2.5× [1.2–5.0]" in narrow


@pytest.mark.parametrize(
    "title",
    ["[bold]loud[/bold]", "[/nonsense]", "\x1b[31mred", "line\nbreak\ttab", "\u202eright to left", ":smile:", "a\0b"],
)
def test_other_peoples_text_is_printed_as_text(title: str) -> None:
    lines = printed(exhibit({"title": title}))
    shown = "\n".join(lines)
    assert not {"\x1b", "\u202e", "\0"} & set(shown)
    assert sum("counter only" in line for line in lines) == 1
    if title.startswith(("[", ":")):
        assert title in shown


@given(st.text(max_size=60), st.text(max_size=30), st.integers(min_value=60, max_value=160))
def test_no_text_breaks_a_row(title: str, artist: str, width: int) -> None:
    lines = printed(exhibit({"title": title, "artist": artist}), width)
    assert sum("counter only" in line for line in lines) == 1
    assert max(cell_len(line) for line in lines) <= width


def test_a_daily_mean_says_of_how_many_days() -> None:
    lines = printed(exhibit({"title": "A day", "window_days": 1}, {"title": "A mean", "window_days": 7}))
    day, mean = (next(line for line in lines if title in line) for title in ("A day", "A mean"))
    assert "1,234  " in day
    assert "1,234 a day/7 d" in mean
    assert not any("window" in line for line in lines)


def test_a_lower_bound_says_that_it_is_one() -> None:
    lines = printed(exhibit({"title": "Not read", "posts_last_24h": 29, "status": "not_enough_coverage"}))
    assert "at least 29" in next(line for line in lines if "Not read" in line)
