"""A sound's posts as columns of numbers count as the metrics do, at whatever instant."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from trendlib import metrics
from trendlib.boards.post_history import NEVER, PostHistory, micros
from trendlib.metrics import daily
from trendlib.metrics.counters import Readings
from trendlib.metrics.coverage import own_span, spans
from trendlib.metrics.engines import enter, instant
from trendlib.metrics.windows import Counts

AT = datetime(2026, 3, 2, 7, tzinfo=UTC)
DAYS, ROWS = 12, 900


def said(seed: int) -> dict[str, Any]:
    """Make up answers about posts: some more than once, later ones with other words or with gaps."""
    draw = np.random.default_rng(seed)
    post = draw.integers(1, ROWS // 2, ROWS)
    born = micros(AT) - (draw.random(ROWS) * DAYS * 86_400e6).astype("int64")
    posted = np.where(draw.random(ROWS) < 0.1, NEVER, born[post])
    observed = np.sort(born[post] + (draw.random(ROWS) * 86_400e6).astype("int64"))
    creator = np.where(draw.random(ROWS) < 0.2, 0, 1 + post % 25)
    return {
        "post": post,
        "posted": posted,
        "creator": creator,
        "region": draw.integers(0, 4, ROWS),
        "observed": observed,
    }


def known_then(answers: dict[str, Any], as_of: datetime) -> pd.DataFrame:
    """Tell in the plainest way what was known of each post."""
    table = pd.DataFrame(answers)
    table = table[table["observed"] < micros(as_of)]
    unknown = {"posted": NEVER, "creator": 0, "region": 0}
    gaps = table.assign(**{name: table[name].mask(table[name] == value) for name, value in unknown.items()})
    latest = gaps.groupby("post").last().fillna(unknown).astype("int64")
    return latest[latest["posted"] < micros(as_of)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("back", [0.0, 0.4, 5.3, 40.0])
def test_counts_at_any_instant_are_those_of_the_metrics(seed: int, back: float) -> None:
    answers, as_of = said(seed), AT - back * timedelta(days=1)
    known, plain = PostHistory.of(answers).known(as_of), known_then(answers, as_of)
    assert len(known) == len(plain)
    posts = pd.DataFrame(
        {
            "sound_id": "1",
            "post_id": plain.index.astype("str"),
            "creator_id": plain["creator"].astype("str").mask(plain["creator"] == 0),
            "posted_at": pd.to_datetime(plain["posted"], unit="us", utc=True),
        }
    )
    covered = AT - timedelta(days=DAYS - 3.3)
    counted = daily.from_posts(posts, as_of=as_of, coverage=covered, days=7, posts_per_creator=2)
    ours = known.by_day(7, 2, micros(covered), NEVER).set_index("age")
    age = ((pd.Timestamp(as_of) - counted["day"]) / pd.Timedelta(days=1)).round().astype(int)
    found = ours.reindex(age, fill_value=0)
    assert found["capped_within"].tolist() == counted["posts"].tolist()
    assert found["creators_within"].tolist() == counted["creators"].tolist()
    assert (ours["posts"] >= ours["capped"]).all()
    few = metrics.concentration(posts, as_of=as_of)
    row = known.by_creator(7)
    assert row["creators"].tolist() == few["creators"].tolist()
    assert row["posts"].fillna(0).tolist() == few["posts"].tolist()


def test_regions_are_counted_by_cell() -> None:
    answers = said(7)
    plain = known_then(answers, AT)
    cell, region, posts = PostHistory.of(answers).known(AT, 6).by_region(3, 2)
    ages = (micros(AT) - 1 - plain["posted"]) // (2 * 86_400_000_000) + 1
    expected = plain[ages <= 3].groupby([ages, "region"]).size()
    assert dict(zip(zip(cell, region, strict=True), posts, strict=True)) == expected.to_dict()


def test_nothing_said_is_nothing_counted() -> None:
    empty = {name: np.array([], dtype="int64") for name in said(0)}
    known = PostHistory.of(empty).known(AT)
    assert not len(known)
    assert known.oldest is None
    assert known.by_day(7, 2, 0, NEVER).empty
    assert known.by_creator(7).empty
    assert len(known.by_region(3, 1)[0]) == 0


def test_two_answers_of_one_instant_count_once_and_the_later_one_stands() -> None:
    at = micros(AT) - 1000
    answers = {
        "post": np.array([1, 1]), "posted": np.array([at - 5, at - 5]), "creator": np.array([4, 0]),
        "region": np.array([1, 2]), "observed": np.array([at, at]),
    }  # fmt: skip
    known = PostHistory.of(answers).known(AT)
    assert (known.column("creator").tolist(), known.column("region").tolist()) == ([4], [2])


@pytest.mark.parametrize("back", [0.0, 3.7, 21.2])
def test_counters_put_in_order_once_tell_what_they_tell_anew(back: float) -> None:
    draw = np.random.default_rng(5)
    times = [AT - timedelta(days=float(day)) for day in 60 * draw.random(400)]
    uses = pd.Series(draw.integers(0, 10**6, 400), dtype="Int64").mask(draw.random(400) < 0.05)
    readings = pd.DataFrame({"sound_id": pd.Series(draw.integers(0, 9, 400), dtype="str"), "observed_at": times})
    readings = readings.assign(total_uses=uses).astype({"observed_at": "datetime64[us, UTC]"})
    as_of = AT - back * timedelta(days=1)
    told = Readings(readings).by_day(instant(as_of), 70)
    anew = daily.from_counter(readings, as_of=as_of)
    counts = Counts.of_counter(told, 70)
    pd.testing.assert_frame_equal(counts.frame(instant(as_of)).drop(columns="creators"), anew)
    ours, theirs = counts.grid(71), daily.grid(anew, as_of=as_of, days=71)
    assert ours.sounds.equals(theirs.sounds)
    for name in ("posts", "exposure", "unit", "is_counter", "is_seen", "creators"):
        np.testing.assert_array_equal(getattr(ours, name), getattr(theirs, name))


def test_velocity_on_readings_put_in_order_is_the_same() -> None:
    draw = np.random.default_rng(6)
    frame = pd.DataFrame({"sound_id": np.repeat([f"{one}" for one in range(6)], 40)})
    frame["observed_at"] = [AT - timedelta(days=one % 40, hours=2) for one in range(240)]
    frame["total_uses"] = draw.integers(0, 10**5, 240)
    frame = frame.astype({"sound_id": "str", "observed_at": "datetime64[us, UTC]", "total_uses": "Int64"})
    for as_of in (AT, AT - timedelta(days=9.4)):
        ours = metrics.counter_velocity(Readings(frame), as_of=as_of)
        pd.testing.assert_frame_equal(ours, metrics.counter_velocity(frame, as_of=as_of), check_exact=True)


@pytest.mark.parametrize("oldest", [None, AT - timedelta(days=3)])
@pytest.mark.parametrize("feeds", [0, 1])
def test_the_span_of_one_sound_is_that_of_all(oldest: datetime | None, feeds: int) -> None:
    posted = [] if oldest is None else [oldest, AT - timedelta(days=1)]
    posts = pd.DataFrame({"sound_id": ["1"] * len(posted), "posted_at": posted}).astype(
        {"sound_id": "str", "posted_at": "datetime64[us, UTC]"}
    )
    pages = {"subject": "sound", "subject_id": "1", "complete_since": AT - timedelta(days=2), "covered_until": AT}
    covered = pd.DataFrame([pages] * feeds, columns=list(pages)).astype(
        {**dict.fromkeys(("subject", "subject_id"), "str"),
         **dict.fromkeys(("complete_since", "covered_until"), "datetime64[us, UTC]")}
    )  # fmt: skip
    theirs = spans(enter(posts, ids=["sound_id"], times=["posted_at"]), covered, instant(AT))
    stretch = (AT - timedelta(days=2), AT) if feeds else None
    ours = own_span("1", None if oldest is None else pd.Timestamp(oldest), stretch)
    pd.testing.assert_frame_equal(ours, theirs[list(ours)], check_index_type=False)
