"""Regions: shares that never travel without their n."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from benchmarks.calibration import alerts
from trendlib.metrics import regions
from trendlib.metrics.regions import crossover, region_mix, top_region
from trendlib.metrics.rules import CROSSOVER

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)


def posts_from(regions):
    times = pd.Series([AS_OF - timedelta(days=1)] * len(regions)).astype("datetime64[us, UTC]")
    frame = pd.DataFrame({"sound_id": "7001", "region": regions, "posted_at": times})
    return frame.astype({"region": "str"})


def test_shares_are_among_posts_with_a_region():
    mix = region_mix(posts_from(["US", "us", "GB", "", None]), as_of=AS_OF)
    assert mix["region"].tolist() == ["US", "GB"]
    assert mix["share"].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert mix["n"].tolist() == [3, 3]
    assert mix["n_unknown"].tolist() == [2, 2]
    assert mix["unknown_share"].tolist() == pytest.approx([0.4, 0.4])


def test_a_sound_without_any_known_region_says_so():
    mix = region_mix(posts_from(["", None]), as_of=AS_OF)
    assert len(mix) == 1
    assert pd.isna(mix.iloc[0]["region"])
    assert pd.isna(mix.iloc[0]["share"])
    assert mix.iloc[0]["n_unknown"] == 2
    assert pd.isna(top_region(mix).iloc[0]["top_region"])


def test_the_top_region_is_the_largest_and_ties_go_by_name():
    top = top_region(region_mix(posts_from(["US", "GB"]), as_of=AS_OF)).iloc[0]
    assert top["top_region"] == "GB"
    assert top["top_region_share"] == pytest.approx(0.5)


@settings(max_examples=40)
@given(st.lists(st.sampled_from(["US", "GB", "de", "", None]), min_size=1, max_size=60))
def test_shares_sum_to_one_or_are_unknown(regions):
    mix = region_mix(posts_from(regions), as_of=AS_OF)
    assert mix["share"].isna().all() or mix["share"].sum() == pytest.approx(1.0)
    assert (mix["n"] + mix["n_unknown"] == len(regions)).all()


def weeks_of(*weeks, sound_id="7001", first=0):
    """Posts of one sound, each by a creator of its own: a region's number of posts by week, the last week first."""
    rows = [
        (region, AS_OF - timedelta(days=7 * back + 1), f"{sound_id}-{back}-{region}-{number}")
        for back, week in enumerate(weeks, start=first)
        for region, number_of_posts in week.items()
        for number in range(number_of_posts)
    ]
    frame = pd.DataFrame(rows, columns=["region", "posted_at", "creator_id"]).assign(sound_id=sound_id)
    frame["post_id"] = "p" + frame["creator_id"]
    return frame.astype({"posted_at": "datetime64[us, UTC]"})


def test_newcombe_s_published_example_is_met(monkeypatch):
    monkeypatch.setattr(regions, "PRIOR_RHO", 0.0)
    monkeypatch.setattr(regions, "CAUTION_MOST", 1e9)  # as if it were known, not assumed
    monkeypatch.setattr(regions, "ONE_SIDED", 0.05)  # over two regions: 2.5 % each side, as in the paper
    frame = weeks_of({"BR": 56, "US": 14}, {"BR": 48, "US": 32})
    found = crossover(frame, as_of=AS_OF, rule=CROSSOVER.changed("few", posts=50)).set_index("region").loc["BR"]
    assert found["difference"] == pytest.approx(0.2)
    assert found["low"] == pytest.approx(0.0524, abs=5e-5)
    assert found["high"] == pytest.approx(0.3339, abs=5e-5)
    assert found["rule_version"] == "few"


def test_a_shift_from_5_to_27_percent_is_a_crossover():
    frame = weeks_of({"US": 219, "BR": 81}, {"US": 285, "BR": 15})
    found = crossover(frame, as_of=AS_OF).set_index("region")
    assert found["is_crossover"].to_dict() == {"BR": True, "US": False}
    assert found.loc["BR", "p0"] == pytest.approx(0.05)
    assert found.loc["BR", "p1"] == pytest.approx(0.27)
    assert found.loc["BR", "rule"] == "crossover"
    assert found.loc["BR", "status"] == "weak", "how alike posters are is only assumed"


def test_one_post_of_two_moves_a_region_by_fifty_points_and_nothing_is_said():
    found = crossover(weeks_of({"US": 1, "BR": 1}, {"US": 37}), as_of=AS_OF)
    assert found["reason"].unique().tolist() == ["not enough posts (n = 2)"]
    assert found["status"].unique().tolist() == ["not_enough_coverage"]
    assert found["difference"].isna().all()
    assert not found["is_crossover"].any()


