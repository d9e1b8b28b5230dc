"""Creators: concentration and the most viewed."""

from datetime import UTC, datetime, timedelta
from functools import partial

import duckdb
import numpy as np
import pandas as pd
import pytest
from frames import to_polars
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from trendlib.metrics.creators import concentration, leave_one_out, most_viewed, top_creators
from trendlib.metrics.engines import board, enter
from trendlib.metrics.velocity import velocity

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)


def posts_by(creators, *, days_ago=1.0, **others):
    times = pd.Series([AS_OF - timedelta(days=days_ago)] * len(creators)).astype("datetime64[us, UTC]")
    ids = [f"{days_ago}-{number}" for number in range(len(creators))]
    return pd.DataFrame({"sound_id": "7001", "post_id": ids, "creator_id": creators, "posted_at": times, **others})


def row(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def test_one_creator_with_forty_posts_beside_twenty_with_one():
    found = row(concentration(posts_by(["a"] * 40 + [f"b{number}" for number in range(20)]), as_of=AS_OF))
    assert found["hhi"] == pytest.approx(0.4407, abs=1e-4)
    assert found["effective_creators"] == pytest.approx(2.22, abs=0.01)
    assert found["top_creator_share"] == pytest.approx(40 / 60)
    assert found["creators"] == 21
    assert found["is_concentrated"]


def test_many_creators_with_one_post_each_are_not_flagged():
    found = row(concentration(posts_by([f"b{number}" for number in range(20)]), as_of=AS_OF))
    assert found["hhi"] == 0
    assert found["effective_creators"] == pytest.approx(20)
    assert not found["is_concentrated"]


def test_unknown_creators_are_counted_apart():
    found = row(concentration(posts_by(["a", "b", None, None]), as_of=AS_OF))
    assert found["posts"] == 2
    assert found["posts_of_unknown"] == 2


def test_a_creator_who_used_the_sound_before_is_no_first_timer():
    frame = pd.concat([posts_by(["a"], days_ago=30), posts_by(["a", "b"])])
    assert row(concentration(frame, as_of=AS_OF))["first_time_share"] == pytest.approx(0.5)


def test_one_post_has_no_index():
    assert pd.isna(row(concentration(posts_by(["a"]), as_of=AS_OF))["hhi"])


def test_creators_go_by_total_views_and_unknown_views_come_last_as_null():
    frame = posts_by(["a", "a", "b", "c"], views=pd.array([10, 20, 25, None], dtype="Int64"))
    followers = pd.DataFrame({"creator_id": ["a"], "followers": pd.array([500], dtype="Int64")})
    found = top_creators(frame, as_of=AS_OF, followers=followers)
    assert found["creator_id"].tolist() == ["a", "b", "c"]
    assert found["views"].tolist()[:2] == [30, 25]
    assert found["views"].isna().tolist() == [False, False, True]
    assert found["reach_per_post"].tolist()[:2] == [15, 25]
    assert found["followers"].isna().tolist() == [False, True, True]


def test_only_so_many_are_listed():
    frame = posts_by(["a", "b", "c"], views=pd.array([3, 2, 1], dtype="Int64"))
    assert top_creators(frame, as_of=AS_OF, top=2)["creator_id"].tolist() == ["a", "b"]


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(-1, 5)), min_size=1, max_size=40), st.integers(1, 8))
def test_counted_as_numbers_the_most_viewed_are_the_top_creators(posts, top):
    names = [f"c{creator}" if creator else None for creator, _ in posts]
    views = pd.array([None if seen < 0 else seen for _, seen in posts], dtype="Int64")
    theirs = top_creators(posts_by(names, views=views).astype({"creator_id": "str"}), as_of=AS_OF, top=top)
    creator, seen = (np.array(column, dtype="int64") for column in (zip(*posts, strict=True) if posts else ([], [])))
    ours = most_viewed(creator, seen, top)
    assert [f"c{one}" for one in ours["creator"]] == theirs["creator_id"].tolist()
    pd.testing.assert_frame_equal(ours.drop(columns="creator"), theirs[["posts", "views", "reach_per_post"]])


def day_of(creators, *, days_ago, region="US", views=10):
    posts = posts_by(creators, days_ago=days_ago, views=views, region=region)
    return posts.astype({"views": "Int64", "region": "str", "creator_id": "str"})


def steady_week(per_day=10):
    return [day_of([f"{back}-{number}" for number in range(per_day)], days_ago=back + 0.5) for back in range(1, 8)]


