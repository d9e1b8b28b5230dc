"""Findings: the sentence under a chart claims what its frame shows, and no more."""

import pandas as pd
import pytest

from trendlib.boards import findings
from trendlib.boards.study import at_least_one
from trendlib.errors import ConfigError

SHIFT = {"region": "US", "p0": 0.1, "p1": 0.5, "is_crossover": True, "reason": ""}
TAG = {"hashtag": "dance", "status": "ok", "lift": 4.0}


def shifts(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame([{**SHIFT, **row} for row in rows], columns=list(SHIFT)).astype({"is_crossover": "bool"})


def tags(*rows: dict[str, object]) -> pd.DataFrame:
    return pd.DataFrame([{**TAG, **row} for row in rows], columns=list(TAG)).astype({"lift": "float64"})


def test_a_shift_is_told_or_the_reason_why_not() -> None:
    assert findings.shift(shifts({})).startswith("crosses into the United States ")
    assert findings.shift(shifts({"is_crossover": False})) == "crosses into no other region"
    few = shifts({"is_crossover": False, "reason": "not enough posts (n = 3)"})
    assert findings.shift(few) == "can't tell: not enough posts (n = 3)"
    assert findings.shift(shifts()).startswith("can't tell: no post of it")


def test_a_board_is_led_by_its_first_ranked_row_and_counts_what_stands_out() -> None:
    row = {"title": "Sky", "rank": 1, "growth_rate": 2.9, "growth_low": 2.0, "growth_high": 4.4, "alert": "watch"}
    board = pd.DataFrame([row, {**row, "rank": 2, "alert": "none"}, {**row, "rank": None}])
    assert findings.leads(board) == "Sky leads: 2.9× [2.0–4.4]; standing out: 1 watch"
    assert findings.leads(board.tail(1)) == "of no sound growth can be told yet"


def test_flagged_sounds_are_named_each_once() -> None:
    alerts = pd.DataFrame({"sound_id": list("aabcd"), "title": ["A", "A", "B", "C", "D"]})
    assert findings.flagged(alerts) == "4 sounds: A, B, C and 1 more"
    assert findings.flagged(alerts.head(2)) == "1 sound: A"
    assert findings.flagged(alerts.head(0)) == "no rule flags a sound this time"


def test_a_hashtag_is_its_own_only_where_that_can_be_told() -> None:
    assert findings.most_typical(tags({}, {"hashtag": "fyp", "lift": 1.0})) == "most its own: #dance 4.0×"
    assert findings.most_typical(tags({"lift": 0.5})) == "no hashtag stands here more often than elsewhere"
    too_few = "too few posts to tell which hashtags are its own"
    assert findings.most_typical(tags({"status": "not_enough_coverage"})) == too_few
    assert findings.most_typical(tags({"lift": None})) == too_few
    assert findings.most_typical(tags()) == "no hashtag is known of its posts"


def test_regions_lead_by_their_share_of_the_posts_with_one() -> None:
    mix = pd.DataFrame({"region": ["US", "BR", None], "posts": [3, 1, 6]})
    assert findings.top_regions(mix) == "United States 75%, Brazil 25%"
    assert findings.top_regions(mix.tail(1)) == "of no post the region is known"


def test_how_few_creators_carry_a_sound_is_said_once_and_whole() -> None:
    few = pd.DataFrame({"posts": [400], "creators": [300], "effective_creators": [120.0], "top_creator_share": [0.05],
                        "first_time_share": [0.7], "is_concentrated": [False]})  # fmt: skip
    said = "400 posts of the last 7 days by 300 creators weigh like 120 equally busy ones; the busiest makes 5%"
    assert findings.concentration(few) == f"{said}, 70% are new to it"
    assert findings.concentration(few.assign(first_time_share=None)) == said
    assert findings.concentration(few.assign(is_concentrated=True)).startswith("a few creators carry it: 400 posts")


def test_the_alert_new_is_explained_where_it_stands() -> None:
    assert "too young" in findings.young(pd.DataFrame({"alert": ["watch", "new"]}))
    assert findings.young(pd.DataFrame({"alert": ["watch"]})) == ""


def test_what_is_not_known_is_said_to_be_so() -> None:
    nothing = pd.DataFrame({"growth_rate": [], "growth_rate_without": [], "who": [], "who_name": []})
    assert findings.without(nothing).endswith("can't be told")
    assert findings.concentration(pd.DataFrame()) == "how few creators it rests on is not known"
    assert findings.ahead(pd.DataFrame(), 7).startswith("no forecast: ")


@pytest.mark.parametrize(
    ("posts", "share", "said"),
    [
        (1, 1.0, "1 post of the last 7 days, all by one creator, who is new to it"),
        (4, 0.0, "4 posts of the last 7 days, all by one creator"),
        (4, None, "4 posts of the last 7 days, all by one creator"),
    ],
)
def test_one_creator_is_said_to_be_one(posts, share, said):
    few = pd.DataFrame({"posts": [posts], "creators": [1], "effective_creators": [1.0], "top_creator_share": [1.0]})
    few = few.assign(first_time_share=pd.array([share], dtype="Float64"), is_concentrated=True)
    assert findings.concentration(few) == said


def test_the_address_of_a_post_holds_no_markup() -> None:
    assert findings.post_link("me", "7") == "https://www.tiktok.com/@me/video/7"
    assert findings.post_link(None, '7"><b>') == "https://www.tiktok.com/@_/video/7%22%3E%3Cb%3E"


def test_fewer_than_one_is_refused_by_name() -> None:
    at_least_one(days=1, top=None)
    with pytest.raises(ConfigError, match="asked for top=0; ask for a whole number, 1 or more"):
        at_least_one(days=3, top=0)
    with pytest.raises(ConfigError, match="asked for top='five'; ask for a whole number"):
        at_least_one(top="five")


@pytest.mark.parametrize(
    ("kind", "listed", "said"),
    [
        ("counter", 41.0, "that is by its counter; listed are 41 posts in 24 h"),
        ("counter", 200.0, ""),
        ("counter", None, ""),
        ("posts", 41.0, ""),
    ],
)
def test_where_posts_and_counter_disagree_both_are_said(kind: str, listed: float | None, said: str) -> None:
    row = pd.Series({"growth_rate": 2.4, "evidence_kind": kind, "posts_last_24h": 200})
    assert findings.listed_too(row, listed) == said
