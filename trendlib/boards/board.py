"""The board of one instant: what the store knows, handed to every metric that ranks sounds.

Each sound's velocity is measured on both kinds of evidence, the counter and the posts; the
leaderboard decides which one stands. Breakouts are looked for in daily counts: from the posts on the
days that they cover whole, each creator's counted twice at most, so that a handful of busy accounts
makes no breakout; else from the counter.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from functools import cached_property
from typing import Any, Protocol

import narwhals as nw
import pandas as pd

from trendlib import metrics
from trendlib.boards.names import named_sounds
from trendlib.errors import NoDataError
from trendlib.metrics import RULES, Rule, engines
from trendlib.metrics.breakouts import CROWD_DAYS
from trendlib.metrics.engines import instant
from trendlib.metrics.windows import HORIZON_DAYS
from trendlib.schema import Status, utc_text
from trendlib.show.theme import plain_text
from trendlib.watchlist import NO_SOUND_PAGE, is_other_address

POSTS_PER_CREATOR = 2
COUNTED = ("sound_id", "creator_id", "region", "posted_at")  # each post once, so that no id has to tell them apart
FLAGGED_DAYS = 28
MOST_NAMED = 5
SENT_ALERTS = ("watch", "confirmed", "new")
ALERT_COLUMNS = (
    "sound_id", "title", "artist", "rule", "rule_version", "alert", "growth_rate", "growth_low", "growth_high",
    "evidence", "lift", "total_uses", "posts_last_24h", "window_days", "effective_creators", "top_creator_share",
    "status", "as_of",
)  # fmt: skip
CROSSOVER_COLUMNS = (
    "sound_id", "title", "artist", "region", "p0", "p1", "low", "n0", "n1", "n_unknown", "status", "rule",
    "rule_version",
)  # fmt: skip
CAUTION_COLUMNS = ("sound_id", "title", "artist", "caution", "advice")


class World(Protocol):
    """What was known at one instant: the store's snapshot, or exported tables on a cluster."""

    as_of: datetime

    def frame(self, name: str, **where: str | Sequence[str]) -> pd.DataFrame:
        """Return a table, its rows in the order of its key."""

    def posts(self, sound_ids: Sequence[str], columns: Sequence[str] = ()) -> Any:
        """Return the posts of some sounds, in whatever engine holds them."""


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
        How many creators are known to have posted each sound, day by day, sorted by sound.
    readings_used, posts_used
        What it all rests on [readings, posts].
    woken
        Old sounds that wake up, as `trendlib.metrics.reactivations` gives them.
    tags
        Counter readings of hashtags.
    lagging
        Sounds whose feed ends days before it was fetched, while their counter moves.
    rules
        The rules by name, with the thresholds that count here.
    """

    as_of: datetime
    velocities: Sequence[pd.DataFrame]
    facts: Sequence[pd.DataFrame]
    days: pd.DataFrame
    shifts: pd.DataFrame
    crowd: pd.DataFrame
    readings_used: int
    posts_used: int
    woken: pd.DataFrame = field(default_factory=pd.DataFrame)
    tags: pd.DataFrame = field(default_factory=pd.DataFrame)
    lagging: pd.DataFrame = field(default_factory=pd.DataFrame)
    rules: Mapping[str, Rule] = field(default_factory=lambda: RULES)

    @cached_property
    def flags(self) -> pd.DataFrame:
        """What the breakout rule says of each sound on each of the last four weeks' days."""
        flags: pd.DataFrame = metrics.breakouts(
            self.days, as_of=self.as_of, days=FLAGGED_DAYS, crowd=self.crowd, rule=self.rules["breakout"]
        )
        return flags

    @cached_property
    def bumps(self) -> pd.DataFrame:
        """Hashtags whose views are more than their last two weeks explain, and all others."""
        return _bumps(self.tags, self.as_of, self.rules["hashtag_bump"]) if len(self.tags) else self.tags

    @cached_property
    def everything(self) -> pd.DataFrame:
        """All sounds ranked, with those that cannot be ranked last: what nearly every question begins with."""
        ranked: pd.DataFrame = metrics.leaderboard(
            self.velocities, as_of=self.as_of, facts=self.facts, max_uses=None, top=None, include_unrankable=True
        )
        return ranked

    def leaderboard(
        self, *, max_uses: int | None = None, top: int | None = None, include_unrankable: bool = True
    ) -> pd.DataFrame:
        """Rank the sounds; by default all of them, with those that cannot be ranked last."""
        if max_uses is None and top is None and include_unrankable:
            return self.everything.copy()
        ranked: pd.DataFrame = metrics.leaderboard(
            self.velocities,
            as_of=self.as_of,
            facts=self.facts,
            max_uses=max_uses,
            top=top,
            include_unrankable=include_unrankable,
        )
        return ranked

    def crowd_of_week(self, sound_id: str) -> tuple[int, int]:
        """Tell how many of a sound's posts of the last 7 days are known, and how many creators each day, added up."""
        first, end = (self.crowd["sound_id"].searchsorted(sound_id, side) for side in ("left", "right"))
        own = self.crowd.iloc[first:end]
        is_recent = own["day"] >= instant(self.as_of) - CROWD_DAYS * engines.DAY
        posts, creators = own.loc[is_recent, ["posts", "creators"]].sum()
        return int(posts), int(creators)

    def days_of(self, sound_id: str) -> pd.DataFrame:
        """Return one sound's daily counts, oldest first."""
        return self.days[self.days["sound_id"] == sound_id].reset_index(drop=True)

    def alerts(self) -> pd.DataFrame:
        """List the sounds that rules flag: a row a sound and rule, the most certain first.

        Returns
        -------
            The columns of ``ALERT_COLUMNS``; ``alert`` is what the rule says: watch, confirmed, new, early or
            reactivation.
        """
        return self._alerts.copy()

    @cached_property
    def _alerts(self) -> pd.DataFrame:
        everything = self.everything
        flagged = self._told(everything[everything["alert"].isin(SENT_ALERTS)])
        small: pd.DataFrame = metrics.catch_them_early(everything, rule=self.rules["catch_them_early"])
        woken = everything[everything["sound_id"].isin(self.woken.get("sound_id", ()))]
        said = (
            (flagged, "breakout"),
            (small.assign(alert="early"), "catch_them_early"),
            (woken.assign(alert="reactivation"), "reactivation"),
        )
        named = [frame.assign(rule=name, rule_version=self.rules[name].version) for frame, name in said]
        every = pd.concat(named).sort_values(["evidence", "sound_id", "rule"], ascending=[False, True, True])
        return every[list(ALERT_COLUMNS)].reset_index(drop=True)

    def _told(self, flagged: pd.DataFrame) -> pd.DataFrame:
        """Give each flag the status of its own evidence where growth can't be told."""
        own = next((fact.set_index("sound_id")["alert_status"] for fact in self.facts if "alert_status" in fact), None)
        if own is None:
            return flagged
        has_growth = flagged["growth_rate"].notna()
        return flagged.assign(status=flagged["status"].where(has_growth, flagged["sound_id"].map(own)))

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
        """List what not to believe too quickly: the rising sounds of a few creators, late feeds, what can't be ranked.

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
        unranked = everything[everything["rank"].isna()].merge(metrics.unranked(everything), on="sound_id")
        lost = unranked.assign(caution="can't be ranked: " + unranked["found"])
        behind = everything.merge(self.lagging, on="sound_id") if len(self.lagging) else everything.head(0)
        late = behind.assign(
            caution=[_ends_early(row) for row in behind.itertuples()],
            advice="its posts read as a fall that may be none: believe the counter until the provider's feed goes on",
        )
        return pd.concat([few, late, lost])[list(CAUTION_COLUMNS)].reset_index(drop=True)


def titled(sounds: pd.DataFrame, text: str) -> str:
    """Return the id of the one sound that has a text in its title.

    Parameters
    ----------
    sounds
        ``sound_id``, ``title``.
    text
        The title, or part of it.

    Raises
    ------
    NoDataError
        If none has it, or more than one.
    """
    if not text.strip():
        raise NoDataError("Asked for a sound without a name; give its title or a part of it, its id or its address.")
    if is_other_address(text):
        raise NoDataError(f"{plain_text(text)!r}: {NO_SOUND_PAGE}")
    titles = sounds["title"].fillna("")
    found = sounds[titles.str.contains(text, case=False, regex=False)]
    exact = found[found["title"].str.casefold() == text.casefold()]
    for candidates in (exact, found, _song_itself(found)):
        if len(candidates) == 1:
            return str(candidates["sound_id"].item())
    if len(found):
        some = "; ".join(f"{plain_text(row.title, 60)} ({row.sound_id})" for row in found.head(MOST_NAMED).itertuples())
        raise NoDataError(f"{plain_text(text)!r} stands in {len(found)} titles: {some}. Give more of it, or the id.")
    near = get_close_matches(text, list(titles), n=1)
    hint = f" Did you mean {plain_text(near[0])!r}?" if near else ""
    raise NoDataError(f"No watched sound has {plain_text(text)!r} in its title.{hint}")


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


def _ends_early(row: Any) -> str:
    return f"its feed ends {row.days_behind:.1f} days before it was fetched, at {row.posts_a_day:,.0f} posts a day"


def board(world: World, watched: Sequence[str] = (), *, rules: Mapping[str, Rule] = RULES) -> Board:
    """Measure all watched sounds as of the snapshot's instant.

    Parameters
    ----------
    world
        The store as it was known then.
    watched
        Sound ids; none given means every sound whose counter or posts were ever asked for.
    rules
        Which thresholds count.

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
    posts = world.posts(known, COUNTED)
    counted = metrics.daily.counter_counts(readings, as_of=world.as_of)
    listed = metrics.daily.listed_counts(
        posts, as_of=world.as_of, coverage=covered, posts_per_creator=POSTS_PER_CREATOR
    )
    days = listed.beside(counted).frame(instant(world.as_of))
    measured = (
        metrics.velocity(posts, as_of=world.as_of, coverage=covered, daily=days),
        metrics.counter_velocity(readings, as_of=world.as_of, daily=counted.grid(HORIZON_DAYS)),
    )
    velocities = (*measured, not_measured(known, measured))
    crowd = metrics.crowds(posts, as_of=world.as_of, days=FLAGGED_DAYS + CROWD_DAYS + 1)
    broken_out = metrics.breakouts(days, as_of=world.as_of, crowd=crowd, rule=rules["breakout"])
    facts = (
        named_sounds(world, world.frame("sounds", sound_id=known)),
        uses,
        broken_out[["sound_id", "alert", "evidence", "lift"]].assign(alert_status=broken_out["status"]),
        metrics.concentration(posts, as_of=world.as_of),
        metrics.top_region(metrics.region_mix(posts, as_of=world.as_of)),
    )
    return Board(
        world.as_of,
        velocities,
        facts,
        days,
        shifts=metrics.crossover(posts, as_of=world.as_of, rule=rules["crossover"]),
        crowd=crowd,
        readings_used=len(readings),
        posts_used=_size(posts),
        woken=metrics.reactivations(broken_out, days, as_of=world.as_of, rule=rules["reactivation"]),
        tags=world.frame("hashtag_observations"),
        lagging=metrics.lagging(covered, pages, counted.frame(instant(world.as_of)), as_of=world.as_of),
        rules=rules,
    )


