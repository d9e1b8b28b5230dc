"""What holds of every metric whatever the data: shares, order of rows, posts seen twice, and sounds that are flat."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from every_metric import METRICS, known_to
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from trendlib import metrics
from trendlib.metrics import daily
from trendlib.store import Store

AS_OF = datetime(2026, 3, 10, 6, 30, tzinfo=UTC)
DAY = timedelta(days=1)
TYPES = {"sound_id": "str", "post_id": "str", "creator_id": "str", "region": "str", "views": "Int64"}
UNUSUAL = metrics.BREAKOUT.thresholds["unusual_evidence"]
FLAT_SOUNDS = 120
MOST_UNUSUAL = 0.02
# they pick rows, or name columns anew, and leave the rows where they stand
KEEP_THE_ORDER = {"catch_them_early", "reactivations", "unranked", "by_pull", "curve_points", "hashtags.named"}

regions = st.sampled_from(["US", "gb", "BR", "", None])
posts = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), regions, st.integers(0, 20 * 24), st.integers(0, 99)),
    min_size=1,
    max_size=80,
)


def posts_of(rows):
    columns = ["sound_id", "creator_id", "region", "hours", "views"]
    frame = pd.DataFrame(rows, columns=columns).assign(post_id=[f"p{number:03}" for number in range(len(rows))])
    age = pd.to_timedelta(frame.pop("hours") * 3600 + 60, unit="s")
    frame["posted_at"] = (pd.Timestamp(AS_OF) - age).astype("datetime64[us, UTC]")
    return frame.astype(TYPES)


def flat_days(per_day, history, seed, sounds=FLAT_SOUNDS):
    """Daily counts in which nothing happens: Poisson numbers around the same mean, of many sounds."""
    counts = np.random.default_rng(seed).poisson(per_day, (sounds, history))
    frame = pd.DataFrame(
        {
            "sound_id": np.repeat([f"s{number}" for number in range(sounds)], history),
            "day": [AS_OF - DAY * (history - place) for place in range(history)] * sounds,
            "posts": counts.ravel().astype("float64"),
            "exposure_days": 1.0,
        }
    )
    return frame.astype({"sound_id": "str", "day": "datetime64[us, UTC]"})


@pytest.fixture(scope="module")
def sample(own_home):
    store = Store(own_home / "warehouse" / "trendlib.duckdb")
    return known_to(store, store.last_observed_at() + timedelta(minutes=1))


@pytest.mark.parametrize("metric", METRICS)
def test_the_order_of_rows_changes_no_metric(sample, metric):
    random = np.random.default_rng(4)
    frames = {name: one for name, one in vars(sample).items() if isinstance(one, pd.DataFrame)}
    shuffled = {name: one.iloc[random.permutation(len(one))].reset_index(drop=True) for name, one in frames.items()}
    found, expected = METRICS[metric](SimpleNamespace(**{**vars(sample), **shuffled})), METRICS[metric](sample)
    if metric in KEEP_THE_ORDER:
        found, expected = (one.sort_values(list(one.columns), ignore_index=True) for one in (found, expected))
    assert_frame_equal(found, expected, rtol=1e-9, atol=1e-12)


ON_POSTS = {
    "velocity": lambda frame: metrics.velocity(frame, as_of=AS_OF),
    "daily": lambda frame: daily.from_posts(frame, as_of=AS_OF, posts_per_creator=2),
    "crowds": lambda frame: metrics.crowds(frame, as_of=AS_OF),
    "concentration": lambda frame: metrics.concentration(frame, as_of=AS_OF),
    "top creators": lambda frame: metrics.top_creators(frame, as_of=AS_OF)[["creator_id", "posts"]],
    "region mix": lambda frame: metrics.region_mix(frame, as_of=AS_OF),
    "region history": lambda frame: metrics.region_history(frame, as_of=AS_OF),
    "crossover": lambda frame: metrics.crossover(frame, as_of=AS_OF),
}


@pytest.mark.parametrize("metric", ON_POSTS)
@settings(max_examples=8)
@given(rows=posts, seen=st.integers(2, 3))
def test_a_post_that_was_seen_more_than_once_counts_once(metric, rows, seen):
    frame = posts_of(rows)
    again = pd.concat([frame] * seen, ignore_index=True)
    assert_frame_equal(ON_POSTS[metric](again), ON_POSTS[metric](frame))


@settings(max_examples=15)
@given(rows=posts, cells=st.integers(1, 5), span_days=st.integers(1, 4))
def test_shares_of_regions_sum_to_one_in_every_cell(rows, cells, span_days):
    found = metrics.region_history(posts_of(rows), as_of=AS_OF, cells=cells, span_days=span_days)
    sums = found.dropna(subset=["share"]).groupby(["sound_id", "day"])["share"].sum()
    assert sums.to_numpy() == pytest.approx(np.ones(len(sums)))
    assert found["share"].dropna().between(0, 1).all()


@settings(max_examples=15)
@given(rows=posts)
def test_the_busiest_creator_s_share_lies_between_an_equal_one_and_all(rows):
    found = metrics.concentration(posts_of(rows), as_of=AS_OF)
    least = 1 / found["creators"].astype("float64")
    known = found["creators"] > 0
    assert (found["top_creator_share"][known] >= least[known] - 1e-12).all()
    assert (found["top_creator_share"][known] <= 1).all()
    assert (found["effective_creators"][known] <= found["creators"][known] + 1e-9).all()


@settings(max_examples=6)
@given(rows=posts)
def test_leaving_out_nobody_is_the_identity(rows):
    nameless = posts_of(rows).assign(creator_id=None, region="").astype(TYPES)
    found = metrics.leave_one_out(nameless, as_of=AS_OF, measure=metrics.velocity, coverage=AS_OF - 30 * DAY)
    nobody = found[found["left_out"] != "post"]
    assert nobody["who"].isna().all()
    for name in ("growth_rate", "growth_low", "growth_high", "status"):
        assert nobody[f"{name}_without"].tolist() == pytest.approx(nobody[name].tolist(), nan_ok=True)


@settings(max_examples=15)
@given(per_day=st.integers(10, 5000), history=st.integers(12, 70), level=st.integers(0, 9000))
def test_a_counter_that_grows_by_the_same_every_day_reads_one(per_day, history, level):
    readings = pd.DataFrame(
        {
            "sound_id": "7001",
            "observed_at": [AS_OF - timedelta(minutes=5) - DAY * back for back in range(history)],
            "total_uses": [level + per_day * (history - back) for back in range(history)],
        }
    ).astype({"sound_id": "str", "observed_at": "datetime64[us, UTC]", "total_uses": "Int64"})
    found = metrics.counter_velocity(readings, as_of=AS_OF).iloc[0]
    assert found["growth_rate"] == pytest.approx(1.0, rel=1e-6)
    assert found["growth_low"] <= 1 <= found["growth_high"]
    flags = metrics.breakouts(daily.from_counter(readings, as_of=AS_OF), as_of=AS_OF, days=7)
    assert set(flags["alert"]) == {"none"}


@settings(max_examples=6)
@given(per_day=st.integers(10, 2000), seed=st.integers(0, 99))
def test_more_history_makes_no_flat_sound_unusual_more_often(per_day, seed):
    """However far back a flat series is known, and however many days are looked at, few of its days are unusual."""
    whole = flat_days(per_day, 74, seed)
    for history in (25, 46, 74):
        known = whole[whole["day"] >= AS_OF - DAY * history]
        flags = metrics.breakouts(known, as_of=AS_OF, days=14 if history > 25 else 4)
        told = flags["evidence"].dropna()
        assert len(told) > FLAT_SOUNDS
        assert (told >= UNUSUAL).mean() <= MOST_UNUSUAL
        assert not flags["alert"].isin(["watch", "confirmed", "new"]).any()
