"""Finding a sound while somebody types."""

import pandas as pd
import pytest

from trendlib.boards.finder import Finder
from trendlib.watchlist import NO_SOUND_PAGE

IDS = [f"70123456789012345{place:02}" for place in range(12)]
TITLES = ["Cherry Cola Sky", "Über Café", None, "<b>$x$</b>", *(f"Summer {place}" for place in range(8))]


@pytest.fixture(scope="module")
def finder() -> Finder:
    return Finder(
        pd.DataFrame(
            {
                "sound_id": IDS,
                "title": TITLES,
                "artist": ["Dario", "Noël", None, "Ann", *(f"Singer {place}" for place in range(8))],
                "growth_rate": [2.94, None, None, 1.0, *[1.5] * 8],
                "total_uses": [3_000, 12_345, None, 1, *[5] * 8],
            }
        )
    )


@pytest.mark.parametrize(
    ("typed", "place"),
    [("cherry", 0), ("SKY dario", 0), ("uber cafe", 1), ("noel", 1), (IDS[2], 2), ("<b>", 3), ("summer 7", 11),
     (f"https://www.tiktok.com/music/a-b-{IDS[0]}?lang=en", 0), (IDS[0][-6:], 0)],
)  # fmt: skip
def test_a_sound_is_found_by_title_artist_id_or_address(finder: Finder, typed: str, place: int) -> None:
    found, _ = finder.find(typed)
    assert found[0]["id"] == IDS[place]
    assert found[0]["act"] == "open"


def test_an_offer_says_who_how_fast_how_large_and_which(finder: Finder) -> None:
    assert finder.find("cherry") == (
        [{"act": "open", "id": IDS[0], "name": "Cherry Cola Sky", "beneath": f"Dario · 2.9× · 3K uses · {IDS[0]}"}],
        "",
    )
    assert finder.find(IDS[2])[0][0]["name"] == f"sound {IDS[2]}"


def test_only_eight_are_offered_and_the_number_is_said(finder: Finder) -> None:
    found, said = finder.find("7012345")
    assert len(found) == 8
    assert said == "12 sounds; type on to narrow them down"


def test_what_is_misspelt_is_guessed(finder: Finder) -> None:
    found, said = finder.find("chery colla sky")
    assert found[0]["id"] == IDS[0]
    assert said.endswith("Did you mean:")


def test_a_sound_that_is_not_watched_can_be_followed(finder: Finder) -> None:
    found, said = finder.find("6999999999999999999")
    assert [(one["act"], one["id"]) for one in found] == [("follow", "6999999999999999999")]
    assert said == "This sound is not watched yet."


def test_where_nothing_is_like_it_the_next_step_is_said(finder: Finder) -> None:
    assert finder.find("qqqq") == (
        [],
        "No watched sound has “qqqq” in its title, artist or id. Paste a sound's TikTok address to follow it.",
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://vm.tiktok.com/ZMabc12/",
        "https://www.tiktok.com/@sunnyside/video/7301234567890123456",
        "tiktok.com/@sunnyside",
        "https://example.com/music/x-7301234567890123456",
    ],
)
def test_an_address_of_no_sound_says_where_the_sounds_address_is(finder: Finder, address: str) -> None:
    assert finder.find(address) == ([], NO_SOUND_PAGE)


def test_an_address_without_its_beginning_is_one(finder: Finder) -> None:
    assert finder.find(f"www.tiktok.com/music/some-title-{IDS[0]}")[0][0]["id"] == IDS[0]
