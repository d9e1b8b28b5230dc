"""Hashtags: the same velocity as sounds', bumps on deltas, starts and stops, briefs, company."""

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

from trendlib import metrics
from trendlib.metrics import hashtags
from trendlib.metrics.engines import board, enter
from trendlib.sandbox.world import World, unix

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def row(frame):
    assert len(frame) == 1
    return frame.iloc[0]


def observed(daily, hashtag="dance", lag=timedelta(minutes=5), level=5_000_001):
    """Readings, one a day, of counters that grow by so much a day; the last shortly before AS_OF."""
    totals = level + np.concatenate([[0], np.cumsum(np.asarray(daily, dtype="int64"))])
    times = [AS_OF - lag - DAY * back for back in range(len(totals) - 1, -1, -1)]
    frame = pd.DataFrame({"hashtag": hashtag, "observed_at": times, "total_posts": totals, "total_views": totals * 10})
    return frame.astype({"hashtag": "str", "observed_at": "datetime64[us, UTC]"})


def posts_and_tags():
    """Ten posts a day for a fortnight and thirty today: all of #dance, every second of #summer too."""
    ages = np.concatenate([(np.arange(30) + 0.5) / 30, 1 + (np.arange(130) + 0.5) / 10])
    posts = pd.DataFrame(
        {
            "post_id": [f"p{number}" for number in range(len(ages))],
            "sound_id": "7001",
            "creator_id": [f"c{number}" for number in range(len(ages))],
            "posted_at": pd.Timestamp(AS_OF) - pd.to_timedelta((ages * 86_400e6).astype("int64"), unit="us"),
            "views": pd.array(np.arange(len(ages)), dtype="Int64"),
        }
    )
    posts.loc[5, "views"] = pd.NA
    tags = [("p" + str(number), "dance") for number in range(len(ages))]
    tags += [("p" + str(number), "summer") for number in range(0, len(ages), 2)]
    pairs = pd.DataFrame([*tags, *tags[:9]], columns=["post_id", "hashtag"])
    return posts.astype({"posted_at": "datetime64[us, UTC]"}), pairs


# Velocity


def test_a_hashtag_s_velocity_is_a_sound_s_velocity_on_its_posts():
    posts, pairs = posts_and_tags()
    mine = hashtags.named(metrics.velocity(hashtags.tagged(posts, pairs), as_of=AS_OF)).set_index("hashtag")
    assert mine.index.tolist() == ["dance", "summer"]
    assert mine.loc["dance", "growth_rate"] == pytest.approx(3.0)
    theirs = row(metrics.velocity(posts, as_of=AS_OF))
    assert mine.loc["dance"].tolist() == theirs.drop("sound_id").tolist()


@pytest.mark.parametrize("of", ["total_posts", "total_views"])
def test_a_steady_hashtag_counter_reads_one(of):
    found = row(metrics.counter_velocity(hashtags.readings(observed([700] * 30), of=of), as_of=AS_OF))
    assert found["growth_rate"] == pytest.approx(1.0)
    assert found["posts_last_24h"] == {"total_posts": 700, "total_views": 7000}[of]


def test_only_a_hashtag_s_own_feed_covers_it():
    posts, pairs = posts_and_tags()
    covered = pd.DataFrame(
        {
            "subject": ["hashtag", "sound"],
            "subject_id": ["1234", "7001"],
            "complete_since": [AS_OF - 9 * DAY] * 2,
            "covered_until": [AS_OF] * 2,
        }
    ).astype(dict.fromkeys(("complete_since", "covered_until"), "datetime64[us, UTC]"))
    names = pd.DataFrame({"hashtag": ["dance", "other"], "challenge_id": ["1234", None]})
    feeds = hashtags.feeds(covered, names)
    assert feeds["sound_id"].tolist() == ["dance"]
    found = metrics.velocity(hashtags.tagged(posts, pairs), as_of=AS_OF, coverage=feeds)
    assert found["status"].tolist() == ["ok", "not_enough_coverage"]


# Bumps


@pytest.mark.parametrize("snapshots", [7, 8, 14, 40])
def test_constant_daily_views_are_no_bump(snapshots):
    found = row(hashtags.bumps(observed([12_345] * (snapshots - 1)), as_of=AS_OF))
    assert found["evidence"] == pytest.approx(0.0, abs=0.01)
    assert found["snapshots"] == min(snapshots, 16)
    assert found["status"] == ("weak" if snapshots < 10 else "counter_only")
    assert not found["is_bump"]


