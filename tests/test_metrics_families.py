"""Titles and families: what a title says, which sounds are one song, and totals that count a post once."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

import duckdb
import numpy as np
import pandas as pd
import pytest
from frames import to_polars
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from trendlib.metrics.engines import board, enter
from trendlib.metrics.families import Overrides, families, family_totals, version_share
from trendlib.metrics.titles import ORIGINAL_SOUND, is_generic, read_title
from trendlib.sandbox.world import World

AS_OF = datetime(2026, 3, 10, tzinfo=UTC)
DAY = timedelta(days=1)


def sounds(*titles):
    """Sounds with ids 7001, 7002, ... from (title, artist)."""
    rows = [(str(7001 + place), *pair) for place, pair in enumerate(titles)]
    return pd.DataFrame(rows, columns=["sound_id", "title", "artist"]).astype("str")


def is_one_song(*titles, **others):
    return len(set(families(sounds(*titles), **others)["song_id"])) == 1


def pairs(groups):
    return {pair for group in groups for pair in combinations(sorted(group), 2)}


@pytest.mark.parametrize(
    ("title", "song", "version"),
    [
        ("Paper Moonlight (Sped Up)", "paper moonlight", "sped up"),
        ("Paper Moonlight - sped up version", "paper moonlight", "sped up"),
        ("paper moonlight speed up", "paper moonlight", "sped up"),
        ("PAPER MOONLIGHT nightcore", "paper moonlight", "sped up"),
        ("Paper Moonlight (slowed + reverb)", "paper moonlight", "slowed"),
        ("Paper Moonlight - DJ Somebody Remix", "paper moonlight", "remix"),
        ("Paper Moonlight (Live at the Pier)", "paper moonlight", "live"),
        ("Paper Moonlight (En Vivo) [feat. Someone]", "paper moonlight", "live"),
        ("Paper Moonlight (feat. Someone) - Radio Edit", "paper moonlight", "official"),
        ("Paper Moonlight ft. Someone", "paper moonlight", "official"),
        ("Pâpér Moonlïght【Original Mix】", "paper moonlight", "official"),
        ("Paper Moonlight Pt. 2", "paper moonlight pt 2", "official"),
        ("Live Forever", "live forever", "official"),
        ("Run It Slower", "run it slower", "official"),
        ("Đường Về (Remix)", "duong ve", "remix"),
        ("☁️", "☁", "official"),
    ],
)
def test_a_title_tells_the_song_and_the_version(title, song, version):
    read = read_title(title, "Ilse")
    assert (read.song, read.version) == (song, version)


@pytest.mark.parametrize("phrase", sorted({phrase for phrases in ORIGINAL_SOUND.values() for phrase in phrases}))
def test_original_sound_in_its_languages_is_generic_and_never_links(phrase):
    shown = [phrase, f"{phrase} - somebody", phrase.upper(), f"{phrase} – somebody (contains something)"]
    assert all(is_generic(title) for title in shown)
    table = families(sounds(*[(title, "somebody") for title in (*shown, phrase)]))
    assert table["song_id"].tolist() == table["sound_id"].tolist()
    assert table["reason"].isna().all()


@pytest.mark.parametrize(
    "title", ["Original Soundtrack", "Sonata original", "The Original", "Son", "Theme (Original Sound)"]
)
def test_a_title_that_only_resembles_it_is_not_generic(title):
    assert not is_generic(title)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Paper Moonlight", "Ilse Marr"), ("PAPER MOONLIGHT (Sped Up)", "ilse marr")),
        (("Paper Moonlight", "Ilse Marr & Kofi"), ("Paper Moonlight (Remix)", "DJ Other, Ilse Marr")),
        (("See You", "Hoàng Thùy"), ("See You (Remix) - That Minute", "Cuk & Hoang Thuỳ")),
        (("Espalier", "Sabine Carp"), ("Espalier by Sabine Carp sped up", "a music page")),
        (("Mow (feat. Quill) [Thane Remix]", "Nami"), ("Mow Remix", "Thane")),
        (("Paper Moonlight", "Ilse Marr"), ("Paper Moonligth", "Ilse Mar")),
        (("A Distinctive Little Title", "Ilse Marr"), ("a distinctive little title sped up", "fan edits")),
        (("A Distinctive Little Title", "Ilse"), ("A Distinctive Little Title Somebody Else Remix", "page")),
    ],
)
def test_versions_of_one_song_are_linked(one, other):
    assert is_one_song(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Chill Vibes", "Ilse"), ("Chill Vibes", "Kofi")),
        (("Paper Moonlight", "Ilse"), ("Paper Moonlight Pt. 2", "Ilse")),
        (("Happy song 1 for cooking", "Studio"), ("Happy song 3 for cooking", "Studio")),
        (("Cute BGM(1490583)", "Studio"), ("Cute BGM(1490599)", "Studio")),
        (("Tell Them", "Ilse"), ("Tell Them II", "Ilse")),
        (("Home", "Ilse"), ("Home (Club Remix)", "Kofi")),
        (("", "Ilse"), ("", "Ilse")),
    ],
)
def test_other_songs_are_not_linked(one, other):
    assert not is_one_song(one, other)


def test_missing_titles_are_nobodys():
    table = sounds(("x", "Ilse"), ("x", "Ilse"))
    table["title"] = None
    assert families(table)["song_id"].nunique() == 2


def test_a_family_is_named_by_its_oldest_official_sound_and_says_why():
    table = families(sounds(("Paper Moonlight - Slowed", "Ilse"), ("Paper Moonlight", "Ilse"), ("Other", "Ilse")))
    assert table["song_id"].tolist() == ["7002", "7002", "7003"]
    assert table["version"].tolist() == ["slowed", "official", "official"]
    assert table["reason"].tolist()[:2] == ["artist and title"] * 2
    assert table["confidence"].tolist()[0] == pytest.approx(0.97)
    assert pd.isna(table["confidence"].iloc[2])


def test_keyapis_song_id_links_what_titles_do_not_and_zero_is_no_song():
    pair = [("One", "Ilse"), ("original sound - x", "x"), ("Three", "Kofi"), ("Four", "Mei")]
    charted = pd.DataFrame(
        {"sound_id": ["6999", "7001", "7002", "7003", "7004"], "song_id": ["9", "9", "9", "0", "0"]}, dtype="str"
    )
    table = families(sounds(*pair), chart_links=charted)
    assert table["song_id"].tolist() == ["7001", "7001", "7003", "7004"]
    assert table["version"].tolist() == ["official", "user rip", "official", "official"]
    assert table["reason"].iloc[1] == "song id"


def test_overrides_win():
    titles = sounds(("Paper Moonlight", "Ilse"), ("Paper Moonlight (Sped Up)", "Ilse"), ("original sound", "x"))
    said = Overrides(same=[["7001", "6000", "7003"]], different=[["7001", "7002"]], versions={"7002": "live"})
    table = families(titles, overrides=said)
    assert table["song_id"].tolist() == ["7001", "7002", "7001"]
    assert table["version"].tolist() == ["official", "live", "user rip"]
    assert table["reason"].tolist()[0] == "override"


def test_overrides_that_contradict_each_other_or_name_no_version_are_refused():
    both = Overrides(same=[["7001", "7002"]], different=[["7002", "7001"]])
    with pytest.raises(ValueError, match="both the same and different"):
        families(sounds(("One", "a"), ("Two", "b")), overrides=both)
    with pytest.raises(ValueError, match="no version"):
        Overrides(versions={"7001": "faster"})


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_practice_worlds_families_are_found(seed):
    world = World(seed=seed, sounds=500)
    truth = world.truth()
    table = pd.DataFrame(
        [(one.sound_id, one.title, one.artist, one.song_id) for one in world.catalogue],
        columns=["sound_id", "title", "artist", "song_id"], dtype="str",
    )  # fmt: skip
    found = families(table)
    rips = [sound for sound, version in truth.versions.items() if version == "user rip"]
    true = pairs(truth.families.values())
    told = {pair for pair in true if not set(pair) & set(rips)}
    linked = pairs(found.groupby("song_id")["sound_id"].apply(list))
    assert len(told) > 100
    assert len(linked & true) / len(linked) >= 0.98
    assert len(linked & told) / len(told) >= 0.98
    # nothing that an API says ties somebody's own audio to a song: analysts do
    known = [[members[0], sound] for members in truth.families.values() for sound in members if sound in rips]
    taught = families(table, chart_links=table[["sound_id", "song_id"]], overrides=Overrides(same=known))
    linked = pairs(taught.groupby("song_id")["sound_id"].apply(list))
    assert len(linked & true) / len(linked) >= 0.98
    assert len(linked & true) / len(true) >= 0.98
    versions = taught.set_index("sound_id")["version"]
    assert np.mean([versions[sound] == version for sound, version in truth.versions.items()]) >= 0.99


WORDS = st.sampled_from(["Paper Moon", "paper moon (sped up)", "Paper Moon Remix", "Other", "original sound - x", ""])
ARTISTS = st.sampled_from(["Ilse", "Ilse & Kofi", "Kofi", "x"])


@settings(max_examples=50)
@given(st.lists(st.tuples(WORDS, ARTISTS), min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_row_order_changes_no_family(titles, random):
    table = sounds(*titles)
    shuffled = table.sample(frac=1, random_state=random.randrange(1000))
    assert_frame_equal(families(shuffled), families(table))


POSTS = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5), st.integers(1, 20 * 24)), min_size=1, max_size=60)


def posts_of(rows):
    frame = pd.DataFrame(
        {
            "post_id": [f"p{post}" for post, _, _ in rows],
            "sound_id": [str(7001 + sound) for _, sound, _ in rows],
            "posted_at": [AS_OF - timedelta(hours=hours) for _, _, hours in rows],
        }
    )
    return frame.astype({"posted_at": "datetime64[us, UTC]", "post_id": "str", "sound_id": "str"})


FAMILIES = pd.DataFrame(
    {
        "sound_id": ["7001", "7002", "7003", "7004"],
        "song_id": ["7001", "7001", "7003", "7003"],
        "version": ["official", "sped up", "official", "remix"],
    },
    dtype="str",
)


@settings(max_examples=15)
@given(POSTS, st.randoms(use_true_random=False))
def test_totals_never_count_a_post_twice_and_row_order_changes_nothing(rows, random):
    posts = posts_of(rows)
    totals = family_totals(posts, FAMILIES, as_of=AS_OF, days=21, coverage=AS_OF - 30 * DAY)
    assert totals["posts"].sum() == posts["post_id"].nunique()
    shares = version_share(posts, FAMILIES, as_of=AS_OF, days=21, coverage=AS_OF - 30 * DAY)
    assert shares["posts"].sum() == posts["post_id"].nunique()
    by_day = shares[shares["n"] > 0].groupby(["song_id", "day"])["share"].sum()
    assert by_day.to_numpy() == pytest.approx(np.ones(len(by_day)))
    shuffled = posts.sample(frac=1, random_state=random.randrange(1000))
    again = family_totals(shuffled, FAMILIES, as_of=AS_OF, days=21, coverage=AS_OF - 30 * DAY)
    assert_frame_equal(again, totals)


def test_a_versions_share_and_a_total_tell_what_is_covered():
    posts = posts_of([(place, place % 2, 30 + place) for place in range(10)])
    share = version_share(posts, FAMILIES, as_of=AS_OF, days=3, coverage=AS_OF - 2 * DAY)
    assert share["status"].tolist() == ["not_enough_coverage"] * 2 + ["ok"] * 4
    middle = share[share["n"] > 0]
    assert middle["version"].tolist() == ["official", "sped up"]
    assert middle["share"].tolist() == [0.5, 0.5]
    assert share["share"].isna().sum() == 4
    totals = family_totals(posts, FAMILIES, as_of=AS_OF, days=3, coverage=AS_OF - 2 * DAY)
    assert totals.iloc[0].tolist() == ["7001", 2, 10, "weak"]
    whole = family_totals(posts, FAMILIES, as_of=AS_OF, days=2, coverage=AS_OF - 2 * DAY)
    assert whole["status"].tolist() == ["ok"]


def to_duckdb(frame):
    connection = duckdb.connect()
    connection.register("given", frame)
    return connection.sql("SELECT * FROM given")


@pytest.mark.parametrize("engine", [to_polars, to_duckdb])
def test_every_engine_gives_the_answer_of_pandas(engine):
    titles = sounds(("Paper Moonlight", "Ilse"), ("Paper Moonlight (Sped Up)", "Ilse"), ("Other", None))
    expected = families(titles)
    assert_frame_equal(board(enter(families(engine(titles)))), expected)
    posts = posts_of([(place % 40, place % 4, place) for place in range(1, 200)])
    for metric in (family_totals, version_share):
        expected = metric(posts, FAMILIES, as_of=AS_OF, days=9)
        assert len(expected)
        assert_frame_equal(board(enter(metric(engine(posts), engine(FAMILIES), as_of=AS_OF, days=9))), expected)
