"""The board of one instant: what the store knows, handed to every metric that ranks sounds.

Each sound's velocity is measured on both kinds of evidence, the counter and the posts; the
leaderboard decides which one stands. Breakouts are looked for in daily counts: from the posts on the
days that they cover whole, each creator's counted twice at most, so that a handful of busy accounts
makes no breakout; else from the counter.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from typing import Any

import pandas as pd

from trendlib import metrics
from trendlib.errors import NoDataError
from trendlib.metrics.breakouts import CROWD_DAYS
from trendlib.schema import Status, utc_text
from trendlib.store import Snapshot

POSTS_PER_CREATOR = 2
FLAGGED_DAYS = 28
MOST_NAMED = 5
WHOLE_DAY = 0.99
SENT_ALERTS = ("watch", "confirmed", "new")
ALERT_COLUMNS = (
    "sound_id", "title", "artist", "rule", "rule_version", "alert", "growth_rate", "growth_low", "growth_high",
    "evidence", "lift", "total_uses", "posts_last_24h", "effective_creators", "top_creator_share", "status", "as_of",
)  # fmt: skip
CROSSOVER_COLUMNS = (
    "sound_id", "title", "artist", "region", "p0", "p1", "low", "n0", "n1", "n_unknown", "status", "rule",
    "rule_version",
)  # fmt: skip
CAUTION_COLUMNS = ("sound_id", "title", "artist", "caution", "advice")


@dataclass(frozen=True, eq=False)
class Board:
    """All watched sounds at one instant.

    Attributes
    ----------
    as_of
        The instant.
    velocities
        Velocity on posts and on the counter, a row a sound each.
    facts
        Identities, latest uses, breakouts, concentration and top regions, a row a sound each.
    days
        Daily counts of all sounds.
    shifts
        Regions this week against last, of the sounds with posts.
    crowd
        How many creators are known to have posted each sound, day by day.
    readings_used, posts_used
        What it all rests on [readings, posts].
    """

    as_of: datetime
    velocities: Sequence[pd.DataFrame]
    facts: Sequence[pd.DataFrame]
    days: pd.DataFrame
    shifts: pd.DataFrame
    crowd: pd.DataFrame
    readings_used: int
    posts_used: int

    @cached_property
    def flags(self) -> pd.DataFrame:
        """What the breakout rule says of each sound on each of the last four weeks' days."""
        flags: pd.DataFrame = metrics.breakouts(self.days, as_of=self.as_of, days=FLAGGED_DAYS, crowd=self.crowd)
        return flags

    def leaderboard(
        self, *, max_uses: int | None = None, top: int | None = None, include_unrankable: bool = True
    ) -> pd.DataFrame:
        """Rank the sounds; by default all of them, with those that cannot be ranked last."""
        ranked: pd.DataFrame = metrics.leaderboard(
            self.velocities,
            as_of=self.as_of,
            facts=self.facts,
            max_uses=max_uses,
            top=top,
            include_unrankable=include_unrankable,
        )
        return ranked

    def titled(self, text: str) -> str:
        """Return the id of the one sound that has a text in its title.

        Raises
        ------
        NoDataError
            If none has, or more than one.
        """
        sounds = self.leaderboard()
        titles = sounds["title"].fillna("")
        found = sounds[titles.str.contains(text, case=False, regex=False)]
        exact = found[found["title"].str.casefold() == text.casefold()]
        for candidates in (exact, found, _song_itself(found)):
            if len(candidates) == 1:
                return str(candidates["sound_id"].item())
        if len(found):
            some = "; ".join(f"{row.title} ({row.sound_id})" for row in found.head(MOST_NAMED).itertuples())
            raise NoDataError(f"{text!r} stands in {len(found)} titles: {some}. Give more of it, or the id.")
        near = get_close_matches(text, list(titles), n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise NoDataError(f"No watched sound has {text!r} in its title.{hint}")

    @cached_property
    def _windows(self) -> "pd.Series[int]":
        """Length of the recent window behind each growth rate on the board [days], by sound."""
        key = ["sound_id", "status", "growth_rate"]
        measured = pd.concat([frame[[*key, "window_days"]] for frame in self.velocities], ignore_index=True)
        shown = self.leaderboard()[key].dropna().merge(measured, on=key).drop_duplicates("sound_id")
        return shown.set_index("sound_id")["window_days"]

    def window_days_of(self, sound_id: str) -> int:
        """Return the length of the recent window that a sound's growth is measured on [days]."""
        return int(self._windows.get(sound_id, 1))

    def widened(self, sound_ids: Iterable[str]) -> int:
        """Count the sounds whose growth is measured on more than one day, as their counter is rounded."""
        return sum(self.window_days_of(one) > 1 for one in sound_ids)

    def days_of(self, sound_id: str) -> pd.DataFrame:
        """Return one sound's daily counts, oldest first."""
        return self.days[self.days["sound_id"] == sound_id].reset_index(drop=True)

    def marks_of(self, sound_id: str) -> pd.DataFrame:
        """Return the days on which one sound was flagged: ``day``, ``alert``."""
        is_flagged = (self.flags["sound_id"] == sound_id) & self.flags["alert"].isin(SENT_ALERTS)
        return self.flags.loc[is_flagged, ["day", "alert"]]

    def alerts(self) -> pd.DataFrame:
        """List what the rules flag: a row a sound and rule, the most certain first.

        Returns
        -------
            The columns of ``ALERT_COLUMNS``; ``alert`` is what the rule says: watch, confirmed, new or early.
        """
        everything = self.leaderboard()
        flagged = everything[everything["alert"].isin(SENT_ALERTS)].assign(
            rule=metrics.BREAKOUT.name, rule_version=metrics.BREAKOUT.version
        )
        early: pd.DataFrame = metrics.catch_them_early(everything)
        early = early.assign(
            rule=metrics.CATCH_THEM_EARLY.name, rule_version=metrics.CATCH_THEM_EARLY.version, alert="early"
        )
        both = pd.concat([flagged, early]).sort_values(["evidence", "sound_id", "rule"], ascending=[False, True, True])
        return both[list(ALERT_COLUMNS)].reset_index(drop=True)

    def crossovers(self) -> pd.DataFrame:
        """List the sounds that cross into a region: the surest first.

        Returns
        -------
            ``sound_id, title, artist, region``, its share last week ``p0`` and this week ``p1`` [0-1], ``low`` end of
            the difference, ``n0`` and ``n1`` [posts or creators], ``n_unknown``, ``status``, ``rule``,
            ``rule_version``.
        """
        crossing = self.shifts[self.shifts["is_crossover"]]
        crossing = crossing.sort_values(["low", "sound_id"], ascending=[False, True])
        named = crossing.merge(self.leaderboard()[["sound_id", "title", "artist"]], on="sound_id", how="left")
        return named[list(CROSSOVER_COLUMNS)].reset_index(drop=True)

    def cautions(self) -> pd.DataFrame:
        """List what not to believe too quickly: the rising sounds of a few creators, and what can't be ranked.

        Returns
        -------
            ``sound_id, title, artist, caution, advice``; sounds that rise come first.
        """
        everything = self.leaderboard()
        measured = next(fact for fact in self.facts if "is_concentrated" in fact)
        rising = everything[everything["growth_low"] > 1].merge(measured[measured["is_concentrated"]], on="sound_id")
        few = rising.assign(
            caution=[_carried_by(row) for row in rising.itertuples()],
            advice="look at who posts it before you believe the pace: a campaign or bots look like this",
        )
        unranked = everything[everything["rank"].isna()]
        # the first check looks at the sound's own row only
        reasons = [metrics.why(str(one), own).iloc[0] for one, own in unranked.groupby("sound_id", sort=False)]
        lost = unranked.assign(
            caution=[f"can't be ranked: {reason['found']}" for reason in reasons],
            advice=[reason["advice"] for reason in reasons],
        )
        return pd.concat([few, lost])[list(CAUTION_COLUMNS)].reset_index(drop=True)


def _song_itself(found: pd.DataFrame) -> pd.DataFrame:
    """Pick the sound that all others are versions of by their titles: "… - sped up"."""
    titles = found["title"].str.casefold()
    shortest = min(titles, key=len, default="")
    is_the_song = bool(titles.str.startswith(shortest).all())
    return found[titles == shortest] if is_the_song else found.head(0)


def _carried_by(row: Any) -> str:
    worth = f"{row.effective_creators_x:.0f} creators' worth of posts"
    busiest = f"the busiest makes {row.top_creator_share_x:.0%}"
    return f"{worth} ({row.creators} creators, {row.posts} posts in a week); {busiest}"


def board(world: Snapshot, watched: Sequence[str] = ()) -> Board:
    """Measure all watched sounds as of the snapshot's instant.

    Parameters
    ----------
    world
        The store as it was known then.
    watched
        Sound ids; none given means every sound whose counter or posts were ever asked for.

    Raises
    ------
    NoDataError
        If nothing was known of any of them.
    """
    readings = world.frame("sound_observations", **_only(watched, "sound_id"))
    pages = world.frame("feed_pages", subject="sound", **_only(watched, "subject_id"))
    known = sorted({*watched, *readings["sound_id"], *pages["subject_id"].dropna()})
    if readings.empty and pages.empty:
        raise NoDataError(
            f"Nothing was known of any watched sound at {utc_text(world.as_of)}. Sweep first, or go later."
        )
    uses = latest_uses(readings)
    totals = uses.rename(columns={"sound_id": "subject_id", "total_uses": "total"}).dropna()
    covered = metrics.coverage(pages, as_of=world.as_of, totals=totals)
    posts = world.posts(known)
    counted = metrics.daily.from_counter(readings, as_of=world.as_of)
    listed = metrics.daily.from_posts(posts, as_of=world.as_of, coverage=covered, posts_per_creator=POSTS_PER_CREATOR)
    days = _daily(counted, listed)
    measured = (
        metrics.velocity(posts, as_of=world.as_of, coverage=covered, daily=days),
        metrics.counter_velocity(readings, as_of=world.as_of, daily=counted),
    )
    velocities = (*measured, _not_measured(known, measured))
    crowd = metrics.crowds(posts, as_of=world.as_of, days=FLAGGED_DAYS + CROWD_DAYS + 1)
    facts = (
        world.table("sounds", sound_id=known).df(),
        uses,
        metrics.breakouts(days, as_of=world.as_of, crowd=crowd)[["sound_id", "alert", "evidence", "lift"]],
        metrics.concentration(posts, as_of=world.as_of),
        metrics.top_region(metrics.region_mix(posts, as_of=world.as_of)),
    )
    return Board(
        world.as_of,
        velocities,
        facts,
        days,
        shifts=metrics.crossover(posts, as_of=world.as_of),
        crowd=crowd,
        readings_used=len(readings),
        posts_used=len(posts),
    )


def _daily(counted: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Join daily counts: a day that the posts cover whole stands on them, any other on the counter."""
    key = ["sound_id", "day"]
    whole = listed[listed["exposure_days"] >= WHOLE_DAY]
    both = pd.concat([whole, counted, listed], ignore_index=True).drop_duplicates(key)
    return both.sort_values(key, ignore_index=True)


def _not_measured(known: Sequence[str], measured: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Give the sounds that are watched and were never seen a row that says so."""
    unseen = sorted(set(known).difference(*(frame["sound_id"] for frame in measured)))
    blank = pd.DataFrame({"sound_id": unseen, "status": Status.NOT_ENOUGH_COVERAGE.value, "evidence_kind": "posts"})
    like = measured[0].drop(columns=["is_season_adjusted", "is_lower_bound"])
    return blank.reindex(columns=like.columns).astype(like.dtypes)


def latest_uses(readings: pd.DataFrame) -> pd.DataFrame:
    """Return each sound's latest known total uses: ``sound_id``, ``total_uses`` [posts]."""
    known = readings.dropna(subset=["total_uses"]).sort_values(["sound_id", "observed_at", "answer_id"])
    return known.drop_duplicates("sound_id", keep="last")[["sound_id", "total_uses"]].reset_index(drop=True)


def _only(watched: Sequence[str], column: str) -> dict[str, Sequence[str]]:
    return {column: watched} if watched else {}
