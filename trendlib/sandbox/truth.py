"""The truth behind a practice world: what a perfect observer would know. No answer of the server shows it."""

from dataclasses import dataclass
from datetime import date

from trendlib.sandbox.draws import Ints


@dataclass(frozen=True)
class Crossover:
    """A sound whose posts truly begin to come from another region."""

    sound_id: str
    day: date
    from_region: str
    into_region: str


@dataclass(frozen=True)
class Truth:
    """What is true of a world, by sound id and by hashtag.

    Attributes
    ----------
    days
        The days of the world, without the run-up.
    classes
        Class of each sound: flat, drift, jump, slow_burner, newborn, newborn_breakout, spike, bot_driven, reactivated.
    onsets
        First day of what the class is named for; none for flat and drift.
    peaks
        Day on which the three-day mean after the onset is highest; None while a sound still rises at the end.
    crossovers
        True crossovers, in order of their day.
    families
        Song (the official sound's song id) to the ids of its sounds, the official one first; only songs with several.
    versions
        Version of each sound: official, sped up, slowed, remix, live or user rip.
    daily
        True posts of each sound on each of `days` [posts per UTC day].
    bot_posts
        How many of them bots made, for bot-driven sounds.
    hashtag_classes
        Class of each hashtag: steady, fading, bump or rising.
    hashtag_onsets
        First day of a bump or rise.
    hashtag_daily
        True posts with each hashtag on each of `days` [posts per UTC day].
    """

    days: tuple[date, ...]
    classes: dict[str, str]
    onsets: dict[str, date]
    peaks: dict[str, date | None]
    crossovers: tuple[Crossover, ...]
    families: dict[str, tuple[str, ...]]
    versions: dict[str, str]
    daily: dict[str, Ints]
    bot_posts: dict[str, Ints]
    hashtag_classes: dict[str, str]
    hashtag_onsets: dict[str, date]
    hashtag_daily: dict[str, Ints]
