"""Reach at equal age, the band that is expected, hashtags of captions, most viewed posts: golden numbers by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest

from trendlib import metrics

AS_OF = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def posts(*rows: dict[str, Any]) -> pd.DataFrame:
    usual = {"sound_id": "7", "creator_id": "c", "region": "US", "views": 10, "caption": ""}
    given = [{**usual, "post_id": str(place), **row} for place, row in enumerate(rows)]
    names = ["sound_id", "creator_id", "region", "views", "caption", "post_id", "posted_at"]
    frame = pd.DataFrame(given, columns=names)
    text = dict.fromkeys(("sound_id", "creator_id", "region", "caption", "post_id"), "str")
    return frame.astype({**text, "posted_at": "datetime64[us, UTC]", "views": "Int64"})


def views(*rows: tuple[str, datetime, int | None]) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["post_id", "observed_at", "views"])
    return frame.astype({"post_id": "str", "observed_at": "datetime64[us, UTC]", "views": "Int64"})


# Reach


def test_reach_compares_posts_at_equal_age_with_their_creators_own_median() -> None:
    """Three posts of one creator: 100, 200, 900 at two days old, so 900 is (901 / 201) of what is usual."""
    born = [AS_OF - timedelta(days=day) for day in (5, 6, 7)]
    listed = posts(*({"posted_at": at} for at in born))
    seen = views(
        *(
            (str(place), at + 48 * HOUR, seen)
            for place, (at, seen) in enumerate(zip(born, (900, 200, 100), strict=True))
        )
    )
    frame = metrics.reach(listed, seen, as_of=AS_OF)
    assert frame["post_id"].tolist() == ["0", "1", "2"]
    assert frame["own_median"].tolist() == [200.0, 200.0, 200.0]
    assert frame["reach"].tolist() == pytest.approx([901 / 201, 1.0, 101 / 201])
    assert frame["is_own"].all()


def test_a_post_too_young_or_seen_too_late_has_no_reach() -> None:
    listed = posts({"posted_at": AS_OF - 12 * HOUR}, {"posted_at": AS_OF - timedelta(days=9)})
    seen = views(("0", AS_OF - HOUR, 50), ("1", AS_OF - timedelta(days=9) + 97 * HOUR, 50))
    assert metrics.reach(listed, seen, as_of=AS_OF).empty
    days = metrics.reach_by_day(listed, seen, as_of=AS_OF)
    assert days["posts"].tolist() == [1, 1]
    assert days["status"].tolist() == ["not_enough_coverage"] * 2
    assert days["reach_median"].isna().all()


def test_few_posts_of_a_creator_are_held_against_the_sounds_own_median() -> None:
    born = AS_OF - timedelta(days=5)
    listed = posts(*({"posted_at": born, "creator_id": f"c{place}"} for place in range(3)))
    seen = views(*((str(place), born + 24 * HOUR, 100 * (place + 1)) for place in range(3)))
    frame = metrics.reach(listed, seen, as_of=AS_OF)
    assert not frame["is_own"].any()
    assert set(frame["own_median"]) == {200.0}


def test_readings_after_the_instant_change_nothing() -> None:
    born = AS_OF - timedelta(days=2)
    listed = posts({"posted_at": born})
    early, late = ("0", born + 30 * HOUR, 70), ("0", AS_OF + HOUR, 7)
    once = metrics.reach(listed, views(early), as_of=AS_OF)
    pd.testing.assert_frame_equal(once, metrics.reach(listed, views(early, late), as_of=AS_OF))


def test_nothing_has_no_reach() -> None:
    assert metrics.reach_by_day(posts(), views(), as_of=AS_OF).empty


# Expected


def daily(counts: Any) -> pd.DataFrame:
    days = [pd.Timestamp(AS_OF) - pd.Timedelta(days=age) for age in range(len(counts), 0, -1)]
    frame = pd.DataFrame({"sound_id": "7", "day": days, "posts": counts, "exposure_days": 1.0})
    return frame.astype({"sound_id": "str", "day": "datetime64[us, UTC]"})


def test_a_steady_sound_is_expected_to_go_on() -> None:
    band = metrics.expected(daily([100.0] * 40), as_of=AS_OF, days=7)
    assert band["mean"].tolist() == pytest.approx([100.0] * 7)
    assert band["low"].tolist() == pytest.approx([100 - 16.45] * 7)
    assert band["high"].tolist() == pytest.approx([100 + 16.45] * 7)


def test_a_steady_sounds_days_lie_in_its_band() -> None:
    rng = np.random.default_rng(4)
    counts = rng.poisson(80, 68).astype(float)
    frame = daily(counts)
    band = metrics.expected(frame, as_of=AS_OF, days=28).merge(frame, on=["sound_id", "day"])
    assert band["posts"].between(band["low"], band["high"]).mean() >= 0.8


def test_the_band_of_one_sound_alone_is_the_one_it_has_among_all() -> None:
    rng = np.random.default_rng(4)
    both = pd.concat([daily(rng.poisson(80, 68).astype(float)).assign(sound_id=one) for one in ("7", "8")])
    band = metrics.expected(both, as_of=AS_OF)
    alone = metrics.expected(both, as_of=AS_OF, only="8")
    assert len(alone) == len(band) / 2 > 0
    pd.testing.assert_frame_equal(alone, band[band["sound_id"] == "8"].reset_index(drop=True))


def test_without_quiet_days_nothing_is_expected() -> None:
    assert metrics.expected(daily([5.0] * 4), as_of=AS_OF).empty


# Captions


def tags(*pairs: tuple[str, str]) -> pd.DataFrame:
    return pd.DataFrame(pairs, columns=["post_id", "hashtag"]).astype("str")


def test_lift_is_the_share_here_over_the_share_elsewhere() -> None:
    """10 of 10 posts here, 1 of 20 elsewhere: (10.5 / 11) / (1.5 / 21)."""
    at = AS_OF - HOUR
    listed = posts(*({"posted_at": at} for _ in range(10)), *({"posted_at": at, "sound_id": "8"} for _ in range(20)))
    named = tags(*((str(place), "here") for place in range(11)))
    counts = metrics.hashtag_counts(listed, named, as_of=AS_OF)
    assert counts.to_dict("list") == {
        "sound_id": ["7", "8"], "hashtag": ["here", "here"], "n": [10, 1], "n_posts": [10, 20],
    }  # fmt: skip
    own = metrics.caption_hashtags(
        listed[listed["sound_id"] == "7"], named, as_of=AS_OF, elsewhere=counts[counts["sound_id"] == "8"]
    )
    row = own.iloc[0]
    assert row["share"] == 1.0
    assert row["share_elsewhere"] == pytest.approx(0.05)
    assert row["lift"] == pytest.approx((10.5 / 11) / (1.5 / 21))
    assert row["status"] == "ok"


def test_without_others_there_is_no_lift_and_few_posts_are_weak() -> None:
    own = metrics.caption_hashtags(posts({"posted_at": AS_OF - HOUR}), tags(("0", "x")), as_of=AS_OF)
    assert own["lift"].isna().all()
    assert own["status"].tolist() == ["weak"]


def test_captions_are_the_same_in_polars() -> None:
    listed, named = posts({"posted_at": AS_OF - HOUR}, {"posted_at": AS_OF - 2 * HOUR}), tags(("0", "x"), ("1", "x"))
    ours = metrics.caption_hashtags(listed, named, as_of=AS_OF)
    theirs = metrics.caption_hashtags(
        pl.DataFrame(listed.to_dict("list")).with_columns(pl.col("posted_at").cast(pl.Datetime("us", "UTC"))),
        pl.DataFrame(named.to_dict("list")),
        as_of=AS_OF,
    )
    assert theirs["n"].to_list() == ours["n"].tolist() == [2]


# Most viewed


def test_the_most_viewed_posts_come_first_and_unknown_views_last() -> None:
    rows = [{"posted_at": AS_OF - HOUR, "views": seen} for seen in (5, None, 9, 7)]
    frame = metrics.top_posts(posts(*rows), as_of=AS_OF, top=4)
    assert frame["views"].dropna().tolist() == [9, 7, 5]
    assert frame["post_id"].tolist() == ["2", "3", "0", "1"]
    assert frame["rank"].tolist() == [1, 2, 3, 4]
    assert metrics.top_posts(posts({"posted_at": AS_OF - timedelta(days=8)}), as_of=AS_OF).empty