def test_a_sound_without_regions_or_without_a_week_before_says_how_few_posts_there_are():
    found = crossover(pd.concat([weeks_of({"": 9}), weeks_of({"US": 500}, sound_id="7002")]), as_of=AS_OF)
    assert found["region"].isna().tolist() == [True, False]
    assert found["n_unknown"].tolist() == [9, 0]
    assert found["p0"].isna().all()
    assert found["reason"].unique().tolist() == ["not enough posts (n = 0)"]


def test_creators_are_counted_not_posts():
    calm = weeks_of({"US": 285, "BR": 15}, {"US": 285, "BR": 15})
    one = calm[calm["region"] == "BR"].iloc[[0] * 200].assign(post_id=[f"more{number}" for number in range(200)])
    frame = pd.concat([calm, one])
    assert not crossover(frame, as_of=AS_OF)["is_crossover"].any()
    assert crossover(frame, as_of=AS_OF)["n1"].tolist() == [300, 300]
    unknown = frame.assign(creator_id=None).astype({"creator_id": "str"})
    assert crossover(unknown, as_of=AS_OF)["is_crossover"].any()


def test_a_sound_whose_mix_always_wobbles_is_not_a_crossover():
    shift = [{"US": 219, "BR": 81}, {"US": 285, "BR": 15}]
    calm = weeks_of(*shift, *[{"US": 285, "BR": 15}] * 8)
    wobbling = weeks_of(*shift, *[{"US": 200, "BR": 100}, {"US": 285, "BR": 15}] * 4)
    assert crossover(calm, as_of=AS_OF)["is_crossover"].any()
    assert crossover(calm, as_of=AS_OF)["status"].unique().tolist() == ["ok"]
    assert not crossover(wobbling, as_of=AS_OF)["is_crossover"].any()


def test_posts_from_then_on_don_t_count():
    shift = weeks_of({"US": 219, "BR": 81}, {"US": 285, "BR": 15})
    calm = weeks_of({"US": 285, "BR": 15}, {"US": 285, "BR": 15}, first=2)
    assert not crossover(pd.concat([shift, calm]), as_of=AS_OF - timedelta(days=14))["is_crossover"].any()


@pytest.mark.parametrize("rho", [0.0, 0.01, 0.03, 0.05])
@pytest.mark.parametrize(
    ("n", "number", "weeks"), [(20, 8, 10), (100, 8, 2), (300, 20, 2), (1000, 8, 10), (5000, 20, 10)]
)
def test_false_alerts_are_at_most_one_in_a_hundred_sound_weeks(n, number, weeks, rho):
    shares = [alerts(np.random.default_rng(n + turn), number, n, rho, sounds=300, weeks=weeks) for turn in range(4)]
    assert np.mean(shares) <= 0.01


@pytest.mark.parametrize("number", [8, 20])
@pytest.mark.parametrize(("rho", "weeks"), [(0.0, 2), (0.0, 10), (0.005, 2), (0.005, 10)])
def test_a_shift_from_5_to_27_percent_is_found_in_most_cases_of_300_posters(number, weeks, rho):
    assert alerts(np.random.default_rng(8), number, 300, rho, sounds=400, weeks=weeks, is_shifted=True) >= 0.6


def test_a_lone_sound_learns_from_its_other_regions_how_its_posters_move():
    random = np.random.default_rng(8)
    lone = {"sounds": 300, "weeks": 2, "is_alone": True}
    assert alerts(random, 20, 300, 0.0, is_shifted=True, **lone) >= 0.6
    assert alerts(random, 2, 300, 0.0, is_shifted=True, **lone) >= 0.6
    assert alerts(random, 20, 1000, 0.03, **lone) <= 0.02


mixes = st.lists(st.dictionaries(st.sampled_from(["US", "GB", "DE"]), st.integers(0, 150)), min_size=1, max_size=4)


@settings(max_examples=12)
@given(mixes, st.integers(0, 9))
def test_the_order_of_rows_changes_no_crossover(weeks, seed):
    frame = weeks_of(*weeks)
    found = crossover(frame, as_of=AS_OF)
    assert_frame_equal(crossover(frame.sample(frac=1, random_state=seed), as_of=AS_OF), found)
    told = found.dropna(subset="low")
    assert ((told["low"] <= told["difference"]) & (told["difference"] <= told["high"])).all()
    assert (told["low"] >= -1).all()
    assert (told["high"] <= 1).all()
