"""The breakout rule, the forecast and the families on real data, which have no truth.

The folder holds ``series/attention-daily.csv.gz`` (``series_id, day, count``: real daily attention) and recordings:
``recordings/sound-counters-hourly.jsonl.gz`` (answers with the use counter of sounds) and
``recordings/creator-posts.jsonl.gz`` (posts, and so titles of sounds). None is part of this project.

*Rules*, by labels computed from the future:

* A day is *on* when it, and the median of it and the 6 days after, are at least `RISE` times the median of days
  t-24 ... t-4, and at least `LEAST`: the rise was there, and it lasted. Spikes of three days are not on.
* A series' *onset* is its first day that is on after one that was not, its *peak* the highest three-day mean of the 14
  days after it. Recall, delay and lead are about this first rise; precision and false alarms about all days.
* Each day is judged on what was known then. Costs are unknown, and nobody knows which series are flat or bots.
* On counters the count of a day is the difference of two days' readings, and a day of which the week ahead or the
  past is not fully read is not on. The counters are rounded and jump between two backends; hardly any truly rises,
  so what they show is whether a rule stays quiet. The tutorials' rules need posts and are left out.
* *Silent* is a share of the days with a reading.

*Forecast*: asked on each morning (of the long series, once a week), held against the seven days that came, of which
six are read: the share that lies within the 80 % interval, the median absolute error on the log scale, and that of
"the same as in the week before".

*Families*: the links that titles and artists make, to be read by people.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import rivals
from benchmarks.ours import CONFIRMED, TOLD, WATCH, adjusted_days
from benchmarks.scoring import Flags, Labels, Matrix, Verdicts, score
from trendlib import metrics
from trendlib.api import archive, tiklive
from trendlib.metrics.daily import grid
from trendlib.metrics.engines import DAY
from trendlib.schema import Answer

SERIES = Path("series", "attention-daily.csv.gz")
COUNTERS = Path("recordings", "sound-counters-hourly.jsonl.gz")
POSTS = Path("recordings", "creator-posts.jsonl.gz")
RISE, LEAST = 2.0, 30.0
WARM_UP, AHEAD, PEAK_WITHIN = 28, 7, 14
QUIET_FROM, QUIET_UNTIL = 4, 25
MEANINGLESS = ["jump", "slow", "newborn", "reactivated", "of flat", "bots", "credits"]

Daily = Callable[[datetime], pd.DataFrame]


@dataclass(frozen=True)
class Recorded:
    """Real series: ``posts`` and ``totals`` a row a sound and a column a day; ``daily`` as known at an instant."""

    sounds: list[str]
    days: pd.DatetimeIndex
    posts: Matrix
    totals: Matrix
    is_on: Flags
    daily: Daily
    has_posts: bool


def measure(folder: Path) -> dict[str, pd.DataFrame]:
    """Measure the rules on what the folder holds: a table a kind of series."""
    series, uses = attention(folder / SERIES), counters(folder / COUNTERS)
    return {
        "650 real series of daily attention": _table(series),
        "real use counters": _table(uses),
        "forecast of seven days": pd.DataFrame(
            {"real use counters": _forecasts(uses, every=1), "daily attention": _forecasts(series, every=7)}
        ).T,
        "links between real sounds": _links(folder / POSTS),
    }


def attention(file: Path) -> Recorded:
    """Read daily attention; a count of a day is known when the day is over."""
    rows = pd.read_csv(file, dtype={"series_id": "str"}, parse_dates=["day"])
    wide = rows.pivot_table("count", "series_id", "day").sort_index()
    daily = rows.rename(columns={"series_id": "sound_id", "count": "posts"}).astype({"posts": "float64"})
    daily["day"] = daily["day"].dt.tz_localize("UTC").astype("datetime64[us, UTC]")
    daily["exposure_days"] = 1.0
    posts = wide.to_numpy(dtype="float64")
    days = pd.DatetimeIndex(wide.columns).tz_localize("UTC")
    return Recorded(
        list(wide.index), days, posts, posts.cumsum(axis=1), _lasting(posts), lambda _: daily, has_posts=True
    )


def counters(file: Path) -> Recorded:
    """Read use counters, a reading a day of each sound: the last of the day."""
    answers = [one for _, one in archive.read(file) if isinstance(one, Answer)]
    readings = pd.DataFrame(
        {
            "sound_id": [answer.params["music_id"] for answer in answers],
            "observed_at": [answer.fetched_at for answer in answers],
            "total_uses": [answer.body.get("video_count") for answer in answers],
        }
    ).dropna()
    readings = readings.astype({"sound_id": "str", "observed_at": "datetime64[us, UTC]", "total_uses": "Int64"})
    by_day = readings.assign(day=readings["observed_at"].dt.floor("D"), total_uses=readings["total_uses"].astype(float))
    wide = by_day.pivot_table("total_uses", "sound_id", "day", aggfunc="max")
    days = pd.date_range(wide.columns.min(), wide.columns.max(), freq="D")
    totals = wide.reindex(columns=days).to_numpy()
    increments = np.diff(totals, axis=1, prepend=np.nan)
    return Recorded(
        list(wide.index),
        days,
        increments,
        totals,
        _lasting(increments),
        lambda as_of: metrics.daily.from_counter(readings, as_of=as_of),
        has_posts=False,
    )


def _lasting(posts: Matrix) -> Flags:
    """Tell which days begin a week that stays far above the sound's own past."""
    past = np.maximum(_windows(posts[:, ::-1], QUIET_FROM, QUIET_UNTIL)[:, ::-1], 1.0)
    lasting = np.minimum(posts, _windows(posts, 0, AHEAD))
    return np.asarray((lasting >= RISE * past) & (lasting >= LEAST))


