"""Leaderboard: ranks, tallies, and why a sound is not on it."""

from datetime import UTC, datetime

import pandas as pd
import polars as pl
import pytest
from frames import to_polars
from pandas.testing import assert_frame_equal

from trendlib.errors import NoDataError
from trendlib.metrics import BREAKOUT, leaderboard, tally, why

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)
COLUMNS = (
    "rank sound_id title artist is_original total_uses posts_last_24h posts_last_7d window_days"
    " growth_rate growth_low growth_high status alert evidence lift effective_creators top_creator_share top_region"
    " top_region_share first_seen song_id as_of"
).split()


def velocities(*rows, kind="posts"):
    """Rows of (sound_id, growth_low, status)."""
    frame = pd.DataFrame(rows, columns=["sound_id", "growth_low", "status"])
    frame = frame.assign(growth_rate=frame["growth_low"] * 1.5, growth_high=frame["growth_low"] * 2, evidence_kind=kind)
    frame[["posts_last_24h", "posts_last_7d", "window_days"]] = [80, 300, 1]
    whole_numbers = dict.fromkeys(["posts_last_24h", "posts_last_7d", "window_days"], "Int64")
    return frame.astype({"growth_low": "float64", **whole_numbers})


def uses(**totals):
    frame = pd.DataFrame({"sound_id": list(totals), "total_uses": pd.array(list(totals.values()), dtype="Int64")})
    return frame.astype({"sound_id": "str"})


def whole(*frames, **facts):
    return leaderboard(frames, as_of=AS_OF, facts=[uses(**facts)], max_uses=None, top=None, include_unrankable=True)


def test_the_columns_are_those_of_the_definition_in_their_order():
    assert list(whole(velocities(("a", 1.0, "ok")), a=5).columns) == COLUMNS


def test_sounds_rank_by_the_lower_bound_and_ties_by_id():
    board = whole(velocities(("c", 2.0, "ok"), ("a", 1.0, "ok"), ("b", 2.0, "counter_only"), ("d", 9.0, "weak")))
    assert board["sound_id"].tolist() == ["d", "b", "c", "a"]
    assert board["rank"].tolist() == [1, 2, 3, 4]


def test_what_cannot_be_ranked_comes_last_without_a_rank():
    board = whole(
        velocities(("a", 9.0, "new"), ("b", None, "not_enough_coverage"), ("c", 1.0, "ok"), ("d", None, "ok"))
    )
    assert board["sound_id"].tolist()[0] == "c"
    assert board["rank"].isna().tolist() == [False, True, True, True]


def test_the_default_view_asks_for_a_small_sound_with_a_rank():
    frame = velocities(("small", 1.0, "ok"), ("large", 9.0, "ok"), ("unknown", 9.0, "ok"), ("new", 9.0, "new"))
    board = leaderboard([frame], as_of=AS_OF, facts=[uses(small=99_999, large=100_000, unknown=None, new=5)])
    assert board["sound_id"].tolist() == ["small"]
    assert board["rank"].tolist() == [1]


def test_the_list_is_cut_at_the_top():
    frame = velocities(*((f"s{number:02}", float(number), "ok") for number in range(30)))
    board = leaderboard([frame], as_of=AS_OF, max_uses=None, top=3)
    assert board["sound_id"].tolist() == ["s29", "s28", "s27"]


@pytest.mark.parametrize(
    ("posts", "counter", "taken"),
    [
        ("ok", "counter_only", 1.0),
        ("weak", "counter_only", 2.0),
        ("weak", "weak", 1.0),
        ("weak", "rounded", 1.0),
        ("not_enough_coverage", "counter_only", 2.0),
        ("not_enough_coverage", "weak", 2.0),
    ],
)
def test_the_better_evidence_is_taken(posts, counter, taken):
    board = whole(velocities(("a", 1.0, posts)), velocities(("a", 2.0, counter), kind="counter"))
    assert board["growth_low"].tolist() == [taken]


def test_facts_fill_their_columns():
    fact = pd.DataFrame(
        {"sound_id": ["a"], "title": ["=HYPERLINK"], "alert": ["watch"], "evidence": [6.0], "other": [1]}
    )
    board = leaderboard([velocities(("a", 1.0, "ok"))], as_of=AS_OF, facts=[fact], max_uses=None)
    assert board.loc[0, ["title", "alert", "evidence"]].tolist() == ["=HYPERLINK", "watch", 6.0]
    assert board.loc[0, "as_of"] == AS_OF


def test_a_fact_with_two_rows_for_one_sound_is_refused():
    twice = pd.concat([uses(a=1), uses(a=2)])
    with pytest.raises(ValueError, match="two rows"):
        leaderboard([velocities(("a", 1.0, "ok"))], as_of=AS_OF, facts=[twice])


def test_the_order_of_rows_changes_nothing():
    frame = velocities(*((f"s{number:02}", float(number % 4), "ok") for number in range(30)))
    assert_frame_equal(whole(frame), whole(frame.sample(frac=1, random_state=3)))


def test_a_polars_frame_gives_a_polars_board():
    frame = to_polars(velocities(("a", 1.0, "ok")))
    assert isinstance(leaderboard([frame], as_of=AS_OF, max_uses=None), pl.DataFrame)


