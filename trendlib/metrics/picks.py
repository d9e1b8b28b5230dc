"""Picks: sounds that another named rule takes off a board already made.

* *catch_them_early*: off the leaderboard, those that grow fast while still small.
* *reactivation*: off the breakouts, those of sounds older than 2 years that were quiet for 4 weeks.
"""

from datetime import datetime
from typing import Any

import narwhals as nw
import numpy as np
import pandas as pd
from narwhals.typing import IntoFrame

from trendlib.metrics.daily import grid
from trendlib.metrics.engines import DAY, board, days_before, enter, instant, leave
from trendlib.metrics.rules import CATCH_THEM_EARLY, REACTIVATION, Rule
from trendlib.schema import Status

FLAGS = ("sound_id", "day", "alert", "evidence", "lift", "posts_last_24h", "status", "rule", "rule_version")
WAKING_DAYS = 7
FIRST_SECOND, LAST_SECOND = 1_420_070_400, 4_102_444_800


def catch_them_early(leaders: IntoFrame, *, rule: Rule = CATCH_THEM_EARLY) -> Any:
    """Keep the sounds that grow fast while still small: the rule an A&R team acts on.

    A sound passes with a rankable status, a ``growth_rate`` of at least 3, fewer than 100,000 uses in all and at
    least 50 posts in 24 h. Unknown uses don't pass.

    Parameters
    ----------
    leaders
        A leaderboard.
    rule
        Thresholds.

    Returns
    -------
    frame
        The rows that pass, as they came.

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    frame = enter(leaders, ids=["sound_id"], others=["status", *rule.thresholds])
    rankable = [status.value for status in Status if status.is_rankable]
    passing = frame.filter(
        nw.col("status").is_in(rankable),
        nw.col("growth_rate") >= rule["growth_rate"],
        nw.col("total_uses") < rule["total_uses"],
        nw.col("posts_last_24h") >= rule["posts_last_24h"],
    )
    return board(passing) if isinstance(passing, nw.LazyFrame) else passing.to_native()


def is_early(sound: "pd.Series[Any]", rule: Rule = CATCH_THEM_EARLY) -> bool:
    """Tell of one row of a leaderboard whether `catch_them_early` keeps it."""
    rate, uses, posts = (sound[name] for name in ("growth_rate", "total_uses", "posts_last_24h"))
    if not Status(sound["status"]).is_rankable or any(map(pd.isna, (rate, uses, posts))):
        return False
    is_fast, is_small = rate >= rule["growth_rate"], uses < rule["total_uses"]
    return bool(is_fast and is_small and posts >= rule["posts_last_24h"])


def reactivations(
    flags: IntoFrame, daily: Any, *, as_of: datetime, births: IntoFrame | None = None, rule: Rule = REACTIVATION
) -> Any:
    """Keep the old sounds that wake up.

    Parameters
    ----------
    flags
        What `breakouts` gave for the last day.
    daily
        What it was given.
    as_of
        End of the last day.
    births
        ``sound_id, born_at`` where known; else a sound's id tells. Unknown ages don't pass.
    rule
        Thresholds.

    Returns
    -------
    frame
        The rows that pass, with ``alert`` "reactivation", this rule's name and version, ``age_days`` [days] and
        ``quiet_pace`` [posts a day].

    Raises
    ------
    SchemaError
        If a column is missing or of the wrong kind.
    """
    now = instant(as_of)
    found = board(enter(flags, ids=["sound_id"], times=["day"], others=list(FLAGS)).select(*FLAGS))
    found = found[found["alert"].isin(["watch", "confirmed"]) & (found["day"] == now - DAY)]
    quiet_days = int(rule["quiet_days"])
    counts = grid(daily, as_of=as_of, days=WAKING_DAYS + quiet_days)
    quiet = counts.rate[:, WAKING_DAYS:]
    known = np.isfinite(quiet).sum(axis=1)
    is_known = known >= quiet_days / 2
    pace = np.divide(np.nansum(quiet, axis=1), known, out=np.full(len(known), np.nan), where=is_known)
    born = found["sound_id"].map(_birth)
    if births is not None:
        told = board(enter(births, ids=["sound_id"], times=["born_at"]).select("sound_id", "born_at"))
        born = found["sound_id"].map(told.dropna().drop_duplicates("sound_id").set_index("sound_id")["born_at"])
        born = born.fillna(found["sound_id"].map(_birth))
    found["age_days"] = days_before(pd.to_datetime(born, utc=True), now)
    found["quiet_pace"] = found["sound_id"].map(pd.Series(pace, index=counts.sounds)).astype("float64")
    woken = found[(found["age_days"] >= rule["age_days"]) & (found["quiet_pace"] <= rule["quiet_posts"])]
    return leave(woken.assign(alert=rule.name, rule=rule.name, rule_version=rule.version), flags)


def _birth(sound_id: str) -> pd.Timestamp | None:
    """Read from an id when its sound was made: TikTok's own ids carry the second in their upper half."""
    second = int(sound_id) >> 32 if sound_id.isdecimal() else 0
    return pd.Timestamp(second, unit="s", tz="UTC") if FIRST_SECOND <= second < LAST_SECOND else None
