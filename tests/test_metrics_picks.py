"""Picks: who is caught early, and who wakes up."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from trendlib.metrics import CATCH_THEM_EARLY, REACTIVATION, breakouts, catch_them_early, reactivations
from trendlib.metrics.picks import is_early

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)


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
    assert is_early(leader(**changes).iloc[0]) == is_caught


def test_another_limit_catches_another_sound():
    assert len(catch_them_early(leader(growth_rate=2.0), rule=CATCH_THEM_EARLY.changed("2", growth_rate=1.5))) == 1


def id_of(born):
    return str(int(born.timestamp()) << 32)


OLD, YOUNG = id_of(AS_OF - 900 * DAY), id_of(AS_OF - 400 * DAY)
WAKING = [3.0, 5, 4, 2, 6] * 10 + [60.0, 90, 150]


def woken(counts, *, sound_id=OLD, **others):
    days = [AS_OF - DAY * (len(counts) - place) for place in range(len(counts))]
    daily = pd.DataFrame({"sound_id": sound_id, "day": days, "posts": counts, "exposure_days": 1.0})
    daily = daily.astype({"sound_id": "str", "posts": "float64"})
    return reactivations(breakouts(daily, as_of=AS_OF), daily, as_of=AS_OF, **others)


def test_an_old_quiet_sound_that_wakes_is_a_reactivation():
    found = woken(WAKING).iloc[0]
    assert (found["alert"], found["rule"], found["rule_version"]) == ("reactivation", "reactivation", "1")
    assert found["age_days"] == pytest.approx(900, abs=0.01)
    assert found["quiet_pace"] == pytest.approx(4, abs=0.2)


def test_young_busy_unmoved_or_undated_sounds_are_none():
    assert woken(WAKING, sound_id=YOUNG).empty
    assert woken(np.asarray(WAKING) * 10).empty
    assert woken([3.0, 5, 4, 2, 6] * 11).empty
    assert woken(WAKING, sound_id="96169040").empty
    assert len(woken(np.asarray(WAKING) * 10, rule=REACTIVATION.changed("2", quiet_posts=100.0))) == 1


def test_a_known_birth_counts_more_than_the_id():
    births = pd.DataFrame({"sound_id": ["96169040", OLD], "born_at": [AS_OF - 4000 * DAY, AS_OF - 30 * DAY]})
    births = births.astype({"born_at": "datetime64[us, UTC]", "sound_id": "str"})
    assert len(woken(WAKING, sound_id="96169040", births=births)) == 1
    assert woken(WAKING, births=births).empty
