"""Sounds that are read together: each is the same as if it were read alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from trendlib.boards.excerpt import Excerpt
from trendlib.boards.study import Study
from trendlib.boards.together import Part, Together
from trendlib.store import Store

AT = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE, OTHER, EMPTY, UNKNOWN = "71", "72", "73", "79"
EVERY = (ONE, OTHER, EMPTY, UNKNOWN)
# a post that moves from one sound to the other, one that is told twice, one without time, one without creator
_ROWS = {
    "posts (post_id, sound_id, creator_id, posted_at, region, observed_at, answer_id)": """
        ('p1', '71', 'b', T '10', 'us', T '5', 'a1'), ('p1', '72', 'b', T '10', 'BR', T '3', 'a3'),
        ('p2', '71', 'a', T '9', NULL, T '5', 'a1'), ('p2', '71', 'c', T '9', 'DE', T '4', 'a2'),
        ('p2', NULL, NULL, NULL, NULL, T '2', 'a5'), ('p3', '72', 'a', NULL, 'us', T '5', 'a6'),
        ('p4', '72', NULL, T '6', 'FR', T '5', 'a6'), ('p5', '71', 'a', T '3', 'FR', T '2', 'a7')""",
    "post_observations (post_id, views, observed_at, answer_id)": """
        ('p1', 10, T '5', 'a1'), ('p1', 20, T '4', 'b1'), ('p1', NULL, T '3', 'a3'), ('p2', 7, T '4', 'a2'),
        ('p4', 5, T '1', 'b2')""",
    "sounds (sound_id, title, artist, observed_at, answer_id)": """
        ('71', 'First', 'Who', T '9', 'a0'), ('71', 'Second', NULL, T '4', 'a2'),
        ('72', NULL, 'Else', T '4', 'a3'), ('72', 'Named', NULL, T '2', 'a4')""",
    "sound_observations (sound_id, total_uses, observed_at, answer_id)": """
        ('72', 5, T '4', 'a3'), ('71', 5, T '9', 'a0'), ('73', NULL, T '7', 'c1'), ('71', 9, T '3', 'a9'),
        ('72', 6, T '2', 'a4')""",
    "feed_pages (subject, subject_id, items, observed_at, answer_id)": """
        ('sound', '72', 2, T '4', 'a0'), ('sound', '71', 2, T '5', 'a1'), ('sound', '71', 1, T '2', 'a7'),
        ('hashtag', '71', 1, T '2', 'a8')""",
    "alerts (alert_id, rule, subject, subject_id, alert, last_at, observed_at, answer_id)": """
        ('x', 'breakout', 'sound', '72', 'breakout', T '5', T '5', 'e1'),
        ('w', 'breakout', 'sound', '71', 'breakout', T '5', T '5', 'e1'),
        ('x', NULL, NULL, NULL, NULL, T '3', T '3', 'e2'), ('w', NULL, NULL, NULL, NULL, T '2', T '2', 'e3'),
        ('v', 'breakout', 'sound', '71', 'rising', T '1', T '1', 'e4')""",
    "creators (creator_id, handle, observed_at, answer_id)": "('a', 'anna', T '5', 'a1')",
}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store(tmp_path / "some.duckdb")
    made.append([])
    with duckdb.connect(str(made.path)) as connection:
        for table, rows in _ROWS.items():
            connection.execute(f"INSERT INTO {table} VALUES {_dated(rows)}")
    return made


def _dated(rows: str) -> str:
    for days in range(12):
        rows = rows.replace(f"T '{days}'", f"TIMESTAMPTZ '{(AT - timedelta(days=days)).isoformat()}'")
    return rows


def told(excerpt: Excerpt, as_of: datetime) -> dict[str, pd.DataFrame]:
    """Tell all that is known of one sound."""
    world = excerpt.at(as_of)
    leaders = world.leaders(9, None)
    return {
        **{name: world.frame(name) for name in ("sounds", "sound_observations", "feed_pages", "alerts")},
        "by_day": world.posts_by_day(14, 2, as_of - timedelta(days=9), as_of),
        "by_region": world.posts_by_region(14, 1),
        "totals": world.creator_totals(7),
        "leaders": leaders,
        "creators": world.creators(leaders["creator_id"].tolist()),
        "posts": world.posts_known(has_counters=True).order("post_id").df(),
        "few": pd.DataFrame({"posts": [world.number_of_posts()], "oldest": [world.oldest_post()]}),
    }


def test_a_part_is_the_same_as_the_sound_alone_at_every_instant(store: Store) -> None:
    whole = Together(store, EVERY)
    steps = list(whole.reading())
    assert len(steps) > 3
    seen = 0
    for sound_id in EVERY:
        alone, part = Excerpt(store, [sound_id]), Part(whole, [sound_id])
        for days in range(12):
            theirs, ours = (told(one, AT - timedelta(days=days - 0.5)) for one in (alone, part))
            for name, frame in theirs.items():
                pd.testing.assert_frame_equal(ours[name], frame, obj=f"{name} of {sound_id} {days} days ago")
                seen += len(frame)
    assert seen > 200


def test_a_frame_is_what_the_warehouse_gives(store: Store) -> None:
    for days in range(12):
        as_of = AT - timedelta(days=days - 0.5)
        with store.as_of(as_of) as world:
            for name, column in (("sounds", "sound_id"), ("sound_observations", "sound_id")):
                theirs = world.frame(name, **{column: ONE})
                pd.testing.assert_frame_equal(Excerpt(store, [ONE]).at(as_of).frame(name), theirs)
            alerts = world.frame("alerts")
        ours = Excerpt(store, [ONE]).at(as_of).frame("alerts")
        theirs = alerts[alerts["subject_id"] == ONE].reset_index(drop=True)
        pd.testing.assert_frame_equal(ours, theirs)


def test_what_is_cut_needs_no_tables_of_its_own(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    study = Study(store, store.path.parent, (), {})
    study.read_ahead(EVERY)
    for name in ("_attached", "_copy"):
        monkeypatch.delattr(Excerpt, name)
    world = study.excerpt(ONE).at(AT)
    leaders = world.leaders(9, None)
    assert leaders["creator_id"].tolist() == ["c", "a", "b"]
    assert world.creators(["a"])["handle"].tolist() == ["anna"]
    assert world.frame("alerts")["alert_id"].tolist() == ["v", "w"]
    assert world.number_of_posts() == 3


def test_several_parts_are_one_excerpt(store: Store) -> None:
    whole = Together(store, EVERY)
    both = Part(whole, [ONE, OTHER]).at(AT)
    assert both.frame("sound_observations")["total_uses"].tolist() == [5, 9, 5, 6]
    assert both.frame("feed_pages")["answer_id"].tolist() == ["a1", "a7", "a0"]
    alone = Excerpt(store, [ONE, OTHER])
    theirs = alone.at(AT).posts_known(has_counters=False).order("post_id").df()
    pd.testing.assert_frame_equal(both.posts_known(has_counters=False).order("post_id").df(), theirs)