def test_the_tally_counts_statuses_in_words():
    board = whole(
        velocities(("a", 1.0, "ok"), ("b", 1.0, "ok"), ("c", 1.0, "weak"), ("d", None, "not_enough_coverage"))
    )
    assert tally(board) == "4 sounds: 2 ok, 1 weak, 1 not enough coverage"
    assert tally(board, credits_missing=41).endswith("1 not enough coverage (41 more credits would settle them)")
    assert tally(board[board["sound_id"] == "a"]) == "1 sound: 1 ok"


def test_why_names_the_check_that_failed_and_by_how_much():
    board = whole(velocities(("a", 4.0, "ok"), ("b", 3.0, "ok"), ("c", 1.0, "ok")), a=5, b=120_000, c=5)
    checks = why("b", board, top=1).set_index("check")
    assert not checks.loc["total uses", "passed"]
    assert "20,001" in checks.loc["total uses", "advice"]
    ranks = why("c", board, top=1).set_index("check")
    assert ranks.loc["rank", "found"].startswith("rank 2")
    assert "3.00" in ranks.loc["rank", "advice"]
    assert not ranks.loc["catch_them_early: growth_rate", "passed"]


def test_why_says_that_all_is_well():
    board = whole(velocities(("a", 4.0, "ok")), a=5)
    checks = why("a", board)
    assert checks["passed"].all()
    assert (checks["advice"] == "").all()


def test_why_tells_how_far_a_breakout_is():
    board = whole(velocities(("a", 4.0, "ok"), ("b", 4.0, "ok")), a=5, b=5)
    board = board.assign(evidence=[3.1, 3.1], lift=[1.6, 1.6], posts_last_24h=[40, 40], alert=["unusual", "watch"])
    far, slow = (why(sound, board, rules=[BREAKOUT]).set_index("check") for sound in ("a", "b"))
    assert far["passed"].tolist() == [True, True, True, False, False, True]
    assert far.loc["breakout: evidence", "advice"] == "0.90 short"
    assert "1.5 and 2.5 times the pace of five weeks ago" in far.loc["breakout: lift", "needed"]
    assert slow["passed"].all()  # flagged as it rose slowly


def test_why_says_of_an_unknown_number_why_the_sound_is_flagged_all_the_same():
    board = whole(velocities(("a", 4.0, "ok"), ("b", 4.0, "ok")), a=5, b=5).assign(alert=["new", "none"])
    young, other = (why(sound, board, rules=[BREAKOUT]).set_index("check") for sound in ("a", "b"))
    assert young.loc["breakout: lift", ["found", "passed"]].tolist() == [
        "too young to tell: flagged as new by other bounds",
        True,
    ]
    assert other.loc["breakout: lift", ["found", "passed"]].tolist() == ["unknown", False]


def test_why_tells_what_to_buy_where_coverage_is_short():
    checks = why("a", whole(velocities(("a", None, "not_enough_coverage")), a=5)).set_index("check")
    assert not checks.loc["status", "passed"]
    assert "pages" in checks.loc["status", "advice"]


def test_why_knows_no_sound_that_is_not_on_the_board():
    with pytest.raises(NoDataError, match="watchlist"):
        why("nobody", whole(velocities(("a", 4.0, "ok")), a=5))


def test_why_says_of_posts_a_day_when_they_are_a_lower_bound_or_a_mean():
    board = whole(velocities(("a", None, "not_enough_coverage"), ("b", 1.0, "counter_only")), a=5, b=5)
    board = board.assign(posts_last_24h=[29, 29], window_days=[1, 7], sound_id=["a", "b"], status=[
        "not_enough_coverage", "counter_only",
    ])  # fmt: skip
    least, mean = (why(one, board).set_index("check").loc["catch_them_early: posts_last_24h"] for one in ("a", "b"))
    assert least["found"] == "at least 29"
    assert least["advice"].startswith("can't be told")
    assert [mean["found"], mean["advice"]] == ["29 a day over 7 days", "21 short"]


@pytest.mark.parametrize(
    ("posts", "creators", "found", "is_passed"),
    [(400, 60, "6.7 posts a creator and day", False), (400, 300, "1.3 posts", True), (19, 1, "too few to tell", True)],
)
def test_why_tells_whether_a_handful_posts_it(posts: int, creators: int, found: str, *, is_passed: bool):
    board = whole(velocities(("a", 4.0, "ok")), a=5).assign(evidence=9.0, lift=9.0, alert="unusual")
    crowd = pd.DataFrame({"sound_id": ["a", "b"], "posts": [posts, 500], "creators": [creators, 500]})
    check = why("a", board, rules=[BREAKOUT], crowd=crowd).set_index("check").loc["breakout: creators"]
    assert found in check["found"]
    assert check["passed"] == is_passed
    assert bool(check["advice"]) != is_passed


def test_why_says_of_which_list_a_rank_is():
    board = whole(velocities(("a", 4.0, "ok"), ("b", 3.0, "ok")), a=120_000, b=5)
    small, all_of_them = (why("b", board, max_uses=most).set_index("check") for most in (100_000, None))
    assert small.loc["rank", "found"].startswith("rank 1 of sounds under 100,000 uses")
    assert all_of_them.loc["rank", "found"].startswith("rank 2 of all sounds")
