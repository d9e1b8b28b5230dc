"""The practice world itself: drawn from a seed alone, and its answers agree with its truth."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trendlib.errors import ConfigError
from trendlib.sandbox import Feeds, Practice, Quirks, World, teaching_sounds
from trendlib.sandbox.creators import region_of
from trendlib.sandbox.draws import bell, bits, key, normal, poisson, shuffle, uniform, unshuffle
from trendlib.sandbox.regions import REGIONS

ROOT = Path(__file__).parents[1]
SMALL = World(seed=11, sounds=12, hashtags=4, days=12)
DEFAULT = World()


def walk(practice: Practice, endpoint: str, params: dict[str, str], now: datetime) -> list[dict[str, Any]]:
    videos: list[dict[str, Any]] = []
    cursor = "0"
    while True:
        _, body = practice.answer(endpoint, {**params, "cursor": cursor}, now)
        videos += body["videos"]
        if not body["hasMore"]:
            return videos
        cursor = str(body["cursor"])


def posts_a_day(videos: list[dict[str, Any]], days: tuple[date, ...]) -> list[int]:
    seen = Counter(datetime.fromtimestamp(video["create_time"], UTC).date() for video in videos)
    return [seen[day] for day in days]


def fingerprint(world: World) -> str:
    practice = Practice(Feeds(world, "mixed", 600, Quirks.real()))
    print_of = hashlib.sha256()
    for step in range(6):
        now = world.end - timedelta(days=step, hours=7 * step)
        questions = [("/music-posts/", {"music_id": sound.sound_id, "count": "30"}) for sound in world.catalogue]
        questions += [("/music-info/", {"music_id": sound.sound_id}) for sound in world.catalogue]
        questions += [("/challenge-posts/", {"challenge_id": tag.challenge_id}) for tag in world.tags]
        questions += [("/challenge-info-name/", {"name": tag.name}) for tag in world.tags]
        questions += [("/v1/tiktok/trending/music", {"region": "BR"}), ("/v1/tiktok-music", {})]
        questions += [("/search-video/", {"keyword": "original", "publish_time": "1"})]
        for endpoint, params in questions:
            print_of.update(json.dumps(practice.answer(endpoint, params, now), sort_keys=True).encode())
    return print_of.hexdigest()


# Drawn from a seed


def test_another_process_in_another_time_zone_draws_the_same_world() -> None:
    code = (
        "import importlib.util, sys;"
        "spec = importlib.util.spec_from_file_location('here', sys.argv[1]);"
        "here = importlib.util.module_from_spec(spec); spec.loader.exec_module(here);"
        "print(here.fingerprint(here.SMALL))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code, __file__],
            env={**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for zone, seed in (("Asia/Seoul", "1"), ("America/Los_Angeles", "2"))
    }
    assert found == {fingerprint(SMALL)}


def test_the_draws_are_those_of_splitmix64() -> None:
    assert bits(1, np.arange(1, 3)).tolist() == [10451216379200822465, 13757245211066428519]
    assert key(7, "sounds") == 0xABDA4AD0953BBAF1


def test_another_seed_is_another_world() -> None:
    other = World(seed=12, sounds=12, hashtags=4, days=12)
    assert {sound.sound_id for sound in other.catalogue}.isdisjoint(sound.sound_id for sound in SMALL.catalogue)
    assert fingerprint(other) != fingerprint(SMALL)


def test_answers_do_not_depend_on_what_was_asked_before() -> None:
    one, other = World(seed=3, sounds=10, hashtags=2, days=10), World(seed=3, sounds=10, hashtags=2, days=10)
    sound_id = one.catalogue[0].sound_id
    warm, cold = Practice(Feeds(one)), Practice(Feeds(other))
    for step in (9, 0, 4):
        warm.answer("/music-posts/", {"music_id": sound_id}, one.end - timedelta(days=step))
    asked = ("/music-posts/", {"music_id": sound_id}, one.end - timedelta(days=2))
    assert warm.answer(*asked) == cold.answer(*asked)


@given(st.integers(0, 2**63), st.integers(1, 17), st.data())
def test_slots_and_creators_are_matched_one_to_one(salt: int, width: int, data: st.DataObject) -> None:
    numbers = np.array(data.draw(st.lists(st.integers(0, 2**width - 1), min_size=1, max_size=40, unique=True)))
    salts = np.full(len(numbers), salt, dtype=np.uint64)
    sent = shuffle(numbers, salts, width)
    assert len(set(sent.tolist())) == len(numbers)
    assert unshuffle(sent, salts, width).tolist() == numbers.tolist()


def test_draws_have_the_distributions_they_are_named_for() -> None:
    many = np.arange(20_000)
    assert uniform(1, many).mean() == pytest.approx(0.5, abs=0.01)
    for draw in (normal, bell):
        assert draw(2, many).mean() == pytest.approx(0, abs=0.03)
        assert draw(2, many).std() == pytest.approx(1, abs=0.03)
    for mean in (0.3, 4.0, 24.0, 26.0, 900.0):
        counts = poisson(3, many, np.full(len(many), mean))
        assert counts.mean() == pytest.approx(mean, rel=0.03)
        assert counts.var() == pytest.approx(mean, rel=0.05)


@pytest.mark.parametrize("numbers", [{"sounds": 9}, {"sounds": 10_001}, {"days": 9}, {"days": 121}, {"hashtags": 0}])
def test_a_world_that_cannot_be_drawn_is_refused(numbers: dict[str, int]) -> None:
    with pytest.raises(ConfigError, match="a practice world has"):
        World(**numbers)


# Truth


def test_a_perfect_walk_sees_the_truth_of_every_day() -> None:
    practice = Practice(Feeds(SMALL, "newest", None))
    truth = SMALL.truth()
    small = [sound_id for sound_id, daily in truth.daily.items() if daily.sum() < 2_000]
    assert len(small) > 5
    for sound_id in small:
        videos = walk(practice, "/music-posts/", {"music_id": sound_id}, SMALL.end)
        times = [video["create_time"] for video in videos]
        assert times == sorted(times, reverse=True)
        assert len({video["video_id"] for video in videos}) == len(videos)
        assert posts_a_day(videos, truth.days) == truth.daily[sound_id].tolist()


def test_a_hashtags_walk_sees_its_truth_and_every_caption_carries_it() -> None:
    practice = Practice(Feeds(SMALL, "newest", None))
    truth = SMALL.truth()
    for tag in SMALL.tags[:2]:
        videos = walk(practice, "/challenge-posts/", {"challenge_id": tag.challenge_id}, SMALL.end)
        assert posts_a_day(videos, truth.days) == truth.hashtag_daily[tag.name].tolist()
        assert all(f"#{tag.name}" in video["title"].split() for video in videos)


def test_the_counter_grows_by_the_true_posts_of_each_day() -> None:
    practice, truth = Practice(Feeds(SMALL)), SMALL.truth()
    for sound_id, daily in truth.daily.items():
        midnights = [datetime.combine(day, datetime.min.time(), UTC) for day in truth.days] + [SMALL.end]
        answers = [practice.answer("/music-info/", {"music_id": sound_id}, moment)[1] for moment in midnights]
        uses = [answer.get("video_count", 0) for answer in answers]
        assert np.diff(uses).tolist() == daily.tolist()


def test_nothing_newer_than_now_is_visible_and_counters_never_fall() -> None:
    practice = Practice(Feeds(SMALL))
    sound_id = max(SMALL.truth().daily.items(), key=lambda one: int(one[1].sum()))[0]
    uses, views = [], []
    for hours in (30, 29, 10, 1, 0):
        now = SMALL.end - timedelta(hours=hours, minutes=13)
        _, page = practice.answer("/music-posts/", {"music_id": sound_id}, now)
        assert max(video["create_time"] for video in page["videos"]) < now.timestamp()
        uses.append(practice.answer("/music-info/", {"music_id": sound_id}, now)[1]["video_count"])
        post = SMALL.look(SMALL.sound_day(SMALL.sound_rows[sound_id], 20)[0][:40], int(now.timestamp()))
        views.append([one.views for one in post])
    assert uses == sorted(uses)
    assert (np.diff(np.array(views), axis=0) >= 0).all()


def test_views_grow_as_measured_a_ninth_of_the_first_day_after_one_hour() -> None:
    codes = SMALL.sound_day(SMALL.cast.staged("flat"), 20)[0][:500]
    posted = SMALL.posts.seconds(codes)
    after = [np.array([post.views for post in SMALL.look(codes, int(posted.max()) + age)]) for age in (0, 86_400)]
    assert (after[0] <= after[1]).all()
    one = codes[:1]
    first, day = (SMALL.look(one, int(posted[0]) + age)[0].views for age in (3_600, 86_400))
    assert first / day == pytest.approx(0.108, abs=0.02)


# The world everybody sees


def test_every_class_and_every_hostile_word_occurs() -> None:
    truth = DEFAULT.truth()
    assert set(truth.classes.values()) == {
        "flat", "drift", "jump", "slow_burner", "newborn", "newborn_breakout", "spike", "bot_driven", "reactivated",
    }  # fmt: skip
    titles = " ".join(sound.title for sound in DEFAULT.catalogue)
    assert all(word in titles for word in ("<script>", "=HYPERLINK", "\u202e", "**bold**"))
    assert max(len(sound.title) for sound in DEFAULT.catalogue) > 300


def test_the_default_world_teaches_at_its_end() -> None:
    truth, end = DEFAULT.truth(), int(DEFAULT.end.timestamp())
    by_class = {truth.classes[sound_id]: sound_id for sound_id in reversed(teaching_sounds(DEFAULT))}
    for kind in ("jump", "newborn_breakout", "reactivated"):
        daily = truth.daily[by_class[kind]]
        assert daily[-1] >= 50
        assert daily[-1] > 2.0 * daily[-8:-1].mean()
        assert DEFAULT.sound_uses(DEFAULT.sound_rows[by_class[kind]], end) < 100_000
    slow = truth.daily[by_class["slow_burner"]]
    assert slow[-3:].mean() > 1.8 * slow[-24:-18].mean()
    assert truth.bot_posts[by_class["bot_driven"]][-1] > 100
    assert max(daily[-1] for daily in truth.daily.values()) > 5_000
    assert DEFAULT.end.date() - truth.crossovers[-1].day < timedelta(days=10)


def test_a_crossover_moves_a_quarter_of_the_posts_into_the_other_region() -> None:
    crossover = DEFAULT.truth().crossovers[-1]
    row = DEFAULT.sound_rows[crossover.sound_id]

    def share(days: range) -> float:
        codes = np.concatenate([DEFAULT.sound_day(row, day)[0] for day in days])
        regions = region_of(DEFAULT.posts.creator_numbers(codes))
        return float(np.mean([REGIONS[int(region)].code == crossover.into_region for region in regions]))

    last = DEFAULT.calendar.length
    assert share(range(last - 7, last)) - share(range(last - 16, last - 9)) > 0.15


def test_a_bot_driven_sound_is_posted_by_a_handful_of_creators() -> None:
    truth = DEFAULT.truth()
    sound_id = next(one for one in teaching_sounds(DEFAULT) if truth.classes[one] == "bot_driven")
    codes = DEFAULT.sound_day(DEFAULT.sound_rows[sound_id], DEFAULT.calendar.length - 1)[0]
    share = Counter(DEFAULT.posts.creator_numbers(codes).tolist()).most_common(5)
    assert sum(count for _, count in share) > 0.9 * len(codes)


def test_a_family_holds_versions_of_one_song_and_rips_without_its_title() -> None:
    truth = DEFAULT.truth()
    titles = {sound.sound_id: sound.title for sound in DEFAULT.catalogue}
    assert len(truth.families) >= 3
    for members in truth.families.values():
        official = members[0]
        assert truth.versions[official] == "official"
        for member in members[1:]:
            assert (titles[official] in titles[member]) == (truth.versions[member] != "user rip")


def test_ids_have_nineteen_digits_and_a_post_tells_its_second() -> None:
    sounds = [sound.sound_id for sound in DEFAULT.catalogue]
    assert len(set(sounds)) == len(sounds)
    assert {len(sound_id) for sound_id in sounds} == {19}
    for post in DEFAULT.look(DEFAULT.sound_day(0, 40)[0], int(DEFAULT.end.timestamp())):
        assert int(post.post_id) >> 32 == post.posted_at
        assert len(post.post_id) == 19


def test_every_post_is_found_by_its_id_and_among_its_creators_posts() -> None:
    codes = np.concatenate([SMALL.sound_day(row, 38)[0][:25] for row in range(SMALL.sounds)])
    codes = np.concatenate([codes, SMALL.hashtag_day(0, 38)[0][:25]])
    for post in SMALL.look(codes, int(SMALL.end.timestamp())):
        assert SMALL.posts.post_code(post.post_id) == post.code
        assert SMALL.creators.number_of(post.creator.handle) == post.creator.number
        assert post.code in SMALL.posts.codes_of(post.creator.number)


def test_followers_have_a_heavy_tail() -> None:
    codes = SMALL.sound_day(SMALL.cast.staged("flat"), 20)[0]
    followers = np.sort(SMALL.creators.followers(SMALL.posts.creator_numbers(codes)))
    assert np.median(followers) < 3_000
    assert followers[-1] > 1_000_000
    assert followers[-len(followers) // 100 :].sum() > 0.4 * followers.sum()
