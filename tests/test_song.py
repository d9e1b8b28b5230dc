"""One song over all its sounds: a post counts once, what nobody said is said, and nobody is told what is licensed."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from trendlib import practice
from trendlib.boards.licence import CML, MAY_BE, NOT_KNOWN, licence_lines, licence_sentence
from trendlib.boards.song import Song, _told_apart
from trendlib.boards.songbook import told_shares
from trendlib.errors import ConfigError, NoDataError
from trendlib.monitor import Monitor

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def monitor(practice_home: Path) -> Monitor:
    return Monitor.of_practice(practice_home)


@pytest.fixture(scope="module")
def song(monitor: Monitor) -> Song:
    return monitor.song("cherry cola sky")


# Which song is meant


def test_a_song_is_found_by_any_of_its_sounds_by_the_charts_id_and_by_title(monitor: Monitor, song: Song) -> None:
    charted = monitor.songbook.charted.song_links
    numbers = charted.loc[charted["sound_id"].isin(song.family["sound_id"]), "song_id"].unique()
    addresses = [f"https://www.tiktok.com/music/x-{sound}" for sound in song.family["sound_id"]]
    for name in (*song.family["sound_id"], *numbers, *addresses, "CHERRY cola"):
        assert monitor.song(name).song_id == song.song_id


def test_a_name_of_several_songs_lists_them(monitor: Monitor) -> None:
    with pytest.raises(NoDataError, match=r"\d+ songs have it: .*Give more, or the id"):
        monitor.song("a")
    with pytest.raises(NoDataError, match=r"no sound known .* has that id or title"):
        monitor.song("no such song")


def test_what_an_analyst_knows_better_wins(practice_home: Path, tmp_path: Path) -> None:
    home = shutil.copytree(practice_home, tmp_path / "home")
    found = Monitor.of_practice(home).song("cherry cola sky")
    pair = found.family["sound_id"].tolist()
    (home / practice.FOLDER / "families.toml").write_text(f"different = [{pair}]\n".replace("'", '"'))
    apart = Monitor.of_practice(home).song(pair[0])
    assert apart.family["sound_id"].tolist() == [pair[0]]


# What its page says


def test_every_post_counts_once_whatever_sounds_it_is_listed_with(monitor: Monitor, song: Song) -> None:
    with monitor.store.as_of(monitor.as_of) as world:
        posts = world.posts(song.family["sound_id"].tolist()).df()
    week = posts["posted_at"].between(monitor.as_of - pd.Timedelta(days=7), monitor.as_of, inclusive="left")
    assert song.totals().frame["posts"].iloc[0] <= posts.loc[week, "post_id"].nunique()
    assert f"{posts['post_id'].nunique():,} posts, each counted once" in song.sounds().caption


def test_its_sounds_are_told_with_version_reason_and_status(song: Song) -> None:
    shown = song.sounds().frame
    assert shown["sound_id"].iloc[0] == song.song_id
    assert shown["version"].tolist() == ["official", "sped up"]
    assert shown[["reason", "status"]].notna().all(axis=None)


def test_shares_of_versions_sum_to_one_each_day(song: Song) -> None:
    days = song.versions().frame.groupby("day")["share"].sum(min_count=1).dropna()
    assert len(days)
    assert (days - 1).abs().max() < 1e-9


def test_the_page_has_every_part_and_says_of_a_missing_one_why(song: Song, tmp_path: Path) -> None:
    assert [one.name for one in song.exhibits()] == [
        "song_sounds", "versions", "rank_paths", "audience", "creators", "licence",
    ]  # fmt: skip
    unknown = ["7000000000000000001", "7000000000000000002"]
    bare = Song(None, song.charts, song.family.assign(sound_id=unknown, song_id=unknown[0]))
    page = bare.page()
    for said in ("No post with any of its sounds", "None of its sounds stands on a 7-day chart", "Audience: not known"):
        assert said in page
    saved = song.save(tmp_path / "song.html")
    assert saved.read_text() == song.page()
    with pytest.raises(ConfigError, match="ends in html"):
        song.save(tmp_path / "song.pdf")


def test_sounds_of_one_version_are_told_apart_by_their_ids() -> None:
    sounds = pd.DataFrame({"version": ["official", "remix", "remix"], "sound_id": ["70001", "70002", "70003"]})
    assert _told_apart(sounds) == ["official", "remix …0002", "remix …0003"]


# What is known of its use


def test_four_statements_each_with_its_source_and_no_licence_among_them(song: Song) -> None:
    shown = song.licence()
    assert (shown.frame.groupby("sound_id").size() == 4).all()
    assert shown.subtitle.endswith("rights must be confirmed")
    assert "none of them is a licence" in shown.caption


def test_what_nobody_said_is_not_known(monitor: Monitor) -> None:
    sounds = pd.DataFrame({"sound_id": ["7000000000000000001"], "title": ["Some Song"], "artist": ["Me"]}, dtype="str")
    lines = licence_lines(monitor.store, LONG_AGO, sounds)
    assert lines["answer"].tolist() == [NOT_KNOWN] * 4
    assert lines["dated"].isna().all()
    sentence = licence_sentence(lines)
    assert sentence.count("has not said") == 3
    assert sentence.endswith("rights must be confirmed")


def test_markets_that_differ_are_named(monitor: Monitor, song: Song) -> None:
    lines = licence_lines(monitor.store, monitor.as_of, song.family).set_index(["sound_id", "statement"])
    assert lines.loc[(song.song_id, CML), "answer"] == "yes (Brazil, United Kingdom, United States)"
    assert lines.loc[(song.song_id, MAY_BE), "answer"].startswith("maybe: Cherry Cola Sky")
    split = lines.reset_index().query("sound_id == @song.song_id")
    split.loc[split["statement"] == CML, "answer"] = "yes in United States; no in Brazil"
    assert "some markets only (yes in United States; no in Brazil)" in licence_sentence(split)


# Its artist


def test_an_artist_is_looked_up_once_and_nobody_is_called_unsigned(practice_home: Path, tmp_path: Path) -> None:
    monitor = Monitor.of_practice(shutil.copytree(practice_home, tmp_path / "home"))
    shown = monitor.artist("Dario Solbakke")
    assert "labels: Selo Azul" in shown.subtitle
    assert "what it lacks may exist" in shown.caption
    assert monitor.artist("Dario Solbakke").frame.equals(shown.frame)
    nobody = monitor.artist("Nobody & Sons of the Sandbox")
    assert nobody.frame.empty
    assert "nobody of that name found in MusicBrainz as of" in nobody.subtitle


def test_a_day_that_is_not_covered_has_no_number_and_a_sound_nobody_read_is_said(song: Song) -> None:
    shown = song.versions()
    lost = shown.frame[shown.frame["status"] == "not_enough_coverage"]
    assert len(lost)
    assert lost[["posts", "n", "share"]].isna().all(axis=None)
    assert "ok" not in set(shown.frame["status"])
    assert "of 1 of its 2 sounds none is known" in shown.caption
    shares = shown.frame.assign(status="ok")
    told, note = told_shares(shares, song.family, song.family["sound_id"])
    assert set(told["status"]) == {"ok"}
    assert "none" not in note
