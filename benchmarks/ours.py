"""Trendlib's own rule on what its client knows: day by day, as of each morning, put together as the board does it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.client import Morning
from benchmarks.scoring import Matrix, Verdicts
from trendlib import metrics
from trendlib.boards import board
from trendlib.metrics.breakouts import CROWD_DAYS, crowds
from trendlib.metrics.daily import grid
from trendlib.metrics.engines import DAY, instant
from trendlib.metrics.rules import BREAKOUT, Rule
from trendlib.metrics.season import season
from trendlib.metrics.windows import HORIZON_DAYS, Counts
from trendlib.sandbox import World
from trendlib.sandbox.posts import pack
from trendlib.sandbox.world import unix
from trendlib.schema import Status

WATCH = ("watch", "confirmed", "new")
CONFIRMED = ("confirmed", "new")
TOLD = [Status.OK.value, Status.COUNTER_ONLY.value]
ALL_POSTS = "breakout: confirmed, all posts"


@dataclass
class Record:
    """What was said of each sound (row) on each morning (column), and what it rested on.

    ``adjusted`` and ``totals`` begin with the first sweep, ``run_up`` columns before the others.
    """

    sounds: list[str]
    mornings: list[datetime]
    alert: "np.ndarray[Any, np.dtype[Any]]"
    status: "np.ndarray[Any, np.dtype[Any]]"
    evidence: Matrix
    growth_low: Matrix
    posts: Matrix
    adjusted: Matrix
    totals: Matrix
    credits: list[int] = field(default_factory=list)

    @property
    def run_up(self) -> int:
        """Sweeps before the first measured morning."""
        return int(self.adjusted.shape[1] - self.alert.shape[1])

    def verdicts(self) -> list[Verdicts]:
        """Give the rule's two loudnesses."""
        rank = np.nan_to_num(self.evidence)
        told = np.isin(self.status, TOLD)
        paid = np.array(self.credits, dtype="float64")
        return [
            Verdicts("breakout: watch", np.isin(self.alert, WATCH), rank, told, paid),
            Verdicts("breakout: confirmed", np.isin(self.alert, CONFIRMED), rank, told, paid),
        ]


def record(world: World, mornings: Iterable[Morning], *, rule: Rule = BREAKOUT) -> Record:
    """Apply the rule every morning to what was known then."""
    sounds = [sound.sound_id for sound in world.catalogue]
    found: Record | None = None
    last: Morning | None = None
    for morning in mornings:
        if morning.day < 0:
            continue
        counted = metrics.daily.counter_counts(morning.readings, as_of=morning.as_of)
        if found is None:
            sweeps = morning.readings["observed_at"].nunique()
            history = adjusted_days(counted.grid(HORIZON_DAYS), morning.as_of, sounds)[:, sweeps - 1 : 0 : -1]
            found = _blank(sounds, world.days, history)
        _judge(found, morning, counted, rule)
        last = morning
    if found is None or last is None:
        raise ValueError("no morning was measured")
    found.totals[:] = _totals(last.readings, sounds)
    return found


def _blank(sounds: list[str], days: int, history: Matrix) -> Record:
    def empty(columns: int = days) -> Matrix:
        return np.full((len(sounds), columns), np.nan)

    return Record(
        sounds=sounds,
        mornings=[],
        alert=np.full((len(sounds), days), "", dtype=object),
        status=np.full((len(sounds), days), "", dtype=object),
        evidence=empty(),
        growth_low=empty(),
        posts=empty(),
        adjusted=np.hstack([history, empty()]),
        totals=empty(history.shape[1] + days),
    )


