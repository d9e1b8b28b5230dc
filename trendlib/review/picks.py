"""Picks: the songs that rules flagged since the last review, each led by one sound; and the team's hand in them.

A pick of the review as of T, since S, is a song one of whose sounds had an alert of ``breakout``,
``catch_them_early`` or ``reactivation`` standing at some time after S, as it was recorded on its day. Where nothing
was ever recorded the rules are asked anew, and the review says so. What it is beside the last review:

* *rising* here means: flagged at the last look, or growing with the whole interval above 1.
* *New*: rising, and no pick of the last review. *Still rising*: rising, and a pick then too. *Cooling*: flagged since
  the last review, but rising no more. *Pace not known*: flagged since then, and no pace can be told now.
* *Dropped*: it was one, and was not flagged since. *Merged into a song*: it was one of its own, and turned out to be a
  version of another pick's song. *By hand*: the team put it there.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd

from trendlib.review.cut import Cut
from trendlib.show.theme import plain_text

PICK_RULES = ("breakout", "catch_them_early", "reactivation")
NEW, RISING, UNTOLD, COOLING, DROPPED, MERGED, BY_HAND = (
    "new", "still rising", "pace not known", "cooling", "dropped", "merged into a song", "by hand",
)  # fmt: skip
TAKEN_OUT = "taken out by the team"
_STRENGTH = ("confirmed", "new", "watch", "reactivation", "early")


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A song that the review gives a page, and the sound that leads it.

    Attributes
    ----------
    sound_id
        The sound that leads it: of those flagged, the one flagged hardest.
    song_id
        The song it is a version of.
    title, artist
        As the provider names them; "" where it does not.
    change
        What it is beside the last review: new, still rising, pace not known, cooling, by hand.
    said
        What the rules said of it and since when, in words.
    is_standing
        Whether a rule still flagged it at the last look.
    alert_ids
        Its alerts, the newest first.
    versions
        Other sounds of the same song that were flagged or put in by hand, by id.
    note
        What the team wrote beside it.
    """

    sound_id: str
    song_id: str
    title: str = ""
    artist: str = ""
    change: str = NEW
    said: str = ""
    is_standing: bool = False
    alert_ids: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    note: str = ""

    @property
    def name(self) -> str:
        """Title and artist, or the id of a sound without a title."""
        return " · ".join(word for word in (self.title, self.artist) if word) or f"sound {self.sound_id}"


@dataclass(frozen=True, eq=False)
class Flagged:
    """What rules said of sounds up to an instant, and since when it counts.

    Attributes
    ----------
    as_of, since
        The instants.
    alerts
        Alerts that stood after ``since``: ``alert_id``, ``sound_id``, ``rule``, ``last_alert``, ``alerted_at``,
        ``last_at``, ``is_standing``.
    """

    as_of: datetime
    since: datetime
    alerts: pd.DataFrame

    @classmethod
    def of_ledger(cls, alerts: pd.DataFrame, last_look: datetime | None, as_of: datetime, since: datetime) -> "Flagged":
        """Take what was recorded.

        Parameters
        ----------
        alerts
            Rows of ``alerts`` as of the instant.
        last_look
            When the rules were asked last; None for never.
        as_of, since
            The instants.
        """
        is_pick = (alerts["subject"] == "sound") & alerts["rule"].isin(PICK_RULES) & (alerts["last_at"] > since)
        kept = alerts[is_pick].rename(columns={"subject_id": "sound_id"})
        return cls(as_of, since, kept.assign(is_standing=kept["last_at"] == last_look))

    @classmethod
    def of_board(cls, alerts: pd.DataFrame, as_of: datetime, since: datetime) -> "Flagged":
        """Take what the rules say now, where nothing was recorded.

        Parameters
        ----------
        alerts
            What `trendlib.boards.board.Board.alerts` gave.
        as_of, since
            The instants.
        """
        now = pd.Timestamp(as_of).as_unit("us")
        kept = alerts.assign(alert_id="", last_alert=alerts["alert"], alerted_at=now, last_at=now, is_standing=True)
        return cls(as_of, since, kept)

    def picks(self, songs: pd.DataFrame, growth: pd.DataFrame) -> list[Pick]:
        """Gather the flagged sounds into songs, the hardest flagged first.

        Parameters
        ----------
        songs
            ``sound_id``, ``song_id``, ``title``, ``artist``.
        growth
            ``sound_id``, ``growth_low`` at the instant.
        """
        table = self.alerts.assign(
            strength=self.alerts["last_alert"].map({word: place for place, word in enumerate(_STRENGTH)})
        )
        known = songs.drop_duplicates("sound_id").set_index("sound_id")
        song_of, lows = known["song_id"].to_dict(), dict(zip(growth["sound_id"], growth["growth_low"], strict=True))
        table["song_id"] = [song_of.get(sound, sound) for sound in table["sound_id"]]
        table["growth_low"] = [lows.get(sound, float("nan")) for sound in table["sound_id"]]
        table = table.sort_values(
            ["is_standing", "strength", "growth_low", "sound_id", "alerted_at", "rule"],
            ascending=[False, True, False, True, False, True],
        )
        return [_pick(str(song), rows, known) for song, rows in table.groupby("song_id", sort=False, observed=True)]


