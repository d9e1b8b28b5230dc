"""Creators: concentration and the most viewed."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from trendlib.metrics.creators import concentration, top_creators

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
