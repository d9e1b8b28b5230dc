"""Regions: shares that never travel without their n."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trendlib.metrics.regions import region_mix, top_region

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
