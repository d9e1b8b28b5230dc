"""Breakouts: evidence, alerts, and the rule that catches them early."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from benchmarks import calibration, direct
from benchmarks.scoring import score
from trendlib.metrics import BREAKOUT, breakouts
from trendlib.metrics.breakouts import crowds, last_day
from trendlib.metrics.daily import grid

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
    found = breakouts(days_of([*QUIET, 150, 200, 260, 340]), as_of=AS_OF, days=4)
    assert found["alert"].tolist() == ["unusual", "unusual", "watch", "confirmed"]
    assert found["day"].tolist() == [pd.Timestamp(AS_OF) - DAY * back for back in (4, 3, 2, 1)]


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
    found = row(breakouts(days_of([100] * 10 + [150, 200]), as_of=AS_OF))
    assert found["status"] == "weak"
    assert found["alert"] == "unusual"


def test_a_newborn_is_told_by_its_level_and_its_creators():
    crowd = days_of([10, 40, 80], creators=[8, 30, 60])
    few = days_of([10, 40, 80], sound_id="7002", creators=[1, 2, 3])
    unknown = days_of([10, 40, 80], sound_id="7003", source="counter", creators=np.nan)
    found = breakouts(pd.concat([crowd, few, unknown]), as_of=AS_OF)
    assert found["alert"].tolist() == ["new", "none", "none"]
    assert set(found["status"]) == {"new"}


def test_a_newborn_that_merely_exists_is_not_new_however_large_its_crowd():
    flat = days_of([60, 130, 120, 125, 130], creators=90)
    assert row(breakouts(flat, as_of=AS_OF))["alert"] == "none"
    # its first day is a part of one
    half = days_of([5, 120, 125], creators=90)
    assert row(breakouts(half, as_of=AS_OF))["alert"] == "none"


def test_a_day_that_nobody_read_confirms_nothing_and_denies_nothing():
    read = [*QUIET, 150, 200, 260, None, 400]
    found = breakouts(days_of(read), as_of=AS_OF, days=3)
    assert found["alert"].tolist() == ["watch", "none", "confirmed"]
    assert row(breakouts(days_of([*QUIET, 110, 105, None, None, 400]), as_of=AS_OF))["alert"] != "confirmed"


@pytest.mark.parametrize("kind", ["dates", "times without a zone"])
def test_a_day_may_be_a_date(kind):
    known = days_of([*QUIET, 150, 200, 260, 340])
    bare = known["day"].dt.date if kind == "dates" else known["day"].dt.tz_localize(None)
    found = breakouts(known.assign(day=bare), as_of=AS_OF)
    pd.testing.assert_frame_equal(found, breakouts(known, as_of=AS_OF))


def test_what_is_no_count_is_an_unknown_day():
    rise = days_of([100] * 40 + [200, 250, 300])
    rise["posts"] = rise["posts"].astype("float64")
    odd = rise.copy()
    odd.loc[[35, 36], "posts"] = [np.inf, -40.0]
    odd.loc[37, "exposure_days"] = np.inf
    found = row(breakouts(odd, as_of=AS_OF))
    assert found["evidence"] == row(breakouts(rise.drop(index=[35, 36, 37]), as_of=AS_OF))["evidence"]
    assert found["alert"] == "confirmed"


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


def posts_of(creators, *, sound_id="7001", hours=5):
    """Posts of the last day, one a creator named."""
    size = len(creators)
    frame = pd.DataFrame(
        {
            "sound_id": sound_id,
            "post_id": [str(number) for number in range(size)],
            "creator_id": creators,
            "posted_at": AS_OF - timedelta(hours=hours),
        }
    )
    text = dict.fromkeys(("sound_id", "post_id", "creator_id"), "str")
    return frame.astype({**text, "posted_at": "datetime64[us, UTC]"})


def test_a_crowd_is_counted_day_by_day_whatever_the_sample():
    known = pd.concat([posts_of(["a", "a", "b", None]), posts_of(["c"], hours=30).assign(post_id="x")])
    found = crowds(known, as_of=AS_OF)
    assert found["posts"].tolist() == [1, 3]
    assert found["creators"].tolist() == [1, 2]
    assert found["day"].tolist() == [pd.Timestamp(AS_OF) - DAY * 2, pd.Timestamp(AS_OF) - DAY]


RISING = [*QUIET, 260, 320, 380]


@pytest.mark.parametrize(
    ("creators", "alert"),
    [
        ([f"bot{number % 5}" for number in range(30)], "unusual"),
        ([f"fan{number}" for number in range(30)], "confirmed"),
        (["bot"] * 19, "confirmed"),  # too few to say anything
    ],
)
def test_a_rise_of_a_handful_of_accounts_is_not_sent(creators, alert):
    crowd = crowds(posts_of(creators), as_of=AS_OF)
    assert row(breakouts(days_of(RISING, source="counter"), as_of=AS_OF, crowd=crowd))["alert"] == alert


@pytest.mark.parametrize("creators", [["bot"] * 30, [f"fan{number}" for number in range(30)]])
def test_a_sound_looked_at_alone_gets_what_the_board_says_of_it(creators):
    counts = {"7001": RISING, "7002": QUIET, "7003": [*QUIET, None], "7004": [60, 90, 150], "7005": RISING[:-1]}
    board = pd.concat([days_of(own, sound_id=sound, source="counter") for sound, own in counts.items()])
    days, said = grid(board, as_of=AS_OF, days=71), ["alert", "evidence", "lift"]
    for sound in counts:
        crowd = crowds(posts_of(creators, sound_id=sound), as_of=AS_OF)
        expected = breakouts(board, as_of=AS_OF, crowd=crowd).set_index("sound_id").loc[sound, said]
        found = pd.Series(last_day(days, sound, crowd.assign(age=1)), dtype="object")[said]
        pd.testing.assert_series_equal(found, expected, check_names=False)
    assert last_day(days, "7009", crowd.assign(age=1))["alert"] is None


def test_bots_stay_known_for_a_week():
    crowd = crowds(posts_of(["bot"] * 40, hours=24 * 6), as_of=AS_OF)
    assert row(breakouts(days_of(RISING), as_of=AS_OF, crowd=crowd))["alert"] == "unusual"


def test_a_newborn_known_from_a_sample_only_is_told_by_its_crowd():
    frame = days_of([10, 25, 50], source="counter")
    assert row(breakouts(frame, as_of=AS_OF))["alert"] == "none"
    crowd = crowds(posts_of([f"fan{number}" for number in range(28)]), as_of=AS_OF)
    assert row(breakouts(frame, as_of=AS_OF, crowd=crowd))["alert"] == "new"


def test_a_young_sound_without_a_trusted_baseline_is_still_new():
    frame = days_of([10, 12, 15, 18, 22, 26, 32, 38, 46, 55, 66], creators=30)
    assert row(breakouts(frame, as_of=AS_OF))["alert"] == "new"
    older = days_of([10] * 8 + [10, 12, 15, 18, 22, 26, 32, 38, 46, 55, 66], creators=30)
    assert row(breakouts(older, as_of=AS_OF))["alert"] != "new"


@pytest.mark.parametrize("spike", [[1500], [1500, 100], [1100, 400], [1500, 400, 100]])
def test_a_spike_of_a_day_or_of_two_mornings_is_never_sent(spike):
    found = breakouts(days_of([*QUIET, *spike]), as_of=AS_OF, days=len(spike))
    assert set(found["alert"]) <= {"none", "unusual"}


def test_a_leap_that_stays_is_believed_day_by_day():
    found = breakouts(days_of([*[100] * 30, 500, 500, 500]), as_of=AS_OF, days=3)
    assert found["alert"].tolist() == ["unusual", "watch", "confirmed"]
    # 1.8, 3.24, then 5 times the baseline
    assert found["lift"].tolist() == pytest.approx([3.8 / 3, 6.04 / 3, 10.04 / 3])


def test_a_rise_of_a_newborn_stands_in_for_a_crowd_where_no_creator_is_known():
    frame = pd.concat([days_of([20, 40, 70, 120]), days_of([150] * 5, sound_id="7002")])
    found = breakouts(frame[["sound_id", "day", "posts", "exposure_days"]], as_of=AS_OF)
    assert found["alert"].tolist() == ["new", "none"]
    known = pd.concat([frame, days_of([100] * 30, sound_id="7003", creators=50)])
    assert breakouts(known, as_of=AS_OF)["alert"].tolist() == ["none"] * 3


def test_what_rounding_leaves_of_a_jump_is_enough():
    frame = days_of([0] * 40 + [0, 100, 100, 100, 200, 100, 200], source="counter").assign(rounding_unit=100)
    found = breakouts(frame, as_of=AS_OF, days=3)
    assert set(found["status"]) == {"counter_only"}
    assert found["alert"].iloc[-1] == "confirmed"


# bots show in creators only, so counters alone hold theirs, 4 of 100 sounds in ten weeks; restless days remember each
# other, so that chance itself lasts for days
@pytest.mark.parametrize(
    ("simulator", "form", "watched", "confirmed"),
    [
        ("negative binomial", "full counts", 0.5, 0.3),
        ("negative binomial", "exact counter", 1.2, 1.0),
        ("restless", "full counts", 1.3, 1.0),
        ("restless", "exact counter", 1.7, 1.4),
    ],
)
def test_daily_counts_alone_keep_the_bars_on_other_simulators(simulator, form, watched, confirmed):
    board = direct.simulate(31, simulator, sounds=400, days=70)
    numbers = {said.name: score(said, board.labels()) for said in direct.judged(board, form, 31)}
    assert numbers["watch"]["recall"] >= 0.95
    assert numbers["watch"]["slow"] >= 0.9
    assert numbers["watch"]["false alarms"] <= watched
    assert numbers["confirmed"]["recall"] >= 0.9
    assert numbers["confirmed"]["false alarms"] <= confirmed


def test_flat_sounds_behind_a_limit_of_600_posts_give_no_more_false_alarms():
    table = calibration.behind_the_limit(np.random.default_rng(3), sounds=300)
    ours = table[table.index.str.startswith("breakout")]
    assert (ours["600 each morning"] <= ours["whole history"]).all()
    assert (ours["600 this morning"] <= ours["whole history"]).all()
    assert table.loc["tutorial sound", "600 this morning"] > 50


def test_a_slow_burner_is_seen_from_five_weeks_away():
    grown = [50.0] * 45 + [50 * 1.05**day for day in range(1, 26)]
    assert row(breakouts(days_of(grown), as_of=AS_OF))["lift"] < BREAKOUT["watch_lift"]
    assert row(breakouts(days_of(grown), as_of=AS_OF))["alert"] == "confirmed"
    drift = [50 * 1.012**day for day in range(70)]
    assert row(breakouts(days_of(drift), as_of=AS_OF))["alert"] in {"none", "unusual"}


def test_lift_over_next_to_nothing_stays_readable():
    found = row(breakouts(days_of([0] * 27 + [18, 30, 54]), as_of=AS_OF))
    assert found["lift"] == pytest.approx(34.0)
    assert found["alert"] == "confirmed"


def test_a_coarsely_rounded_counter_gives_no_evidence():
    jumps = [*([0] * 9 + [100_000]) * 3, 0]
    found = row(breakouts(days_of(jumps, source="counter").assign(rounding_unit=100_000), as_of=AS_OF))
    assert found["status"] == "rounded"
    assert pd.isna(found["evidence"])
    assert pd.isna(found["lift"])