def one_flood():
    """Ten posts a day by ten creators; today another 24 posts by one, from Brazil, one of them seen by millions."""
    today = [
        day_of([f"0-{number}" for number in range(10)], days_ago=0.5),
        day_of(["x"] * 23, days_ago=0.4, region="br"),
    ]
    viral = day_of(["x"], days_ago=0.3, region="br", views=5_000_000)
    return pd.concat([*steady_week(), *today, viral], ignore_index=True)


SINCE = AS_OF - timedelta(days=8)
without_one = partial(leave_one_out, as_of=AS_OF, measure=velocity)


def test_without_the_creator_who_floods_it_a_steady_sound_reads_one():
    found = without_one(one_flood(), coverage=SINCE).set_index("left_out")
    assert found["growth_rate"].tolist() == pytest.approx([3.4] * 3)
    assert found.loc["creator", "who"] == "x"
    assert found.loc["creator", "posts_left_out"] == 24
    assert found.loc["creator", "growth_rate_without"] == pytest.approx(1.0)
    assert found.loc["region", "who"] == "BR"
    assert found.loc["region", "growth_rate_without"] == pytest.approx(1.0)
    assert found.loc["post", "who"] == "0.3-0"
    assert found.loc["post", "growth_rate_without"] == pytest.approx(3.3)
    assert (found["growth_low_without"] < found["growth_rate_without"]).all()
    assert found["status_without"].tolist() == ["ok"] * 3


def test_any_measure_called_like_velocity_can_be_left_one_out():
    engaged = partial(velocity, dialect="tutorial_engagement")
    found = leave_one_out(one_flood(), as_of=AS_OF, measure=engaged, coverage=SINCE).set_index("left_out")
    assert found.loc["post", "growth_rate"] > 400_000
    assert found.loc["post", "growth_rate_without"] == pytest.approx(33.0)


def test_leaving_out_posts_does_not_move_what_is_known():
    frame = one_flood()
    oldest = frame.index[frame["posted_at"] == frame["posted_at"].min()]
    frame.loc[oldest, "creator_id"] = "x"
    found = without_one(frame).set_index("left_out")
    assert found.loc["creator", "status_without"] == found.loc["creator", "status"] == "ok"
    assert found.loc["creator", "growth_rate_without"] == pytest.approx(1.0 / (60 / 6.5 / 10), rel=0.02)


def test_a_sound_of_one_creator_has_no_ratio_without_them():
    found = without_one(day_of(["x"] * 9, days_ago=0.5), coverage=SINCE).set_index("left_out")
    assert pd.isna(found.loc["creator", "growth_rate_without"])
    assert found.loc["creator", "status_without"] == "ok"


def test_leaving_out_nothing_is_the_identity():
    unnamed = pd.concat(steady_week()).assign(creator_id=None, region="")
    found = without_one(unnamed.astype({"creator_id": "str"}), coverage=SINCE)
    assert len(found) == 3
    assert found["who"].isna().all()
    assert (found["posts_left_out"] == 0).all()
    for name in ("growth_rate", "growth_low", "growth_high", "status"):
        assert found[f"{name}_without"].tolist() == found[name].tolist()


@settings(max_examples=4)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 9)), min_size=1, max_size=30), st.integers(0, 9))
def test_the_order_of_rows_changes_nothing_and_nothing_is_left_out_but_the_named(days, seed):
    frame = pd.concat(
        [day_of([who], days_ago=back + 0.1 + number / 100) for number, (who, back) in enumerate(days)],
        ignore_index=True,
    )
    found = without_one(frame, coverage=SINCE)
    assert_frame_equal(without_one(frame.sample(frac=1, random_state=seed), coverage=SINCE), found)
    who = found.set_index("left_out").loc["creator", "who"]
    again = velocity(frame[frame["creator_id"] != who], as_of=AS_OF, coverage=SINCE)
    expected = again["growth_rate"].tolist() or [float("nan")]
    assert found.loc[found["left_out"] == "creator", "growth_rate_without"].tolist() == pytest.approx(
        expected, nan_ok=True
    )


def test_every_engine_leaves_out_the_same():
    frame = pd.concat([one_flood(), one_flood().assign(sound_id="7002").iloc[::2]])
    expected = without_one(frame)
    for given_frame in (to_polars(frame), to_polars(frame).lazy(), duckdb.connect().from_df(frame)):
        assert_frame_equal(board(enter(without_one(given_frame))), expected)
