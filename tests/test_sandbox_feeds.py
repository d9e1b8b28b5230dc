"""Feeds of the practice server: their order, their pages, and the oddities that lose no post."""

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from trendlib.sandbox import Feeds, Practice, Quirks, World

WORLD = World(seed=21, sounds=30, hashtags=6, days=14)
NOW = WORLD.end - timedelta(hours=3)
BUSY = sorted(range(WORLD.sounds), key=lambda row: -int(WORLD.posts.counts[row].sum()))[3:11]
IDS = [WORLD.catalogue[row].sound_id for row in BUSY]


def pages(practice: Practice, sound_id: str, most: int = 40) -> list[dict[str, Any]]:
    found, cursor = [], "0"
    for _ in range(most):
        _, body = practice.answer("/music-posts/", {"music_id": sound_id, "count": "30", "cursor": cursor}, NOW)
        found.append(body)
        if not body.get("hasMore", body.get("has_more", False)) or body["cursor"] == cursor:
            break
        cursor = body["cursor"]
    return found


def ids(bodies: list[dict[str, Any]]) -> list[str]:
    return [video["video_id"] for body in bodies for video in body["videos"]]


def practice(order: Any = "newest", page_cap: int | None = 600, **quirks: bool) -> Practice:
    return Practice(Feeds(WORLD, order, page_cap, Quirks(**quirks)))


@pytest.mark.parametrize("sound_id", IDS[:3])
def test_likes_order_falls_without_exception_and_holds_the_same_posts(sound_id: str) -> None:
    ranked = pages(practice("likes", None), sound_id, 400)
    likes = [video["digg_count"] for body in ranked for video in body["videos"]]
    assert likes == sorted(likes, reverse=True)
    assert sorted(ids(ranked)) == sorted(ids(pages(practice("newest", None), sound_id, 400)))


def test_the_most_liked_posts_are_not_the_newest() -> None:
    first = pages(practice("likes"), IDS[0], 1)[0]["videos"]
    times = [video["create_time"] for video in first]
    assert times != sorted(times, reverse=True)


def test_a_mixed_world_has_feeds_of_both_orders() -> None:
    found = set()
    for sound_id in IDS:
        times = [video["create_time"] for video in pages(practice("mixed"), sound_id, 1)[0]["videos"]]
        found.add(times == sorted(times, reverse=True))
    assert found == {True, False}


@pytest.mark.parametrize("order", ["newest", "likes"])
def test_a_feed_ends_at_its_cap(order: str) -> None:
    assert len(ids(pages(practice(order, 100), IDS[0]))) == 100


@pytest.mark.parametrize("quirk", ["short_pages", "empty_pages", "repeats", "stuck_cursors", "odd_flags"])
def test_an_odd_way_of_paging_loses_no_post(quirk: str) -> None:
    odd = practice("newest", 300, **{quirk: True})
    for sound_id in IDS:
        straight = ids(pages(practice("newest", 300), sound_id))
        bodies = pages(odd, sound_id, 120)
        if quirk == "odd_flags" and not any(name in bodies[0] for name in ("hasMore", "has_more")):
            continue
        assert list(dict.fromkeys(ids(bodies))) == straight


def test_each_odd_way_of_paging_can_be_met() -> None:
    short = pages(practice(short_pages=True), IDS[0])
    assert all(8 <= len(body["videos"]) <= 18 for body in short[:-1])
    assert any(not body["videos"] for sound_id in IDS for body in pages(practice(empty_pages=True), sound_id))
    repeated = ids(pages(practice(repeats=True), IDS[0]))
    assert len(repeated) > len(set(repeated))
    last = [pages(practice("newest", 60, stuck_cursors=True), sound_id)[-1] for sound_id in IDS]
    assert any(body["hasMore"] for body in last)
    flags = {tuple(sorted(pages(practice(odd_flags=True), sound_id, 1)[0])) for sound_id in IDS}
    assert len(flags) > 1


def test_two_empty_pages_never_follow_each_other_in_the_middle_of_a_feed() -> None:
    for sound_id in IDS:
        sizes = [len(body["videos"]) for body in pages(practice(empty_pages=True, short_pages=True), sound_id, 120)]
        assert all(first or second for first, second in pairwise(sizes))


def test_pinned_posts_stand_in_front_of_a_creators_newer_ones() -> None:
    odd = practice(pinned_and_ads=True)
    seen = []
    for post in WORLD.look(WORLD.sound_day(BUSY[0], 41)[0], int(NOW.timestamp())):
        videos = odd.answer("/user-posts/", {"unique_id": post.creator.handle}, NOW)[1]["videos"]
        pinned = [video["is_top"] for video in videos]
        assert pinned == sorted(pinned, reverse=True)
        times = [video["create_time"] for video in videos if not video["is_top"]]
        assert times == sorted(times, reverse=True)
        seen.append(sum(pinned))
    assert 1 <= max(seen) <= 3