def _bumps(observations: pd.DataFrame, as_of: datetime, rule: Rule) -> pd.DataFrame:
    """Look for bumps in views; in posts, where the counter of views is rounded too coarsely or not known."""
    seen = [
        metrics.hashtags.bumps(observations, as_of=as_of, of=counter, rule=rule).assign(counter=counter)
        for counter in ("total_views", "total_posts")
    ]
    views, posts = (frame.set_index("hashtag") for frame in seen)
    best: pd.DataFrame = views[views["evidence"].notna()].combine_first(posts).reset_index()
    return best


def _size(posts: Any) -> int:
    """Count rows where they lie."""
    return int(engines.board(engines.enter(posts).select(nw.len().alias("n")))["n"].iloc[0])


def not_measured(known: Sequence[str], measured: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Give the sounds that are watched and were never seen a row that says so."""
    unseen = sorted(set(known).difference(*(frame["sound_id"] for frame in measured)))
    like = measured[0].drop(columns=["is_season_adjusted", "is_lower_bound"])
    if not unseen:
        return like.head(0)
    blank = pd.DataFrame({"sound_id": unseen, "status": Status.NOT_ENOUGH_COVERAGE.value, "evidence_kind": "posts"})
    return blank.reindex(columns=like.columns).astype(like.dtypes)


def latest_uses(readings: pd.DataFrame) -> pd.DataFrame:
    """Return each sound's latest known total uses: ``sound_id``, ``total_uses`` [posts]."""
    known = readings.dropna(subset=["total_uses"]).sort_values(["sound_id", "observed_at", "answer_id"])
    return known.drop_duplicates("sound_id", keep="last")[["sound_id", "total_uses"]].reset_index(drop=True)


def _only(watched: Sequence[str], column: str) -> dict[str, Sequence[str]]:
    return {column: watched} if watched else {}
