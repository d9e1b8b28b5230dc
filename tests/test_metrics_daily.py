"""Daily counts from posts and from counters."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from trendlib.errors import SchemaError
from trendlib.metrics.daily import from_counter, from_posts

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def readings(levels, *, as_of=AS_OF, sound_id="7001", lag=timedelta(hours=1)):
    """One reading a day, the last shortly before ``as_of``; None is a missing day."""
    rows = [
        (sound_id, as_of - lag - DAY * (len(levels) - 1 - place), level)
        for place, level in enumerate(levels)
        if level is not None
    ]
    frame = pd.DataFrame(rows, columns=["sound_id", "observed_at", "total_uses"])
    return frame.astype({"sound_id": "str", "observed_at": "datetime64[us, UTC]", "total_uses": "Int64"})


def posts_at(days_ago, **others):
    frame = pd.DataFrame({"sound_id": "7001", "posted_at": [AS_OF - DAY * float(ago) for ago in days_ago], **others})
    frame["posted_at"] = pd.to_datetime(frame["posted_at"], utc=True).astype("datetime64[us, UTC]")
    return frame


def counted(levels):
    return from_counter(readings(levels), as_of=AS_OF)


def test_a_thousand_a_day_with_two_days_missing_is_a_thousand_each_covered_day():
    days = counted([1000, 2000, None, None, 5000, 6000])
    assert days["posts"].dropna().round(6).tolist() == [1000, 1000, 1000]
    assert days["exposure_days"].tolist() == [0, 1, 0, 0, 1, 1]


def test_a_missing_day_is_unknown_and_never_zero():
    days = counted([1000, 2000, None, 4000])
    assert days["posts"].isna().tolist() == [True, False, True, False]


def test_the_first_reading_alone_counts_nothing():
    assert counted([1000])["exposure_days"].tolist() == [0]


def test_rounding_is_seen_in_the_readings():
    assert set(counted([123_400, 123_900, 124_100, 125_300, 126_200])["rounding_unit"]) == {100}
    assert set(counted([1_200_000, 1_300_000, 1_300_000, 1_500_000, 1_600_000])["rounding_unit"]) == {100_000}
    assert set(counted([12_345, 12_400, 12_500, 12_600, 12_700])["rounding_unit"]) == {1}
    assert set(counted([1000, 2000, 3000, 4000, 5000])["rounding_unit"]) == {1}


def test_two_backends_answering_in_turn_give_no_rise():
    days = counted([12_900_000, 11_700_000] * 10)
    assert days["posts"].fillna(0).max() == 0


def test_a_low_backend_for_a_week_gives_no_rise_when_the_high_one_returns():
    days = counted([12_900_000] * 10 + [11_700_000] * 7 + [12_900_000] * 3)
    assert days["posts"].fillna(0).max() == 0


def test_two_growing_backends_show_the_growth_that_both_agree_on():
    high = 17_000 + 200 * np.arange(40)
    low = high - 1600
    days = counted(np.where(np.arange(40) % 7 < 4, high, low).tolist())
    assert days["posts"].max() == pytest.approx(200)
    assert days["exposure_days"].sum() > 20


def test_a_stale_answer_of_a_falling_counter_is_no_growth():
    falling = [454_000 - 200 * day for day in range(20)]
    days = counted([*falling[:16], 452_400, *falling[17:]])
    assert days["posts"].fillna(0).max() == 0
    assert days["is_flagged"].iloc[16]


def test_growth_after_a_fall_is_not_taken_for_a_return():
    days = counted([552_700, 552_500, 552_400, 552_400, 552_400, 552_500, 553_000, 554_000, 558_400, 570_800])
    assert days["posts"].tolist()[-4:] == pytest.approx([500, 1000, 4400, 12_400])


def test_a_clean_up_is_kept_as_net_change_and_flagged_and_the_lower_level_becomes_the_base():
    days = counted([300_000, 303_700, 307_400, 118_900, 119_400, 120_100, 121_200, 122_300])
    fall = days.iloc[3]
    assert fall["net_change"] == 118_900 - 307_400
    assert fall["is_flagged"]
    assert days["exposure_days"].tolist() == [0, 1, 1, 0, 0, 0, 1, 1]
    assert days["posts"].tolist()[-2:] == pytest.approx([1100, 1100])


def test_readings_on_the_as_of_instant_are_not_known_yet():
    frame = readings([1000, 2000, 3000], lag=timedelta(0))
    assert len(from_counter(frame, as_of=AS_OF)) == 2


def test_a_reading_without_a_number_is_no_reading():
    frame = pd.concat([readings([1000, 2000]), readings([None, None])])
    frame.loc[len(frame)] = ["7001", AS_OF - timedelta(minutes=1), pd.NA]
    assert from_counter(frame, as_of=AS_OF)["posts"].max() == pytest.approx(1000)


def test_windows_are_counted_back_from_the_instant_and_half_open():
    days = from_posts(posts_at([0, 1e-9, 0.5, 1, 1.5, 2, 9]), as_of=AS_OF, coverage=AS_OF - 2 * DAY, days=2)
    # a post on the as-of instant is outside, one exactly a day old belongs to the last window
    assert days["posts"].tolist() == [2, 3]
    assert days["day"].tolist() == [pd.Timestamp(AS_OF) - 2 * DAY, pd.Timestamp(AS_OF) - DAY]


def test_only_posts_within_the_covered_stretch_count():
    cover = pd.DataFrame(
        {"sound_id": ["7001"], "complete_since": [AS_OF - 1.5 * DAY], "covered_until": [AS_OF - 0.5 * DAY]}
    )
    cover = cover.astype(dict.fromkeys(("complete_since", "covered_until"), "datetime64[us, UTC]"))
    days = from_posts(posts_at([0.1, 0.6, 1.2, 1.7]), as_of=AS_OF, coverage=cover)
    assert days["posts"].tolist() == [1, 1]
    assert days["exposure_days"].tolist() == pytest.approx([0.5, 0.5])


def test_a_covered_day_without_posts_is_a_true_zero():
    days = from_posts(posts_at([0.5, 2.5]), as_of=AS_OF, coverage=AS_OF - 3 * DAY)
    assert days["posts"].tolist() == [1, 0, 1]


def test_a_post_listed_twice_counts_once():
    frame = posts_at([0.5, 0.5, 0.6], post_id=["1", "1", "2"])
    assert from_posts(frame, as_of=AS_OF, coverage=AS_OF - DAY)["posts"].tolist() == [2]


def test_one_creator_counts_at_most_so_often_and_unknown_creators_all():
    frame = posts_at(np.full(9, 0.5), creator_id=["a"] * 5 + [None] * 4)
    days = from_posts(frame, as_of=AS_OF, coverage=AS_OF - DAY, posts_per_creator=2)
    assert days["posts"].tolist() == [6]
    assert days["creators"].tolist() == [1]


def test_posts_without_a_time_do_not_count():
    frame = posts_at([0.5, 0.6])
    frame.loc[0, "posted_at"] = pd.NaT
    assert from_posts(frame, as_of=AS_OF, coverage=AS_OF - DAY)["posts"].tolist() == [1]


def test_a_sound_covered_from_the_beginning_has_no_days_before_its_first_post():
    cover = pd.DataFrame(
        {"sound_id": ["7001"], "complete_since": [datetime(1970, 1, 1, tzinfo=UTC)], "covered_until": [AS_OF]}
    )
    cover = cover.astype(dict.fromkeys(("complete_since", "covered_until"), "datetime64[us, UTC]"))
    assert len(from_posts(posts_at([0.5, 2.5]), as_of=AS_OF, coverage=cover)) == 3


def test_ids_that_are_numbers_are_refused():
    frame = readings([1000, 2000]).assign(sound_id=7001)
    with pytest.raises(SchemaError, match="ids are text"):
        from_counter(frame, as_of=AS_OF)


def test_an_instant_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        from_counter(readings([1000, 2000]), as_of=AS_OF.replace(tzinfo=None))
