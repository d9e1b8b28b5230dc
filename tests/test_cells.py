"""Columns as readers see them: what belongs together is one column, and every head is a word."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from trendlib.show.cells import columns


def told(frame: pd.DataFrame) -> dict[str, list[str]]:
    return {column.head: list(column.texts) for column in columns(frame)}


def test_a_growth_rate_stands_with_its_interval_and_a_mean_with_its_days() -> None:
    frame = pd.DataFrame(
        {"growth_rate": [10.81, None], "growth_low": [2.99, None], "growth_high": [15.59, None],
         "posts_last_24h": [67, 9], "window_days": [7, 1], "status": ["counter_only", None]}
    )  # fmt: skip
    assert told(frame) == {
        "growth": ["10.8× [3.0–15.6]", "–"],
        "posts 24 h": ["67 a day/7 d", "9"],
        "status": ["counter only", "status unknown"],
    }
    assert [column.is_number for column in columns(frame)] == [True, True, False]


def test_a_rule_and_what_it_said_are_told_once() -> None:
    frame = pd.DataFrame(
        {"rule": ["breakout", "catch_them_early", "reactivation"], "alert": ["watch", "early", "reactivation"]}
    )
    assert told(frame) == {"alert": ["breakout: watch", "catch them early", "reactivation"]}
    later = frame.assign(last_alert=["confirmed", "early", None])
    assert told(later)["alert"] == ["breakout: watch, then confirmed", "catch them early", "reactivation"]


@pytest.mark.parametrize(
    ("frame", "heads"),
    [
        ({"posts": [3], "share": [0.5], "n": [6]}, {"posts": ["3"], "share": ["50%"], "out of": ["6"]}),
        ({"n": [6], "lift": [2.0]}, {"posts": ["6"], "times usual": ["2.0×"]}),
        ({"index": [2.5], "n": [10]}, {"index": ["2.50"], "listed": ["10"]}),
        ({"p0": [0.04], "p1": [0.41], "low": [-0.26]},
         {"share before": ["4%"], "share now": ["41%"], "at least by": ["−26 points"]}),
        ({"rate": [0.67], "low": [0.43], "base_rate": [0.04]}, {"rate": ["67%"], "low": ["43%"], "base rate": ["4%"]}),
        ({"is_watched": [True], "exposure_days": [0.9996]}, {"watched": ["yes"], "days covered": ["1"]}),
        ({"check": ["catch_them_early: growth_rate"]}, {"check": ["catch them early: growth"]}),
        ({"hashtag": ["fyp", None], "beside": ["#x", ""]}, {"hashtag": ["#fyp", "–"], "beside": ["#x", "–"]}),
        ({"handle": ["a.b", None]}, {"handle": ["@a.b", "–"]}),
        ({"status_without": ["not_enough_coverage"]}, {"status without": ["not enough coverage"]}),
    ],
)  # fmt: skip
def test_heads_and_cells_are_plain_words(frame: dict[str, list[object]], heads: dict[str, list[str]]) -> None:
    assert told(pd.DataFrame(frame)) == heads


def test_a_day_that_does_not_begin_at_midnight_says_from_when() -> None:
    days = [datetime(2026, 11, 15, 7, 1, tzinfo=UTC), datetime(2026, 11, 15, tzinfo=UTC)]
    assert told(pd.DataFrame({"day": days[:1]})) == {"from": ["2026-11-15 07:01"]}
    assert told(pd.DataFrame({"day": days[1:]})) == {"day": ["2026-11-15"]}


def test_remarks_that_nobody_made_take_no_room() -> None:
    frame = pd.DataFrame({"region": ["SE"], "reason": [""], "views": [None]})
    assert told(frame) == {"region": ["Sweden (SE)"], "views": ["–"]}
    assert "reason" in told(frame.head(0))
