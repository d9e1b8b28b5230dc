"""Which songs are picks, what each is beside the last review, and the team's hand in them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from trendlib.errors import ConfigError
from trendlib.review.cut import Cut, cut_before, cut_file, cut_near, read_cut, write_cut
from trendlib.review.picks import Flagged, Pick, by_hand, compared, gone

AS_OF = datetime(2026, 3, 16, 7, tzinfo=UTC)
WEEK = timedelta(days=7)
SINCE = AS_OF - WEEK


def alert(
    sound: str, rule: str = "breakout", word: str = "watch", days: tuple[float, float] = (1, 0)
) -> dict[str, Any]:
    """An alert that stood from so many days before the review to so many days before it."""
    first, last = (pd.Timestamp(AS_OF - timedelta(days=day)) for day in days)
    return {
        "alert_id": f"{rule}-{sound}-{days[0]:g}",
        "subject": "sound",
        "subject_id": sound,
        "rule": rule,
        "last_alert": word,
        "alerted_at": first,
        "last_at": last,
    }


def songs(**of: str) -> pd.DataFrame:
    """Sounds and the song each is of: a="one", b="one"."""
    rows = [(sound, song, f"Title {sound}", "Me") for sound, song in of.items()]
    return pd.DataFrame(rows, columns=["sound_id", "song_id", "title", "artist"]).astype("str")


def growth(**low: float) -> pd.DataFrame:
    return pd.DataFrame({"sound_id": pd.Series(low.keys(), dtype="str"), "growth_low": list(low.values())})


def picked(*alerts: dict[str, Any], of: pd.DataFrame, low: pd.DataFrame | None = None) -> list[Pick]:
    said = pd.DataFrame(list(alerts) or [alert("nobody")]).head(len(alerts))
    flagged = Flagged.of_ledger(said, AS_OF, AS_OF, SINCE)
    return flagged.picks(of, growth() if low is None else low)


def pick(sound: str, song: str = "", **how: Any) -> Pick:
    return Pick(sound_id=sound, song_id=song or sound, title=f"Title {sound}", **how)


def test_an_alert_that_ended_before_the_last_review_is_no_pick() -> None:
    found = picked(alert("a", days=(9, 7)), alert("b", days=(9, 6.9)), of=songs(a="a", b="b"))
    assert [one.sound_id for one in found] == ["b"]


@pytest.mark.parametrize("rule", ["crossover", "hashtag_bump"])
def test_what_crosses_borders_and_hashtags_have_sections_of_their_own(rule: str) -> None:
    assert picked(alert("a", rule), of=songs(a="a")) == []


def test_two_sounds_of_a_song_are_one_pick_led_by_the_one_flagged_harder() -> None:
    (found,) = picked(alert("a"), alert("b", word="confirmed"), of=songs(a="s", b="s"))
    assert (found.sound_id, found.song_id, found.versions, found.title) == ("b", "s", ("a",), "Title b")
    assert set(found.alert_ids) == {"breakout-a-1", "breakout-b-1"}


def test_what_still_stands_comes_before_what_was_flagged_harder_and_ended() -> None:
    found = picked(alert("a", word="confirmed", days=(5, 2)), alert("b", "catch_them_early", "early"), of=songs())
    assert [(one.sound_id, one.is_standing) for one in found] == [("b", True), ("a", False)]


def test_a_pick_says_what_the_rules_said_and_when() -> None:
    (found,) = picked(
        alert("a", word="confirmed", days=(3, 0)), alert("a", "catch_them_early", "early", (5, 4)), of=songs()
    )
    assert found.said == "breakout (confirmed) since 13 Mar; catch them early 11 Mar to 12 Mar"
    assert found.name == "sound a"


@pytest.mark.parametrize(
    ("now", "then", "low", "change"),
    [
        (pick("a", is_standing=True), [], 0.5, "new"),
        (pick("a"), [], 1.1, "new"),
        (pick("a"), [], 0.9, "cooling"),
        (pick("a", is_standing=True), [pick("a")], 0.5, "still rising"),
        (pick("a"), [pick("a")], 1.1, "still rising"),
        (pick("a"), [pick("a")], float("nan"), "pace not known"),
        (pick("a", "s", is_standing=True), [pick("b")], 1.0, "still rising"),
    ],
)
def test_what_a_pick_is_beside_the_last_review(now: Pick, then: list[Pick], low: float, change: str) -> None:
    (found,) = compared([now], then, songs(a="s" if now.song_id == "s" else "a", b="s"), growth(a=low))
    assert found.change == change


def test_a_pick_that_no_rule_flagged_since_is_dropped_and_a_second_version_is_merged() -> None:
    then = [pick("a"), pick("b"), pick("c")]
    now = [pick("a", "s", versions=("b",))]
    found = [(one.sound_id, change) for one, change, _ in gone(now, then, songs(a="s", b="s", c="c"))]
    assert found == [("b", "merged into a song"), ("c", "dropped")]


def test_a_song_now_led_by_another_of_its_sounds_was_neither_dropped_nor_merged() -> None:
    assert gone([pick("b", "s")], [pick("a", "s")], songs(a="s", b="s")) == []


# The team's hand


def test_the_team_drops_adds_reorders_and_notes() -> None:
    cut = Cut().with_dropped(["a"]).with_added(["d"])
    cut = Cut(order=("c",), dropped=cut.dropped, added=cut.added, notes={"d": "heard it live"})
    found = by_hand([pick("a"), pick("b"), pick("c")], cut, songs(d="d"))
    assert [(one.sound_id, one.change, one.note) for one in found] == [
        ("c", "new", ""),
        ("b", "new", ""),
        ("d", "by hand", "heard it live"),
    ]


def test_what_was_dropped_can_be_put_back_and_what_was_added_taken_out() -> None:
    assert Cut().with_dropped(["a"]).with_added(["a"]).dropped == ()
    assert Cut().with_added(["a"]).with_dropped(["a"]).added == ()


def test_what_was_added_and_is_flagged_anyway_stands_once() -> None:
    (found,) = by_hand([pick("a")], Cut(added=("a",)), songs(a="a"))
    assert found.change == "new"


def test_a_sound_put_in_whose_song_is_a_pick_already_makes_no_second_page() -> None:
    found = by_hand([pick("a", "s")], Cut(added=("b", "c", "d")), songs(a="s", b="s", c="t", d="t"))
    assert [(one.sound_id, one.versions, one.change) for one in found] == [
        ("a", ("b",), "new"),
        ("c", ("d",), "by hand"),
    ]


def test_a_version_speaks_for_its_songs_pick() -> None:
    now = [pick("a"), pick("b", "s", versions=("c",))]
    assert [one.sound_id for one in by_hand(now, Cut(dropped=("c",)), songs())] == ["a"]
    found = by_hand(now, Cut(order=("c",), notes={"c": "loud"}), songs())
    assert [(one.sound_id, one.note) for one in found] == [("b", "loud"), ("a", "")]


def test_the_teams_hand_is_found_near_its_instant(tmp_path: Path) -> None:
    first, second = Cut(order=("a",)), Cut(order=("b",))
    assert cut_near(tmp_path / "nowhere", AS_OF) == Cut()
    (tmp_path / "notes.toml").write_text("not a saved review")
    write_cut(first, tmp_path, AS_OF - timedelta(hours=8))
    write_cut(second, tmp_path, AS_OF)
    for off in (-90, 0, 90):
        assert cut_near(tmp_path, AS_OF + timedelta(seconds=off)) == second
    assert cut_near(tmp_path, AS_OF - timedelta(hours=6.5)) == first
    assert cut_near(tmp_path, AS_OF - timedelta(hours=6.5), is_same_day=True) == second, (
        "the first is of the day before"
    )
    assert cut_near(tmp_path, SINCE) == Cut()


def test_a_new_review_of_the_same_week_begins_with_what_the_last_one_was_left_at(tmp_path: Path) -> None:
    edited, minute = Cut(order=("a",), notes={"a": "call them"}), timedelta(minutes=1)
    write_cut(Cut(dropped=("z",)), tmp_path, AS_OF - timedelta(days=1))
    write_cut(edited, tmp_path, AS_OF)
    later = cut_before(tmp_path, AS_OF + minute, SINCE + minute)
    assert (later.order, later.notes, later.dropped) == (("a",), {"a": "call them"}, ())
    assert later.beginning == "picks, order and notes are taken over from the review of Mon 16 Mar 2026, 07:00 UTC"
    write_cut(later, tmp_path, AS_OF + minute)
    assert cut_before(tmp_path, AS_OF + minute, SINCE + minute) == later, "printed again it says the same"
    assert cut_before(tmp_path, AS_OF + 2 * minute, SINCE).taken_over == later.taken_over
    assert cut_before(tmp_path, AS_OF, SINCE) == edited, "one that was saved is itself"
    assert cut_before(tmp_path, AS_OF + timedelta(days=7), AS_OF) == Cut(), "next week begins anew"
    assert cut_before(tmp_path, AS_OF - timedelta(days=2), SINCE) == Cut(), "nothing is known of later"
    write_cut(Cut(), tmp_path, AS_OF + timedelta(days=1))
    assert cut_before(tmp_path, AS_OF + timedelta(days=1.5), SINCE) == Cut(), "what was left bare begins bare"


def test_the_teams_hand_is_kept_and_read_again(tmp_path: Path) -> None:
    cut = Cut(("b", "a"), ("c",), ("d",), {"d": 'says "yes" \u05d0 🎧'})
    path = write_cut(cut, tmp_path / "reviews", AS_OF)
    assert path == cut_file(tmp_path / "reviews", AS_OF)
    assert read_cut(tmp_path / "reviews", AS_OF) == cut
    assert read_cut(tmp_path / "reviews", SINCE) == Cut()


@pytest.mark.parametrize(
    "text",
    [
        "order = 1",
        'order = ["a", 2]',
        "orders = []",
        "notes = []",
        "taken_over = 'soon'",
        "taken_over = 1",
        "=",
        "[notes]\na = 1",
    ],
)
def test_a_hand_that_is_not_understood_names_its_file(tmp_path: Path, text: str) -> None:
    cut_file(tmp_path, AS_OF).write_text(text)
    with pytest.raises(ConfigError, match=r"2026-03-16T070000Z\.toml.*delete it to begin anew"):
        read_cut(tmp_path, AS_OF)
