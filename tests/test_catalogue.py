"""The licensed-music catalogue shown: tracks, what came and went, and which sound each may be, always as a guess."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from trendlib.boards.catalogue import Catalogue
from trendlib.errors import NoDataError
from trendlib.monitor import Monitor

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def catalogue(practice_home: Path) -> Catalogue:
    return Monitor.of_practice(practice_home).catalogue


@pytest.fixture(scope="module")
def snapshots(catalogue: Catalogue) -> pd.Series:
    """Give the track ids of each snapshot, the oldest first."""
    with catalogue.known.store.as_of(catalogue.as_of) as world:
        tracks = world.frame("catalog_tracks")
    return tracks.groupby("observed_at")["track_id"].apply(set)


def as_of(practice_home: Path, instant: pd.Timestamp) -> Catalogue:
    return Monitor.of_practice(practice_home, as_of=instant.to_pydatetime()).catalogue


def test_the_tracks_are_those_of_the_latest_snapshot_the_most_used_first(
    catalogue: Catalogue, snapshots: pd.Series
) -> None:
    shown = catalogue.tracks().frame
    assert set(shown["track_id"]) == snapshots.iloc[-1]
    assert shown["uses"].is_monotonic_decreasing
    assert len(catalogue.tracks(top=3).frame) == 3
    assert f"{len(shown)} tracks" in repr(catalogue)


def test_a_misspelt_title_is_found(catalogue: Catalogue) -> None:
    title = catalogue.tracks().frame["title"].iloc[1]
    misspelt = title[:3] + title[4:]
    assert catalogue.tracks(misspelt).frame["title"].iloc[0] == title


def test_what_came_and_went_is_the_difference_of_the_last_two_snapshots(
    practice_home: Path, snapshots: pd.Series
) -> None:
    place = next(number for number in range(1, len(snapshots)) if snapshots.iloc[number] != snapshots.iloc[number - 1])
    then = as_of(practice_home, snapshots.index[place] + timedelta(minutes=1))
    found = then.entered_left()
    before, now = snapshots.iloc[place - 1], snapshots.iloc[place]
    changes = found.frame.set_index("track_id")["change"]
    assert set(changes.index[changes == "entered"]) == now - before
    assert set(changes.index[changes == "left"]) == before - now
    assert f"{len(now - before)} entered, {len(before - now)} left" in found.subtitle
    assert found.frame["title"].notna().all()


def test_one_snapshot_tells_no_change(practice_home: Path, snapshots: pd.Series) -> None:
    with pytest.raises(NoDataError, match=r"fewer than two whole snapshots.*trendlib pull --catalogue"):
        as_of(practice_home, snapshots.index[0] + timedelta(minutes=1)).entered_left()


def test_a_match_is_a_guess_with_its_reason(catalogue: Catalogue) -> None:
    shown = catalogue.matches()
    assert len(shown.frame)
    assert shown.frame["confidence"].between(0, 1, inclusive="neither").all()
    assert shown.frame["reason"].notna().all()
    assert "a guess" in shown.caption


def test_the_payload_names_a_track_of_the_catalogue_and_no_other(catalogue: Catalogue) -> None:
    track = catalogue.tracks().frame["track_id"].iloc[0]
    assert catalogue.payload(track) == {"tiktokMusic": {"trackId": track}}
    with pytest.raises(NoDataError, match=r"'nobody'.*has no such"):
        catalogue.payload("nobody")


def test_before_the_first_pull_each_question_names_the_remedy(practice_home: Path) -> None:
    empty = as_of(practice_home, pd.Timestamp(LONG_AGO))
    for ask in (empty.tracks, empty.matches, empty.entered_left, lambda: empty.payload("x")):
        with pytest.raises(NoDataError, match="trendlib pull --catalogue"):
            ask()
