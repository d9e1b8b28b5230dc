"""Breakouts: evidence, alerts, and the rule that catches them early."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from trendlib.metrics import BREAKOUT, CATCH_THEM_EARLY, breakouts, catch_them_early

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def days_of(posts, *, sound_id="7001", source="posts", **others):
    """A daily frame from counts, the latest last; None is an unknown day."""
    size = len(posts)
    frame = pd.DataFrame(
        {
            "sound_id": sound_id,
            "day": [AS_OF - DAY * (size - place) for place in range(size)],
            "posts": [np.nan if count is None else float(count) for count in posts],
            "exposure_days": [0.0 if count is None else 1.0 for count in posts],
            "rounding_unit": 1,
            "source": source,
            **others,
        }
    )
    return frame.astype({"day": "datetime64[us, UTC]", "sound_id": "str", "source": "str"})


def row(frame):
    assert len(frame) == 1
    return frame.iloc[0]


QUIET = [100, 110, 90, 105, 95] * 6


def test_a_quiet_sound_gives_no_alert():
    found = row(breakouts(days_of(QUIET), as_of=AS_OF))
    assert found["alert"] == "none"
    assert abs(found["evidence"]) < 3
    assert found["lift"] == pytest.approx(1.0, abs=0.1)
    assert found["status"] == "ok"


def test_the_evidence_is_the_smoothed_z_of_the_last_seven_days():
    # a flat baseline of 100 scatters by nothing, so z = (c - 100) / 10
    found = row(breakouts(days_of([100] * 27 + [100, 100, 150]), as_of=AS_OF))
    assert found["evidence"] == pytest.approx(0.4 * 5 / np.sqrt(0.4 / 1.6))
    assert found["lift"] == pytest.approx(350 / 300)


def test_a_rise_is_watched_and_confirmed_the_day_after():
    found = breakouts(days_of([*QUIET, 260, 320, 380]), as_of=AS_OF, days=3)
    assert found["alert"].tolist() == ["unusual", "watch", "confirmed"]
    assert found["day"].tolist() == [pd.Timestamp(AS_OF) - DAY * back for back in (3, 2, 1)]


def test_a_rise_on_few_posts_is_at_most_unusual():
    found = row(breakouts(days_of([2] * 27 + [15, 20, 25]), as_of=AS_OF))
    assert found["evidence"] > 5
    assert found["alert"] == "unusual"


def test_a_lone_spike_against_a_high_level_is_not_watched():
    assert row(breakouts(days_of([1000] * 29 + [1900]), as_of=AS_OF))["alert"] == "unusual"


def test_a_missing_last_day_is_not_quiet_but_unknown():
    found = row(breakouts(days_of([*QUIET, None]), as_of=AS_OF))
    assert found["status"] == "not_enough_coverage"
    assert pd.isna(found["evidence"])
    assert found["alert"] == "none"


def test_missing_days_in_between_are_not_zeros():
    found = row(breakouts(days_of([*QUIET, None, None, 100]), as_of=AS_OF))
    assert abs(found["evidence"]) < 1


def test_a_rise_on_a_short_history_is_not_sent():
    found = row(breakouts(days_of([100] * 9 + [300, 400]), as_of=AS_OF))
    assert found["status"] == "weak"
    assert found["alert"] == "unusual"


def test_a_newborn_is_told_by_its_level_and_its_creators():
    crowd = days_of([10, 40, 80], creators=[8, 30, 60])
    few = days_of([10, 40, 80], sound_id="7002", creators=[1, 2, 3])
    unknown = days_of([10, 40, 80], sound_id="7003", source="counter", creators=np.nan)
    found = breakouts(pd.concat([crowd, few, unknown]), as_of=AS_OF)
    assert found["alert"].tolist() == ["new", "none", "none"]
    assert set(found["status"]) == {"new"}


def test_rounding_counts_as_noise():
    jumps = [*([0] * 9 + [100_000]) * 3, 100_000]
    found = row(breakouts(days_of(jumps, source="counter").assign(rounding_unit=100_000), as_of=AS_OF))
    assert found["status"] == "rounded"
    assert found["alert"] in {"none", "unusual"}


def test_thresholds_are_data_and_travel_with_their_version():
    strict = BREAKOUT.changed("1-strict", watch_evidence=1000.0)
    found = row(breakouts(days_of([*QUIET, 260, 320, 380]), as_of=AS_OF, rule=strict))
    assert found["alert"] == "unusual"
    assert found["rule_version"] == "1-strict"
    with pytest.raises(KeyError, match="watch_evidnce"):
        BREAKOUT.changed("2", watch_evidnce=1.0)


def test_one_day_and_a_span_agree():
    frame = days_of([*QUIET, 260, 320, 380])
    span = breakouts(frame, as_of=AS_OF, days=3)
    single = row(breakouts(frame[frame["day"] < AS_OF - DAY], as_of=AS_OF - DAY))
    assert single["evidence"] == pytest.approx(span.iloc[1]["evidence"], rel=0.05)
    assert single["alert"] == span.iloc[1]["alert"]


def leader(**changes):
    values = {"sound_id": "7001", "status": "ok", "growth_rate": 3.0, "total_uses": 99_999, "posts_last_24h": 50}
    return pd.DataFrame([{**values, **changes}]).astype({"total_uses": "Int64", "posts_last_24h": "Int64"})


@pytest.mark.parametrize(
    ("changes", "is_caught"),
    [
        ({}, True),
        ({"growth_rate": 2.99}, False),
        ({"total_uses": 100_000}, False),
        ({"total_uses": pd.NA}, False),
        ({"posts_last_24h": 49}, False),
        ({"posts_last_24h": pd.NA}, False),
        ({"status": "counter_only"}, True),
        ({"status": "new"}, False),
        ({"status": "not_enough_coverage"}, False),
    ],
)
def test_who_is_caught_early(changes, is_caught):
    assert len(catch_them_early(leader(**changes))) == is_caught


def test_another_limit_catches_another_sound():
    assert len(catch_them_early(leader(growth_rate=2.0), rule=CATCH_THEM_EARLY.changed("2", growth_rate=1.5))) == 1