def test_a_day_of_triple_views_is_a_bump():
    daily = [*([9_000, 11_000, 10_000] * 5), 30_000]
    found = row(hashtags.bumps(observed(daily), as_of=AS_OF))
    assert found["is_bump"]
    assert found["delta"] == pytest.approx(300_000)
    assert found["baseline"] == pytest.approx(100_000, rel=0.01)
    assert (found["rule"], found["rule_version"]) == ("hashtag_bump", "1")


def test_under_seven_snapshots_nothing_is_a_bump():
    found = row(hashtags.bumps(observed([100, 100, 100, 100, 90_000]), as_of=AS_OF))
    assert found["status"] == "not_enough_coverage"
    assert pd.isna(found["evidence"])
    assert not found["is_bump"]


def test_two_missing_days_are_no_bump():
    frame = observed([1000] * 20).drop(index=[18, 19])
    found = row(hashtags.bumps(frame, as_of=AS_OF))
    assert found["delta"] == pytest.approx(10_000)
    assert not found["is_bump"]


def test_a_counter_too_coarse_for_its_pace_is_rounded():
    frame = observed([3000] * 30)
    frame["total_views"] = (frame["total_views"] / 1e6).round().astype("int64") * 1_000_000
    found = row(hashtags.bumps(frame, as_of=AS_OF))
    assert found["status"] in {"rounded", "not_enough_coverage"}
    assert not found["is_bump"]


def test_wobbling_views_are_rarely_a_bump():
    random = np.random.default_rng(3)
    for days in (6, 9, 20):
        frames = [
            observed(random.normal(1.0, 0.2, days).clip(0.1) * 50_000, hashtag=f"tag{number}") for number in range(200)
        ]
        assert hashtags.bumps(pd.concat(frames), as_of=AS_OF)["is_bump"].mean() <= 0.02


# Calendar


def days_measured(daily, days=20):
    """Velocity of each day in the tutorial's dialect, daily counts, and flags: confirmed above 250 posts."""
    counted = metrics.daily.from_counter(hashtags.readings(observed(daily)), as_of=AS_OF)
    counts = pd.Series(daily, dtype="float64")
    rate = (counts / counts.rolling(7).mean()).tail(days)
    ends = [AS_OF - DAY * back for back in range(days, 0, -1)]
    velocities = pd.DataFrame({"hashtag": "dance", "day": ends, "growth_rate": rate.to_numpy()})
    velocities = velocities.assign(growth_low=0.0, growth_high=9.0, status="counter_only")
    velocities = velocities.astype({"day": "datetime64[us, UTC]"})
    is_high = (counts.rolling(2).min() > 250).tail(days)
    return velocities, counted, velocities.assign(alert=np.where(is_high, "confirmed", "watch"))


def marks(found):
    """Marks by how many days before the last they stand."""
    back = (found["day"].max() - found["day"]) // pd.Timedelta(days=1)
    return [(mark, days) for mark, days in zip(found["mark"], back, strict=True) if mark]


def test_a_trend_starts_when_it_is_confirmed_and_stops_when_its_level_is_gone():
    daily = [100, 102, 98] * 12 + [400, 420, 400, 410, 420, 430, 410, 420, 400, 420] + [100] * 8
    velocities, counted, flags = days_measured(daily)
    found = hashtags.calendar(velocities, counted, as_of=AS_OF, flags=flags)
    assert len(found) == 20
    assert marks(found) == [("start", 16), ("stop", 5)]
    on = found[found["is_on"]]
    assert on["baseline"].tolist() == pytest.approx([100.0] * 11, rel=0.001)
    assert found["level"].iloc[-1] == pytest.approx(100.0, rel=0.02)


def test_flags_are_what_breakouts_gives():
    velocities, counted, _ = days_measured([100, 102, 98] * 12 + [400, 410, 405] * 4)
    flags = metrics.breakouts(counted, as_of=AS_OF, days=20)
    ((mark, back),) = marks(hashtags.calendar(velocities, counted, as_of=AS_OF, flags=flags))
    assert mark == "start"
    assert 7 <= back <= 10