def _pick(song_id: str, rows: pd.DataFrame, known: pd.DataFrame) -> Pick:
    lead = str(rows["sound_id"].iloc[0])
    title, artist = named(lead, known)
    own = rows[rows["sound_id"] == lead]
    newest = rows.sort_values(["alerted_at", "alert_id"], ascending=[False, True])
    return Pick(
        sound_id=lead,
        song_id=song_id,
        title=title,
        artist=artist,
        said="; ".join(_said(row) for row in own.itertuples()),
        is_standing=bool(own["is_standing"].any()),
        alert_ids=tuple(dict.fromkeys(one for one in newest["alert_id"] if one)),
        versions=tuple(dict.fromkeys(one for one in rows["sound_id"] if one != lead)),
    )


def named(sound_id: str, known: pd.DataFrame) -> tuple[str, str]:
    """Give title and artist of a sound as one-line text, from a frame of them by sound; "" where not known."""
    if sound_id not in known.index:
        return "", ""
    row = known.loc[sound_id]
    return plain_text(row["title"], 300), plain_text(row["artist"], 300)


def _said(row: Any) -> str:
    """Say an alert and its days: ``breakout (watch) 13 Nov to 15 Nov``."""
    word = "" if row.last_alert in {"early", "reactivation"} else f" ({row.last_alert})"
    first, last = _day(row.alerted_at), _day(row.last_at)
    days = f"since {first}" if row.is_standing else first if first == last else f"{first} to {last}"
    return f"{str(row.rule).replace('_', ' ')}{word} {days}"


def _day(instant: datetime) -> str:
    return f"{instant.day} {instant:%b}"


def compared(now: Sequence[Pick], then: Sequence[Pick], songs: pd.DataFrame, growth: pd.DataFrame) -> list[Pick]:
    """Say of each pick what it is beside the last review; what cools comes last.

    Parameters
    ----------
    now, then
        Picks of this review and of the last.
    songs
        ``sound_id``, ``song_id`` as known now.
    growth
        ``sound_id``, ``growth_low`` at this review's instant.
    """
    song_of = dict(zip(songs["sound_id"], songs["song_id"], strict=True))
    before = {song_of.get(pick.sound_id, pick.sound_id) for pick in then}
    rising = set(growth.loc[growth["growth_low"] > 1, "sound_id"])
    told = set(growth.loc[growth["growth_low"].notna(), "sound_id"])

    def change(pick: Pick) -> str:
        if not (pick.is_standing or pick.sound_id in rising):
            return COOLING if pick.sound_id in told else UNTOLD
        return RISING if pick.song_id in before else NEW

    found = [replace(pick, change=change(pick)) for pick in now]
    return sorted(found, key=lambda pick: (pick.change == COOLING, pick.change == UNTOLD))


def gone(now: Sequence[Pick], then: Sequence[Pick], songs: pd.DataFrame) -> list[tuple[Pick, str, str]]:
    """List the last review's picks that are no picks of their own any more: the pick, what became of it, and why.

    Parameters
    ----------
    now, then
        Picks of this review and of the last.
    songs
        ``sound_id``, ``song_id`` as known now.
    """
    song_of = dict(zip(songs["sound_id"], songs["song_id"], strict=True))
    holders = {pick.song_id: pick for pick in now}
    of_song: dict[str, list[Pick]] = {}
    for pick in then:
        of_song.setdefault(str(song_of.get(pick.sound_id, pick.sound_id)), []).append(pick)
    found = []
    for song, picks in of_song.items():
        holder = holders.get(song)
        if holder is None:
            found += [(pick, DROPPED, "no rule has flagged it since") for pick in picks]
            continue
        heir = next((pick for pick in picks if holder.sound_id in {pick.sound_id, *pick.versions}), picks[0])
        found += [(pick, MERGED, f"now a version of {holder.name}") for pick in picks if pick is not heir]
    return found


def by_hand(picks: Sequence[Pick], cut: Cut, songs: pd.DataFrame) -> list[Pick]:
    """Let the team drop, add and reorder picks, and write beside them; each sound of a song speaks for its pick.

    Parameters
    ----------
    picks
        What the rules give.
    cut
        The team's hand.
    songs
        ``sound_id``, ``song_id``, ``title``, ``artist``.
    """
    known = songs.drop_duplicates("sound_id").set_index("sound_id")
    kept = {pick.song_id: pick for pick in picks if not {*_sounds(pick)} & {*cut.dropped}}
    for sound in cut.added:
        song = str(known["song_id"].get(sound, sound))
        if song in kept:
            versions = (*kept[song].versions, *({sound} - {*_sounds(kept[song])}))
            kept[song] = replace(kept[song], versions=versions)
            continue
        title, artist = named(sound, known)
        said = "put in by hand"
        kept[song] = Pick(sound_id=sound, song_id=song, title=title, artist=artist, change=BY_HAND, said=said)
    place = {sound: number for number, sound in enumerate(cut.order)}
    ordered = sorted(kept.values(), key=lambda pick: min(place.get(one, len(place)) for one in _sounds(pick)))
    return [
        replace(pick, note=next((cut.notes[one] for one in _sounds(pick) if one in cut.notes), pick.note))
        for pick in ordered
    ]


def _sounds(pick: Pick) -> tuple[str, ...]:
    return (pick.sound_id, *pick.versions)