def _windows(values: Matrix, start: int, stop: int) -> Matrix:
    """Give the median of the columns from ``start`` to ``stop`` ahead of each; NaN where they don't exist."""
    found = np.full(values.shape, np.nan)
    for column in range(values.shape[1] - stop + 1):
        found[:, column] = np.median(values[:, column + start : column + stop], axis=1)
    return found


def _truth(real: Recorded, measured: slice) -> Labels:
    is_on = real.is_on[:, measured]
    rises = is_on & ~np.hstack([np.ones((len(is_on), 1), dtype=bool), is_on[:, :-1]])
    onset = np.where(rises.any(axis=1), np.argmax(rises, axis=1), -1)
    level = pd.DataFrame(real.posts[:, measured]).T.rolling(3, center=True, min_periods=1).mean().T.to_numpy()
    ahead = np.arange(level.shape[1]) - onset[:, None]
    level = np.where((ahead >= 0) & (ahead <= PEAK_WITHIN), np.nan_to_num(level), -1.0)
    peak = np.where(onset >= 0, np.argmax(level, axis=1), -1)
    nobody = np.zeros(len(onset), dtype=bool)
    return Labels(real.sounds, np.where(onset >= 0, "rise", "none"), onset, peak, onset >= 0, nobody, is_on)


def _table(real: Recorded) -> pd.DataFrame:
    last = len(real.days) - AHEAD
    measured = slice(WARM_UP, last)
    truth = _truth(real, measured)
    said = [*_ours(real, measured), *_rivals(real, measured)]
    table = pd.DataFrame({one.name: score(one, truth) for one in said}).T
    is_read = np.isfinite(real.totals[:, measured])
    table["silent"] = [1 - one.is_told[is_read].mean() for one in said]
    return table.drop(columns=MEANINGLESS)


def _ours(real: Recorded, measured: slice) -> list[Verdicts]:
    alerts, evidence, told = [], [], []
    for day in real.days[measured]:
        as_of = (day + DAY).to_pydatetime()
        flags = metrics.breakouts(real.daily(as_of), as_of=as_of).set_index("sound_id").reindex(real.sounds)
        alerts.append(flags["alert"].fillna(""))
        evidence.append(flags["evidence"].to_numpy(dtype="float64"))
        told.append(flags["status"].isin(TOLD))
    alert, rank, is_told = (np.array(columns).T for columns in (alerts, evidence, told))
    free = np.zeros(alert.shape[1])
    return [
        Verdicts("breakout: watch", np.isin(alert, WATCH), np.nan_to_num(rank), is_told, free),
        Verdicts("breakout: confirmed", np.isin(alert, CONFIRMED), np.nan_to_num(rank), is_told, free),
    ]


def _rivals(real: Recorded, measured: slice) -> list[Verdicts]:
    first, last = measured.start, measured.stop
    until = (real.days[last - 1] + DAY).to_pydatetime()
    adjusted = adjusted_days(real.daily(until), until, real.sounds, days=last)[:, ::-1]
    said = [rivals.cusum(adjusted, real.posts[:, :last], first), *rivals.z_scores(real.totals[:, :last], first)]
    if real.has_posts:
        week = pd.DataFrame(real.posts).T.rolling(7).sum().T.to_numpy()[:, measured]
        today = real.posts[:, measured]
        free = np.zeros(today.shape[1])
        for name, speed in (
            ("tutorial sound, all posts", today / np.maximum((week - today) / 7, rivals.LEAST_BASELINE)),
            ("tutorial hashtag, all posts", today / (week / 7)),
        ):
            said.append(Verdicts(name, np.nan_to_num(speed) > rivals.LIMIT, speed, np.isfinite(speed), free))
    return said


def _forecasts(real: Recorded, *, every: int) -> dict[str, float]:
    told = pd.concat([_forecast(real, as_of) for as_of in real.days[WARM_UP : len(real.days) - AHEAD : every] + DAY])
    errors = {name: np.log((told[name] + 1) / (told["came"] + 1)).abs() for name in ("uses_next", "uses_before")}
    return {
        "forecasts": len(told),
        "sounds": told["sound_id"].nunique(),
        "covered": told["came"].between(told["uses_low"], told["uses_high"]).mean(),
        "error": errors["uses_next"].median(),
        "error of the week before": errors["uses_before"].median(),
    }


def _forecast(real: Recorded, as_of: pd.Timestamp) -> pd.DataFrame:
    """Forecast as known at an instant, with what came where it can be told."""
    said = metrics.forecast(real.daily(as_of.to_pydatetime()), as_of=as_of.to_pydatetime(), days=AHEAD)
    later = (as_of + DAY * AHEAD).to_pydatetime()
    rate = grid(real.daily(later), as_of=later, days=AHEAD)
    read = np.isfinite(rate.rate).sum(axis=1)
    came = np.where(read >= AHEAD - 1, np.nansum(rate.rate, axis=1) / np.maximum(read, 1) * AHEAD, np.nan)
    said["came"] = said["sound_id"].map(pd.Series(came, index=rate.sounds))
    return said.dropna(subset=["came", "uses_low"])


def _links(file: Path) -> pd.DataFrame:
    answers = [one for _, one in archive.read(file) if isinstance(one, Answer)]
    found = [row for answer in answers for row in tiklive.parse(answer).tables.get("sounds", [])]
    sounds = pd.DataFrame(found).drop_duplicates("sound_id").astype({"sound_id": "str"})
    linked = metrics.families(sounds).merge(sounds[["sound_id", "title", "artist"]], on="sound_id")
    named = linked.set_index("sound_id")[["title", "artist"]]
    links = linked[linked["song_id"] != linked["sound_id"]]
    return links.assign(song=links["song_id"].map(named["title"]))[["title", "artist", "song", "version", "reason"]]