def test_a_trend_that_stays_high_goes_on_where_velocity_fell_to_one_long_ago():
    velocities, counted, flags = days_measured([100, 102, 98] * 12 + [400, 410, 405] * 7)
    found = hashtags.calendar(velocities, counted, as_of=AS_OF, flags=flags)
    assert found["growth_rate"].iloc[-1] == pytest.approx(1.0, abs=0.05)
    assert (found["level"].iloc[-1] / found["baseline"].iloc[-1]) > 4
    assert [mark for mark, _ in marks(found)] == ["start"]
    assert found["is_on"].iloc[-1]


def test_seven_falling_days_stop_a_trend_that_is_still_high():
    falling = [int(2000 * 0.93**day) for day in range(12)]
    velocities, counted, flags = days_measured([100, 102, 98] * 12 + [1500, 1800] + falling)
    found = hashtags.calendar(velocities, counted, as_of=AS_OF, flags=flags)
    assert [mark for mark, _ in marks(found)] == ["start", "stop"]
    stop = found[found["mark"] == "stop"].iloc[0]
    assert stop["level"] > 5 * 100


def test_without_flags_the_tutorial_s_velocity_of_two_starts_it():
    velocities, counted, _ = days_measured([100] * 36 + [300] * 5, days=8)
    found = hashtags.calendar(velocities, counted, as_of=AS_OF)
    assert marks(found) == [("start", 4)]
    assert found.loc[found["mark"] == "start", "growth_rate"].iloc[0] == pytest.approx(7 * 3 / 9)


def test_a_trend_is_on_for_at_least_three_days():
    velocities, counted, _ = days_measured([100] * 36 + [600] + [10] * 5, days=8)
    found = hashtags.calendar(velocities, counted, as_of=AS_OF)
    assert marks(found) == [("start", 5), ("stop", 2)]


def test_velocity_day_by_day_is_the_velocity_known_at_the_end_of_each_day():
    readings = hashtags.readings(observed([100] * 30 + [300, 100]))
    days = hashtags.day_by_day(partial(metrics.counter_velocity, readings), as_of=AS_OF, days=2)
    assert days["day"].tolist() == [AS_OF - DAY, AS_OF - 2 * DAY]
    assert days["growth_rate"].tolist() == pytest.approx([7 / 9, 3.0])


def test_an_empty_board_gives_an_empty_calendar():
    velocities, counted, flags = days_measured([100] * 30, days=2)
    assert hashtags.calendar(velocities[:0], counted, as_of=AS_OF, flags=flags).empty


# Brief and company


def test_the_brief_names_the_fastest_hashtags_with_their_most_viewed_recent_posts():
    posts, pairs = posts_and_tags()
    tagged = hashtags.tagged(posts, pairs)
    velocities = pd.DataFrame(
        {
            "hashtag": ["dance", "summer", "quiet", "unknown"],
            "growth_rate": [3.0, 2.0, 1.5, 9.0],
            "growth_low": [2.0, 1.5, 1.0, 8.0],
            "growth_high": [4.0, 3.0, 2.0, 10.0],
            "status": ["ok", "counter_only", "ok", "not_enough_coverage"],
        }
    )
    brief = hashtags.creator_brief(velocities, tagged, as_of=AS_OF)
    assert brief["hashtag"].tolist() == ["dance"] * 3 + ["summer"] * 3 + ["quiet"]
    assert brief["hashtag_rank"].tolist() == [1, 1, 1, 2, 2, 2, 3]
    assert brief["post_rank"].tolist()[:6] == [1, 2, 3] * 2
    # ten posts a day: the posts of the last seven days are p0 to p89
    assert brief["post_id"].tolist()[:6] == ["p89", "p88", "p87", "p88", "p86", "p84"]
    assert pd.isna(brief["post_id"].iloc[-1])


def test_company_is_counted_with_share_and_lift():
    posts, pairs = posts_and_tags()
    alone = pd.DataFrame({"post_id": ["p1", "p3"], "hashtag": ["other", "summer"]})
    tagged = hashtags.tagged(posts, pd.concat([pairs, alone]))
    found = hashtags.co_occurrence(tagged, as_of=AS_OF).set_index(["hashtag", "beside"])
    assert found.loc[("summer", "dance"), "n"] == 81
    assert found.loc[("summer", "dance"), "share"] == pytest.approx(1.0)
    assert found.loc[("dance", "summer"), "share"] == pytest.approx(81 / 160)
    assert found.loc[("dance", "summer"), "lift"] == pytest.approx(1.0)
    assert found.loc[("dance", "other"), "status"] == "weak"
    assert ("other", "summer") not in found.index


