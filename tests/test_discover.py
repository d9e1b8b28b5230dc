"""Discovery: young posts by keyword and tastemaker become sounds to follow, each once, none that is watched."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from trendlib.api import tiklive
from trendlib.config import Config
from trendlib.errors import ConfigError
from trendlib.runs.discover import COLUMNS, Discovery, discover
from trendlib.sandbox import Planned, ReplayServer
from trendlib.sandbox.faults import Faults
from trendlib.schema import Call
from trendlib.store import Store
from trendlib.watchlist import Watchlist

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
A, B, WATCHED = "7012345678901234501", "7012345678901234502", "7012345678901234503"

Videos = list[dict[str, Any]]
Search = Callable[..., Discovery]


def video(number: int, sound_id: str | None = A, *, hours: float = 2, views: int | None = 10, creator: int = 1) -> Any:
    """One post as the provider shows it."""
    return {
        "video_id": f"70123456789012350{number:02}",
        "create_time": int((NOW - timedelta(hours=hours)).timestamp()),
        "play_count": views,
        "author": {"id": f"70000000000000000{creator:02}", "unique_id": f"creator{creator}"},
        "music_info": {"id": sound_id, "title": f"Song {sound_id}", "author": "Me", "original": False},
    }


@pytest.fixture
def search(tmp_path: Path) -> Iterator[Search]:
    """Give a function that discovers in what a provider says to each call."""

    def one(answers: list[tuple[Call, Videos]], *, faults: Faults | None = None, **lists: Any) -> Discovery:
        lines = [
            json.dumps(
                {
                    "fetched_at": (NOW - timedelta(minutes=1)).isoformat(),
                    "provider": "tiklive",
                    "endpoint": call.endpoint,
                    "params": dict(call.params),
                    "status": 200,
                    "body": {"videos": videos, "cursor": "30", "hasMore": False},
                }
            )
            for call, videos in answers
        ]
        (tmp_path / "said.jsonl").write_text("\n".join(lines))
        with ReplayServer(tmp_path / "said.jsonl", now=NOW, faults=faults) as server:
            key = server.keys["tiklive"]
            home = tmp_path / "home"
            config = Config.load(home=home, tiklive_base_url=server.url, tiklive_api_key=key, attempts=1, page_gap_s=0)
            return discover(config, Watchlist(**lists), clock=lambda: NOW)

    return one


def dance(*videos: Any, region: str | None = None) -> tuple[Call, Videos]:
    return tiklive.search_videos("dance", region=region), list(videos)


def test_a_sound_seen_often_is_one_row_that_counts_its_posts_creators_and_views(search: Search) -> None:
    posts = [video(1, views=5), video(2, views=7, creator=2), video(3, B, hours=1)]
    found = search([dance(*posts)], keywords=("dance",)).frame
    assert tuple(found.columns) == COLUMNS
    assert found["sound_id"].tolist() == [A, B]
    first = found.iloc[0]
    assert (first["posts"], first["creators"], first["views"]) == (2, 2, 12)
    assert (first["title"], first["artist"], first["is_original"]) == (f"Song {A}", "Me", False)
    assert first["found_by"] == "dance"
    assert found["newest_posted_at"].iloc[1] == NOW - timedelta(hours=1)


def test_watched_sounds_are_not_offered(search: Search) -> None:
    assert search([dance(video(1), video(2, WATCHED))], keywords=("dance",), sounds=(WATCHED,)).frame[
        "sound_id"
    ].tolist() == [A]
    nothing = search([dance(video(1, WATCHED))], keywords=("dance",), sounds=(WATCHED,)).frame
    assert (len(nothing), tuple(nothing.columns)) == (0, COLUMNS)


def test_a_day_counts_for_keywords_and_a_week_for_tastemakers(search: Search) -> None:
    answers = [
        dance(video(1, A, hours=23), video(2, B, hours=25)),
        (tiklive.user_posts("taste"), [video(3, B, hours=24 * 7 - 1), video(4, WATCHED, hours=24 * 7 + 1)]),
    ]
    found = search(answers, keywords=("dance",), creators=("taste",)).frame.set_index("sound_id")
    assert found["posts"].to_dict() == {A: 1, B: 1}
    assert found["found_by"].to_dict() == {A: "dance", B: "@taste"}


def test_a_post_found_in_two_markets_is_one_post_seen_in_both(search: Search) -> None:
    answers = [dance(video(1), region="US"), dance(video(1), video(2), region="BR")]
    found = search(answers, keywords=("dance",), regions=("US", "BR")).frame
    assert found[["posts", "creators", "found_by"]].to_numpy().tolist() == [[2, 1, "dance in BR, dance in US"]]


def test_what_is_not_said_is_missing_and_not_zero(search: Search) -> None:
    silent = {name: value for name, value in video(1, views=None).items() if name != "author"}
    found = search([dance(silent, video(2, None))], keywords=("dance",)).frame
    assert found["sound_id"].tolist() == [A]
    assert found[["views", "creators"]].isna().all(axis=None)


def test_most_creators_come_first_then_most_views(search: Search) -> None:
    crowd = [video(1, A), video(2, A, creator=2), video(3, B, views=900), video(4, WATCHED, views=901)]
    assert search([dance(*crowd)], keywords=("dance",)).frame["sound_id"].tolist() == [A, WATCHED, B]


def test_a_keyword_that_fails_does_not_lose_the_others(search: Search) -> None:
    bad = Faults(script=(Planned("500", params={"keyword": "dance"}, times=None),))
    remix = (tiklive.search_videos("remix"), [video(1)])
    found = search([dance(video(2, B)), remix], keywords=("dance", "remix"), faults=bad)
    assert found.frame["sound_id"].tolist() == [A]
    assert [failure.call.params["keyword"] for failure in found.run.failures] == ["dance"]


def test_what_was_found_is_loaded(search: Search, tmp_path: Path) -> None:
    first = search([dance(video(1), video(2, B))], keywords=("dance",))
    assert first.run.spent == 1
    with Store(Config.load(home=tmp_path / "home").warehouse_file).as_of(NOW + timedelta(days=1)) as world:
        assert sorted(world.frame("posts")["sound_id"]) == [A, B]


def test_nothing_to_look_for_asks_nothing(search: Search) -> None:
    with pytest.raises(ConfigError, match="no keywords and no creators"):
        search([dance(video(1))], sounds=(WATCHED,), keywords=())
