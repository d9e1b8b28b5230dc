"""Curves: stitched pulls, refusals, longevity and rank paths."""

from datetime import UTC, datetime, timedelta

import duckdb
import numpy as np
import pandas as pd
import pytest
from frames import to_polars
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from trendlib.metrics.curves import longevity, rank_path, stitch
from trendlib.metrics.engines import board, enter

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)
TRUE = np.array([10, 14, 20, 31, 40, 44, 60, 90, 120, 100, 80, 85, 60, 40.0])


def pull_of(first, last, *, sound_id="7001", counts=TRUE, digits=12):
    """What a pull after day ``last`` shows of days ``first`` to ``last``: the largest is 1."""
    shown = counts[first : last + 1]
    frame = pd.DataFrame(
        {
            "sound_id": sound_id,
            "pulled_at": AS_OF - DAY * (len(counts) - 1 - last) - DAY / 2,
            "day": [AS_OF - DAY * (len(counts) - place) for place in range(first, last + 1)],
            "value": np.round(shown / shown.max(), digits),
        }
    )
    return frame.astype({"day": "datetime64[us, UTC]", "pulled_at": "datetime64[us, UTC]", "sound_id": "str"})


def test_pulls_that_overlap_become_one_curve_of_the_true_shape():
    found = stitch(pd.concat([pull_of(0, 6), pull_of(3, 9), pull_of(7, 13)]), as_of=AS_OF)
    assert found["value"].to_numpy() == pytest.approx(TRUE / TRUE.max())
    assert found["scale_error"].to_numpy() == pytest.approx(np.zeros(14), abs=1e-9)
    assert found["pulls"].tolist() == [1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1]
    assert set(found["status"]) == {"index_only"}
    assert found["reason"].isna().all()


def test_rounding_is_kept_as_an_error_that_adds_up():
    pulls = [pull_of(0, 6, digits=2), pull_of(3, 7, digits=2), pull_of(4, 13, digits=2)]
    found = stitch(pd.concat(pulls), as_of=AS_OF)
    assert found["value"].to_numpy() == pytest.approx(TRUE / TRUE.max(), abs=0.02)
    errors = found["scale_error"]
    assert errors.iloc[0] == 0 < errors.iloc[7] < errors.iloc[13] < 0.05


def test_under_three_shared_days_are_refused():
    found = stitch(pd.concat([pull_of(0, 6), pull_of(5, 13)]), as_of=AS_OF)
    assert found.groupby("segment").size().tolist() == [7, 9]
    assert found.groupby("segment")["status"].first().tolist() == ["not_enough_coverage", "index_only"]
    assert found.loc[found["segment"] == 2, "reason"].unique().tolist() == ["under 3 overlapping days"]


def test_a_flat_overlap_is_refused():
    counts = np.array([10, 20, 50, 50, 50, 50, 50, 80, 90, 10.0])
    found = stitch(pd.concat([pull_of(0, 6, counts=counts), pull_of(2, 9, counts=counts)]), as_of=AS_OF)
    assert found["reason"].dropna().unique().tolist() == ["flat overlap"]


def test_later_pulls_are_not_known_yet():
    pulls = pd.concat([pull_of(0, 6), pull_of(3, 9)])
    assert_frame_equal(stitch(pulls, as_of=AS_OF - DAY * 5), stitch(pull_of(0, 6), as_of=AS_OF))


def test_no_pull_gives_an_empty_curve():
    assert stitch(pull_of(0, 6), as_of=AS_OF - DAY * 300).empty


@settings(max_examples=25)
@given(st.lists(st.integers(2, 1000), min_size=14, max_size=14), st.randoms(use_true_random=False))
def test_row_order_changes_no_curve(counts, random):
    series = np.array(counts, dtype="float64")
    pulls = pd.concat([pull_of(0, 8, counts=series), pull_of(3, 11, counts=series), pull_of(6, 13, counts=series)])
    found = stitch(pulls, as_of=AS_OF)
    assert found["value"].between(0, 1).all()
    assert_frame_equal(stitch(pulls.sample(frac=1, random_state=random.randrange(99)), as_of=AS_OF), found)


def entries_of(*rows):
    """Chart entries from (sound, days before AS_OF, rank, kind)."""
    frame = pd.DataFrame(
        [(sound, "US", 7, AS_OF - DAY * back + DAY / 4, rank, move) for sound, back, rank, move in rows],
        columns=["sound_id", "region", "period_days", "pulled_at", "rank", "rank_move"],
    )
    text = {"sound_id": "str", "region": "str", "rank_move": "str"}
    return frame.astype({**text, "pulled_at": "datetime64[us, UTC]", "rank": "Int64", "period_days": "Int64"})


ENTRIES = entries_of(
    ("a", 5, 9, "new"), ("a", 4, 3, "up"), ("a", 2, 3, "same"), ("a", 1, 7, "down"),
    ("b", 5, 1, "same"), ("b", 4, 1, "same"), ("c", 1, 50, None),
)  # fmt: skip


def test_longevity_counts_days_on_the_chart_among_days_it_was_pulled():
    found = longevity(ENTRIES, as_of=AS_OF).set_index("sound_id")
    assert found["days_seen"].to_dict() == {"a": 4, "b": 2, "c": 1}
    assert found["days_pulled"].to_dict() == {"a": 4, "b": 4, "c": 1}
    assert found["best_rank"].to_dict() == {"a": 3, "b": 1, "c": 50}
    assert found["latest_rank"].to_dict() == {"a": 7, "b": 1, "c": 50}
    assert found["is_on_chart"].to_dict() == {"a": True, "b": False, "c": True}
    assert set(found["status"]) == {"index_only"}


def test_a_chart_that_was_hardly_pulled_says_little_of_longevity():
    found = longevity(entries_of(("a", 20, 9, "new"), ("a", 1, 3, "up")), as_of=AS_OF)
    assert found["status"].tolist() == ["not_enough_coverage"]


def test_the_rank_path_takes_the_days_last_pull_and_names_the_moves():
    late = entries_of(("a", 1, 6, "up")).assign(pulled_at=AS_OF - DAY / 8)
    found = rank_path(pd.concat([ENTRIES, late]).astype(ENTRIES.dtypes), as_of=AS_OF)
    own = found[found["sound_id"] == "a"]
    assert own["rank"].tolist() == [9, 3, 3, 6]
    assert own["move"].tolist() == ["new", "up", "same", "up"]
    assert found.loc[found["sound_id"] == "c", "move"].isna().all()
    bare = rank_path(ENTRIES.drop(columns="rank_move"), as_of=AS_OF)
    assert bare["move"].isna().all()


def to_duckdb(frame):
    connection = duckdb.connect()
    connection.register("given", frame)
    return connection.sql("SELECT * FROM given")


@pytest.mark.parametrize("engine", [to_polars, to_duckdb])
def test_every_engine_gives_the_answer_of_pandas(engine):
    pulls = pd.concat([pull_of(0, 6), pull_of(3, 9), pull_of(0, 5, sound_id="7002"), pull_of(4, 9, sound_id="7002")])
    expected = board(enter(stitch(pulls, as_of=AS_OF)))
    assert_frame_equal(board(enter(stitch(engine(pulls), as_of=AS_OF))), expected)
    for metric in (longevity, rank_path):
        expected = board(enter(metric(ENTRIES, as_of=AS_OF)))
        assert_frame_equal(board(enter(metric(engine(ENTRIES), as_of=AS_OF))), expected)