def _judge(found: Record, morning: Morning, counted: Counts, rule: Rule) -> None:
    as_of, day = morning.as_of, morning.day
    latest = morning.readings.drop_duplicates("sound_id", keep="last")
    totals = latest[["sound_id", "total_uses"]].set_axis(["subject_id", "total"], axis=1)
    covered = metrics.coverage(morning.pages, as_of=as_of, totals=totals)
    per_creator = board.POSTS_PER_CREATOR
    listed = metrics.daily.listed_counts(morning.posts, as_of=as_of, coverage=covered, posts_per_creator=per_creator)
    days = listed.beside(counted).frame(instant(as_of))
    crowd = crowds(morning.posts, as_of=as_of, days=CROWD_DAYS + 1)
    flags = metrics.breakouts(days, as_of=as_of, rule=rule, crowd=crowd)
    flags = flags[flags["day"] >= as_of - 1.5 * DAY]
    place = pd.Index(found.sounds)
    row = place.get_indexer(flags["sound_id"])
    found.alert[row, day], found.status[row, day] = flags["alert"], flags["status"]
    found.evidence[row, day] = flags["evidence"]
    found.posts[row, day] = flags["posts_last_24h"].astype("float64")
    pace = metrics.counter_velocity(morning.readings, as_of=as_of, daily=counted.grid(HORIZON_DAYS))
    is_ranked = [Status(status).is_rankable for status in pace["status"]]
    pace = pace[is_ranked]
    found.growth_low[place.get_indexer(pace["sound_id"]), day] = pace["growth_low"]
    found.adjusted[:, found.run_up + day] = adjusted_days(counted.grid(HORIZON_DAYS), as_of, found.sounds)[:, 0]
    found.mornings.append(as_of)
    found.credits.append(morning.credits)


def adjusted_days(counted: Any, as_of: datetime, sounds: list[str], *, days: int = HORIZON_DAYS) -> Matrix:
    """Give daily counts without season and common shock: a row a sound, the latest day first."""
    counts = grid(counted, as_of=as_of, days=days)
    ordinary = season(counts)
    shock = np.ones(counts.posts.shape[1])
    shock[: len(ordinary.shock)] = ordinary.shock
    known = pd.DataFrame(counts.rate / (ordinary.expected(len(shock)) * shock), index=counts.sounds)
    return known.reindex(sounds).to_numpy()


def _totals(readings: pd.DataFrame, sounds: list[str]) -> Matrix:
    table = readings.astype({"total_uses": "float64"}).pivot_table("total_uses", "sound_id", "observed_at")
    return table.reindex(sounds).to_numpy()


def on_all_posts(world: World, found: Record) -> Verdicts:
    """Apply the rule to the true counts: what a client would see whose feeds had no limit, and who paid for it all."""
    as_of, days = pd.Timestamp(found.mornings[-1]), found.run_up + world.days
    edges = [unix((as_of - DAY * back).to_pydatetime()) for back in range(days, -1, -1)]
    counts = np.array([np.histogram(_seconds(world, row), edges)[0] for row in range(world.sounds)])
    born = np.array([sound.born_at for sound in world.catalogue])
    row, column = np.nonzero(np.array(edges[1:]) > born[:, None])
    daily = pd.DataFrame({"sound_id": np.array(found.sounds)[row], "posts": counts[row, column].astype("float64")})
    daily["day"] = (as_of - (days - pd.Series(column)) * DAY).astype("datetime64[us, UTC]")
    daily["exposure_days"] = 1.0
    flags = metrics.breakouts(daily.astype({"sound_id": "str"}), as_of=as_of, days=world.days)
    place = pd.Index(found.sounds).get_indexer(flags["sound_id"])
    day = world.days - np.rint((as_of - flags["day"]) / DAY).astype(int)
    flagged = np.zeros((world.sounds, world.days), dtype=bool)
    rank, told = np.zeros(flagged.shape), np.zeros(flagged.shape, dtype=bool)
    flagged[place, day] = flags["alert"].isin(CONFIRMED)
    rank[place, day] = np.nan_to_num(flags["evidence"])
    told[place, day] = flags["status"].isin(TOLD)
    weeks = np.lib.stride_tricks.sliding_window_view(counts, 8, axis=1).sum(axis=2)[:, -world.days :]
    return Verdicts(ALL_POSTS, flagged, rank, told, np.ceil(weeks / 30).sum(axis=0))


def _seconds(world: World, row: int) -> Any:
    counts = world.posts.counts[row]
    days = np.repeat(np.arange(len(counts)), counts)
    slots = np.arange(len(days)) - np.repeat(np.cumsum(counts) - counts, counts)
    return world.posts.seconds(pack(np.full(len(days), row), days, slots))
