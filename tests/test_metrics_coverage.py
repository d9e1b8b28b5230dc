"""Coverage: what fetched pages prove."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from trendlib.errors import SchemaError
from trendlib.metrics.coverage import BEGINNING, coverage, is_newest_first

AS_OF = datetime(2026, 3, 10, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
KINDS = {
    "cursor": "str",
    "region": "str",
    "has_more": "boolean",
    **dict.fromkeys(("items", "items_read", "pairs", "rises"), "Int64"),
    **dict.fromkeys(("observed_at", "newest_posted_at", "oldest_posted_at"), "datetime64[us, UTC]"),
}


def page(fetched, newest, oldest, *, cursor=None, **others):
    """Describe a page; ``fetched`` in hours before AS_OF, the posts' ages too."""
    return {
        "subject": "sound",
        "subject_id": "7001",
        "region": None,
        "cursor": cursor,
        "has_more": True,
        "items": 30,
        "items_read": 30,
        "pairs": 29,
        "rises": 0,
        "observed_at": AS_OF - fetched * HOUR,
        "newest_posted_at": AS_OF - newest * HOUR,
        "oldest_posted_at": AS_OF - oldest * HOUR,
        **others,
    }


def proven(*pages, totals=None):
    result = coverage(pd.DataFrame(list(pages)).astype(KINDS), as_of=AS_OF, totals=totals)
    return result.iloc[0]


def test_a_newest_first_walk_proves_from_its_oldest_post_to_its_first_fetch():
    feed = proven(page(1, 2, 30), page(0.99, 30, 60, cursor="30"))
    assert feed["complete_since"] == AS_OF - 60 * HOUR
    assert feed["covered_until"] == AS_OF - HOUR
    assert feed["is_newest_first"]
    assert not feed["has_reached_end"]
    assert feed["pages"] == 2
    assert feed["items"] == 60


def test_a_feed_ordered_by_likes_proves_nothing():
    feed = proven(page(1, 2, 700, rises=14))
    assert pd.isna(feed["complete_since"])
    assert not feed["is_newest_first"]


def test_a_page_with_a_post_newer_than_the_page_before_breaks_the_order():
    assert pd.isna(proven(page(1, 2, 30), page(0.99, 25, 60, cursor="30"))["complete_since"])


def test_posts_that_came_up_to_an_hour_out_of_order_are_forgiven():
    assert proven(page(1, 2, 30), page(0.99, 29.5, 60, cursor="30"))["complete_since"] == AS_OF - 60 * HOUR


def test_one_rise_in_a_hundred_pairs_is_forgiven_and_two_are_not():
    pages = [page(1, 2, 10), *(page(1, 10 * n, 10 * n + 10, cursor=str(30 * n)) for n in range(1, 4))]
    assert proven({**pages[0], "rises": 1}, *pages[1:])["is_newest_first"]
    assert not proven({**pages[0], "rises": 2}, *pages[1:])["is_newest_first"]


def test_pages_fetched_at_one_instant_follow_their_cursors_as_numbers():
    pages = [page(1, 2, 10), page(1, 10, 20, cursor="30"), page(1, 20, 50, cursor="100")]
    assert proven(pages[2], pages[1], pages[0])["complete_since"] == AS_OF - 50 * HOUR


def test_a_single_post_says_nothing_about_an_order():
    assert pd.isna(proven(page(1, 2, 2, items=1, items_read=1, pairs=0))["complete_since"])


def test_a_short_walk_of_a_feed_known_to_be_newest_first_counts():
    feed = proven(page(30, 31, 60), page(1, 2, 31, items=2, items_read=2, pairs=1))
    assert feed["complete_since"] == AS_OF - 60 * HOUR


def test_the_end_reached_proves_everything_from_the_beginning():
    feed = proven(page(1, 2, 700, rises=14, has_more=False))
    assert feed["complete_since"] == BEGINNING
    assert feed["has_reached_end"]


def test_a_capped_feed_has_not_been_seen_to_its_end():
    totals = pd.DataFrame({"subject_id": ["7001"], "total": pd.array([40_000], dtype="Int64")})
    feed = proven(page(1, 2, 700, rises=14, has_more=False), totals=totals)
    assert feed["is_capped"]
    assert pd.isna(feed["complete_since"])


def test_a_capped_feed_that_is_newest_first_still_proves_what_it_showed():
    totals = pd.DataFrame({"subject_id": ["7001"], "total": pd.array([40_000], dtype="Int64")})
    assert proven(page(1, 2, 700, has_more=False), totals=totals)["complete_since"] == AS_OF - 700 * HOUR


def test_an_empty_answer_is_no_proof_of_silence():
    empty = page(1, 1, 1, items=0, items_read=0, pairs=0, has_more=False, newest_posted_at=None, oldest_posted_at=None)
    assert pd.isna(proven(empty)["complete_since"])
    totals = pd.DataFrame({"subject_id": ["7001"], "total": pd.array([0], dtype="Int64")})
    assert proven(empty, totals=totals)["complete_since"] == BEGINNING


def test_an_incremental_walk_continues_the_older_proof():
    older, newer = page(25, 26, 200), page(1, 2, 26)
    assert proven(older, newer)["complete_since"] == AS_OF - 200 * HOUR
    assert proven(older, newer)["covered_until"] == AS_OF - HOUR


def test_proofs_with_a_gap_between_them_are_not_joined():
    assert proven(page(48, 49, 200), page(1, 2, 26))["complete_since"] == AS_OF - 26 * HOUR


def test_a_walk_that_proves_nothing_leaves_the_older_proof_standing():
    feed = proven(page(25, 26, 200), page(1, 2, 700, rises=14))
    assert feed["complete_since"] == AS_OF - 200 * HOUR
    assert feed["covered_until"] == AS_OF - 25 * HOUR


def test_a_feed_asked_for_one_market_is_left_out():
    assert coverage(pd.DataFrame([page(1, 2, 30, region="US")]).astype(KINDS), as_of=AS_OF).empty


def test_pages_fetched_at_the_instant_or_later_are_not_known_yet():
    assert coverage(pd.DataFrame([page(0, 2, 30)]).astype(KINDS), as_of=AS_OF).empty


def test_a_walk_that_can_be_judged_while_it_is_fetched():
    assert is_newest_first([page(1, 2, 30)])
    assert not is_newest_first([page(1, 2, 30, rises=9)])
    assert not is_newest_first([])


def test_a_naive_time_is_refused():
    frame = pd.DataFrame([page(1, 2, 30)]).astype(KINDS)
    frame["observed_at"] = frame["observed_at"].dt.tz_localize(None)
    with pytest.raises(SchemaError, match="time zone"):
        coverage(frame, as_of=AS_OF)