captions = st.lists(st.sets(st.sampled_from("abcd"), min_size=1), min_size=1, max_size=20)


@settings(max_examples=12)
@given(captions, st.integers(0, 9))
def test_company_is_mutual_and_no_row_order_changes_it(captions, seed):
    posts, _ = posts_and_tags()
    pairs = pd.DataFrame(
        [(f"p{number}", tag) for number, tags in enumerate(captions) for tag in sorted(tags)],
        columns=["post_id", "hashtag"],
    )
    found = hashtags.co_occurrence(hashtags.tagged(posts, pairs), as_of=AS_OF)
    shuffled = hashtags.tagged(posts.sample(frac=1, random_state=seed), pairs.sample(frac=1, random_state=seed))
    assert_frame_equal(hashtags.co_occurrence(shuffled, as_of=AS_OF), found)
    lifts = found.set_index(["hashtag", "beside"])["lift"]
    assert all(lifts[one, other] == pytest.approx(lifts[other, one]) for one, other in lifts.index)
    assert found["share"].between(0, 1).all()


# Engines and the practice world


def to_polars_lazy(frame):
    return to_polars(frame).lazy()


@pytest.mark.parametrize("engine", [to_polars, to_polars_lazy, "duckdb"])
def test_every_engine_gives_the_answers_of_pandas(engine):
    engine = duckdb.connect().from_df if engine == "duckdb" else engine
    posts, pairs = posts_and_tags()
    seen = pd.concat([observed([100, 102, 98] * 12 + [400] * 5), observed([50] * 30, hashtag="calm")])

    def answers(given_engine):
        tagged = hashtags.tagged(given_engine(posts), given_engine(pairs))
        readings = hashtags.readings(given_engine(seen))
        measure = partial(metrics.counter_velocity, readings)
        days = hashtags.day_by_day(measure, as_of=AS_OF, days=2)
        counted = metrics.daily.from_counter(readings, as_of=AS_OF)
        velocities = metrics.velocity(tagged, as_of=AS_OF)
        return [
            velocities,
            hashtags.bumps(given_engine(seen), as_of=AS_OF),
            hashtags.calendar(given_engine(days), counted, as_of=AS_OF),
            hashtags.creator_brief(velocities, tagged, as_of=AS_OF),
            hashtags.co_occurrence(tagged, as_of=AS_OF),
        ]

    for mine, expected in zip(answers(engine), answers(lambda frame: frame), strict=True):
        assert len(expected)
        assert_frame_equal(board(enter(mine)), board(enter(expected)))


def test_in_the_practice_world_bumps_are_found_and_steady_hashtags_are_left_alone():
    world = World(seed=11, sounds=10, hashtags=70, days=40)
    truth = world.truth()
    ends = [world.end - DAY * back for back in range(30, -1, -1)]
    rows = [
        (tag.name, end - timedelta(minutes=5), world.hashtag_posts(place, unix(end - timedelta(minutes=5))))
        for place, tag in enumerate(world.tags)
        for end in ends
    ]
    frame = pd.DataFrame(rows, columns=["hashtag", "observed_at", "total_posts"])
    frame = frame.astype({"observed_at": "datetime64[us, UTC]"})
    boards = pd.concat(
        [hashtags.bumps(frame, as_of=end, of="total_posts").assign(day=end.date() - DAY) for end in ends[16:]]
    )
    kinds = boards["hashtag"].map(truth.hashtag_classes)
    steady = boards[kinds.isin(["steady", "fading"]).to_numpy()]
    assert steady["is_bump"].mean() <= 0.01
    onsets = {tag: day for tag, day in truth.hashtag_onsets.items() if truth.hashtag_classes[tag] == "bump"}
    in_sight = {tag for tag, day in onsets.items() if ends[17].date() <= day <= ends[-3].date()}
    found = set(boards.loc[boards["is_bump"].to_numpy(), "hashtag"])
    assert len(in_sight) >= 3
    assert len(in_sight & found) >= 0.8 * len(in_sight)