def test_a_creators_posts_are_paged_by_time_to_the_end() -> None:
    exact = practice()
    creator = max(
        {post.creator.number: post.creator for post in WORLD.look(WORLD.sound_day(BUSY[0], 41)[0], 0)}.values(),
        key=lambda one: len(WORLD.posts.codes_of(one.number)),
    )
    found, cursor = [], "0"
    while True:
        body = exact.answer("/user-posts/", {"unique_id": creator.handle, "count": "2", "cursor": cursor}, NOW)[1]
        found += [video["video_id"] for video in body["videos"]]
        if not body["hasMore"]:
            break
        cursor = body["cursor"]
    codes = WORLD.posts.codes_of(creator.number)
    visible = [one for one in WORLD.look(codes[::-1], int(NOW.timestamp())) if one.posted_at < NOW.timestamp()]
    assert found == [post.post_id for post in visible]
    assert len(found) > 2


def test_counters_are_rounded_only_above_ten_thousand() -> None:
    odd, exact = practice(rounded_counters=True), practice()
    for sound in WORLD.catalogue:
        asked = ("/music-info/", {"music_id": sound.sound_id}, NOW)
        shown, true = odd.answer(*asked)[1]["video_count"], exact.answer(*asked)[1]["video_count"]
        if true <= 10_000:
            assert shown == true
        else:
            assert len(str(shown).rstrip("0")) <= 4
            assert 0 <= true - shown < true / 10


def test_two_backends_make_a_cumulative_counter_fall() -> None:
    many = World(seed=21, sounds=200, hashtags=2, days=12)
    odd = Practice(Feeds(many, quirks=Quirks(two_backends=True)))
    falling = 0
    for sound in many.catalogue:
        uses = [
            odd.answer("/music-info/", {"music_id": sound.sound_id}, many.end - timedelta(hours=step))[1]["video_count"]
            for step in reversed(range(12))
        ]
        falling += any(after < before for before, after in pairwise(uses))
    assert 1 <= falling <= 30


def test_a_removed_sound_keeps_its_id_and_nothing_else() -> None:
    many = World(seed=21, sounds=200, hashtags=2, days=12)
    odd = Practice(Feeds(many, quirks=Quirks(removed_sounds=True)))
    bodies = [odd.answer("/music-info/", {"music_id": sound.sound_id}, many.end)[1] for sound in many.catalogue]
    removed = [body for body in bodies if not body["title"]]
    assert 1 <= len(removed) <= 20
    for body in removed:
        assert body["id"]
        assert (body["author"], body["play"]) == ("", "")
        assert odd.answer("/music-posts/", {"music_id": body["id"]}, many.end)[1]["videos"] == []


def test_a_region_asked_for_gives_posts_of_that_region_only() -> None:
    exact = practice()
    tag = max(WORLD.tags, key=lambda one: int(WORLD.hashtag_counts[WORLD.hashtag_rows[one.name]].sum()))
    for region in ("US", "br"):
        asked = {"challenge_id": tag.challenge_id, "region": region}
        videos = exact.answer("/challenge-posts/", asked, NOW)[1]["videos"]
        assert {video["region"] for video in videos} == {region.upper()}
    nowhere = exact.answer("/challenge-posts/", {"challenge_id": tag.challenge_id, "region": "ZZ"}, NOW)[1]
    assert nowhere["videos"] == []


def test_a_search_of_the_last_day_gives_only_the_last_day_and_matches_its_words() -> None:
    exact = practice()
    sound = WORLD.catalogue[BUSY[1]]
    asked = {"keyword": sound.title, "publish_time": "1", "sort_by": "2"}
    videos = exact.answer("/search-video/", asked, NOW)[1]["videos"]
    assert any(video["music_info"]["id"] == sound.sound_id for video in videos)
    times = [video["create_time"] for video in videos]
    assert times == sorted(times, reverse=True)
    assert min(times) >= (NOW - timedelta(days=1)).timestamp()


def test_a_creators_own_audio_is_a_sound_with_one_post() -> None:
    exact = practice()
    for tag in WORLD.tags:
        videos = exact.answer("/challenge-posts/", {"challenge_id": tag.challenge_id}, NOW)[1]["videos"]
        own = [video for video in videos if video["music_info"]["id"] not in WORLD.sound_rows]
        for video in own[:3]:
            music_id = video["music_info"]["id"]
            assert exact.answer("/music-info/", {"music_id": music_id}, NOW)[1]["video_count"] == 1
            page = exact.answer("/music-posts/", {"music_id": music_id}, NOW)[1]
            assert [one["video_id"] for one in page["videos"]] == [video["video_id"]]
